//! Transparency without dark fringes: colours of what shows are spread into what does not.
//!
//! A fully transparent pixel has a colour that nobody sees, most often black. Enlarging mixes neighbours, so that black
//! would show as a dark fringe along every edge. Here such pixels take the colours next to them first.

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

/// Gives every pixel with alpha 0 the mean colour of its neighbours that have one, ring by ring from the visible pixels
/// outwards.
///
/// `pixels` is row-major with as many values a pixel as `pixels.len() / alpha.len()`; `alpha` has one value a pixel, rows
/// of `width`. Nothing changes where no pixel is visible.
pub fn bleed(pixels: &mut [f32], alpha: &[f32], width: usize) {
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
