//! Computing some rows at a time gives the bits of computing all rows at once, on every instruction
//! set.

mod conv_support;

use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, ConvShape, GRID, Layer, forward};
use conv_support::{Numbers, assert_same_bits};

#[test]
fn rows_in_parts_are_the_rows_of_the_whole() {
    for (kernel, inputs, outputs) in [(3, 16, 24), (3, 3, 48), (1, 20, 33), (3, 24, 3)] {
        for (height, width) in [(3, 5), (16, 9), (37, 21)] {
            let shape = ConvShape {
                images: 1,
                height,
                width,
                inputs,
                outputs,
                kernel,
            };
            let input = Numbers::new(1).take(shape.input_len());
            let residual = Numbers::new(2).take(shape.output_len());
            let (weights, bias) = (
                Numbers::new(3).take(shape.weights_len()),
                Numbers::new(4).take(outputs),
            );
            for set in InstructionSet::available() {
                let mut whole = vec![0.0; shape.output_len()];
                let silu = Activation::Silu;
                forward(
                    set,
                    shape,
                    &input,
                    &weights,
                    Some(&bias),
                    silu,
                    Some(&residual),
                    &mut whole,
                    None,
                );
                let layer = Layer::new(set, kernel, weights.clone(), bias.clone());
                assert_eq!((layer.inputs(), layer.outputs()), (inputs, outputs));
                let row = width * outputs;
                for step in [GRID, 3 * GRID] {
                    let mut parts = vec![0.0; shape.output_len()];
                    for first in (0..height).step_by(step) {
                        let rows = first..height.min(first + step);
                        let place = rows.start * row..rows.end * row;
                        let residual = Some(&residual[place.clone()]);
                        let size = (height, width);
                        layer.rows(size, rows, &input, silu, residual, &mut parts[place]);
                    }
                    assert_same_bits(
                        &format!("{set}, {step} rows at a time"),
                        shape,
                        &whole,
                        &parts,
                    );
                }
            }
        }
    }
}
