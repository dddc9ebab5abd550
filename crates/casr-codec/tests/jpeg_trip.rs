//! What saving as JPEG does to pixels.
#![cfg(feature = "formats")]

use casr_codec::jpeg_round_trip;

/// A smooth slope with a saturated square.
fn picture(width: usize, height: usize) -> Vec<u8> {
    let pixel = |i: usize| {
        let (x, y) = (i % width, i / width);
        let square = (8..20).contains(&x) && (8..20).contains(&y);
        if square {
            [220, 30, 30]
        } else {
            [(3 * x) as u8, (2 * y) as u8, 100]
        }
    };
    (0..width * height).flat_map(pixel).collect()
}

fn distance(one: &[u8], other: &[u8]) -> f64 {
    let squares = one
        .iter()
        .zip(other)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    (squares.sum::<f64>() / one.len() as f64).sqrt()
}

#[test]
fn lower_quality_and_halved_colours_lose_more() {
    let size = (45, 37);
    let pixels = picture(size.0, size.1);
    let error = |quality, subsampled| {
        distance(
            &pixels,
            &jpeg_round_trip(size, &pixels, quality, subsampled).unwrap(),
        )
    };
    let (best, good, poor) = (error(100, false), error(90, false), error(40, false));
    assert!(best < good && good < poor, "{best} {good} {poor}");
    assert!(best < 1.5, "{best}");
    assert!(error(90, true) > good + 0.5, "{} {good}", error(90, true));
}

#[test]
fn what_is_no_image_is_refused() {
    assert_eq!(jpeg_round_trip((0, 4), &[], 75, true), None);
    assert_eq!(jpeg_round_trip((4, 4), &[0; 47], 75, true), None);
    assert_eq!(
        jpeg_round_trip((70_000, 1), &vec![0; 210_000], 75, true),
        None
    );
}
