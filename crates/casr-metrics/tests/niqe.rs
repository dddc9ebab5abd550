//! NIQE: numbers of BasicSR (`golden/niqe.py`) and of the literature, and what better and worse
//! images score.
//!
//! The model of pristine photographs lies in `shared/data` beside the repository, or in the folder
//! that `CASR_DATA` names.

mod support;

use casr_metrics::{NiqeModel, RgbImage, imresize};
use support::{data, from_levels, golden, level, read, sample};

const SAMPLES: [&str; 3] = ["city", "dog", "flowers"];

fn model() -> Option<NiqeModel> {
    data("weights/niqe.safetensors").map(|path| NiqeModel::load(&path).unwrap())
}

/// The copies of an image that `golden/niqe.py` makes too, and the border that is left out.
fn copies(image: &RgbImage) -> [(&'static str, RgbImage, usize); 6] {
    let (width, height) = image.size();
    let quantised = from_levels(image.size(), |x, y, channel| {
        level(image, x, y, channel) / 32 * 32
    });
    let flat = from_levels(image.size(), |x, y, channel| {
        if x < 400 && y < 250 {
            [200, 210, 220][channel]
        } else {
            level(image, x, y, channel)
        }
    });
    let greens: Vec<f32> = image.values().iter().skip(1).step_by(3).copied().collect();
    [
        ("original", image.clone(), 0),
        ("border of 7", image.clone(), 7),
        (
            "cropped",
            image.crop((40, 5), (width - 40, height - 95)).unwrap(),
            0,
        ),
        ("quantised", quantised, 0),
        ("partly flat", flat, 0),
        (
            "grey",
            RgbImage::from_grey(width, height, &greens).unwrap(),
            0,
        ),
    ]
}

/// BasicSR sums in f32 where we sum exactly; its own figure for an image differs by 4e-6 between
/// machines. One block's exponent on the next of its grid of 0.001 moves a score by 2e-5, values
/// that equal their mean or only nearly do, as many in quantised images, by up to 6e-4. Wholly in
/// f64 the scores would be up to 2.7 off.
const TOLERANCE: f64 = 1e-3;

#[test]
fn basicsr_agrees() {
    let Some(model) = model() else {
        return;
    };
    for (name, scores) in golden("niqe.json") {
        let copies = copies(&sample(&name));
        assert_eq!(scores.len(), copies.len());
        for (copy, image, border) in copies {
            let score = model.score(&image, border).unwrap();
            let expected = scores[copy];
            println!(
                "{name}, {copy}: {score:.6}, BasicSR {expected:.6}, {:.1e}",
                score - expected
            );
            assert!((score - expected).abs() < TOLERANCE, "{name}, {copy}");
        }
    }
}

#[test]
fn baboon_scores_what_the_authors_program_says() {
    let (Some(model), Some(path)) = (model(), data("benchmarks/Set14/baboon.png")) else {
        return;
    };
    let score = model.score(&read(&path), 0).unwrap();
    println!("baboon: {score:.7}, MATLAB 5.7295734");
    assert!((score - 5.729_573_4).abs() < 1e-4, "{score}");
}

#[test]
fn blur_and_noise_score_worse() {
    let Some(model) = model() else {
        return;
    };
    for name in SAMPLES {
        let image = sample(name);
        let score = |image: &RgbImage| model.score(image, 0).unwrap();
        let original = score(&image);
        let small = imresize(&image, (image.width() / 4, image.height() / 4)).unwrap();
        let blurred = score(&imresize(&small, image.size()).unwrap());
        let mut state = 1u32;
        let noisy = image.values().iter().map(|value| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            value + 0.3 * (state as f32 / u32::MAX as f32 - 0.5)
        });
        let noisy = noisy.collect();
        let noisy = score(&RgbImage::new(image.width(), image.height(), noisy).unwrap());
        println!("{name}: {original:.3}, blurred {blurred:.3}, noisy {noisy:.3}");
        assert!(original < 6.0, "{name}: {original}");
        assert!(blurred > original + 1.0, "{name}: {blurred}");
        assert!(noisy > original + 1.0, "{name}: {noisy}");
    }
}
