//! NIQE with a made-up model: what scores do not depend on, and what is refused.

mod support;

use casr_metrics::{MetricsError, NiqeModel, RgbImage};
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use std::path::Path;
use support::{from_levels, sample};

/// A tensor of a file: name, shape, type, bytes.
type Tensor = (&'static str, Vec<usize>, Dtype, Vec<u8>);

/// The tensors of a model of f64 values: mean 0, identity as covariance, equal weights in the
/// window.
fn tensors() -> [Tensor; 3] {
    let identity = (0..36 * 36).map(|i| f64::from(u8::from(i % 37 == 0)));
    [
        ("mu_pris_param", vec![1, 36], Dtype::F64, bytes([0.0; 36])),
        ("cov_pris_param", vec![36, 36], Dtype::F64, bytes(identity)),
        (
            "gaussian_window",
            vec![7, 7],
            Dtype::F64,
            bytes([1.0 / 49.0; 49]),
        ),
    ]
}

fn bytes(values: impl IntoIterator<Item = f64>) -> Vec<u8> {
    values.into_iter().flat_map(f64::to_le_bytes).collect()
}

fn file(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, shape, dtype, bytes)| {
        (
            *name,
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    serialize(views, None).unwrap()
}

fn load(bytes: &[u8]) -> Result<NiqeModel, MetricsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, bytes).unwrap();
    NiqeModel::load(&path)
}

/// The problem with a file that must be refused.
fn problem(bytes: &[u8]) -> String {
    match load(bytes) {
        Err(MetricsError::Weights { path, problem }) => {
            assert!(path.ends_with("model.safetensors"));
            problem
        }
        other => panic!("{other:?}"),
    }
}

fn model() -> NiqeModel {
    load(&file(&tensors())).unwrap()
}

/// An image without symmetry.
fn textured(size: (usize, usize)) -> RgbImage {
    from_levels(size, |x, y, channel| {
        ((x * x + 31 * y + x * y * (channel + 7)) % 251) as u8
    })
}

#[test]
fn the_score_does_not_depend_on_the_number_of_threads() {
    let (model, image) = (model(), sample("city"));
    let scores = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| model.score(&image, 3)).unwrap().to_bits()
    });
    assert_eq!(scores, [scores[0]; 3]);
}

#[test]
fn only_whole_blocks_inside_the_border_count() {
    let (model, image) = (model(), sample("dog"));
    let part = |size| model.score(&image.crop((4, 4), size).unwrap(), 0).unwrap();
    assert_eq!(part((288, 192)), part((383, 287)));
    let framed = image.crop((0, 0), (296, 200)).unwrap();
    assert_eq!(part((288, 192)), model.score(&framed, 4).unwrap());
    assert_ne!(part((288, 192)), part((384, 192)));
}

#[test]
fn images_are_rounded_to_8_bits() {
    let (model, image) = (model(), sample("flowers"));
    let near = image.values().iter().map(|value| value + 0.001).collect();
    let near = RgbImage::new(image.width(), image.height(), near).unwrap();
    assert_eq!(model.score(&near, 0), model.score(&image, 0));
}

#[test]
fn grey_images_are_measured_as_three_equal_channels() {
    let (model, image) = (model(), sample("flowers"));
    let (width, height) = image.size();
    let reds: Vec<f32> = image.values().iter().step_by(3).copied().collect();
    let grey = RgbImage::from_grey(width, height, &reds).unwrap();
    let equal = reds.iter().flat_map(|&red| [red; 3]).collect();
    let equal = RgbImage::new(width, height, equal).unwrap();
    assert_eq!(model.score(&grey, 0), model.score(&equal, 0));
}

#[test]
fn what_is_not_a_number_scores_none() {
    let mut values = textured((192, 192)).into_values();
    values[70_000] = f32::NAN;
    let image = RgbImage::new(192, 192, values).unwrap();
    assert!(model().score(&image, 0).unwrap().is_nan());
}

#[test]
fn images_of_less_than_a_block_are_refused() {
    let model = model();
    for (size, border) in [
        ((95, 300), 0),
        ((300, 95), 0),
        ((200, 105), 5),
        ((200, 200), usize::MAX),
        ((1, 1), 0),
    ] {
        let refused = model.score(&textured(size), border);
        assert_eq!(
            refused,
            Err(MetricsError::TooSmall {
                size,
                border,
                needed: 96
            })
        );
    }
}

#[test]
fn two_blocks_need_texture() {
    let model = model();
    assert_eq!(
        model.score(&textured((191, 191)), 0),
        Err(MetricsError::TooFewBlocks {
            blocks: 1,
            textured: 1
        })
    );
    assert!(model.score(&textured((96, 192)), 0).is_ok());
    assert!(model.score(&textured((192, 96)), 0).is_ok());
    let sky = from_levels((300, 300), |_, _, channel| [90, 130, 255][channel]);
    let refused = model.score(&sky, 0).unwrap_err();
    assert_eq!(
        refused,
        MetricsError::TooFewBlocks {
            blocks: 9,
            textured: 0
        }
    );
    assert!(refused.to_string().contains("larger part"), "{refused}");
}

#[test]
fn models_in_single_precision_are_read() {
    let single = tensors().map(|(name, shape, _, bytes)| {
        let (values, _) = bytes.as_chunks();
        let values = values.iter().map(|&bytes| f64::from_le_bytes(bytes) as f32);
        let bytes = values.flat_map(f32::to_le_bytes).collect();
        (name, shape, Dtype::F32, bytes)
    });
    let image = sample("city");
    let single = load(&file(&single)).unwrap().score(&image, 0).unwrap();
    let double = model().score(&image, 0).unwrap();
    assert!((single - double).abs() < 1e-4, "{single}, not {double}");
}

#[test]
fn missing_files_and_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("nowhere"), Path::new("")] {
        let refused = NiqeModel::load(path).unwrap_err();
        assert!(matches!(&refused, MetricsError::Weights { path: named, .. } if named == path));
        assert!(refused.to_string().contains("safetensors"), "{refused}");
    }
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    let whole = file(&tensors());
    for length in (0..whole.len()).step_by(13) {
        assert!(problem(&whole[..length]).contains("no whole safetensors file"));
    }
    for name in ["city.png", "README.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../samples")
            .join(name);
        assert!(problem(&std::fs::read(path).unwrap()).contains("no whole safetensors file"));
    }
}

#[test]
fn damaged_headers_never_panic() {
    let whole = file(&tensors());
    let image = textured((192, 96));
    let header = whole.len() - 8 * (36 + 36 * 36 + 49);
    for place in 0..header {
        for flip in [1, 0x20, 0xFF] {
            let mut damaged = whole.clone();
            damaged[place] ^= flip;
            if let Ok(model) = load(&damaged) {
                drop(model.score(&image, 0));
            }
        }
    }
}

#[test]
fn other_models_are_refused() {
    for index in 0..3 {
        let name = tensors()[index].0;
        let changed = |change: fn(&mut Tensor)| {
            let mut tensors = tensors();
            change(&mut tensors[index]);
            problem(&file(&tensors))
        };
        let expect = |problem: String, what: &str| {
            assert!(
                problem.contains(name) && problem.contains(what),
                "{problem}"
            );
        };
        expect(changed(|tensor| tensor.0 = "conv0.weight"), "missing");
        expect(changed(|tensor| tensor.1.push(1)), "shape");
        expect(changed(|tensor| tensor.2 = Dtype::I64), "I64");
        expect(
            changed(|tensor| tensor.3[..8].copy_from_slice(&f64::NAN.to_le_bytes())),
            "not finite",
        );
    }
}

#[test]
fn covariances_must_be_symmetric_and_positive() {
    let changed = |entry: usize, value: f64| {
        let mut tensors = tensors();
        tensors[1].3[8 * entry..][..8].copy_from_slice(&value.to_le_bytes());
        load(&file(&tensors))
    };
    assert!(changed(37, 0.0).is_ok());
    for (entry, value) in [(1, 0.5), (37, -1.0), (5, f64::MAX)] {
        let refused = changed(entry, value).unwrap_err().to_string();
        assert!(refused.contains("not a covariance"), "{refused}");
    }
}

#[test]
fn windows_must_make_a_mean() {
    for value in [f64::MAX, -1.0 / 49.0, 0.5] {
        let mut tensors = tensors();
        tensors[2].3[8 * 24..][..8].copy_from_slice(&value.to_le_bytes());
        let refused = problem(&file(&tensors));
        assert!(refused.contains("gaussian_window"), "{refused}");
    }
}
