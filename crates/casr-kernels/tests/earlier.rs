//! The means that cells take from an earlier grid.

use casr_kernels::earlier::{COLOURS, CellPlaces, EarlierShape, forward};

const CHANNELS: usize = 5;
const SHAPE: EarlierShape = EarlierShape {
    images: 2,
    channels: CHANNELS,
};

fn places(earlier: usize, cells: usize, scale: f64) -> CellPlaces {
    CellPlaces::new(earlier, (0..cells).map(|i| (i as f64 + 0.5) / scale))
}

fn noise(count: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 1009) as f32 / 1009.0;
    (0..count).map(value).collect()
}

#[test]
fn takes_what_lies_there_and_has_its_colour() {
    let (rows, columns) = (places(4, 7, 1.75), places(6, 12, 2.0));
    // The left half has black colours and values of 1, the right half white and 2.
    let right = |x: usize, half: usize| if x < half { 0.0 } else { 1.0 };
    let earlier: Vec<f32> = (0..2 * 4 * 6)
        .flat_map(|i| {
            let side = right(i % 6, 3);
            [[1.0 + side; CHANNELS].as_slice(), &[side; COLOURS]].concat()
        })
        .collect();
    let colours: Vec<f32> = (0..2 * 7 * 12)
        .flat_map(|i| [right(i % 12, 6); COLOURS])
        .collect();
    let mut output = vec![0.0; 2 * 7 * 12 * CHANNELS];
    forward(SHAPE, &rows, &columns, &colours, &earlier, &mut output);
    for (place, value) in output.iter().enumerate() {
        let expected = 1.0 + right(place / CHANNELS % 12, 6);
        assert!((value - expected).abs() < 1e-5, "{place}: {value}");
    }
}

#[test]
fn a_window_gives_the_same_bits() {
    let one = EarlierShape { images: 1, ..SHAPE };
    let stride = CHANNELS + COLOURS;
    let (rows, columns) = (places(9, 17, 1.9), places(8, 15, 1.9));
    let (earlier, colours) = (noise(72 * stride, 4), noise(17 * 15 * COLOURS, 5));
    let mut whole = vec![0.0; 17 * 15 * CHANNELS];
    forward(one, &rows, &columns, &colours, &earlier, &mut whole);

    let (part_rows, part_columns) = (4..12, 0..9);
    let (above, left) = (
        rows.support(part_rows.clone()),
        columns.support(part_columns.clone()),
    );
    let window = |values: &[f32],
                  width: usize,
                  size: usize,
                  rows: std::ops::Range<usize>,
                  columns: std::ops::Range<usize>| {
        rows.flat_map(|row| {
            values[(row * width + columns.start) * size..(row * width + columns.end) * size]
                .to_vec()
        })
        .collect::<Vec<f32>>()
    };
    let mut part = vec![0.0; 8 * 9 * CHANNELS];
    forward(
        one,
        &rows.window(part_rows.clone(), above.clone()),
        &columns.window(part_columns.clone(), left.clone()),
        &window(
            &colours,
            15,
            COLOURS,
            part_rows.clone(),
            part_columns.clone(),
        ),
        &window(&earlier, 8, stride, above, left),
        &mut part,
    );
    assert_eq!(part, window(&whole, 15, CHANNELS, part_rows, part_columns));
}
