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
            if self.mixed(self.factor(middle)).1 >= level {
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

    /// The levels of a factor, see [`mixed`].
    fn mixed(&self, factor: f64) -> (usize, usize, f32) {
        mixed(factor, self.pyramid.levels() - 1)
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
        while self.made < self.mixed(self.factor(frame)).1 {
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
        self.at(self.factor(frame))
    }

    /// The pixels of a frame at a factor.
    fn at(&self, factor: f64) -> Result<Vec<f32>, ZoomError> {
        let window = self.camera.window(factor);
        let take = |level: usize| {
            let part = enlarged(window, level);
            let image = self.pyramid.resized(level, part, self.camera.frame);
            image.map(Image::into_pixels)
        };
        let (lower, upper, share) = self.mixed(factor);
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

#[cfg(test)]
mod tests {
    use super::*;
    use casr_codec::{Limits, read};
    use casr_zoom::{Look, Model, Size};
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    /// A part of a shipped photograph.
    fn photograph(side: usize) -> Image {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/city.png");
        let picture = read(path, &Limits::default()).expect("a sample");
        let mut pixels = Vec::new();
        for row in 230..230 + side {
            let first = (row * picture.width + 250) * 3;
            (picture.pixels).append_to(&mut pixels, first..first + 3 * side);
        }
        Image::new(side, side, pixels).expect("values in [0, 1]")
    }

    /// A film of frames of 48×32 pixels, in small tiles, into a place beside the middle.
    fn film(image: &Image, frames: u64, to: f64) -> Reel<'_> {
        let enlarger = Enlarger::new(Model::embedded().expect("the weights that ship"));
        let enlarger = enlarger.look(Look::VIVID).tile(16).exact(true);
        let frame = Size {
            width: 48,
            height: 32,
        };
        let camera = Camera {
            image: image.size(),
            frame,
            point: (0.55 * image.width() as f64, 0.4 * image.height() as f64),
            from: Camera::smallest(image.size(), frame),
            to,
            ease: 0.2,
        };
        let plan = plan(image.size(), to).expect("a plan");
        Reel::new(camera, frames, &enlarger, &plan, image.into()).expect("a film")
    }

    fn go_on(_: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The mean difference of two frames, in code values.
    fn difference(one: &[f32], other: &[f32]) -> f64 {
        let pairs = one.iter().zip(other);
        let sum: f64 = pairs.map(|(a, b)| f64::from((a - b).abs())).sum();
        255.0 * sum / one.len() as f64
    }

    /// Frames so close to each other that nothing moves differ by next to nothing, and by no more
    /// where a level comes or goes than elsewhere. Without mixing, what is seen would jump there.
    #[test]
    fn nothing_pops_where_levels_change() {
        let image = photograph(64);
        let mut reel = film(&image, 200, 16.0);
        reel.make(199, go_on).expect("all levels");
        const STEP: f64 = 1.0 / 512.0;
        let at = |zoom: f64| reel.at(zoom.exp2()).expect("a frame");
        let mut differences = Vec::new();
        let mut before = at(0.25);
        for step in 1.. {
            let zoom = 0.25 + STEP * f64::from(step);
            if zoom > 3.75 {
                break;
            }
            let frame = at(zoom);
            differences.push((zoom, difference(&before, &frame)));
            before = frame;
        }
        for octave in 0..3 {
            // Around the border of two levels, and where the mixing ends.
            let border = 1.0 + f64::from(octave);
            let within = |from: f64, to: f64| {
                let all = differences.iter();
                let part = all.filter(move |(zoom, _)| (from..to).contains(&(zoom - border)));
                let part: Vec<f64> = part.map(|(_, difference)| *difference).collect();
                (part.iter().copied().fold(0.0, f64::max), part.len())
            };
            let (nothing_changes, _) = within(-0.5 + 2.0 * STEP, -2.0 * STEP);
            let (comes, count) = within(-2.0 * STEP, FADE + 2.0 * STEP);
            assert!(count > 250);
            println!("level {octave}: {nothing_changes:.3} elsewhere, {comes:.3} where one comes");
            let most = 1.2 * nothing_changes;
            assert!(comes < most, "{comes} after {nothing_changes}");

            let window = reel.camera.window(border.exp2());
            let take = |level: usize| {
                let part = enlarged(window, level);
                let image = reel.pyramid.resized(level, part, reel.camera.frame);
                image.expect("a frame").into_pixels()
            };
            let level = border as usize;
            let jump = difference(&take(level), &take(level + 1));
            println!("without mixing {jump:.3}");
            assert!(jump > 2.0 * most, "{jump} is no jump beside {most}");
        }
    }

    #[test]
    fn shares_are_continuous_and_levels_large_enough() {
        let mut before = (0.0, 0.0);
        for step in 0..40_000 {
            let zoom = -1.0 + 1e-4 * f64::from(step);
            let (lower, upper, share) = mixed(zoom.exp2(), 3);
            assert!(upper <= 3 && upper - lower <= 1 && (0.0..=1.0).contains(&share));
            // A level is enlarged by half an octave at most.
            assert!(zoom - lower as f64 <= FADE + 1e-9 || lower == 3 || share > 0.99);
            // As one number, it is as smooth as time.
            let level = lower as f64 + f64::from(share);
            let slope = level - before.0;
            if step > 0 {
                assert!((-1e-9..4e-4).contains(&slope), "{zoom}: {slope}");
            }
            if step > 1 {
                assert!((slope - before.1).abs() < 1e-6, "{zoom}: {slope}");
            }
            before = (level, slope);
        }
        assert_eq!(mixed(8.0, 3), (3, 3, 0.0));
        assert_eq!(mixed(0.3, 3), (0, 0, 0.0));
        assert_eq!(mixed(6.0, 3), (3, 3, 0.0));
    }

    /// Every tile is made once, and all of the work is foretold.
    #[test]
    fn tiles_are_made_once() {
        let image = photograph(40);
        let mut reel = film(&image, 90, 20.0);
        let foretold = reel.work().expect("a sum");
        let heard = Arc::new(AtomicU64::new(0));
        let mut done = 0;
        let mut pixels = 0;
        for frame in 0..reel.frames() {
            let heard = heard.clone();
            let observe = move |more| {
                heard.fetch_max(done + more, Ordering::Relaxed);
                ControlFlow::Continue(())
            };
            done += reel.make(frame, observe).expect("levels");
            pixels += reel.render(frame).expect("a frame").len();
        }
        assert_eq!(pixels, 90 * 48 * 32 * 3);
        assert_eq!((done, heard.load(Ordering::Relaxed)), (foretold, foretold));
        let mut tiles = 0;
        for (below, window) in reel.windows.iter().enumerate() {
            let (columns, rows) = reel.pyramid.tiles_of(below + 1, *window).expect("tiles");
            tiles += columns.len() * rows.len();
        }
        assert_eq!(reel.levels(), 5);
        assert_eq!(reel.pyramid.made(), (tiles, 0));
    }

    #[test]
    fn windows_do_not_grow_with_the_factor() {
        let image = photograph(40);
        let sides = |to: f64| {
            let reel = film(&image, 500, to);
            let sides = reel
                .windows
                .iter()
                .map(|window| window.width.max(window.height));
            (reel.levels(), sides.max())
        };
        let (levels, side) = sides(1000.0);
        assert_eq!(levels, 10);
        // Twice a frame, what the bicubic reads beside it, and the rest of tiles of twice 16.
        assert!(side < Some(2 * 48 + 8 + 4 * 32), "{side:?}");
        assert_eq!(side, sides(100_000.0).1);
    }

    #[test]
    fn who_says_so_stops_the_work() {
        let image = photograph(40);
        let mut reel = film(&image, 30, 8.0);
        let stop = |_| ControlFlow::Break(());
        assert!(matches!(reel.make(29, stop), Err(ZoomError::Cancelled)));
    }
}
