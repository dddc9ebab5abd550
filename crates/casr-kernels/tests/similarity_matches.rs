//! Cross-scale matches against their definition in f64, planted matches, and every instruction set
//! against scalar code.

mod similarity_support;

use casr_kernels::InstructionSet;
use casr_kernels::similarity::{FLOOR, MATCHES_REACH, MAX_CANDIDATES, MatchShape, PATCH, SEARCH};
use similarity_support::case::Case;
use similarity_support::{assert_independent_of_threads, bits, crop, inside, noise};
use std::ops::Range;

/// Enlargements by integer and fractional factors, tiny images, key images larger than the level,
/// none to 33 details, small and large noise, key images of equal pixels, for which the order of
/// candidates decides, and centres far outside the key image.
fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new((1, 1), (1, 1), 3, 1),
        Case::new((3, 2), (2, 1), 12, 4),
        Case::new((2, 3), (1, 4), 1, 8),
        Case::new((1, 19), (1, 13), 15, 2),
        Case::new((25, 1), (9, 1), 16, 3),
        Case::new((18, 23), (9, 12), 12, 4),
        Case::new((21, 34), (13, 21), 27, 5),
        Case::new((8, 9), (31, 40), 33, 7),
        Case::new((33, 30), (30, 27), 0, MAX_CANDIDATES),
    ];
    let mut strict = Case::new((17, 20), (13, 16), 12, 4);
    strict.noise = 0.01;
    cases.push(strict);
    let mut same = Case::new((12, 15), (20, 22), 4, 3);
    same.keys.fill(0.25);
    cases.push(same);
    let mut outside = Case::new((24, 26), (31, 40), 5, MAX_CANDIDATES);
    outside.row_centres = (0..24).map(|y| 4 * y - 40).collect();
    outside.column_centres[..6].fill(i32::MIN);
    outside.column_centres[20..].fill(i32::MAX);
    cases.push(outside);
    cases
}

#[test]
fn values_equal_the_definition() {
    let (mut pixels, mut clear) = (0, 0);
    for case in cases() {
        let expected = case.definition();
        pixels += expected.len();
        clear += expected.iter().flatten().count();
        for set in InstructionSet::available() {
            let output = case.run(set);
            for (values, expected) in output.chunks(case.channels()).zip(&expected) {
                for (value, expected) in values.iter().zip(expected.iter().flatten()) {
                    assert!(
                        (f64::from(*value) - expected).abs() < 1e-5 * (0.1 + expected.abs()),
                        "{set:?} {:?}: {value} {expected}",
                        case.shape
                    );
                }
            }
        }
    }
    assert!(100 * clear > 98 * pixels, "{clear} of {pixels} are clear");
}

#[test]
fn bad_matches_weigh_the_floor() {
    let mut case = Case::new((14, 14), (14, 14), 2, 4);
    case.noise = 1e-3;
    for pixel in case.run(InstructionSet::best()).chunks(3) {
        assert!((pixel[2] / FLOOR - 1.0).abs() < 1e-3);
        assert!((0.0..=1.0).contains(&pixel[0]) && pixel[0] > 0.0);
    }
}

/// A key image whose details are pixel indices, larger than a level of 40 × 44 pixels by a border
/// that contains all candidates.
fn bordered(keys: impl Fn(usize) -> f32, candidates: usize) -> Case {
    let border = SEARCH / 2 + PATCH / 2;
    let (height, width) = (40, 44);
    let (key_height, key_width) = (height + 2 * border, width + 2 * border);
    let mut case = Case::new((height, width), (key_height, key_width), 2, candidates);
    case.keys = (0..key_height * key_width).map(keys).collect();
    case.details = (0..key_height * key_width)
        .flat_map(|key| [key / key_width, key % key_width])
        .map(|place| place as f32)
        .collect();
    case.row_centres = (0..height).map(|y| (y + border) as i32).collect();
    case.column_centres = (0..width).map(|x| (x + border) as i32).collect();
    case.noise = 2.0 / 255.0;
    case
}

#[test]
fn a_planted_patch_is_found_pixel_by_pixel() {
    let luma = noise(100 * 100, 4);
    let mut case = bordered(|key| luma[key], 1);
    // Shifted up and left as far as candidates extend, and down and right, with another mean luma.
    for (dy, dx) in [(-8, -8), (7, 7), (3, -5), (0, 0)] {
        let width = case.shape.key_width;
        for y in 0..case.shape.height {
            for x in 0..case.shape.width {
                let key = [case.row_centres[y] + dy, case.column_centres[x] + dx];
                let key = key[0] as usize * width + key[1] as usize;
                case.luma[y * case.shape.width + x] = case.keys[key] + 0.125;
            }
        }
        for set in InstructionSet::available() {
            let output = case.run(set);
            for y in 2..case.shape.height - 3 {
                for x in 2..case.shape.width - 3 {
                    let pixel = &output[(y * case.shape.width + x) * 3..][..3];
                    // Patches extended by edge replication match something else, but with
                    // negligible weight.
                    assert!((pixel[0] - (case.row_centres[y] + dy) as f32).abs() < 1e-3);
                    assert!((pixel[1] - (case.column_centres[x] + dx) as f32).abs() < 1e-3);
                    let inner = (4..36).contains(&y) && (4..40).contains(&x);
                    assert!(!inner || (pixel[2] - 1.0).abs() < 1e-3, "{pixel:?}");
                }
            }
        }
    }
}

#[test]
fn a_texture_that_comes_again_is_found_in_all_its_places() {
    const PERIOD: usize = 6;
    let texture = noise(PERIOD * PERIOD, 8);
    let at = |y: usize, x: usize| texture[y % PERIOD * PERIOD + x % PERIOD];
    let mut case = bordered(|_| 0.0, 4);
    let MatchShape {
        width, key_width, ..
    } = case.shape;
    for (key, value) in case.keys.iter_mut().enumerate() {
        *value = at(key / key_width, key % key_width);
    }
    for (pixel, value) in case.luma.iter_mut().enumerate() {
        *value = at(pixel / width, pixel % width);
    }
    // Key centres advance by half a pixel per pixel, as for an enlargement by two.
    for centre in [&mut case.row_centres, &mut case.column_centres]
        .into_iter()
        .flatten()
    {
        *centre = 10 + (*centre - 10) / 2;
    }
    for detail in &mut case.details {
        *detail = (*detail as usize % PERIOD) as f32;
    }
    for set in InstructionSet::available() {
        let output = case.run(set);
        for y in 4..36 {
            for x in 4..40 {
                let pixel = &output[(y * width + x) * 3..][..3];
                assert!((pixel[0] - (y % PERIOD) as f32).abs() < 1e-4, "{pixel:?}");
                assert!((pixel[1] - (x % PERIOD) as f32).abs() < 1e-4, "{pixel:?}");
                assert!((pixel[2] - 1.0).abs() < 1e-4, "{pixel:?}");
            }
        }
    }
}

#[test]
fn instruction_sets_agree_bit_for_bit() {
    let mut cases = cases();
    // Few distinct values of luma: many candidates have the same distance.
    let mut coarse = Case::new((40, 46), (27, 31), 12, 4);
    for value in coarse.luma.iter_mut().chain(&mut coarse.keys) {
        *value = (*value * 3.0).floor() / 2.0;
    }
    for candidates in 1..=MAX_CANDIDATES {
        coarse.shape.candidates = candidates;
        cases.push(coarse.clone());
    }
    for case in cases {
        let expected = bits(&case.run(InstructionSet::Scalar));
        for set in InstructionSet::available() {
            assert!(bits(&case.run(set)) == expected, "{set:?} {:?}", case.shape);
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let case = Case::new((70, 51), (35, 26), 12, 4);
    for set in InstructionSet::available() {
        assert_independent_of_threads(|| case.run(set));
    }
}

/// The key window that the queries of a level window depend on, clamped to the key image.
fn read(centres: &[i32], keys: usize) -> Range<usize> {
    let reach = (SEARCH / 2 + PATCH / 2) as i32;
    let first = centres.iter().min().unwrap() - reach;
    let last = centres.iter().max().unwrap() + reach;
    first.max(0) as usize..(last as usize).min(keys)
}

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    let whole = Case::new((72, 80), (48, 61), 12, 4);
    let MatchShape {
        height,
        width,
        key_height,
        key_width,
        ..
    } = whole.shape;
    let windows = [(0..42, 0..51), (24..72, 30..80), (20..49, 18..60)];
    for set in InstructionSet::available() {
        let expected = whole.run(set);
        for (rows, columns) in windows.clone() {
            let centres = (
                &whole.row_centres[rows.clone()],
                &whole.column_centres[columns.clone()],
            );
            let key_rows = read(centres.0, key_height);
            let key_columns = read(centres.1, key_width);
            assert!(key_rows.len() < key_height && key_columns.len() < key_width);
            let local = |centres: &[i32], window: &Range<usize>| {
                centres
                    .iter()
                    .map(|centre| centre - window.start as i32)
                    .collect()
            };
            let cut_keys = |values: &[f32], channels| {
                crop(
                    values,
                    key_width,
                    channels,
                    key_rows.clone(),
                    key_columns.clone(),
                )
            };
            let part = Case {
                shape: MatchShape {
                    height: rows.len(),
                    width: columns.len(),
                    key_height: key_rows.len(),
                    key_width: key_columns.len(),
                    ..whole.shape
                },
                luma: crop(&whole.luma, width, 1, rows.clone(), columns.clone()),
                keys: cut_keys(&whole.keys, 1),
                details: cut_keys(&whole.details, whole.shape.details),
                row_centres: local(centres.0, &key_rows),
                column_centres: local(centres.1, &key_columns),
                noise: whole.noise,
            };
            let channels = whole.channels();
            let values = part.run(set);
            let expected = crop(&expected, width, channels, rows.clone(), columns.clone());
            let agree = |reach| {
                let rows = inside(&rows, height, reach);
                let columns = inside(&columns, width, reach);
                let part = |values: &[f32]| {
                    bits(&crop(
                        values,
                        part.shape.width,
                        channels,
                        rows.clone(),
                        columns.clone(),
                    ))
                };
                part(&values) == part(&expected)
            };
            assert!(agree(MATCHES_REACH), "{set:?} {rows:?} {columns:?}");
            assert!(!agree(MATCHES_REACH - 2), "the reach is tight");
        }
    }
}

#[test]
fn an_empty_level_needs_no_keys() {
    Case::new((0, 5), (0, 5), 3, 4).run(InstructionSet::best());
}
