//! The value of a pixel does not depend on how the image is cropped: a crop gives the bits of the
//! whole image, one pixel away from its cuts for direct sums, four pixels away for crops on the
//! grid with Winograd's algorithm.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, forward};
use conv_support::Numbers;
use conv_support::crop::{assert_independent_of_cuts, shapes};

#[test]
fn a_crop_of_the_input_gives_the_same_bits() {
    for shape in shapes() {
        let weights = Numbers::new(22).take(shape.weights_len());
        let bias = Numbers::new(23).take(shape.outputs);
        for set in InstructionSet::available() {
            assert_independent_of_cuts(shape, (shape.inputs, shape.outputs), |shape, input| {
                let mut output = vec![f32::NAN; shape.output_len()];
                let silu = Activation::Silu;
                forward(
                    set,
                    shape,
                    input,
                    &weights,
                    Some(&bias),
                    silu,
                    None,
                    &mut output,
                    None,
                );
                output
            });
        }
    }
}
