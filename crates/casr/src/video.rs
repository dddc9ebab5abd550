//! Video: uncompressed frames from a pipe or a file, enlarged one after the other.

use crate::destination::Output;
use crate::enlarge::{Settings, on};
use crate::inputs::{STANDARD_INPUT, is_standard};
use crate::memory;
use crate::sink::Sink;
use anyhow::{Context, anyhow, bail};
use casr_cli::console::Usage;
use casr_cli::{Progress, console, interrupt};
use casr_codec::y4m::{FrameError, FramePixels, FrameReader, FrameWriter, MAGIC, VideoHeader};
use casr_codec::{Colour, shown};
use casr_picture::{AlphaRows, interleave};
use casr_zoom::{Enlarger, ImageView, ScalePlan, Treatment, ZoomError};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The first frames, from which it is found how all are treated: a clip may begin in black.
const FIRST_FRAMES: usize = 16;

/// Bytes of a sample in memory.
const SAMPLE: u64 = size_of::<f32>() as u64;

/// Where a video comes from.
pub enum Video {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Standard,
}

impl Video {
    /// The video among the inputs: there is one, or none.
    ///
    /// # Errors
    /// There is a video among several inputs; standard input cannot be read.
    pub fn among(inputs: &[PathBuf]) -> anyhow::Result<Option<Self>> {
        let video = inputs.iter().find(|input| is_named_video(input));
        match (inputs, video) {
            ([input], Some(_)) => Ok(Some(Self::File(input.clone()))),
            (_, Some(video)) => bail!(Usage(format!(
                "{}: a video is enlarged by itself; name no other input beside it",
                shown(video)
            ))),
            ([input], None) if is_standard(input) && !io::stdin().is_terminal() => {
                // What is looked at stays in the buffer for whoever reads it.
                let begins = (io::stdin().lock().fill_buf())
                    .with_context(|| format!("{STANDARD_INPUT}: cannot be read; name a file"))?
                    .starts_with(MAGIC);
                Ok(begins.then_some(Self::Standard))
            }
            _ => Ok(None),
        }
    }

    fn name(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Standard => Path::new(STANDARD_INPUT),
        }
    }

    /// Enlarges all frames; whether it was interrupted.
    ///
    /// # Errors
    /// The video is damaged, too large, or the result cannot be written. A file is then as it was,
    /// and a pipe has got what was finished.
    pub fn enlarge(
        &self,
        output: Option<&Path>,
        settings: &Settings,
        quiet: bool,
    ) -> anyhow::Result<bool> {
        let output = match output {
            Some(path) if is_standard(path) => Output::Standard,
            Some(path) if is_named_video(path) => Output::File(path.to_owned()),
            Some(path) => bail!(Usage(format!(
                "{}: frames are written as y4m; name a file that ends in .y4m, or - for a pipe",
                shown(path)
            ))),
            None => bail!(Usage(
                "say where the video goes (-o): a file that ends in .y4m, or - for a pipe"
                    .to_owned()
            )),
        };
        match self {
            Self::Standard => self.frames(io::stdin().lock(), None, &output, settings, quiet),
            Self::File(path) => {
                let unreadable = |source| FrameError::Unreadable {
                    path: path.clone(),
                    source,
                };
                let file = File::open(path).map_err(unreadable)?;
                let length = file.metadata().map_err(unreadable)?.len();
                self.frames(BufReader::new(file), Some(length), &output, settings, quiet)
            }
        }
    }

    fn frames(
        &self,
        input: impl BufRead,
        length: Option<u64>,
        output: &Output,
        settings: &Settings,
        quiet: bool,
    ) -> anyhow::Result<bool> {
        let mut reader = FrameReader::new(input, self.name(), &settings.limits)?;
        let header = reader.header().clone();
        let plan = settings.plan(self.name(), header.width, header.height)?;
        let size = plan.output();
        let enlarger = memory::fitted(self.name(), &settings.enlarger, settings.memory, |one| {
            takes(&header, &plan, one)
        })?;
        let mut writer = FrameWriter::new(
            BufWriter::new(Sink::open(output, settings.writing.overwrite)?),
            output.name(),
            header.resized(size.width, size.height),
        )?;

        let mut frames = VecDeque::new();
        while frames.len() < FIRST_FRAMES
            && let Some(frame) = reader.next_frame()?
        {
            frames.push_back(frame);
        }
        let treatment = treatment(&enlarger, &header, &plan, &frames)?;
        if settings.verbose {
            let (look, found) = (treatment.look.value(), treatment.degradation);
            console::remark(&format!(
                "{}: look {look:.2}, noise {:.2}, compression {:.2}, for all frames",
                shown(self.name()),
                found.noise,
                found.compression
            ));
        }
        let enlarger = enlarger.treating(treatment);
        let progress = Progress::new(&shown(self.name()).to_string(), quiet);
        let total = length.map(|length| length / header.frame_bytes());
        let start = Instant::now();
        let mut done = 0_u64;
        loop {
            let frame = match frames.pop_front() {
                Some(frame) => frame,
                None => match reader.next_frame()? {
                    Some(frame) => frame,
                    None => break,
                },
            };
            match enlarged(&enlarger, &header, &plan, &frame) {
                Ok(pixels) => writer.write_frame(&pixels)?,
                Err(ZoomError::Cancelled) => return Ok(true),
                Err(error) => return Err(on(self.name(), &error)),
            }
            done += 1;
            if let Some(total) = total {
                progress.update(done, total.max(done));
            }
        }
        let sink = writer.finish()?;
        let sink = sink
            .into_inner()
            .map_err(|error| anyhow!(error.into_error()))?;
        sink.finish(output, settings.writing.overwrite)?;
        let seconds = start.elapsed().as_secs_f64();
        progress.finish(&format!(
            "{}  {done} frames, {} → {size}  {seconds:.1} s  {}",
            shown(self.name()),
            plan.input(),
            shown(output.name())
        ));
        Ok(false)
    }
}

/// Whether a path is that of a file of frames, by its name.
pub fn is_named_video(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case(OsStr::new("y4m")))
}

/// A frame as the network takes it.
fn view<'a>(header: &VideoHeader, pixels: &'a FramePixels) -> Result<ImageView<'a>, ZoomError> {
    match header.channels() {
        1 => ImageView::grey(header.width, header.height, pixels),
        _ => ImageView::rgb(header.width, header.height, pixels),
    }
}

/// How all frames are treated, so that they do not flicker: as the one in the middle of the first
/// ones, ordered by how degraded they are.
fn treatment(
    enlarger: &Enlarger,
    header: &VideoHeader,
    plan: &ScalePlan,
    frames: &VecDeque<FramePixels>,
) -> Result<Treatment, ZoomError> {
    let mut found = Vec::new();
    for frame in frames {
        found.push(enlarger.treatment(view(header, frame)?, plan));
    }
    let degraded = |one: &Treatment| one.degradation.noise + one.degradation.compression;
    found.sort_by(|a, b| degraded(a).total_cmp(&degraded(b)));
    match found.get(found.len() / 2) {
        Some(treatment) => Ok(*treatment),
        // No frames, nothing to treat.
        None => {
            let black = vec![0.0; header.width * header.height * header.channels()];
            Ok(enlarger.treatment(view(header, &black)?, plan))
        }
    }
}

/// A frame of the result.
fn enlarged(
    enlarger: &Enlarger,
    header: &VideoHeader,
    plan: &ScalePlan,
    frame: &FramePixels,
) -> Result<FramePixels, ZoomError> {
    let bands = enlarger.bands(view(header, frame)?, plan)?;
    let bands = bands.observe(|_| match interrupt::requested() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    let image = bands.into_image()?;
    Ok(match header.channels() {
        1 => interleave(image.pixels(), &AlphaRows::Absent, Colour::Grey),
        _ => image.into_pixels(),
    })
}

/// What frames take of memory, in bytes: the first ones, the network, and a frame of the result as
/// pixels, as planes and as bytes.
fn takes(header: &VideoHeader, plan: &ScalePlan, enlarger: &Enlarger) -> u64 {
    let pixels = |width: usize, height: usize| width as u64 * height as u64 * 3 * SAMPLE;
    let size = plan.output();
    let held = FIRST_FRAMES as u64 * pixels(header.width, header.height);
    memory::PROGRAM
        + memory::NETWORK
        + held
        + enlarger.cost(plan).peak_bytes
        + 3 * pixels(size.width, size.height)
}
