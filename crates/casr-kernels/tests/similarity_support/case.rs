//! A search for matches, and its result by definition in f64.

use super::noise;
use casr_kernels::InstructionSet;
use casr_kernels::similarity::{FLOOR, MatchShape, PATCH, SEARCH, STRIDE, matches};

/// The operands of a search.
#[derive(Clone)]
pub struct Case {
    pub shape: MatchShape,
    pub luma: Vec<f32>,
    pub keys: Vec<f32>,
    pub details: Vec<f32>,
    pub row_centres: Vec<i32>,
    pub column_centres: Vec<i32>,
    pub noise: f32,
}

impl Case {
    /// Images of these sizes with the same waves plus noise, without flat patches that would match
    /// all others; centres in proportion.
    pub fn new(
        level: (usize, usize),
        keys: (usize, usize),
        details: usize,
        candidates: usize,
    ) -> Self {
        let centres = |outputs: usize, inputs: usize| -> Vec<i32> {
            let centre = |place| (2 * place + 1) * inputs / (2 * outputs);
            (0..outputs).map(|place| centre(place) as i32).collect()
        };
        let mut case = Self {
            shape: MatchShape {
                height: level.0,
                width: level.1,
                key_height: keys.0,
                key_width: keys.1,
                details,
                candidates,
            },
            luma: noise(level.0 * level.1, 1),
            keys: noise(keys.0 * keys.1, 2),
            details: noise(keys.0 * keys.1 * details, 3),
            row_centres: centres(level.0, keys.0),
            column_centres: centres(level.1, keys.1),
            noise: 0.2,
        };
        for (luma, width) in [(&mut case.luma, level.1), (&mut case.keys, keys.1)] {
            for (pixel, luma) in luma.iter_mut().enumerate() {
                let (y, x) = ((pixel / width) as f32, (pixel % width) as f32);
                *luma = 0.4 + 0.2 * (1.3 * y).cos() + 0.2 * (0.9 * x).sin() + 0.2 * *luma;
            }
        }
        case
    }

    pub fn run(&self, set: InstructionSet) -> Vec<f32> {
        let mut output = vec![f32::NAN; self.luma.len() * self.channels()];
        matches(
            set,
            self.shape,
            &self.luma,
            &self.keys,
            &self.details,
            &self.row_centres,
            &self.column_centres,
            self.noise,
            &mut output,
        );
        output
    }

    /// Values of an output pixel.
    pub fn channels(&self) -> usize {
        self.shape.details + 1
    }

    /// The luma of the patch around a key pixel.
    fn key_patch(&self, centre: [i32; 2]) -> Vec<f64> {
        patch(&self.keys, self.key_size(), centre)
    }

    fn key_size(&self) -> [usize; 2] {
        [self.shape.key_height, self.shape.key_width]
    }

    /// The matches of the query at a position.
    fn search(&self, row: usize, column: usize) -> Found {
        let size = [self.shape.height, self.shape.width];
        let query = patch(&self.luma, size, [row as i32, column as i32]);
        let candidates = |centre: i32, keys: usize| {
            let centre = centre.clamp(0, keys as i32 - 1);
            centre - SEARCH as i32 / 2..centre + SEARCH as i32 / 2
        };
        let rows = candidates(self.row_centres[row], self.shape.key_height);
        let columns = candidates(self.column_centres[column], self.shape.key_width);
        let mut found: Vec<([i32; 2], f64)> = rows
            .flat_map(|y| columns.clone().map(move |x| [y, x]))
            .map(|centre| (centre, distance(&query, &self.key_patch(centre))))
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (last, next) = (
            &found[self.shape.candidates - 1],
            &found[self.shape.candidates],
        );
        let same = |other: &&([i32; 2], f64)| self.key_patch(other.0) == self.key_patch(last.0);
        let near = |other: &&([i32; 2], f64)| (other.1 - last.1).abs() < 1e-5;
        let clear = !near(&next) || found.iter().filter(near).all(|other| same(&other));
        let scale = (PATCH * PATCH) as f64 * f64::from(self.noise).powi(2);
        let weigh = |distance: f64| (-distance / scale).exp() + f64::from(FLOOR);
        found.truncate(self.shape.candidates);
        Found {
            place: [row, column],
            matches: found
                .into_iter()
                .map(|(centre, distance)| (centre, weigh(distance)))
                .collect(),
            clear,
        }
    }

    /// The definition, pixel by pixel; `None` where rounding may decide which candidates are kept.
    pub fn definition(&self) -> Vec<Option<Vec<f64>>> {
        let MatchShape {
            height,
            width,
            details,
            ..
        } = self.shape;
        let rows = (0..height).step_by(STRIDE);
        let queries: Vec<Found> = rows
            .flat_map(|row| (0..width).step_by(STRIDE).map(move |column| (row, column)))
            .map(|(row, column)| self.search(row, column))
            .collect();
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| [y, x]));
        pixels
            .map(|pixel| {
                let holds = |query: &&Found| {
                    (0..2).all(|axis| query.place[axis].abs_diff(pixel[axis]) <= PATCH / 2)
                };
                let mut sums = vec![0.0; details];
                let (mut total, mut number) = (0.0, 0.0);
                for query in queries.iter().filter(holds) {
                    if !query.clear {
                        return None;
                    }
                    for (centre, weight) in &query.matches {
                        let key = nearest(
                            self.key_size(),
                            [0, 1].map(|axis| {
                                centre[axis] + pixel[axis] as i32 - query.place[axis] as i32
                            }),
                        );
                        let values = &self.details[key * details..][..details];
                        for (sum, value) in sums.iter_mut().zip(values) {
                            *sum += weight * f64::from(*value);
                        }
                        total += weight;
                        number += 1.0;
                    }
                }
                let means = sums.iter().map(|sum| sum / total);
                Some(means.chain([total / number]).collect())
            })
            .collect()
    }
}

/// The matches of a query.
struct Found {
    place: [usize; 2],
    /// The centres of the patches and the weights.
    matches: Vec<([i32; 2], f64)>,
    /// Whether every candidate that was not kept is clearly worse, apart from copies of the same
    /// patch.
    clear: bool,
}

/// Index of the pixel nearest to a position.
fn nearest([height, width]: [usize; 2], [y, x]: [i32; 2]) -> usize {
    y.clamp(0, height as i32 - 1) as usize * width + x.clamp(0, width as i32 - 1) as usize
}

/// The pixels around a position, extended by edge replication.
fn patch(luma: &[f32], size: [usize; 2], [y, x]: [i32; 2]) -> Vec<f64> {
    let radius = PATCH as i32 / 2;
    let offsets = (-radius..=radius).flat_map(|dy| (-radius..=radius).map(move |dx| [dy, dx]));
    offsets
        .map(|[dy, dx]| f64::from(luma[nearest(size, [y + dy, x + dx])]))
        .collect()
}

/// The sum of squares of the difference after its mean is removed.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let differences = || a.iter().zip(b).map(|(a, b)| a - b);
    let mean = differences().sum::<f64>() / a.len() as f64;
    differences()
        .map(|difference| (difference - mean).powi(2))
        .sum()
}
