//! Films that zoom into an image, through the levels of its pyramid.

mod camera;
mod frames;
mod reel;

pub use frames::Place;

use crate::enlarge::{named, on};
use crate::inputs::Input;
use crate::memory::{self, MEGABYTE};
use anyhow::bail;
use camera::Camera;
use casr_cli::{Progress, console, duration, interrupt};
use casr_codec::{Colour, Header, Info, Limits, Mark, Metadata, Picture, probe, read, shown};
use casr_picture::{layers, untrained};
use casr_zoom::{Enlarger, ScalePlan, Size, Treatment, ZoomError, measure_throughput};
use frames::Frames;
use reel::Reel;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sides of tiles to choose from, in pixels of the level below.
const TILES: [usize; 6] = [96, 128, 192, 256, 384, 512];

/// Bytes of a pixel of a level as it is held, and as it is shown.
const HELD: u64 = 3 * size_of::<u16>() as u64;
const SHOWN: u64 = 3 * size_of::<f32>() as u64;

/// How many times the work of a pixel of a frame goes into that of a pixel in the network, on two
/// cores: for the progress.
const FRAME_SHARE: u64 = 60;

/// Where a film goes in the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Of the image's side, from 0 to 1.
    Share(f64),
    /// The middle of this pixel.
    Pixel(usize),
}

impl Length {
    /// In pixels of a side from its beginning; none if that is outside.
    fn of(self, side: usize) -> Option<f64> {
        match self {
            Self::Share(share) => (0.0..=1.0).contains(&share).then_some(share * side as f64),
            Self::Pixel(pixel) => (pixel < side).then_some(pixel as f64 + 0.5),
        }
    }
}

/// What a film is to be.
pub struct Film {
    /// The network, with its look and restoration.
    pub enlarger: Enlarger,
    /// The point that is zoomed into, across and down.
    pub point: (Length, Length),
    /// The first factor; none for the smallest.
    pub from: Option<f64>,
    /// The last one.
    pub to: f64,
    /// The frames' size.
    pub size: Size,
    /// How long it takes.
    pub length: Duration,
    /// How long it takes to get up to speed, and to come to rest; at most half of the film.
    pub ease: Duration,
    /// Frames per second, as a fraction.
    pub rate: (u32, u32),
    /// What is too large to be read.
    pub limits: Limits,
    /// How much memory there is, in bytes, if the user says so.
    pub memory: Option<u64>,
    /// Whether frames that hold metadata are marked as enlargements.
    pub mark: bool,
    /// Whether an earlier film may be replaced.
    pub overwrite: bool,
    /// Whether it is remarked what will be done.
    pub verbose: bool,
    /// Whether only failures are said.
    pub quiet: bool,
}

impl Film {
    /// Makes it; whether it was interrupted.
    ///
    /// # Errors
    /// What kept it from being made, as a message for the user. A file is then as it was, a pipe
    /// has got some frames, and a folder has those that were finished.
    pub fn make(&self, input: &Input, place: &Place) -> anyhow::Result<bool> {
        let name = input.name();
        let info = probe(input.source(), &self.limits)?;
        let (camera, plan) = self.planned(name, (info.width, info.height))?;
        let enlarger = self.fitted(name, &info, &plan)?;
        let mut picture = read(input.source(), &self.limits)?;
        // The file may be another one than the one judged.
        let (camera, plan) = match (picture.width, picture.height) == (info.width, info.height) {
            true => (camera, plan),
            false => self.planned(name, (picture.width, picture.height))?,
        };
        let remark = |text: &str| {
            if !self.quiet {
                console::remark(&format!("{}: {text}", shown(name)));
            }
        };
        (picture.losses.iter()).for_each(|loss| remark(&loss.to_string()));
        if !picture.is_opaque() {
            remark("has transparent parts, which films have not: it is shown on white");
        }
        if matches!(place, Place::Stream(_)) && picture.metadata.icc.is_some() {
            remark("has a colour profile, which y4m has no place for: colours stay as they are");
        }
        untrained(self.to).iter().for_each(|text| remark(text));
        let mut header = self.header(&picture);
        on_white(&mut picture);
        let progress = Arc::new(Progress::new(&shown(name).to_string(), self.quiet));
        let layers = layers(&mut picture, false).map_err(|error| on(name, &error))?;
        let image = layers.colours.view();
        let treatment = enlarger.treatment(image, &plan);
        let enlarger = enlarger.treating(treatment);
        header.mark = self.mark.then(|| self.described(&camera, treatment));
        let reel = Reel::new(camera, self.frames(), &enlarger, &plan, image)
            .map_err(|error| on(name, &error))?;
        if self.verbose {
            for line in self.foretold(&reel, &enlarger, &plan, treatment)? {
                remark(&line);
            }
        }
        let frames = Frames::begin(place, &header, self.rate, self.overwrite)?;
        let start = Instant::now();
        let interrupted = self
            .run(reel, frames, place, &progress)
            .map_err(|error| named(name, error))?;
        if !interrupted {
            progress.finish(&format!(
                "{}  {} frames, ×{:.2} → ×{:.2}  {:.1} s  {}",
                shown(name),
                self.frames(),
                camera.from,
                camera.to,
                start.elapsed().as_secs_f64(),
                shown(place.name())
            ));
        }
        Ok(interrupted)
    }

    /// All frames; whether they were interrupted.
    fn run(
        &self,
        mut reel: Reel,
        mut frames: Frames,
        place: &Place,
        progress: &Arc<Progress>,
    ) -> anyhow::Result<bool> {
        let pixels = (self.size.width * self.size.height) as u64;
        let of_frame = (pixels / FRAME_SHARE).max(1);
        let total = reel.work()? + reel.frames() * of_frame;
        let mut done = 0;
        for frame in 0..reel.frames() {
            let shown_progress = progress.clone();
            let observe = move |more| {
                shown_progress.update(done + more, total);
                match interrupt::requested() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            };
            let made = match reel.make(frame, observe) {
                Err(ZoomError::Cancelled) => return Ok(self.stopped(&frames, place)),
                made => made?,
            };
            let pixels = reel.render(frame)?;
            if interrupt::requested() {
                return Ok(self.stopped(&frames, place));
            }
            frames.write(&pixels)?;
            done += made + of_frame;
            progress.update(done, total);
        }
        if let Some(reason) = reel.pyramid().fallback()
            && !self.quiet
        {
            progress.suspend(|| console::remark(&format!("{reason}: the processor did the rest")));
        }
        frames.finish()?;
        Ok(false)
    }

    /// Says what there is of a film that was interrupted.
    fn stopped(&self, frames: &Frames, place: &Place) -> bool {
        let kept = frames.kept();
        if kept > 0 && !self.quiet {
            console::remark(&format!(
                "{}: holds the first {kept} of {} frames",
                shown(place.name()),
                self.frames()
            ));
        }
        true
    }

    /// How many frames there are: two at least.
    fn frames(&self) -> u64 {
        let (frames, seconds) = self.rate;
        let rate = f64::from(frames) / f64::from(seconds);
        ((self.length.as_secs_f64() * rate).round() as u64).max(2)
    }

    /// The camera over an image, and the levels; `input` is for messages.
    fn planned(
        &self,
        input: &Path,
        (width, height): (usize, usize),
    ) -> anyhow::Result<(Camera, ScalePlan)> {
        let image = Size { width, height };
        let (across, down) = (self.point.0.of(width), self.point.1.of(height));
        let (Some(across), Some(down)) = (across, down) else {
            bail!(
                "{}: the point lies outside of the image of {image} pixels; name one inside (--at)",
                shown(input)
            );
        };
        let smallest = Camera::smallest(image, self.size);
        let from = self.from.unwrap_or(smallest);
        // Who reads the number from a message may write it shortened.
        if from < smallest * (1.0 - 1e-3) {
            bail!(
                "{}: at ×{from} the image does not fill a frame of {}; begin at ×{smallest:.4} or more (--from)",
                shown(input),
                self.size
            );
        }
        let from = from.max(smallest);
        if from >= self.to {
            bail!(
                "{}: a film from ×{from:.4} to ×{} does not zoom in; go further (--to), begin smaller (--from), or make smaller frames (--size)",
                shown(input),
                self.to
            );
        }
        let plan = reel::plan(image, self.to).map_err(|error| on(input, &error))?;
        let camera = Camera {
            image,
            frame: self.size,
            point: (across, down),
            from,
            to: self.to,
            ease: (self.ease.as_secs_f64() / self.length.as_secs_f64()).min(0.5),
        };
        Ok((camera, plan))
    }

    /// An enlarger with tiles that cost the least, within the memory that there is.
    fn fitted(&self, input: &Path, info: &Info, plan: &ScalePlan) -> anyhow::Result<Enlarger> {
        let takes = |enlarger: &Enlarger| self.takes(info, plan, enlarger);
        let enlarger = self
            .enlarger
            .clone()
            .tile(best_tile(self.size, &self.enlarger));
        match self.memory {
            Some(room) if takes(&enlarger) <= room => Ok(enlarger),
            room => memory::fitted(input, &enlarger, room, takes),
        }
    }

    /// What it takes of memory, in bytes: the image, two levels, a tile in the making, and a frame
    /// in every form that it goes through.
    fn takes(&self, info: &Info, plan: &ScalePlan, enlarger: &Enlarger) -> u64 {
        let pixels = info.width as u64 * info.height as u64;
        // On white it is held in floating point.
        let held = match info.alpha {
            true => info.held_bytes + pixels * SHOWN,
            false => info.held_bytes,
        };
        let Size { width, height } = self.size;
        let frame = (width * height) as u64 * SHOWN;
        let mut work = 0;
        if !plan.levels().is_empty() {
            let tile = 2 * enlarger.tile_of(plan);
            let side = |frame: usize, level: usize| (2 * frame + tile).min(level) as u64;
            let largest = plan.output();
            let level = side(width, largest.width) * side(height, largest.height) * HELD;
            let cost = enlarger.cost(plan);
            work = memory::NETWORK + 2 * level + (cost.peak_bytes - cost.held_bytes);
        }
        memory::PROGRAM + info.reading_bytes.max(held + work + 4 * frame)
    }

    /// What frames are.
    fn header(&self, picture: &Picture) -> Header {
        let Size { width, height } = self.size;
        Header {
            colour: picture.colour,
            depth: picture.depth,
            metadata: Metadata {
                icc: picture.metadata.icc.clone(),
                colour_chunks: picture.metadata.colour_chunks.clone(),
                ..Metadata::default()
            },
            ..Header::rgb(width, height)
        }
    }

    /// How frames were made, for their metadata.
    fn described(&self, camera: &Camera, Treatment { look, .. }: Treatment) -> Mark {
        Mark {
            software: concat!("CASR ", env!("CARGO_PKG_VERSION")).to_owned(),
            parameters: format!(
                "a frame of a zoom from {:.3} to {:.3} times at {:.1},{:.1} of {}; look {look:.2} (0 faithful, 1 vivid)",
                camera.from, camera.to, camera.point.0, camera.point.1, camera.image
            ),
        }
    }

    /// What will be done, in words.
    fn foretold(
        &self,
        reel: &Reel,
        enlarger: &Enlarger,
        plan: &ScalePlan,
        treatment: Treatment,
    ) -> anyhow::Result<Vec<String>> {
        let (found, look) = (treatment.degradation, treatment.look.value());
        let levels = match reel.levels() {
            0 => "nothing is enlarged".to_owned(),
            levels => {
                let work = reel.work()?;
                let cost = enlarger.cost(plan);
                let pixels: u64 = cost.levels.iter().map(|level| level.computed_pixels).sum();
                let flops = cost.flops() / pixels as f64 * work as f64;
                let throughput = measure_throughput(enlarger.model())?;
                let time = Duration::try_from_secs_f64(flops / throughput).unwrap_or_default();
                format!(
                    "{levels} levels, {:.1} megapixels through the network, about {} on this machine",
                    work as f64 / MEGABYTE as f64,
                    duration(time)
                )
            }
        };
        Ok(vec![
            format!(
                "{} frames of {}, ×{:.3} → ×{:.3}; {levels}, and then the frames",
                self.frames(),
                self.size,
                reel.factor(0),
                reel.factor(self.frames() - 1)
            ),
            format!(
                "look {look:.2}, noise {:.2}, compression {:.2}, for all frames",
                found.noise, found.compression
            ),
        ])
    }
}

/// The side of tiles that cost the least for windows of a level twice as large as a frame: small
/// ones have much halo, large ones lie over the window's edge.
fn best_tile(frame: Size, enlarger: &Enlarger) -> usize {
    let reach = enlarger.model().config().reach();
    let cost = |side: &usize| {
        let tiles = |length: usize| length as f64 / *side as f64 + 1.0;
        let worked = (side + 2 * reach) as f64;
        tiles(frame.width) * tiles(frame.height) * worked * worked
    };
    let best = TILES.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
    best.unwrap_or(TILES[0])
}

/// Puts a picture with transparent parts on white.
fn on_white(picture: &mut Picture) {
    let Some(alpha) = picture.alpha.take() else {
        return;
    };
    let channels = match picture.colour {
        Colour::Grey => 1,
        Colour::Rgb => 3,
    };
    let samples = picture.pixels.iter().enumerate();
    let shown = samples.map(|(index, value)| 1.0 - alpha.at(index / channels) * (1.0 - value));
    picture.pixels = shown.collect::<Vec<f32>>().into();
}
