//! Gates of images, and their application to corrections.

use casr_kernels::{
    guard::{FLAT_RANGE, FULL_CHROMA_RANGE, FULL_RANGE, LUMA, MAX_CODE_VALUE, apply, gates},
    heat::CellAxis,
};

fn noise(count: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 1009) as f32 / 1009.0;
    (0..count).map(value).collect()
}

/// The gates of one pixel by their definition.
fn expected(
    pixels: &[f32],
    (height, width): (usize, usize),
    row: usize,
    column: usize,
) -> [f32; 2] {
    let near = |centre: usize, length: usize| centre.saturating_sub(2)..(centre + 3).min(length);
    let range = |value: &dyn Fn(&[f32]) -> f32| {
        let rows = near(row, height);
        let values = rows.flat_map(|y| near(column, width).map(move |x| y * width + x));
        let values: Vec<f32> = values
            .map(|pixel| value(&pixels[3 * pixel..][..3]))
            .collect();
        let largest = values.iter().copied().fold(f32::MIN, f32::max);
        largest - values.iter().copied().fold(f32::MAX, f32::min)
    };
    let channels = range(&|p| p[0]).max(range(&|p| p[1])).max(range(&|p| p[2]));
    let chroma = range(&|p| p[0] - p[1]).max(range(&|p| p[2] - p[1]));
    let gate =
        |range: f32, full: f32| ((range * MAX_CODE_VALUE - FLAT_RANGE) / full).clamp(0.0, 1.0);
    [gate(channels, FULL_RANGE), gate(chroma, FULL_CHROMA_RANGE)]
}

#[test]
fn gates_are_ranges_of_neighbours() {
    for (height, width) in [(9, 13), (1, 1), (1, 6), (4, 2)] {
        // Ranges around those from which gates are fully open.
        let pixels: Vec<f32> = noise(2 * height * width * 3, 3)
            .into_iter()
            .map(|value| 0.5 + value.powi(6) * 0.02)
            .collect();
        let mut output = vec![f32::NAN; 2 * height * width * 2];
        gates(2, height, width, &pixels, &mut output);
        for (pixel, found) in output.chunks_exact(2).enumerate() {
            let (image, place) = (pixel / (height * width), pixel % (height * width));
            let image = &pixels[image * height * width * 3..][..height * width * 3];
            let wanted = expected(image, (height, width), place / width, place % width);
            let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
            assert!(
                near(found[0], wanted[0]) && near(found[1], wanted[1]),
                "{pixel}: {found:?} {wanted:?}"
            );
        }
    }
}

#[test]
fn flat_is_shut_and_grey_has_no_chroma() {
    let mut flat = [0.1, 0.9, 0.3].repeat(7 * 5);
    // A difference of the size of rounding errors counts as flat.
    flat[50] += 1e-6;
    let mut output = vec![f32::NAN; 7 * 5 * 2];
    gates(1, 7, 5, &flat, &mut output);
    assert!(output.iter().all(|gate| *gate == 0.0));
    let grey: Vec<f32> = noise(7 * 5, 1).iter().flat_map(|v| [*v; 3]).collect();
    gates(1, 7, 5, &grey, &mut output);
    assert!(output.chunks_exact(2).all(|gates| gates == [1.0, 0.0]));
}

fn axes() -> (CellAxis, CellAxis) {
    (CellAxis::new(5, 11), CellAxis::new(4, 6).bordered(0, 2))
}

#[test]
fn corrections_pass_as_far_as_gates_are_open() {
    let (rows, columns) = axes();
    let count = 2 * 11 * 6 * 3;
    let (base, correction) = (noise(count, 1), noise(count, 2));
    let passed = |gate: [f32; 2]| {
        let mut output = correction.clone();
        apply(
            2,
            &rows,
            &columns,
            &gate.repeat(2 * 5 * 6),
            &base,
            &mut output,
        );
        output
    };
    assert!(passed([0.0, 0.7]) == base);
    for (pixel, values) in passed([1.0, 0.0]).chunks_exact(3).enumerate() {
        let luma: f32 = (0..3).map(|c| LUMA[c] * correction[3 * pixel + c]).sum();
        for (colour, value) in values.iter().enumerate() {
            assert!((value - base[3 * pixel + colour] - luma).abs() < 1e-6);
        }
    }
    let all = passed([1.0, 1.0]);
    let sums = base.iter().zip(&correction).map(|(a, b)| a + b);
    assert!(all.iter().zip(sums).all(|(a, b)| (a - b).abs() < 1e-6));

    // Every output uses the gates of its own cell: here those of one cell are open.
    let mut one = vec![0.0; 2 * 5 * 6 * 2];
    let open = (5 + 2) * 6 + 1;
    one[2 * open..2 * open + 2].fill(1.0);
    let mut output = correction.clone();
    apply(2, &rows, &columns, &one, &base, &mut output);
    for (pixel, values) in output.chunks_exact(3).enumerate() {
        let (image, row, column) = (pixel / 66, pixel / 6 % 11, pixel % 6);
        let inside = image == 1 && rows.cell(2).contains(&row) && columns.cell(1).contains(&column);
        assert_eq!(values != &base[3 * pixel..][..3], inside, "{pixel}");
    }
}
