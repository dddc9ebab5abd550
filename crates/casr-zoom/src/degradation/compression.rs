//! The quality of a JPEG file that an image was.

use super::{Plane, stride};
use std::f32::consts::PI;
use std::ops::RangeInclusive;

/// Side of a block, pixels.
const BLOCK: usize = 8;

/// Qualities that are searched; higher ones leave no trace.
const QUALITIES: RangeInclusive<u8> = 10..=96;

/// About how many blocks are read to find where they begin.
const PHASE_BLOCKS: usize = 32;

/// About how many blocks are read to find the quality.
const QUALITY_BLOCKS: usize = 1500;

/// Coefficients of a block that are compared: (row, column) of the lowest frequencies.
const FREQUENCIES: [(usize, usize); 14] = [
    (0, 1),
    (1, 0),
    (1, 1),
    (0, 2),
    (2, 0),
    (1, 2),
    (2, 1),
    (2, 2),
    (0, 3),
    (3, 0),
    (1, 3),
    (3, 1),
    (2, 3),
    (3, 2),
];

/// The magnitudes at each of [`FREQUENCIES`], from [`SMALLEST`] on, each value once.
type Magnitudes = [Vec<f32>; FREQUENCIES.len()];

/// The steps of these coefficients at quality 50 (ITU-T T.81, table K.1).
const STEPS: [u16; 14] = [11, 12, 12, 10, 14, 14, 13, 16, 16, 14, 19, 17, 24, 22];

/// Coefficients smaller than this were rounded to nothing, and fit any step.
const SMALLEST: f32 = 1.0;

/// Coefficients that differ by less are one, of a drawing's equal parts: those of photographs
/// differ by the rounding of pixels.
const SAME: f32 = 1e-3;

/// The least mean cosine (see [`fit`]) of a quality that counts as found.
const LEAST_FIT: f32 = 0.35;

/// Qualities whose fit is at least this share of the best one are candidates: the lowest of them is
/// the file's, as what fits a step fits its half, too.
const CANDIDATE_SHARE: f32 = 0.85;

/// The least distance of a fit from chance, in standard deviations: the best of the 5,568 that are
/// tried on a clean image is at 3 to 4.
const LEAST_SIGNIFICANCE: f32 = 6.0;

/// The quality of the JPEG file that a plane of luma in 8-bit levels comes from; none if there is
/// no trace of one.
pub(super) fn quality(plane: &Plane) -> Option<u8> {
    if plane.width.min(plane.height) < 2 * BLOCK {
        return None;
    }
    let phases = (0..BLOCK * BLOCK).map(|index| (index % BLOCK, index / BLOCK));
    let phases = phases.map(|phase| {
        let sureness = surest(&judge(plane, phase, PHASE_BLOCKS)).map_or(0.0, Fit::sureness);
        (sureness, phase)
    });
    let (_, phase) = phases.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    let fits = judge(plane, phase, QUALITY_BLOCKS);
    let best = surest(&fits)?;
    if best.sureness() < LEAST_SIGNIFICANCE {
        return None;
    }
    let well = LEAST_FIT.max(CANDIDATE_SHARE * best.mean());
    let fit = fits.iter().find(|fit| fit.mean() > well);
    fit.map(|fit| fit.quality)
}

/// The fit of about `most` blocks to each quality, if the first begins at `phase`, right and down.
fn judge(plane: &Plane, phase: (usize, usize), most: usize) -> Vec<Fit> {
    let magnitudes = magnitudes(plane, phase, most);
    let fit = |quality| Fit::of(&magnitudes, quality);
    QUALITIES.map(fit).collect()
}

fn surest(fits: &[Fit]) -> Option<&Fit> {
    fits.iter()
        .max_by(|a, b| a.sureness().total_cmp(&b.sureness()))
}

/// [`FREQUENCIES`] of the orthonormal cosine transform of blocks.
fn magnitudes(plane: &Plane, (left, top): (usize, usize), most: usize) -> Magnitudes {
    let wave = |frequency: usize, place: usize| {
        let scale = if frequency == 0 { 0.5f32.sqrt() } else { 1.0 };
        let angle = PI * frequency as f32 * (2 * place + 1) as f32 / (2 * BLOCK) as f32;
        scale * 0.5 * angle.cos()
    };
    let waves: [[f32; BLOCK]; 4] =
        std::array::from_fn(|frequency| std::array::from_fn(|place| wave(frequency, place)));
    let (columns, rows) = ((plane.width - left) / BLOCK, (plane.height - top) / BLOCK);
    let step = stride(columns * rows, most);
    let places = (0..rows)
        .step_by(step)
        .flat_map(|row| (0..columns).step_by(step).map(move |column| (column, row)));
    let places = places.map(|(column, row)| (left + column * BLOCK, top + row * BLOCK));
    let mut magnitudes = Magnitudes::default();
    for (x, y) in places.filter(|&(x, y)| plane.is_exposed(x, y, BLOCK)) {
        let values: Vec<f32> = plane.square(x, y, BLOCK).collect();
        // Rows first, once for all frequencies down.
        let lines = waves.map(|wave| -> [f32; BLOCK] {
            std::array::from_fn(|row| {
                let line = &values[row * BLOCK..][..BLOCK];
                let terms = line.iter().zip(wave).map(|(v, w)| v * w);
                terms.sum()
            })
        });
        for ((down, across), magnitudes) in FREQUENCIES.iter().zip(&mut magnitudes) {
            let terms = waves[*down].iter().zip(lines[*across]).map(|(w, l)| w * l);
            let magnitude = terms.sum::<f32>().abs();
            if magnitude > SMALLEST {
                magnitudes.push(magnitude);
            }
        }
    }
    for magnitudes in &mut magnitudes {
        magnitudes.sort_by(f32::total_cmp);
        magnitudes.dedup_by(|a, b| *a - *b < SAME);
    }
    magnitudes
}

/// The mean of cos 2π c / step over magnitudes c: 1 where all are multiples of the steps of a
/// quality, about 0 by chance.
struct Fit {
    quality: u8,
    sum: f32,
    count: usize,
}

impl Fit {
    fn of(magnitudes: &Magnitudes, quality: u8) -> Self {
        let (mut sum, mut count) = (0.0, 0);
        for (step, magnitudes) in STEPS.iter().zip(magnitudes) {
            let step = scaled(*step, quality);
            // The values of small steps are lost in the rounding of pixels.
            if step < 2.0 {
                continue;
            }
            // What lies between nothing and the first multiple does not fit.
            let (below, above) =
                magnitudes.split_at(magnitudes.partition_point(|c| *c < 0.5 * step));
            let cosines = above.iter().map(|c| cosine(c / step));
            sum += cosines.sum::<f32>() - below.len() as f32;
            count += magnitudes.len();
        }
        Self {
            quality,
            sum,
            count,
        }
    }

    /// From 0, by chance, to 1.
    fn mean(&self) -> f32 {
        self.sum / self.count.max(1) as f32
    }

    /// Standard deviations from chance: the square of a cosine is a half in the mean.
    fn sureness(&self) -> f32 {
        self.sum / (0.5 * self.count.max(1) as f32).sqrt()
    }
}

/// cos 2πx for x from 0 on, within 1e-4: a library's would take most of the time.
fn cosine(turns: f32) -> f32 {
    const SERIES: [f32; 7] = [
        1.0,
        -19.739_209,
        64.939_39,
        -85.456_82,
        60.244_64,
        -26.426_256,
        7.903_536,
    ];
    let rest = turns - (turns + 0.5).trunc();
    let terms = SERIES.iter().rev();
    terms.fold(0.0, |sum, term| sum * (rest * rest) + term)
}

/// The step at a quality, as the Independent JPEG Group's library makes it.
fn scaled(step: u16, quality: u8) -> f32 {
    let quality = u32::from(quality);
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    ((u32::from(step) * percent + 50) / 100).clamp(1, 255) as f32
}
