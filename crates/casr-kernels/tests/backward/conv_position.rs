//! The input's gradient at a pixel does not depend on how the image is cropped.

use super::conv_support::Numbers;
use super::conv_support::crop::{assert_independent_of_cuts, shapes};
use casr_kernels::InstructionSet;
use casr_kernels::conv::input_gradient;

#[test]
fn a_crop_of_the_output_gradient_gives_the_same_bits() {
    for shape in shapes() {
        let weights = Numbers::new(24).take(shape.weights_len());
        for set in InstructionSet::available() {
            assert_independent_of_cuts(shape, (shape.outputs, shape.inputs), |shape, gradient| {
                let mut result = vec![f32::NAN; shape.input_len()];
                input_gradient(set, shape, gradient, &weights, &mut result);
                result
            });
        }
    }
}
