//! The quality of a JPEG file that an image was.

use super::{Plane, stride};
use std::f32::consts::{PI, TAU};
use std::ops::RangeInclusive;

/// Side of a block, pixels.
const BLOCK: usize = 8;

/// Qualities that are looked for; beyond them nothing is left to see.
const QUALITIES: RangeInclusive<u8> = 10..=96;

/// Blocks that are looked at, about, and the fewest that tell anything.
const MOST: usize = 1500;
const FEWEST: usize = 12;

/// Coefficients of a block that are looked at: (row, column) of the lowest frequencies.
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

/// The steps of these coefficients at quality 50 (ITU-T T.81, table K.1).
const STEPS: [u16; 14] = [11, 12, 12, 10, 14, 14, 13, 16, 16, 14, 19, 17, 24, 22];

/// Coefficients smaller than this were rounded to nothing, and fit any step.
const SMALLEST: f32 = 1.5;

/// How well values fit their steps, from 0, by chance, to 1; a file's own quality fits better than the first, and as well as
/// the second of the best.
const FIT: f32 = 0.45;
const AS_GOOD: f32 = 0.85;

/// Values that the judgement of a quality needs.
const ENOUGH: usize = 40;

/// The quality of the JPEG file that a plane of luma in 8-bit levels comes from; none if there is no trace of one.
pub(super) fn quality(plane: &Plane) -> Option<u8> {
    let blocks = coefficients(plane, phase(plane)?);
    if blocks.len() < FEWEST {
        return None;
    }
    let fits: Vec<(u8, f32)> = QUALITIES
        .map(|quality| (quality, fit(&blocks, quality)))
        .collect();
    let best = fits.iter().map(|(_, fit)| *fit).fold(0.0, f32::max);
    // What fits a step fits its half as well: the lowest quality is the one.
    fits.into_iter()
        .find(|(_, fit)| *fit > FIT && *fit > AS_GOOD * best)
        .map(|(quality, _)| quality)
}

/// Where blocks begin, right and down: where neighbours differ most, all in all. None for an image smaller than two blocks.
fn phase(plane: &Plane) -> Option<(usize, usize)> {
    if plane.width.min(plane.height) < 2 * BLOCK {
        return None;
    }
    let step = stride(plane.width * plane.height, 1 << 20);
    let (mut across, mut down) = ([(0.0, 0); BLOCK], [(0.0, 0); BLOCK]);
    for y in (1..plane.height).step_by(step) {
        for x in 1..plane.width {
            // Second differences do not see slopes.
            if x + 1 < plane.width && x > 1 {
                let inner = plane.at(x, y) - plane.at(x - 1, y);
                let outer = (plane.at(x + 1, y) - plane.at(x - 2, y)) / 3.0;
                across[x % BLOCK].0 += (inner - outer).abs();
                across[x % BLOCK].1 += 1;
            }
        }
    }
    for y in 2..plane.height - 1 {
        for x in (0..plane.width).step_by(step) {
            let inner = plane.at(x, y) - plane.at(x, y - 1);
            let outer = (plane.at(x, y + 1) - plane.at(x, y - 2)) / 3.0;
            down[y % BLOCK].0 += (inner - outer).abs();
            down[y % BLOCK].1 += 1;
        }
    }
    let strongest = |sums: [(f32, u32); BLOCK]| {
        let mean = |place: &usize| sums[*place].0 / sums[*place].1.max(1) as f32;
        (0..BLOCK).max_by(|a, b| mean(a).total_cmp(&mean(b)))
    };
    Some((strongest(across)?, strongest(down)?))
}

/// [`FREQUENCIES`] of the orthonormal cosine transform of blocks.
fn coefficients(plane: &Plane, (left, top): (usize, usize)) -> Vec<[f32; FREQUENCIES.len()]> {
    let wave = |frequency: usize, place: usize| {
        let scale = if frequency == 0 { 0.5f32.sqrt() } else { 1.0 };
        let angle = PI * frequency as f32 * (2 * place + 1) as f32 / (2 * BLOCK) as f32;
        scale * 0.5 * angle.cos()
    };
    let waves: Vec<[f32; BLOCK]> = (0..4)
        .map(|frequency| std::array::from_fn(|place| wave(frequency, place)))
        .collect();
    let (columns, rows) = ((plane.width - left) / BLOCK, (plane.height - top) / BLOCK);
    let step = stride(columns * rows, MOST);
    let places = (0..rows)
        .step_by(step)
        .flat_map(|row| (0..columns).step_by(step).map(move |column| (column, row)));
    let places = places.map(|(column, row)| (left + column * BLOCK, top + row * BLOCK));
    let exposed = places.filter(|&(x, y)| plane.is_exposed(x, y, BLOCK));
    exposed
        .map(|(x, y)| {
            let values: Vec<f32> = plane.square(x, y, BLOCK).collect();
            FREQUENCIES.map(|(down, across)| {
                let line = |row: usize| {
                    let line = &values[row * BLOCK..][..BLOCK];
                    let terms = line.iter().zip(&waves[across]).map(|(v, w)| v * w);
                    terms.sum::<f32>()
                };
                (0..BLOCK).map(|row| waves[down][row] * line(row)).sum()
            })
        })
        .collect()
}

/// How well the coefficients are multiples of the steps of a quality: the mean of cos 2π c / step.
fn fit(blocks: &[[f32; FREQUENCIES.len()]], quality: u8) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for (index, step) in STEPS.iter().enumerate() {
        let step = scaled(*step, quality);
        // The values of small steps are lost in the rounding of pixels.
        if step < 2.0 {
            continue;
        }
        for block in blocks {
            let value = block[index].abs();
            if value > SMALLEST {
                // What lies between nothing and the first multiple does not fit.
                sum += if value < 0.5 * step {
                    -1.0
                } else {
                    (TAU * value / step).cos()
                };
                count += 1;
            }
        }
    }
    if count < ENOUGH {
        0.0
    } else {
        sum / count as f32
    }
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
