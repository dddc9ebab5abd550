//! Transparency without dark fringes: colours of what shows are spread into what does not.
//!
//! A fully transparent pixel has a colour that nobody sees, most often black. Enlarging mixes
//! neighbours, so that black would show as a dark fringe along every edge. Here such pixels take
//! the colours next to them first, and nearly clear ones beside others that show take most of
//! theirs: how much a pixel's colour counts is how much it shows.

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

/// Gives colours that do not show, or hardly, those beside them that do, for an image that is
/// enlarged with its alpha channel beside it.
///
/// `pixels` is row-major with as many values a pixel as `pixels.len() / alpha.len()`, at most
/// three; `alpha` has one value in [0, 1] a pixel, rows of `width`. Nothing changes where no pixel
/// is visible, nor where all are opaque.
pub fn fill_hidden_colours(pixels: &mut [f32], alpha: &[f32], width: usize) {
    weigh(pixels, alpha, width);
    bleed(pixels, alpha, width);
}

/// Mixes the colour of every pixel that shows less than half as much as another one within
/// [`REACH`] with the mean of all these, weighted by alpha: the less it shows, the more of theirs
/// it takes. Glass that is equally clear all over stays as it is. Pixels with alpha 0 are left to
/// [`bleed`].
fn weigh(pixels: &mut [f32], alpha: &[f32], width: usize) {
    if alpha.is_empty() || width == 0 {
        return;
    }
    let (channels, height) = (pixels.len() / alpha.len(), alpha.len() / width);
    let own = pixels.to_vec();
    for (index, &a) in alpha.iter().enumerate() {
        let (row, column) = (index / width, index % width);
        let near = |place: usize, length: usize| {
            place.saturating_sub(REACH)..(place + REACH + 1).min(length)
        };
        let around = || {
            let rows = near(row, height);
            rows.flat_map(|row| near(column, width).map(move |column| row * width + column))
        };
        // Most pixels show fully or not at all.
        if a == 0.0 || a >= SHOWS {
            continue;
        }
        let largest = around().map(|other| alpha[other]).fold(0.0, f32::max);
        if a >= SHOWS * largest {
            continue;
        }
        let keeps = a / (SHOWS * largest);
        let total: f32 = around().map(|other| alpha[other]).sum();
        for channel in 0..channels {
            let values = around().map(|other| alpha[other] * own[other * channels + channel]);
            let mean = values.sum::<f32>() / total;
            let value = &mut pixels[index * channels + channel];
            *value = (mean + keeps * (*value - mean)).clamp(0.0, 1.0);
        }
    }
}

/// Gives every pixel with alpha 0 the mean colour of its neighbours that have one, ring by ring
/// from the visible pixels outwards.
fn bleed(pixels: &mut [f32], alpha: &[f32], width: usize) {
    if alpha.is_empty() || width == 0 {
        return;
    }
    let channels = pixels.len() / alpha.len();
    let mut states: Vec<State> = alpha
        .iter()
        .map(|&a| if a > 0.0 { State::Known } else { State::Hidden })
        .collect();
    let known: Vec<usize> = (0..alpha.len())
        .filter(|&i| states[i] == State::Known)
        .collect();
    let mut ring = queue_around(&known, &mut states, width);
    while !ring.is_empty() {
        for &pixel in &ring {
            let mut sums = [0.0; 3];
            let mut count = 0.0;
            for neighbour in
                neighbours(pixel, width, alpha.len()).filter(|&n| states[n] == State::Known)
            {
                count += 1.0;
                for (sum, value) in sums
                    .iter_mut()
                    .zip(&pixels[neighbour * channels..][..channels])
                {
                    *sum += value;
                }
            }
            for (value, sum) in pixels[pixel * channels..][..channels].iter_mut().zip(sums) {
                *value = sum / count;
            }
        }
        for &pixel in &ring {
            states[pixel] = State::Known;
        }
        ring = queue_around(&ring, &mut states, width);
    }
}

/// The hidden neighbours of `pixels`, now queued.
fn queue_around(pixels: &[usize], states: &mut [State], width: usize) -> Vec<usize> {
    let mut ring = Vec::new();
    for &pixel in pixels {
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
