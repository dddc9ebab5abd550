//! Shapes of convolutions.

use casr_kernels::conv::ConvShape;

/// One large image and a batch of small ones, with the channels and kernels of the network.
pub fn shapes() -> Vec<ConvShape> {
    let mut shapes = Vec::new();
    for (images, side) in [(1, 256), (16, 48)] {
        for (inputs, outputs, kernel) in [
            (48, 48, 3),
            (3, 48, 3),
            (48, 3, 3),
            (48, 195, 1),
            (195, 48, 1),
        ] {
            shapes.push(ConvShape {
                images,
                height: side,
                width: side,
                inputs,
                outputs,
                kernel,
            });
        }
    }
    shapes
}

/// A short label of a shape.
pub fn name(shape: ConvShape) -> String {
    let ConvShape {
        images,
        height,
        width,
        inputs,
        outputs,
        kernel,
    } = shape;
    format!("{images}x{height}x{width} {inputs}->{outputs} {kernel}x{kernel}")
}
