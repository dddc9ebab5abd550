//! From 64 coefficients to 8×8 samples: the accurate integer transform of Loeffler, Ligtenberg and
//! Moschytz, as the Independent JPEG Group's `jidctint.c` rounds it, so that samples equal those of
//! other programs.

use std::num::Wrapping;

type Number = Wrapping<i32>;

/// Bits of the constants' fractions, and of the first pass's results.
const CONSTANT_BITS: usize = 13;
const PASS_BITS: usize = 2;

const fn number(value: i32) -> Number {
    Wrapping(value)
}

/// Eight samples from eight coefficients, `2^CONSTANT_BITS` times too large. Numbers wrap on
/// coefficients that no image has.
fn transform(input: [Number; 8]) -> [Number; 8] {
    let shared = (input[2] + input[6]) * number(4433);
    let (two, three) = (
        shared - input[6] * number(15137),
        shared + input[2] * number(6270),
    );
    let (zero, one) = (
        (input[0] + input[4]) << CONSTANT_BITS,
        (input[0] - input[4]) << CONSTANT_BITS,
    );
    let even = [zero + three, one + two, one - two, zero - three];
    let [seven, five, three, one] = [input[7], input[5], input[3], input[1]];
    let (z1, z2, z3, z4) = (seven + one, five + three, seven + three, five + one);
    let z5 = (z3 + z4) * number(9633);
    let (z1, z2) = (z1 * number(-7373), z2 * number(-20995));
    let (z3, z4) = (z3 * number(-16069) + z5, z4 * number(-3196) + z5);
    let odd = [
        one * number(12299) + z1 + z4,
        three * number(25172) + z2 + z3,
        five * number(16819) + z2 + z4,
        seven * number(2446) + z1 + z3,
    ];
    let mut output = [number(0); 8];
    for at in 0..4 {
        output[at] = even[at] + odd[at];
        output[7 - at] = even[at] - odd[at];
    }
    output
}

fn rounded(value: Number, bits: usize) -> Number {
    (value + (number(1) << (bits - 1))) >> bits
}

fn sample(value: Number) -> u8 {
    // Values far out of range, which no image has, are clipped here; other programs let them wrap
    // around.
    (value.0.saturating_add(128)).clamp(0, 255) as u8
}

/// Writes the samples of a block, whose coefficients and quantisation steps are in rows of rising
/// frequency, to `plane` from `at` on.
pub(super) fn block(
    coefficients: &[i16; 64],
    steps: &[u16; 64],
    plane: &mut [u8],
    at: usize,
    stride: usize,
) {
    let value =
        |index: usize| number(i32::from(coefficients[index])) * number(i32::from(steps[index]));
    if coefficients[1..]
        .iter()
        .all(|&coefficient| coefficient == 0)
    {
        let flat = sample(rounded(value(0) << PASS_BITS, PASS_BITS + 3));
        for row in 0..8 {
            plane[at + row * stride..][..8].fill(flat);
        }
        return;
    }
    let mut between = [[number(0); 8]; 8];
    for column in 0..8 {
        let results = if (1..8).all(|row| coefficients[8 * row + column] == 0) {
            [value(column) << PASS_BITS; 8]
        } else {
            transform(std::array::from_fn(|row| value(8 * row + column)))
                .map(|result| rounded(result, CONSTANT_BITS - PASS_BITS))
        };
        for (row, result) in results.into_iter().enumerate() {
            between[row][column] = result;
        }
    }
    for (row, values) in between.into_iter().enumerate() {
        let results = transform(values);
        let samples = &mut plane[at + row * stride..][..8];
        for (sample_out, result) in samples.iter_mut().zip(results) {
            *sample_out = sample(rounded(result, CONSTANT_BITS + PASS_BITS + 3));
        }
    }
}
