//! Shapes and numbers for the tests of the convolutions.

#![allow(dead_code)]

use casr_kernels::conv::ConvShape;

/// A repeatable source of numbers.
pub struct Numbers(u64);

impl Numbers {
    /// The source that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// `count` numbers between −1 and 1.
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

/// Odd sizes, odd channel counts, both kernels: small enough for a scalar reference.
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

/// Fails where two slices differ in a bit.
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
