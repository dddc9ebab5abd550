//! The gradient of the means that cells take from an earlier grid.

use super::noise;
use casr_kernels::earlier::{COLOURS, CellPlaces, EarlierShape, backward, forward};

const CHANNELS: usize = 5;
const SHAPE: EarlierShape = EarlierShape {
    images: 2,
    channels: CHANNELS,
};

fn places(earlier: usize, cells: usize, scale: f64) -> CellPlaces {
    CellPlaces::new(earlier, (0..cells).map(|i| (i as f64 + 0.5) / scale))
}

#[test]
fn the_gradient_is_the_adjoint() {
    let (rows, columns) = (places(3, 5, 1.6), places(4, 7, 1.7));
    let stride = CHANNELS + COLOURS;
    let (earlier, colours) = (noise(2 * 12 * stride, 1), noise(2 * 35 * COLOURS, 2));
    let upper = noise(2 * 35 * CHANNELS, 3);
    let mut gradient = vec![9.0; earlier.len()];
    backward(
        SHAPE,
        &rows,
        &columns,
        &colours,
        &earlier,
        &upper,
        &mut gradient,
    );
    let value = |earlier: &[f32]| {
        let mut output = vec![0.0; upper.len()];
        forward(SHAPE, &rows, &columns, &colours, earlier, &mut output);
        let terms = output
            .iter()
            .zip(&upper)
            .map(|(o, u)| f64::from(*o) * f64::from(*u));
        terms.sum::<f64>()
    };
    for place in 0..earlier.len() {
        let mut moved = earlier.clone();
        if place % stride >= CHANNELS {
            assert_eq!(gradient[place], 0.0);
            continue;
        }
        moved[place] += 0.5;
        let difference = (value(&moved) - value(&earlier)) / 0.5;
        let error = (difference - f64::from(gradient[place])).abs();
        assert!(error < 1e-4, "{place}: {difference} {}", gradient[place]);
    }
}
