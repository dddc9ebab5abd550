//! The convolution, its gradients and SiLU by their definitions, in f64.

use casr_kernels::conv::ConvShape;

/// Calls `visit(position in input, position in weights, position in output)` for every product of
/// the convolution.
pub fn for_each_product(shape: ConvShape, mut visit: impl FnMut(usize, usize, usize)) {
    let (height, width) = (shape.height as isize, shape.width as isize);
    let padding = (shape.kernel / 2) as isize;
    for image in 0..shape.images as isize {
        for y in 0..height {
            for x in 0..width {
                for tap in 0..(shape.kernel * shape.kernel) as isize {
                    let side = shape.kernel as isize;
                    let (from_y, from_x) = (y + tap / side - padding, x + tap % side - padding);
                    if from_y < 0 || from_y >= height || from_x < 0 || from_x >= width {
                        continue;
                    }
                    let from = ((image * height + from_y) * width + from_x) as usize * shape.inputs;
                    let to = ((image * height + y) * width + x) as usize * shape.outputs;
                    for input in 0..shape.inputs {
                        for output in 0..shape.outputs {
                            let weight =
                                (tap as usize * shape.inputs + input) * shape.outputs + output;
                            visit(from + input, weight, to + output);
                        }
                    }
                }
            }
        }
    }
}

/// Sums of products in f64, and the sums of their absolute values, which bound the rounding errors
/// of f32.
pub struct Reference {
    sums: Vec<f64>,
    sizes: Vec<f64>,
}

impl Reference {
    pub fn new(count: usize) -> Self {
        Self {
            sums: vec![0.0; count],
            sizes: vec![0.0; count],
        }
    }

    pub fn add(&mut self, place: usize, left: f32, right: f32) {
        let product = f64::from(left) * f64::from(right);
        self.sums[place] += product;
        self.sizes[place] += product.abs();
    }

    pub fn compare(&self, what: &str, shape: ConvShape, values: &[f32]) {
        for (index, value) in values.iter().enumerate() {
            let error = (f64::from(*value) - self.sums[index]).abs();
            assert!(
                error <= 1e-5 * self.sizes[index] + 1e-12,
                "{what}: number {index} is off by {error}, {shape:?}"
            );
        }
    }
}

/// SiLU in f64.
pub fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

/// One row of `width` pixels of one channel, and a 1×1 kernel.
pub fn line(width: usize) -> ConvShape {
    ConvShape {
        images: 1,
        height: 1,
        width,
        inputs: 1,
        outputs: 1,
        kernel: 1,
    }
}
