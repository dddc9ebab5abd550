//! Inputs of the modules, as pictures for people.

use casr_kernels::{
    InstructionSet,
    similarity::{self, LAGS},
    superpixel::{CELL, NEIGHBOURS, SuperpixelShape, assign},
};
use casr_net::{COLOURS, FIRST_TEMPERATURES, Model, Pixels, luma};

/// The superpixel that each pixel of an image belongs to most, by its number in reading order of
/// cells, `[height, width]`: with the network's own temperatures, or those that training starts
/// from.
pub fn superpixels(model: &Model, image: Pixels) -> Vec<usize> {
    let shape = SuperpixelShape {
        images: 1,
        height: image.height,
        width: image.width,
    };
    let parameters = model.parameters().into_iter();
    let mut logarithms = parameters.filter(|p| p.name == "superpixels.temperatures");
    let [sharpness, compactness] = match logarithms.next().as_ref().map(|p| &*p.values) {
        Some(&[sharpness, compactness]) => [sharpness.exp(), compactness.exp()],
        _ => FIRST_TEMPERATURES,
    };
    let mut weights = vec![0.0; shape.pixels() * NEIGHBOURS];
    assign(
        InstructionSet::best(),
        shape,
        COLOURS,
        image.values,
        sharpness,
        compactness,
        &mut weights,
    );
    let label = |(pixel, weights): (usize, &[f32])| {
        let best = (0..NEIGHBOURS).max_by(|a, b| weights[*a].total_cmp(&weights[*b]));
        let best = best.unwrap_or(NEIGHBOURS / 2);
        let row = pixel / image.width / CELL + best / 3;
        let column = pixel % image.width / CELL + best % 3;
        // Only cells of the image have weight, so the neighbour's place is at least 1.
        (row - 1) * shape.cell_columns() + column - 1
    };
    let pixels = weights.chunks_exact(NEIGHBOURS).enumerate();
    pixels.map(label).collect()
}

/// The local autocorrelation of an image at [`LAGS`] lags, `[height, width, LAGS]`, and the lags as
/// (rows, columns).
pub fn autocorrelation(image: Pixels) -> (Vec<f32>, [(i32, i32); LAGS]) {
    let mut map = vec![0.0; image.height * image.width * LAGS];
    similarity::autocorrelation(
        InstructionSet::best(),
        image.height,
        image.width,
        &luma(image.values),
        &mut map,
    );
    (map, similarity::lags())
}
