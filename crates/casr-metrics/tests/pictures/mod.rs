//! The pictures of `tests/golden/pictures.py`, made alike: crops of the samples, changed in whole
//! numbers only.

#![allow(dead_code, reason = "every test file uses its own part")]

use casr_metrics::RgbImage;
use std::path::Path;

/// Whole numbers from 0 to 255, `[height, width, 3]`.
#[derive(Clone)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    values: Vec<i64>,
}

impl Picture {
    /// A crop of a sample, from a corner (left, top) and of a size (width, height).
    pub fn sample(name: &str, corner: (usize, usize), size: (usize, usize)) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../samples/{name}.png"));
        let picture = casr_codec::read(&path, &casr_codec::Limits::default()).unwrap();
        Self::new(size, |x, y, colour| {
            let pixel = (corner.1 + y) * picture.width + corner.0 + x;
            (picture.pixels.at(3 * pixel + colour) * 255.0).round() as i64
        })
    }

    /// The picture whose value at column, row and colour is given.
    pub fn new(
        (width, height): (usize, usize),
        value: impl Fn(usize, usize, usize) -> i64,
    ) -> Self {
        let values = (0..width * height * 3)
            .map(|i| value(i / 3 % width, i / 3 / width, i % 3))
            .collect();
        Self {
            width,
            height,
            values,
        }
    }

    pub fn at(&self, x: usize, y: usize, colour: usize) -> i64 {
        self.values[3 * (y * self.width + x) + colour]
    }

    /// Enlarged by repeating pixels: every pixel is the one under its centre.
    pub fn repeated(&self, width: usize, height: usize) -> Self {
        Self::new((width, height), |x, y, colour| {
            let under = |i: usize, from: usize, to: usize| (2 * i + 1) * from / (2 * to);
            self.at(
                under(x, self.width, width),
                under(y, self.height, height),
                colour,
            )
        })
    }

    /// Seven eighths of the picture and one of a ramp.
    pub fn ramped(&self) -> Self {
        Self::new((self.width, self.height), |x, y, colour| {
            (7 * self.at(x, y, colour) + (5 * x + 3 * y + 29 * colour) as i64 % 256) / 8
        })
    }

    /// With differences of up to 8 levels without a visible pattern.
    pub fn noisy(&self) -> Self {
        Self::new((self.width, self.height), |x, y, colour| {
            let noise = x * x * 31 + y * y * 17 + x * y * 37 + x * 73 + y * 179 + colour * 283;
            (self.at(x, y, colour) + noise as i64 % 17 - 8).clamp(0, 255)
        })
    }

    /// The mean of 3×3 pixels, rounded down, the border repeated.
    pub fn blurred(&self) -> Self {
        Self::new((self.width, self.height), |x, y, colour| {
            let columns = [x.saturating_sub(1), x, (x + 1).min(self.width - 1)];
            let rows = [y.saturating_sub(1), y, (y + 1).min(self.height - 1)];
            let places = rows.iter().flat_map(|&y| columns.map(|x| (x, y)));
            places.map(|(x, y)| self.at(x, y, colour)).sum::<i64>() / 9
        })
    }

    /// The image that is measured.
    pub fn image(&self) -> RgbImage {
        let values = self.values.iter().map(|&value| value as f32 / 255.0);
        RgbImage::new(self.width, self.height, values.collect()).unwrap()
    }
}

/// Holds for numbers that agree to a millionth.
pub fn assert_close(value: f64, expected: f64, what: &str) {
    let tolerance = 1e-6 * expected.abs().max(1e-3);
    println!("{what}: {value}, reference {expected}");
    assert!(
        (value - expected).abs() <= tolerance,
        "{what}: {value}, not {expected}"
    );
}

/// What `measure` gives with so many threads.
pub fn with_threads<T: Send>(threads: usize, measure: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(measure)
}
