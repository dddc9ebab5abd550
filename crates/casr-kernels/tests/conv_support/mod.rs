//! Shapes, random values and comparisons for the tests of the convolutions.

#![allow(dead_code, reason = "every test file uses its own part")]

pub mod crop;
pub mod definition;

use casr_kernels::InstructionSet;
use casr_kernels::conv::ConvShape;

/// A reproducible source of pseudo-random values.
pub struct Numbers(u64);

impl Numbers {
    /// The source with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// `count` values between −1 and 1.
    pub fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }
}

/// Odd sizes, odd numbers of channels, both kernels; small enough for scalar code.
pub fn odd_shapes() -> Vec<ConvShape> {
    let sizes = [
        (1, 1, 1),
        (2, 1, 7),
        (1, 9, 1),
        (1, 13, 17),
        (3, 2, 5),
        (1, 3, 70),
    ];
    let channels = [
        (1, 1),
        (1, 48),
        (3, 5),
        (3, 48),
        (5, 20),
        (16, 16),
        (20, 3),
        (48, 48),
    ];
    let wide = [(48, 195), (100, 195), (195, 48), (100, 3), (64, 100)];
    let shape = |(images, height, width), (inputs, outputs), kernel| ConvShape {
        images,
        height,
        width,
        inputs,
        outputs,
        kernel,
    };
    let mut shapes = Vec::new();
    for kernel in [1, 3] {
        for channels in channels {
            shapes.extend(sizes.map(|size| shape(size, channels, kernel)));
        }
        for channels in wide {
            shapes.push(shape((2, 3, 7), channels, kernel));
        }
    }
    shapes
}

/// Fails if two slices differ in any bit.
pub fn assert_same_bits(what: &str, shape: ConvShape, left: &[f32], right: &[f32]) {
    assert_eq!(
        left.len(),
        right.len(),
        "{what}: lengths differ for {shape:?}"
    );
    let difference = left
        .iter()
        .zip(right)
        .position(|(left, right)| left.to_bits() != right.to_bits());
    if let Some(index) = difference {
        panic!(
            "{what}: number {index} is {} in one and {} in the other, {shape:?}",
            left[index], right[index]
        );
    }
}

/// Fails if `compute` gives other bits on an instruction set than in scalar code.
pub fn assert_exact(what: &str, shape: ConvShape, compute: impl Fn(InstructionSet) -> Vec<f32>) {
    let expected = compute(InstructionSet::Scalar);
    for set in InstructionSet::available() {
        let name = format!("{what} on {set:?}");
        assert_same_bits(&name, shape, &compute(set), &expected);
    }
}

/// Fails if pools of 1, 2 and 3 threads give different bits.
pub fn assert_independent_of_threads(
    what: &str,
    shape: ConvShape,
    compute: impl Fn() -> Vec<f32> + Sync,
) {
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool of threads").install(&compute)
    });
    assert_same_bits(what, shape, &results[0], &results[1]);
    assert_same_bits(what, shape, &results[0], &results[2]);
}

/// Shapes that are split into several tasks: one tall image, many small ones, and one so wide that
/// a row is a task.
pub fn shapes_of_several_tasks() -> Vec<ConvShape> {
    [
        (1, 201, 97, 20, 24, 3),
        (9, 31, 33, 3, 48, 3),
        (5, 62, 47, 48, 48, 3),
        (1, 5, 5000, 5, 3, 1),
    ]
    .map(
        |(images, height, width, inputs, outputs, kernel)| ConvShape {
            images,
            height,
            width,
            inputs,
            outputs,
            kernel,
        },
    )
    .to_vec()
}
