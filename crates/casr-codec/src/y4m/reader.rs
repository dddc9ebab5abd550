//! Frames in.

use super::chroma::Resampling;
use super::colour::Colours;
use super::header::MAX_HEADER;
use super::{FrameError, FramePixels, VideoHeader};
use crate::Limits;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

/// What every stream begins with.
pub const MAGIC: &[u8] = b"YUV4MPEG2";

/// What every frame begins with.
const FRAME: &str = "FRAME";

/// Reads frames, one after the other.
pub struct FrameReader<R> {
    reader: R,
    path: PathBuf,
    header: VideoHeader,
    colours: Colours,
    chroma: Option<Resampling>,
    /// A frame's bytes.
    bytes: Vec<u8>,
    /// Frames begun so far.
    frames: u64,
}

impl<R: BufRead> FrameReader<R> {
    /// Reads the header of a stream; `path` is what messages call it.
    ///
    /// # Errors
    /// It is no y4m stream, of a kind that is not read, or its frames are beyond `limits`.
    pub fn new(mut reader: R, path: &Path, limits: &Limits) -> Result<Self, FrameError> {
        let line = line(&mut reader, path)?.unwrap_or_default();
        let header = VideoHeader::parse(&line, path)?;
        let (width, height) = (header.width, header.height);
        if (width * height) as u64 > limits.max_pixels {
            return Err(FrameError::TooLarge {
                path: path.to_owned(),
                width,
                height,
                limit: limits.max_pixels,
            });
        }
        Ok(Self {
            reader,
            path: path.to_owned(),
            colours: Colours::new(&header),
            chroma: Resampling::up(header.chroma, (width, height)),
            bytes: vec![0; header.samples() * header.sample_bytes()],
            header,
            frames: 0,
        })
    }

    /// What is the same for all frames.
    pub fn header(&self) -> &VideoHeader {
        &self.header
    }

    /// The next frame; none at the end of the stream.
    ///
    /// # Errors
    /// The stream is damaged, ends within the frame, or cannot be read.
    pub fn next_frame(&mut self) -> Result<Option<FramePixels>, FrameError> {
        let Some(line) = line(&mut self.reader, &self.path)? else {
            return Ok(None);
        };
        self.frames += 1;
        let frame = self.frames;
        let path = || self.path.clone();
        if line != FRAME && !line.starts_with("FRAME ") {
            return Err(FrameError::Damaged {
                path: path(),
                frame,
            });
        }
        (self.reader.read_exact(&mut self.bytes)).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => FrameError::Truncated {
                path: path(),
                frame,
            },
            _ => FrameError::Unreadable {
                path: path(),
                source,
            },
        })?;
        Ok(Some(self.pixels()))
    }

    /// The pixels of the frame in `bytes`.
    fn pixels(&self) -> FramePixels {
        let (header, colours) = (&self.header, &self.colours);
        let sample = |index: usize| match header.sample_bytes() {
            1 => u16::from(self.bytes[index]),
            _ => u16::from_le_bytes([self.bytes[2 * index], self.bytes[2 * index + 1]]),
        };
        let pixels = header.width * header.height;
        let luma = (0..pixels).map(|index| colours.luma(sample(index)));
        if !header.has_chroma() {
            return luma.map(|value| value.clamp(0.0, 1.0)).collect();
        }
        let (width, height) = header.chroma_size();
        let plane = |first: usize| {
            let plane: Vec<f32> = (first..first + width * height)
                .map(|index| colours.difference(sample(index)))
                .collect();
            match &self.chroma {
                Some(chroma) => chroma.apply(&plane),
                None => plane,
            }
        };
        let (cb, cr) = (plane(pixels), plane(pixels + width * height));
        luma.zip(cb.iter().zip(&cr))
            .flat_map(|(luma, (cb, cr))| colours.rgb([luma, *cb, *cr]))
            .collect()
    }
}

/// A line without its end; none at the end of the stream.
fn line(reader: &mut impl BufRead, path: &Path) -> Result<Option<String>, FrameError> {
    let mut bytes = Vec::new();
    let limit = MAX_HEADER as u64;
    (reader.by_ref().take(limit).read_until(b'\n', &mut bytes)).map_err(|source| {
        FrameError::Unreadable {
            path: path.to_owned(),
            source,
        }
    })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
