//! Where the frames of a film go: one after the other into a stream, or each into a file of its
//! own.

use crate::destination::Output;
use crate::inputs::is_standard;
use crate::sink::Sink;
use crate::video::is_named_video;
use anyhow::{anyhow, bail};
use casr_cli::console::Usage;
use casr_codec::y4m::{FrameWriter, VideoHeader};
use casr_codec::{CodecError, Colour, Format, Header, Options, Writer, shown};
use casr_picture::{AlphaRows, interleave};
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Where frames go, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stream of uncompressed frames, y4m.
    Stream(Output),
    /// A folder of PNG files.
    Folder(PathBuf),
}

impl Place {
    /// The place that a path means.
    ///
    /// # Errors
    /// It is named like a file of another kind.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let is_slashed = (path.as_os_str().as_encoded_bytes().last())
            .is_some_and(|last| std::path::is_separator(char::from(*last)));
        if is_standard(path) {
            return Ok(Self::Stream(Output::Standard));
        }
        if path.is_dir() || is_slashed {
            return Ok(Self::Folder(path.to_owned()));
        }
        if is_named_video(path) {
            return Ok(Self::Stream(Output::File(path.to_owned())));
        }
        match path.extension() {
            None => Ok(Self::Folder(path.to_owned())),
            Some(_) => bail!(Usage(format!(
                "{}: films are written as .y4m, or as PNG files into a folder; for another format send them into FFmpeg: -o - | ffmpeg -i - -pix_fmt yuv420p {}",
                shown(path),
                shown(path)
            ))),
        }
    }

    /// What messages call it.
    pub fn name(&self) -> &Path {
        match self {
            Self::Stream(output) => output.name(),
            Self::Folder(path) => path,
        }
    }
}

/// Frames on their way.
pub enum Frames {
    /// Into a stream.
    Stream {
        /// Turns pixels into bytes.
        writer: FrameWriter<BufWriter<Sink>>,
        /// Where they go.
        output: Output,
        /// Whether a file may be replaced.
        overwrite: bool,
    },
    /// Into files.
    Folder(Folder),
}

/// A folder of frames, each a file that appears whole.
pub struct Folder {
    path: PathBuf,
    header: Header,
    options: Options,
    written: u64,
}

impl Frames {
    /// Begins a film of frames like `header`, RGB or grey, `rate` of them in a second.
    ///
    /// # Errors
    /// There is one that is to stay, or nothing can be written there.
    pub fn begin(
        place: &Place,
        header: &Header,
        rate: (u32, u32),
        overwrite: bool,
    ) -> anyhow::Result<Self> {
        match place {
            Place::Stream(output) => {
                let sink = BufWriter::new(Sink::open(output, overwrite)?);
                let video = VideoHeader::full_chroma(header.width, header.height, rate);
                Ok(Self::Stream {
                    writer: FrameWriter::new(sink, output.name(), video)?,
                    output: output.clone(),
                    overwrite,
                })
            }
            Place::Folder(path) => Folder::open(path, header, overwrite).map(Self::Folder),
        }
    }

    /// Takes the next frame, RGB in [0, 1].
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, pixels: &[f32]) -> anyhow::Result<()> {
        match self {
            Self::Stream { writer, .. } => Ok(writer.write_frame(pixels)?),
            Self::Folder(folder) => folder.write(pixels),
        }
    }

    /// Ends the film.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stream {
                writer,
                output,
                overwrite,
            } => {
                let sink = writer.finish()?.into_inner();
                let sink = sink.map_err(|error| anyhow!(error.into_error()))?;
                sink.finish(&output, overwrite)
            }
            Self::Folder(folder) => folder.finish(),
        }
    }

    /// How many frames there are already, each whole, whatever becomes of the film.
    pub fn kept(&self) -> u64 {
        match self {
            Self::Stream { .. } => 0,
            Self::Folder(folder) => folder.written,
        }
    }
}

impl Folder {
    fn open(path: &Path, header: &Header, overwrite: bool) -> anyhow::Result<Self> {
        let failed = |error| {
            anyhow!(
                "{}: cannot be used ({error}); name another folder",
                shown(path)
            )
        };
        fs::create_dir_all(path).map_err(failed)?;
        let folder = Self {
            path: path.to_owned(),
            header: header.clone(),
            options: Options {
                overwrite,
                ..Options::default()
            },
            written: 0,
        };
        match folder.others().map_err(failed)?.first() {
            Some(frame) if !overwrite => bail!(CodecError::OutputExists {
                path: frame.clone()
            }),
            _ => Ok(folder),
        }
    }

    fn write(&mut self, pixels: &[f32]) -> anyhow::Result<()> {
        let path = self.path.join(name(self.written + 1));
        let (header, options) = (self.header.clone(), self.options);
        let grey = (header.colour == Colour::Grey)
            .then(|| interleave(pixels, &AlphaRows::Absent, Colour::Grey));
        let mut writer = Writer::create(&path, Format::Png, header, options)?;
        writer.write_rows(grey.as_deref().unwrap_or(pixels))?;
        writer.finish()?;
        self.written += 1;
        Ok(())
    }

    /// Removes the frames of an earlier and longer film, which would go on after this one.
    fn finish(self) -> anyhow::Result<()> {
        let failed = |path: &Path, error| {
            anyhow!(
                "{}: a frame of an earlier film cannot be removed ({error}); remove it yourself",
                shown(path)
            )
        };
        for frame in self.others().map_err(|error| failed(&self.path, error))? {
            fs::remove_file(&frame).map_err(|error| failed(&frame, error))?;
        }
        Ok(())
    }

    /// The frames in the folder that are none of this film, the first one first.
    fn others(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut frames = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let number = entry.file_name().to_str().and_then(number);
            if let Some(number) = number.filter(|number| *number > self.written) {
                frames.push((number, entry.path()));
            }
        }
        frames.sort();
        Ok(frames.into_iter().map(|(_, path)| path).collect())
    }
}

/// The file of a frame, counted from 1.
fn name(frame: u64) -> String {
    format!("frame-{frame:05}.png")
}

/// The frame that a file name means.
fn number(file: &str) -> Option<u64> {
    let digits = file.strip_prefix("frame-")?.strip_suffix(".png")?;
    let frame = digits.parse().ok()?;
    (name(frame) == file).then_some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_wanted() {
        let folder = |path: &str| Place::Folder(PathBuf::from(path));
        assert_eq!(
            Place::of(Path::new("-")).unwrap(),
            Place::Stream(Output::Standard)
        );
        let file = Place::Stream(Output::File("a/b.Y4M".into()));
        assert_eq!(Place::of(Path::new("a/b.Y4M")).unwrap(), file);
        assert_eq!(Place::of(Path::new("frames")).unwrap(), folder("frames"));
        assert_eq!(Place::of(Path::new("v1.2/")).unwrap(), folder("v1.2/"));
        for other in ["film.mp4", "film.webp", "a.png"] {
            let error = Place::of(Path::new(other)).unwrap_err().to_string();
            assert!(
                error.contains("ffmpeg") && error.starts_with(other),
                "{error}"
            );
        }
    }

    #[test]
    fn only_frames_are_frames() {
        assert_eq!(number(&name(1)), Some(1));
        assert_eq!(number(&name(123_456)), Some(123_456));
        for other in ["frame-1.png", "frame-00001.jpg", "frame-+0001.png", "a.png"] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
