//! The autocorrelation against its definition in f64, and every instruction set against scalar
//! code.

mod similarity_support;

use casr_kernels::InstructionSet;
use casr_kernels::similarity::{AUTOCORRELATION_REACH, LAGS, NOISE, WINDOW, autocorrelation, lags};
use similarity_support::{assert_independent_of_threads, bits, crop, inside, noise};

struct Picture {
    height: usize,
    width: usize,
    luma: Vec<f32>,
}

impl Picture {
    fn new(height: usize, width: usize, luma: impl Fn(usize, usize) -> f32) -> Self {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        Self {
            height,
            width,
            luma: pixels.map(|(y, x)| luma(y, x)).collect(),
        }
    }

    fn correlate(&self, set: InstructionSet) -> Vec<f32> {
        let mut output = vec![f32::NAN; self.luma.len() * LAGS];
        autocorrelation(set, self.height, self.width, &self.luma, &mut output);
        output
    }

    /// The pixels of the window around a position, mirrored at the borders.
    fn window(&self, y: i32, x: i32) -> Vec<f64> {
        let radius = WINDOW as i32 / 2;
        let mirror = |position: i32, length: usize| {
            let mut position = position;
            while position < 0 || position >= length as i32 {
                position = if position < 0 {
                    -1 - position
                } else {
                    2 * length as i32 - 1 - position
                };
            }
            position as usize
        };
        let places = (-radius..=radius).flat_map(|dy| (-radius..=radius).map(move |dx| (dy, dx)));
        places
            .map(|(dy, dx)| {
                let row = mirror(y + dy, self.height) * self.width;
                f64::from(self.luma[row + mirror(x + dx, self.width)])
            })
            .collect()
    }

    /// The definition, window by window.
    fn definition(&self) -> Vec<f64> {
        let covariance = |a: &[f64], b: &[f64]| {
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let (mean_a, mean_b) = (mean(a), mean(b));
            let pairs = a.iter().zip(b);
            let sum: f64 = pairs.map(|(a, b)| (a - mean_a) * (b - mean_b)).sum();
            sum / a.len() as f64
        };
        let mut values = Vec::new();
        for y in 0..self.height as i32 {
            for x in 0..self.width as i32 {
                let here = self.window(y, x);
                values.extend(lags().map(|(dy, dx)| {
                    let there = self.window(y + dy, x + dx);
                    let variances = [&here, &there].map(|window| covariance(window, window));
                    let scale = (variances[0] + NOISE) * (variances[1] + NOISE);
                    covariance(&here, &there) / scale.sqrt()
                }));
            }
        }
        values
    }
}

/// Noise, a faint texture on white, waves, and sizes down to one pixel, some wider than a tile.
fn pictures() -> Vec<Picture> {
    let mut pictures = Vec::new();
    for (height, width) in [(1, 1), (3, 2), (2, 3), (1, 9), (14, 1), (5, 41), (23, 67)] {
        let values = noise(height * width, (height * 100 + width) as u64);
        let at = |y, x| values[y * width + x];
        pictures.push(Picture::new(height, width, at));
        pictures.push(Picture::new(height, width, |y, x| 0.99 + 0.01 * at(y, x)));
        pictures.push(Picture::new(height, width, |y, x| {
            0.5 + 0.4 * (0.7 * y as f32).sin() * (1.1 * x as f32).cos()
        }));
    }
    pictures
}

#[test]
fn lags_go_by_direction_and_length() {
    let expected = [1, 2, 3, 4, 6, 8];
    for (direction, (dy, dx)) in [(0, 1), (-1, 1), (-1, 0), (-1, -1)].into_iter().enumerate() {
        for (index, length) in expected.into_iter().enumerate() {
            let lag = lags()[direction * expected.len() + index];
            assert_eq!(lag, (dy * length, dx * length));
        }
    }
}

#[test]
fn values_equal_the_definition() {
    for picture in pictures() {
        let expected = picture.definition();
        for set in InstructionSet::available() {
            for (value, expected) in picture.correlate(set).iter().zip(&expected) {
                assert!(
                    (f64::from(*value) - expected).abs() < 1e-6,
                    "{set:?} {}x{}: {value} {expected}",
                    picture.height,
                    picture.width
                );
            }
        }
    }
}

#[test]
fn a_texture_resembles_itself_a_period_away() {
    let stripes = Picture::new(20, 30, |_, x| if x % 4 < 2 { 0.4 } else { 0.6 });
    let values = stripes.correlate(InstructionSet::best());
    let at = |lag| values[(10 * 30 + 15) * LAGS + lags().iter().position(|&l| l == lag).unwrap()];
    assert!(at((0, 4)) > 0.99 && at((0, 8)) > 0.99 && at((-3, 0)) > 0.99);
    assert!(at((0, 2)) < -0.9 && at((-6, -6)) < -0.9);
}

#[test]
fn instruction_sets_agree_bit_for_bit() {
    for picture in pictures() {
        let expected = bits(&picture.correlate(InstructionSet::Scalar));
        for set in InstructionSet::available() {
            assert!(bits(&picture.correlate(set)) == expected, "{set:?}");
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let luma = noise(61 * 83, 5);
    let picture = Picture::new(61, 83, |y, x| luma[y * 83 + x]);
    for set in InstructionSet::available() {
        assert_independent_of_threads(|| picture.correlate(set));
    }
}

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    let (height, width) = (57, 90);
    let luma = noise(height * width, 9);
    let whole = Picture::new(height, width, |y, x| luma[y * width + x]);
    let windows = [(0..40, 0..61), (7..57, 13..90), (3..44, 21..88)];
    for set in InstructionSet::available() {
        let expected = whole.correlate(set);
        for (rows, columns) in windows.clone() {
            let part = Picture {
                height: rows.len(),
                width: columns.len(),
                luma: crop(&luma, width, 1, rows.clone(), columns.clone()),
            };
            let values = part.correlate(set);
            let expected = crop(&expected, width, LAGS, rows.clone(), columns.clone());
            let agree = |reach| {
                let rows = inside(&rows, height, reach);
                let columns = inside(&columns, width, reach);
                let part = |values: &[f32]| {
                    bits(&crop(
                        values,
                        part.width,
                        LAGS,
                        rows.clone(),
                        columns.clone(),
                    ))
                };
                part(&values) == part(&expected)
            };
            assert!(agree(AUTOCORRELATION_REACH), "{set:?} {rows:?} {columns:?}");
            assert!(!agree(AUTOCORRELATION_REACH - 1), "the reach is tight");
        }
    }
}

#[test]
fn an_empty_image_has_no_correlations() {
    autocorrelation(InstructionSet::best(), 0, 7, &[], &mut []);
    autocorrelation(InstructionSet::best(), 7, 0, &[], &mut []);
}
