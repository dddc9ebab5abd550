//! Helpers of the tests of the superpixels: random operands, and the definitions in f64.

#![allow(dead_code, reason = "every test file uses its own part")]

pub mod window;

pub use crate::noise::noise;
use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{
    CELL, NEIGHBOURS, SuperpixelShape, VARIANCE_FLOOR, assign, modulate, moments,
};

pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// All operands of all kernels.
#[derive(Clone, Debug)]
pub struct Case {
    pub shape: SuperpixelShape,
    /// Channels of the embedding.
    pub embedded: usize,
    /// Channels of the features.
    pub channels: usize,
    pub sharpness: f32,
    pub compactness: f32,
    /// `[images, height, width, embedded]`.
    pub embedding: Vec<f32>,
    /// `[images, height, width, channels]`.
    pub features: Vec<f32>,
    /// `[images, cell_rows, cell_columns, 2 * channels]`; the next field is the gradient of the
    /// moments.
    pub modulation: Vec<f32>,
    pub of_moments: Vec<f32>,
    /// The gradients of the weights and of the modulated features.
    pub of_weights: Vec<f32>,
    pub of_output: Vec<f32>,
}

/// Results of kernels with their names and layouts.
pub type Results = Vec<(&'static str, Per, Vec<f32>)>;

/// The layout of a tensor: elements per pixel or per cell, or neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Per {
    Pixel(usize),
    Cell(usize),
    All,
}

impl Case {
    pub fn new(size: (usize, usize, usize), embedded: usize, channels: usize) -> Self {
        let (images, height, width) = size;
        let shape = SuperpixelShape {
            images,
            height,
            width,
        };
        let (pixels, cells) = (shape.pixels(), shape.cells());
        Self {
            shape,
            embedded,
            channels,
            sharpness: 3.0,
            compactness: 1.5,
            embedding: noise(pixels * embedded, 1),
            features: noise(pixels * channels, 2),
            modulation: noise(cells * 2 * channels, 3),
            of_moments: noise(cells * 2 * channels, 4),
            of_weights: noise(pixels * NEIGHBOURS, 5),
            of_output: noise(pixels * channels, 6),
        }
    }

    pub fn assign(&self, set: InstructionSet) -> Vec<f32> {
        let mut weights = vec![f32::NAN; self.shape.pixels() * NEIGHBOURS];
        assign(
            set,
            self.shape,
            self.embedded,
            &self.embedding,
            self.sharpness,
            self.compactness,
            &mut weights,
        );
        weights
    }

    pub fn moments(&self, set: InstructionSet, weights: &[f32]) -> Vec<f32> {
        let mut moments_ = vec![f32::NAN; self.modulation.len()];
        let (shape, channels) = (self.shape, self.channels);
        moments(set, shape, channels, weights, &self.features, &mut moments_);
        moments_
    }

    pub fn modulate(&self, set: InstructionSet, weights: &[f32]) -> Vec<f32> {
        let mut output = vec![f32::NAN; self.features.len()];
        modulate(
            set,
            self.shape,
            self.channels,
            weights,
            &self.features,
            &self.modulation,
            &mut output,
        );
        output
    }

    /// The results of all kernels.
    pub fn results(&self, set: InstructionSet) -> Results {
        let weights = self.assign(set);
        let (of_pixel, of_cell) = (Per::Pixel(self.channels), Per::Cell(2 * self.channels));
        vec![
            ("moments", of_cell, self.moments(set, &weights)),
            ("modulate", of_pixel, self.modulate(set, &weights)),
            ("assign", Per::Pixel(NEIGHBOURS), weights),
        ]
    }
}

/// Sizes that are no multiples of a cell, a single pixel, a single cell, single rows and columns of
/// pixels, several images; numbers of channels that are no multiples of a vector.
pub fn cases() -> Vec<Case> {
    [
        ((1, 24, 36), 3, 48),
        ((2, 13, 22), 3, 48),
        ((1, 1, 1), 3, 5),
        ((2, 4, 4), 3, 16),
        ((1, 3, 2), 1, 1),
        ((3, 1, 39), 2, 3),
        ((1, 41, 1), 5, 24),
        ((1, 9, 17), 3, 70),
        ((1, 6, 34), 4, 12),
        ((1, 5, 63), 3, 7),
    ]
    .map(|(size, embedded, channels)| Case::new(size, embedded, channels))
    .to_vec()
}

/// The definitions, pixel by pixel and cell by cell, in f64.
pub struct Reference {
    pub shape: SuperpixelShape,
    pub channels: usize,
}

impl Reference {
    /// All pixels: image, row, column.
    fn pixels(&self) -> impl Iterator<Item = [usize; 3]> + use<> {
        let SuperpixelShape {
            images,
            height,
            width,
        } = self.shape;
        (0..images).flat_map(move |image| {
            (0..height).flat_map(move |row| (0..width).map(move |column| [image, row, column]))
        })
    }

    /// The neighbours of a pixel that lie in the image: number, index of the cell, and its row and
    /// column.
    fn cells(&self, [image, row, column]: [usize; 3]) -> Vec<(usize, usize, [usize; 2])> {
        let (rows, columns) = (
            self.shape.height.div_ceil(CELL),
            self.shape.width.div_ceil(CELL),
        );
        let mut cells = Vec::new();
        for neighbour in 0..NEIGHBOURS {
            let y = (row / CELL + neighbour / 3).checked_sub(1);
            let x = (column / CELL + neighbour % 3).checked_sub(1);
            if let (Some(y), Some(x)) = (y, x)
                && y < rows
                && x < columns
            {
                cells.push((neighbour, (image * rows + y) * columns + x, [y, x]));
            }
        }
        cells
    }

    /// The weights; `channels` are those of the embedding.
    pub fn assign(&self, embedding: &[f64], sharpness: f64, compactness: f64) -> Vec<f64> {
        let channels = self.channels;
        let mut means = vec![0.0; self.shape.cells() * channels];
        let mut counts = vec![0.0; self.shape.cells()];
        for (place, pixel) in self.pixels().enumerate() {
            for (_, cell, [y, x]) in self.cells(pixel) {
                if [y, x] == [pixel[1] / CELL, pixel[2] / CELL] {
                    counts[cell] += 1.0;
                    for channel in 0..channels {
                        means[cell * channels + channel] += embedding[place * channels + channel];
                    }
                }
            }
        }
        let mut weights = vec![0.0; self.shape.pixels() * NEIGHBOURS];
        for (place, pixel) in self.pixels().enumerate() {
            let mut sum = 0.0;
            let weights = &mut weights[place * NEIGHBOURS..][..NEIGHBOURS];
            for (neighbour, cell, [y, x]) in self.cells(pixel) {
                let different: f64 = (0..channels)
                    .map(|channel| {
                        let mean = means[cell * channels + channel] / counts[cell];
                        (embedding[place * channels + channel] - mean).powi(2)
                    })
                    .sum();
                let side = CELL as f64;
                let dy = (pixel[1] as f64 + 0.5) / side - (y as f64 + 0.5);
                let dx = (pixel[2] as f64 + 0.5) / side - (x as f64 + 0.5);
                let distance = dy * dy + dx * dx;
                weights[neighbour] = (-sharpness * different - compactness * distance).exp();
                sum += weights[neighbour];
            }
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        weights
    }

    /// Means and deviations.
    pub fn moments(&self, weights: &[f64], features: &[f64]) -> Vec<f64> {
        let channels = self.channels;
        let mut totals = vec![0.0; self.shape.cells()];
        let mut moments = vec![0.0; self.shape.cells() * 2 * channels];
        let terms: Vec<(usize, usize, f64)> = self
            .pixels()
            .enumerate()
            .flat_map(|(place, pixel)| {
                let cells = self.cells(pixel).into_iter();
                cells.map(move |(neighbour, cell, _)| (place, cell, place * NEIGHBOURS + neighbour))
            })
            .map(|(place, cell, weight)| (place, cell, weights[weight]))
            .collect();
        for &(place, cell, weight) in &terms {
            totals[cell] += weight;
            for channel in 0..channels {
                moments[cell * 2 * channels + channel] +=
                    weight * features[place * channels + channel];
            }
        }
        for (moments, total) in moments.chunks_mut(2 * channels).zip(&totals) {
            moments[..channels]
                .iter_mut()
                .for_each(|mean| *mean /= total);
        }
        for &(place, cell, weight) in &terms {
            for channel in 0..channels {
                let at = cell * 2 * channels + channel;
                let difference = features[place * channels + channel] - moments[at];
                moments[at + channels] += weight * difference * difference;
            }
        }
        for (moments, total) in moments.chunks_mut(2 * channels).zip(&totals) {
            for square in &mut moments[channels..] {
                *square = (*square / total + f64::from(VARIANCE_FLOOR)).sqrt();
            }
        }
        moments
    }

    /// The modulated features.
    pub fn modulate(&self, weights: &[f64], features: &[f64], modulation: &[f64]) -> Vec<f64> {
        let channels = self.channels;
        let mut output = vec![0.0; features.len()];
        for (place, pixel) in self.pixels().enumerate() {
            for (neighbour, cell, _) in self.cells(pixel) {
                let weight = weights[place * NEIGHBOURS + neighbour];
                let numbers = &modulation[cell * 2 * channels..][..2 * channels];
                for channel in 0..channels {
                    let at = place * channels + channel;
                    output[at] +=
                        weight * (features[at] * numbers[channel] + numbers[channels + channel]);
                }
            }
        }
        output
    }
}

/// Fails if instruction sets disagree in any bit, or a result is not finite.
pub fn assert_exact(cases: Vec<Case>, results: impl Fn(&Case, InstructionSet) -> Results) {
    for case in cases {
        let expected = results(&case, InstructionSet::Scalar);
        for set in InstructionSet::available() {
            let results = results(&case, set);
            for ((what, _, values), (_, _, expected)) in results.iter().zip(&expected) {
                let name = format!("{set:?} {what} {:?}", case.shape);
                assert!(values.iter().all(|value| value.is_finite()), "{name}");
                assert!(bits(values) == bits(expected), "{name}");
            }
        }
    }
}

/// [`cases`], and the same with a sharpness at which most exponents are clamped.
pub fn plain_and_sharp_cases() -> Vec<Case> {
    let sharp = cases().into_iter().map(|case| Case {
        sharpness: 300.0,
        ..case
    });
    cases().into_iter().chain(sharp).collect()
}

/// Fails if pools of 1, 2 and 3 threads give different bits.
pub fn assert_independent_of_threads(results: impl Fn(&Case, InstructionSet) -> Results + Sync) {
    let case = Case::new((2, 53, 71), 3, 20);
    for set in InstructionSet::available() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool of threads")
                .install(|| results(&case, set))
        };
        let single = run(1);
        assert!(single == run(2) && single == run(3), "{set:?}");
    }
}
