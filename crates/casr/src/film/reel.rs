//! From the levels of a pyramid to the frames of a film.
//!
//! Levels double. A frame at a factor between those of two levels is both of them, resampled to the
//! frame and mixed: the upper one fades in above the lower one's factor. So a level comes while its
//! details are as small as pixels, and goes when all that it shows is in the next one.
//!
//! Windows of a film lie within each other, so a level is wanted first where most of it is wanted.
//! All tiles of it are made then, from those of the level below, and those of the level below that
//! are let go: two levels are held at a time, each about twice as wide and high as a frame, however
//! many there are.

use super::camera::Camera;
use casr_zoom::{
    Enlarger, Image, ImageView, Pyramid, Rectangle, ScalePlan, Size, Span, Target, ZoomError,
};
use std::ops::ControlFlow;

/// Over how much of an octave above a level's factor the next level fades in.
const FADE: f64 = 0.5;

/// The plan of a film that ends at a factor: as many levels as reach it, each twice the one below.
///
/// # Errors
/// The last level would be too large.
pub fn plan(image: Size, to: f64) -> Result<ScalePlan, ZoomError> {
    let factor = 2.0_f64.powf(to.log2().ceil());
    ScalePlan::doubling(image, Target::Factor(factor.max(1.0)))
}

/// A film that is to be made.
pub struct Reel<'a> {
    camera: Camera,
    frames: u64,
    pyramid: Pyramid<'a>,
    /// What is made of the levels above the image.
    windows: Vec<Rectangle>,
    /// How many of them are made.
    made: usize,
}

impl<'a> Reel<'a> {
    /// A film of `frames`, two or more, over an image.
    ///
    /// # Errors
    /// The plan is for another image.
    pub fn new(
        camera: Camera,
        frames: u64,
        enlarger: &Enlarger,
        plan: &ScalePlan,
        image: ImageView<'a>,
    ) -> Result<Self, ZoomError> {
        // What is kept is said by `make`.
        let pyramid = enlarger.clone().room(usize::MAX).pyramid(image, plan)?;
        let mut reel = Self {
            camera,
            frames,
            pyramid,
            windows: Vec::new(),
            made: 0,
        };
        reel.windows = reel.wanted()?;
        Ok(reel)
    }

    /// What of each level above the image frames show, or a level above is made from.
    fn wanted(&self) -> Result<Vec<Rectangle>, ZoomError> {
        let mut windows = Vec::new();
        for level in (1..self.pyramid.levels()).rev() {
            let factor = self.factor(self.first(level));
            let part = enlarged(self.camera.window(factor), level);
            let mut window = self.pyramid.read_for(level, part, self.camera.frame)?;
            if let Some(above) = windows.last() {
                window = union(window, self.pyramid.under(level + 1, *above)?);
            }
            windows.push(window);
        }
        windows.reverse();
        Ok(windows)
    }

    /// The first frame that shows a level above the image.
    fn first(&self, level: usize) -> u64 {
        let (mut before, mut after) = (0, self.frames - 1);
        while before < after {
            let middle = (before + after) / 2;
            if self.mixed(middle).1 >= level {
                after = middle;
            } else {
                before = middle + 1;
            }
        }
        before
    }

    /// How many frames there are.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The factor of a frame.
    pub fn factor(&self, frame: u64) -> f64 {
        self.camera.factor(frame as f64 / (self.frames - 1) as f64)
    }

    /// The first and the last level that a frame shows, the same or neighbours, and the share of
    /// the latter.
    fn mixed(&self, frame: u64) -> (usize, usize, f32) {
        mixed(self.factor(frame), self.pyramid.levels() - 1)
    }

    /// How many levels are made.
    pub fn levels(&self) -> usize {
        self.windows.len()
    }

    /// Pixels that go through the network for the whole film.
    ///
    /// # Errors
    /// None: windows lie in their levels.
    pub fn work(&self) -> Result<u64, ZoomError> {
        let mut work = 0;
        for (below, window) in self.windows.iter().enumerate() {
            work += self.pyramid.work(below + 1, *window)?;
            if below > 0 {
                let under = self.pyramid.under(below + 1, *window)?;
                work -= self.pyramid.work(below, under)?;
            }
        }
        Ok(work)
    }

    /// Makes what a frame shows and is not there. `observe` hears how many pixels went through the
    /// network meanwhile, and says whether to go on.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`], or [`ZoomError::Network`] if the device fails.
    pub fn make(
        &mut self,
        frame: u64,
        observe: impl Fn(u64) -> ControlFlow<()> + Send + Sync + Clone + 'a,
    ) -> Result<u64, ZoomError> {
        let mut done = 0;
        while self.made < self.mixed(frame).1 {
            let window = self.windows[self.made];
            self.made += 1;
            if self.made > 2 {
                self.pyramid.forget(self.made - 2);
            }
            let (before, observe) = (done, observe.clone());
            let pyramid = (self.pyramid).observe(move |progress| observe(before + progress.done));
            done += pyramid.work(self.made, window)?;
            for tile in pyramid.each_tile(self.made, window, |_, _| true)? {
                tile?;
            }
        }
        Ok(done)
    }

    /// The pixels of a frame, RGB in [0, 1], row by row.
    ///
    /// # Errors
    /// [`ZoomError::Memory`], and those of [`Reel::make`] where that was not called before.
    pub fn render(&self, frame: u64) -> Result<Vec<f32>, ZoomError> {
        let window = self.camera.window(self.factor(frame));
        let take = |level: usize| {
            let part = enlarged(window, level);
            let image = self.pyramid.resized(level, part, self.camera.frame);
            image.map(Image::into_pixels)
        };
        let (lower, upper, share) = self.mixed(frame);
        let mut pixels = take(lower)?;
        if upper != lower {
            for (value, above) in pixels.iter_mut().zip(take(upper)?) {
                *value += share * (above - *value);
            }
        }
        Ok(pixels)
    }

    /// The pyramid.
    pub fn pyramid(&self) -> &Pyramid<'a> {
        &self.pyramid
    }
}

/// The first and the last level that make up a factor, the same or neighbours, and the share of the
/// latter: continuous in the factor's logarithm, and so is its slope.
fn mixed(factor: f64, last: usize) -> (usize, usize, f32) {
    let zoom = factor.log2();
    if zoom <= 0.0 {
        return (0, 0, 0.0);
    }
    let lower = (zoom.floor() as usize).min(last);
    let rise = ((zoom - lower as f64) / FADE).min(1.0);
    let share = (rise * rise * (3.0 - 2.0 * rise)) as f32;
    match share {
        0.0 => (lower, lower, 0.0),
        _ if lower == last => (lower, lower, 0.0),
        1.0 => (lower + 1, lower + 1, 0.0),
        share => (lower, lower + 1, share),
    }
}

/// A part of the image in pixels of a level.
fn enlarged(part: Span, level: usize) -> Span {
    let factor = 2.0_f64.powi(level as i32);
    let times = |(start, end): (f64, f64)| (start * factor, end * factor);
    Span {
        columns: times(part.columns),
        rows: times(part.rows),
    }
}

/// The smallest rectangle that holds two.
fn union(one: Rectangle, other: Rectangle) -> Rectangle {
    let (x, y) = (one.x.min(other.x), one.y.min(other.y));
    Rectangle {
        x,
        y,
        width: (one.x + one.width).max(other.x + other.width) - x,
        height: (one.y + one.height).max(other.y + other.height) - y,
    }
}
