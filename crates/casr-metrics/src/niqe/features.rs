//! The features of a block: shapes of the distributions of its normalised values and of products of
//! neighbours.

use super::shape::ShapeTable;

/// Features of a block at one scale.
pub(super) const FEATURES: usize = 18;

/// The features of a normalised block, `[side, side]`: exponent and scale of its values; exponent,
/// mean and both scales of the products with the neighbour to the left, above, above left and above
/// right.
///
/// The neighbour of a value at the edge is at the opposite edge, as in the authors' program.
pub(super) fn features(shapes: &ShapeTable, block: &[f32], side: usize) -> [f64; FEATURES] {
    let mut features = [0.0; FEATURES];
    let (own, products) = features.split_at_mut(2);
    let values = shapes.fit(block.iter().map(|&value| f64::from(value)));
    own.copy_from_slice(&[values.exponent, (values.left + values.right) / 2.0]);

    let neighbours = [(0, 1), (1, 0), (1, 1), (1, side - 1)];
    for (features, (up, left)) in products.chunks_mut(4).zip(neighbours) {
        let fit = shapes.fit((0..side * side).map(|i| {
            let (row, column) = (i / side, i % side);
            let neighbour = (row + side - up) % side * side + (column + side - left) % side;
            f64::from(block[i]) * f64::from(block[neighbour])
        }));
        features.copy_from_slice(&[fit.exponent, fit.mean(), fit.left, fit.right]);
    }
    features
}
