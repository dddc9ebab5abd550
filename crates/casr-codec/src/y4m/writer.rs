//! Frames out.

use super::chroma::Resampling;
use super::colour::Colours;
use super::{FrameError, VideoHeader};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes frames, one after the other.
pub struct FrameWriter<W> {
    writer: W,
    path: PathBuf,
    header: VideoHeader,
    colours: Colours,
    chroma: Option<Resampling>,
}

impl<W: Write> FrameWriter<W> {
    /// Writes the header of a stream; `path` is what messages call it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(writer: W, path: &Path, header: VideoHeader) -> Result<Self, FrameError> {
        let mut this = Self {
            writer,
            path: path.to_owned(),
            colours: Colours::new(&header),
            chroma: Resampling::down(header.chroma, (header.width, header.height)),
            header,
        };
        let line = this.header.line();
        this.put(line.as_bytes())?;
        Ok(this)
    }

    /// Writes a frame, RGB or grey as the header says, in `[0, 1]`.
    ///
    /// # Errors
    /// It cannot be written.
    ///
    /// # Panics
    /// If there are more or fewer samples than a frame has.
    pub fn write_frame(&mut self, pixels: &[f32]) -> Result<(), FrameError> {
        let (header, colours) = (&self.header, &self.colours);
        let count = header.width * header.height;
        assert_eq!(
            pixels.len(),
            count * header.channels(),
            "samples of a frame"
        );
        let mut bytes = b"FRAME\n".to_vec();
        bytes.reserve(header.samples() * header.sample_bytes());
        let wide = header.sample_bytes() == 2;
        let mut put = |sample: u16| {
            let pair = sample.to_le_bytes();
            bytes.extend_from_slice(if wide { &pair } else { &pair[..1] });
        };
        if header.has_chroma() {
            let mut planes = [Vec::with_capacity(count), Vec::with_capacity(count)];
            for pixel in pixels.chunks_exact(3) {
                let [luma, cb, cr] = colours.ycbcr([pixel[0], pixel[1], pixel[2]]);
                put(colours.luma_sample(luma));
                planes[0].push(cb);
                planes[1].push(cr);
            }
            for plane in planes {
                let plane = match &self.chroma {
                    Some(chroma) => chroma.apply(&plane),
                    None => plane,
                };
                plane
                    .iter()
                    .for_each(|value| put(colours.difference_sample(*value)));
            }
        } else {
            pixels
                .iter()
                .for_each(|value| put(colours.luma_sample(*value)));
        }
        self.put(&bytes)
    }

    /// Hands on what is held back.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<W, FrameError> {
        (self.writer.flush()).map_err(|source| FrameError::Unwritable {
            path: self.path.clone(),
            source,
        })?;
        Ok(self.writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        (self.writer.write_all(bytes)).map_err(|source| FrameError::Unwritable {
            path: self.path.clone(),
            source,
        })
    }
}
