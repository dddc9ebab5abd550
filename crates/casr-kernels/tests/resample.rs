//! Bicubic resampling against MATLAB's formula in f64, windows and threads.

mod noise;

use casr_kernels::resample::{self, Taps};
use noise::noise;
use rayon::ThreadPoolBuilder;

/// The dense matrix [outputs, inputs] of `imresize`'s `contributions`, written as MATLAB writes it
/// (1-based, with the two spare columns).
fn matlab_matrix(inputs: usize, outputs: usize, antialias: bool) -> Vec<Vec<f64>> {
    let scale = outputs as f64 / inputs as f64;
    let shrink = if antialias && scale < 1.0 { scale } else { 1.0 };
    let width = 4.0 / shrink;
    let kernel = |x: f64| {
        let (a, a2, a3) = (x.abs(), x.abs().powi(2), x.abs().powi(3));
        if a <= 1.0 {
            1.5 * a3 - 2.5 * a2 + 1.0
        } else if a <= 2.0 {
            -0.5 * a3 + 2.5 * a2 - 4.0 * a + 2.0
        } else {
            0.0
        }
    };
    (1..=outputs)
        .map(|x| {
            let u = x as f64 / scale + 0.5 * (1.0 - 1.0 / scale);
            let left = (u - width / 2.0).floor() as i64;
            let columns = width.ceil() as i64 + 2;
            let weights: Vec<f64> = (0..columns)
                .map(|k| shrink * kernel(shrink * (u - (left + k) as f64)))
                .collect();
            let sum: f64 = weights.iter().sum();
            let mut row = vec![0.0; inputs];
            for (k, weight) in weights.iter().enumerate() {
                let wrapped = (left + k as i64 - 1).rem_euclid(2 * inputs as i64) as usize;
                let position = if wrapped < inputs {
                    wrapped
                } else {
                    2 * inputs - 1 - wrapped
                };
                row[position] += weight / sum;
            }
            row
        })
        .collect()
}

const SIZES: [(usize, usize); 9] = [
    (1, 1),
    (1, 5),
    (7, 1),
    (9, 18),
    (12, 41),
    (41, 24),
    (30, 10),
    (3, 64),
    (64, 3),
];

#[test]
fn taps_equal_the_formula_of_imresize() {
    for (inputs, outputs) in SIZES {
        for antialias in [false, true] {
            let taps = Taps::bicubic(inputs, outputs, antialias);
            let matrix = matlab_matrix(inputs, outputs, antialias);
            for (output, expected) in matrix.iter().enumerate() {
                let mut row = vec![0.0; inputs];
                for k in output * taps.count..(output + 1) * taps.count {
                    row[taps.index[k] as usize] += f64::from(taps.weight[k]);
                }
                for (value, expected) in row.iter().zip(expected) {
                    assert!(
                        (value - expected).abs() < 3e-7,
                        "{inputs} -> {outputs}, output {output}: {value} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn doubling_has_the_weights_of_the_textbook() {
    let taps = Taps::bicubic(8, 16, true);
    assert_eq!(taps.count, 4);
    let expected = [-0.0234375, 0.2265625, 0.8671875, -0.0703125];
    assert_eq!(taps.weight[4 * 4..5 * 4], expected);
    assert_eq!(taps.index[4 * 4..5 * 4], [0, 1, 2, 3]);
}

#[test]
fn forward_equals_the_matrices_in_f64() {
    for channels in [1, 2, 3, 4, 7] {
        let (images, height, width, new_height, new_width) = (2, 13, 9, 21, 5);
        let input = noise(images * height * width * channels, 1);
        let mut output = vec![f32::NAN; images * new_height * new_width * channels];
        let (rows, columns) = (
            Taps::bicubic(height, new_height, true),
            Taps::bicubic(width, new_width, true),
        );
        resample::forward(images, channels, &rows, &columns, &input, &mut output);
        let (by_row, by_column) = (
            matlab_matrix(height, new_height, true),
            matlab_matrix(width, new_width, true),
        );
        for (index, &value) in output.iter().enumerate() {
            let (pixel, channel) = (index / channels, index % channels);
            let (line, column) = (pixel / new_width, pixel % new_width);
            let (image, row) = (line / new_height, line % new_height);
            let mut expected = 0.0;
            for y in 0..height {
                for x in 0..width {
                    expected += by_row[row][y]
                        * by_column[column][x]
                        * f64::from(input[((image * height + y) * width + x) * channels + channel]);
                }
            }
            assert!(
                (f64::from(value) - expected).abs() < 2e-6,
                "{value} {expected}"
            );
        }
    }
}

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    let (height, width, new_height, new_width, channels) = (23, 31, 54, 47, 3);
    let input = noise(height * width * channels, 4);
    let mut whole = vec![0.0; new_height * new_width * channels];
    let (rows, columns) = (
        Taps::bicubic(height, new_height, true),
        Taps::bicubic(width, new_width, true),
    );
    resample::forward(1, channels, &rows, &columns, &input, &mut whole);
    for (top, left) in [(0, 0), (17, 9), (40, 30)] {
        let (out_rows, out_columns) = (top..top + 14, left..left + 17);
        let (in_rows, in_columns) = (
            rows.support(out_rows.clone()),
            columns.support(out_columns.clone()),
        );
        let cropped: Vec<f32> = in_rows
            .clone()
            .flat_map(|y| {
                &input[(y * width + in_columns.start) * channels
                    ..(y * width + in_columns.end) * channels]
            })
            .copied()
            .collect();
        let mut part = vec![0.0; 14 * 17 * channels];
        resample::forward(
            1,
            channels,
            &rows.window(in_rows, out_rows.clone()),
            &columns.window(in_columns, out_columns.clone()),
            &cropped,
            &mut part,
        );
        let expected: Vec<f32> = out_rows
            .flat_map(|y| {
                &whole[(y * new_width + left) * channels..(y * new_width + left + 17) * channels]
            })
            .copied()
            .collect();
        assert_eq!(part, expected);
    }
}

#[test]
fn a_part_of_the_taps_is_that_of_the_whole() {
    for (whole, antialias) in [((20, 41), false), ((41, 20), true), ((3, 100), true)] {
        let taps = Taps::bicubic(whole.0, whole.1, antialias);
        for part in [0..1, 3..whole.1, 7..13] {
            let of_whole = taps.window(0..whole.0, part.clone());
            assert_eq!(Taps::bicubic_part(whole, antialias, part), of_whole);
        }
    }
}

#[test]
fn spans_side_by_side_have_the_taps_of_one() {
    for step in [1.0, 2.0, 4.0, 0.5] {
        let whole = Taps::bicubic_span(64, (0.0, 16.0 * step), 16);
        assert_eq!(whole.inputs, 64);
        for first in [0, 3, 8] {
            let start = first as f64 * step;
            let part = Taps::bicubic_span(64, (start, start + 8.0 * step), 8);
            assert_eq!(part, whole.window(0..64, first..first + 8), "step {step}");
        }
    }
}

#[test]
fn a_span_of_a_whole_axis_is_that_axis() {
    for (inputs, outputs) in SIZES
        .into_iter()
        .filter(|(inputs, outputs)| inputs != outputs)
    {
        let span = Taps::bicubic_span(inputs, (0.0, inputs as f64), outputs);
        assert_eq!(span, Taps::bicubic(inputs, outputs, true));
    }
}

#[test]
fn a_span_that_keeps_its_size_reads_nothing_beside_it() {
    let taps = Taps::bicubic_span(20, (5.0, 9.0), 4);
    assert_eq!((taps.count, &taps.index[..]), (1, &[5, 6, 7, 8][..]));
    assert_eq!(taps.weight, [1.0; 4]);
    // Between two inputs both count.
    assert_eq!(Taps::bicubic_span(20, (5.5, 9.5), 4).count, 4);
}

#[test]
#[should_panic(expected = "read input")]
fn a_window_that_lacks_an_input_is_refused() {
    Taps::bicubic(20, 40, true).window(4..10, 0..20);
}

#[test]
fn results_do_not_depend_on_threads() {
    let (rows, columns) = (Taps::bicubic(37, 61, true), Taps::bicubic(29, 11, true));
    let input = noise(2 * 37 * 29 * 3, 5);
    let run = |threads| {
        ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| {
                let mut output = vec![0.0; 2 * 61 * 11 * 3];
                resample::forward(2, 3, &rows, &columns, &input, &mut output);
                output
            })
    };
    let single = run(1);
    assert!(single == run(2) && single == run(3));
}
