//! Transparency without dark fringes: colours of what shows are spread into what does not.
//!
//! A fully transparent pixel has a colour that nobody sees, most often black. Enlarging mixes
//! neighbours, so that black would show as a dark fringe along every edge. Here such pixels take
//! the colours next to them first, and nearly clear ones beside others that show take most of
//! theirs: how much a pixel's colour counts is how much it shows.

use crate::{
    sample::{of_eight, of_sixteen, to_eight, to_sixteen},
    view::Samples,
};
use std::collections::VecDeque;

/// What a pixel's colour is worth.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Nobody sees it.
    Hidden,
    /// Nobody sees it, and it takes its colour in the next ring.
    Queued,
    /// It shows, or it has taken a colour.
    Known,
}

/// How far around a pixel others that are more opaque are searched, in pixels.
const REACH: usize = 4;

/// The share of the largest alpha around it from which on a pixel keeps its own colour.
const SHOWS: f32 = 0.5;

/// A sample of a colour.
trait Sample: Copy {
    /// In [0, 1].
    fn value(self) -> f32;

    /// The nearest one to a value in [0, 1].
    fn nearest(value: f32) -> Self;
}

impl Sample for u8 {
    fn value(self) -> f32 {
        of_eight(self)
    }

    fn nearest(value: f32) -> Self {
        to_eight(value)
    }
}

impl Sample for u16 {
    fn value(self) -> f32 {
        of_sixteen(self)
    }

    fn nearest(value: f32) -> Self {
        to_sixteen(value)
    }
}

impl Sample for f32 {
    fn value(self) -> f32 {
        self
    }

    fn nearest(value: f32) -> Self {
        value
    }
}

/// Samples that are to be changed, as [`Samples`](crate::Samples) of an image.
#[derive(Debug)]
pub enum SamplesMut<'a> {
    /// 8 bits: 255 is full.
    Eight(&'a mut [u8]),
    /// 16 bits: 65,535 is full.
    Sixteen(&'a mut [u16]),
    /// Floating point, in [0, 1].
    Float(&'a mut [f32]),
}

/// Gives colours that do not show, or hardly, those beside them that do, for an image that is
/// enlarged with its alpha channel beside it.
///
/// `pixels` is row-major with as many samples a pixel as there are for each of `alpha`, at most
/// three; `alpha` has one sample a pixel, rows of `width`. Nothing changes where no pixel is
/// visible, nor where all are opaque.
pub fn fill_hidden_colours<'a>(pixels: SamplesMut, alpha: impl Into<Samples<'a>>, width: usize) {
    fn both<S: Sample>(pixels: &mut [S], alpha: &Samples, width: usize) {
        weigh(pixels, alpha, width);
        bleed(pixels, alpha, width);
    }
    let alpha = alpha.into();
    if alpha.len() == 0 || width == 0 {
        return;
    }
    match pixels {
        SamplesMut::Eight(pixels) => both(pixels, &alpha, width),
        SamplesMut::Sixteen(pixels) => both(pixels, &alpha, width),
        SamplesMut::Float(pixels) => both(pixels, &alpha, width),
    }
}

/// Mixes the colour of every pixel that shows less than half as much as another one within
/// [`REACH`] with the mean of all these, weighted by alpha: the less it shows, the more of theirs
/// it takes. Glass that is equally clear all over stays as it is. Pixels with alpha 0 are left to
/// [`bleed`].
fn weigh<S: Sample>(pixels: &mut [S], alpha: &Samples, width: usize) {
    let (channels, height) = (pixels.len() / alpha.len(), alpha.len() / width);
    // The rows within reach as they were, from the top: colours and alpha.
    let mut lines: VecDeque<(Vec<f32>, Vec<f32>)> = VecDeque::new();
    let mut loaded = 0;
    for row in 0..height {
        let first = row.saturating_sub(REACH);
        while loaded < height.min(row + REACH + 1) {
            // What is out of reach makes room.
            let passed = loaded - lines.len() < first;
            let line = if passed { lines.pop_front() } else { None };
            let (mut colours, mut alphas) = line.unwrap_or_default();
            colours.clear();
            alphas.clear();
            let here = loaded * width..(loaded + 1) * width;
            let samples = &pixels[here.start * channels..here.end * channels];
            colours.extend(samples.iter().map(|sample| sample.value()));
            alpha.append_to(&mut alphas, here);
            lines.push_back((colours, alphas));
            loaded += 1;
        }
        let top = loaded - lines.len();
        let near = |place: usize, length: usize| {
            place.saturating_sub(REACH)..(place + REACH + 1).min(length)
        };
        let (own, alphas) = &lines[row - top];
        for (column, &a) in alphas.iter().enumerate() {
            // Most pixels show fully or not at all.
            if a == 0.0 || a >= SHOWS {
                continue;
            }
            let columns = near(column, width);
            let around = || {
                let lines = near(row, height).map(|row| &lines[row - top]);
                lines.flat_map(|(colours, alphas)| {
                    columns.clone().map(move |x| (colours, x, alphas[x]))
                })
            };
            let shows = around().map(|(_, _, alpha)| alpha);
            let largest = shows.clone().fold(0.0, f32::max);
            if a >= SHOWS * largest {
                continue;
            }
            let keeps = a / (SHOWS * largest);
            let total: f32 = shows.sum();
            for channel in 0..channels {
                let values =
                    around().map(|(colours, x, alpha)| alpha * colours[x * channels + channel]);
                let mean = values.sum::<f32>() / total;
                let at = column * channels + channel;
                let mixed = mean + keeps * (own[at] - mean);
                pixels[row * width * channels + at] = S::nearest(mixed.clamp(0.0, 1.0));
            }
        }
    }
}

/// Gives every pixel with alpha 0 the mean colour of its neighbours that have one, ring by ring
/// from the visible pixels outwards. Nothing changes where no pixel is visible.
fn bleed<S: Sample>(pixels: &mut [S], alpha: &Samples, width: usize) {
    let channels = pixels.len() / alpha.len();
    let is_seen = |index| alpha.at(index) > 0.0;
    let mut states: Vec<State> = (0..alpha.len())
        .map(|index| {
            if is_seen(index) {
                State::Known
            } else {
                State::Hidden
            }
        })
        .collect();
    let mut ring = queue_around(
        (0..alpha.len()).filter(|&index| is_seen(index)),
        &mut states,
        width,
    );
    while !ring.is_empty() {
        for &pixel in &ring {
            let mut sums = [0.0; 3];
            let mut count = 0.0;
            for neighbour in
                neighbours(pixel, width, alpha.len()).filter(|&n| states[n] == State::Known)
            {
                count += 1.0;
                for (sum, sample) in sums
                    .iter_mut()
                    .zip(&pixels[neighbour * channels..][..channels])
                {
                    *sum += sample.value();
                }
            }
            for (sample, sum) in pixels[pixel * channels..][..channels].iter_mut().zip(sums) {
                *sample = S::nearest(sum / count);
            }
        }
        for &pixel in &ring {
            states[pixel] = State::Known;
        }
        ring = queue_around(ring.into_iter(), &mut states, width);
    }
}

/// The hidden neighbours of `pixels`, now queued.
fn queue_around(
    pixels: impl Iterator<Item = usize>,
    states: &mut [State],
    width: usize,
) -> Vec<usize> {
    let mut ring = Vec::new();
    for pixel in pixels {
        for neighbour in neighbours(pixel, width, states.len()) {
            if states[neighbour] == State::Hidden {
                states[neighbour] = State::Queued;
                ring.push(neighbour);
            }
        }
    }
    ring
}

/// The indices of the up to eight pixels around one, of an image of `count` pixels.
fn neighbours(pixel: usize, width: usize, count: usize) -> impl Iterator<Item = usize> {
    let (row, column) = (pixel / width, pixel % width);
    let rows = row.saturating_sub(1)..(row + 2).min(count / width);
    rows.flat_map(move |r| {
        (column.saturating_sub(1)..(column + 2).min(width)).map(move |c| r * width + c)
    })
    .filter(move |&other| other != pixel)
}
