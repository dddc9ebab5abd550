//! LPIPS and SIFID against the numbers of `tests/golden/perceptual.py`, and what they refuse. The
//! networks' weights lie in `shared/data`.

#[path = "pictures/mod.rs"]
mod pictures;
mod support;

use casr_metrics::{Architecture, Lpips, MetricsError, RgbImage, SIFID_STAGES, sifid};
use pictures::{Picture, with_threads};
use support::{data, golden};

fn load(architecture: Architecture) -> Option<Lpips> {
    let name = match architecture {
        Architecture::AlexNet => "weights/lpips_alex.safetensors",
        Architecture::Vgg16 => "weights/lpips_vgg.safetensors",
    };
    Some(Lpips::load(architecture, &data(name)?).unwrap())
}

/// Distance by a network's features.
fn distance(lpips: &Lpips, result: &RgbImage, truth: &RgbImage) -> f64 {
    let [result, truth] = [result, truth].map(|image| lpips.features(image).unwrap());
    lpips.distance(&result, &truth).unwrap()
}

/// Relative to the reference, which computes in single precision.
fn agree(value: f64, expected: f64, what: &str) {
    println!("{what}: {value}, reference {expected}");
    let error = (value - expected).abs() / expected;
    assert!(error < 2e-4, "{what}: {value}, not {expected}");
}

#[test]
fn scores_are_those_of_the_reference() {
    let (Some(alex), Some(vgg)) = (load(Architecture::AlexNet), load(Architecture::Vgg16)) else {
        return;
    };
    let scores = golden("perceptual.json");
    assert_eq!(scores.len(), 9);
    for (name, size) in [
        ("city", (96, 80)),
        ("dog", (133, 101)),
        ("flowers", (64, 127)),
    ] {
        let truth = Picture::sample(name, (200, 180), size);
        for (kind, copy) in [
            ("noisy", truth.noisy()),
            ("blurred", truth.blurred()),
            ("ramped", truth.ramped()),
        ] {
            let case = format!("{name} {kind}");
            let expected = &scores[&case];
            let (result, truth) = (copy.image(), truth.image());
            let what = |metric| format!("{case}, {metric}");
            agree(
                distance(&alex, &result, &truth),
                expected["lpips_alex"],
                &what("AlexNet"),
            );
            agree(
                distance(&vgg, &result, &truth),
                expected["lpips_vgg"],
                &what("VGG16"),
            );
            let [a, b] = [&result, &truth].map(|image| vgg.features(image).unwrap());
            agree(sifid(&a, &b).unwrap(), expected["sifid"], &what("SIFID"));
        }
    }
}

#[test]
fn an_image_is_no_distance_from_itself() {
    let (Some(alex), Some(vgg)) = (load(Architecture::AlexNet), load(Architecture::Vgg16)) else {
        return;
    };
    let image = Picture::sample("dog", (100, 90), (64, 48)).image();
    assert_eq!(distance(&alex, &image, &image), 0.0);
    assert_eq!(distance(&vgg, &image, &image), 0.0);
    let features = vgg.features(&image).unwrap();
    assert!(sifid(&features, &features).unwrap() < 1e-6);
}

#[test]
fn threads_change_nothing() {
    let Some(vgg) = load(Architecture::Vgg16) else {
        return;
    };
    let truth = Picture::sample("city", (30, 40), (75, 66));
    let score = || {
        let [a, b] = [truth.noisy(), truth.clone()].map(|p| vgg.features(&p.image()).unwrap());
        (vgg.distance(&a, &b).unwrap(), sifid(&a, &b).unwrap())
    };
    assert_eq!(with_threads(1, score), with_threads(3, score));
}

#[test]
fn sifid_compares_sizes_and_lpips_does_not() {
    let Some(vgg) = load(Architecture::Vgg16) else {
        return;
    };
    let image = Picture::sample("dog", (100, 90), (64, 48));
    let [whole, part] =
        [&image, &image.repeated(32, 24)].map(|p| vgg.features(&p.image()).unwrap());
    assert!(sifid(&whole, &part).unwrap() > 0.0);
    let error = vgg.distance(&part, &whole).unwrap_err();
    assert!(
        matches!(error, MetricsError::SizeMismatch { .. }),
        "{error}"
    );
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let (Some(alex), Some(vgg)) = (load(Architecture::AlexNet), load(Architecture::Vgg16)) else {
        return;
    };
    for (lpips, side) in [(&alex, 31), (&vgg, 16)] {
        let image = |side| Picture::sample("dog", (100, 90), (side, side)).image();
        assert!(lpips.features(&image(side)).is_ok());
        let error = lpips.features(&image(side - 1)).unwrap_err();
        assert!(matches!(error, MetricsError::TooSmall { .. }), "{error}");
    }
    let features = alex
        .features(&Picture::sample("dog", (0, 0), (40, 40)).image())
        .unwrap();
    let error = sifid(&features, &features).unwrap_err();
    assert!(error.to_string().contains("VGG16"), "{error}");
}

#[test]
fn weights_of_another_network_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.safetensors");
    let other = folder.path().join("other.safetensors");
    std::fs::write(&other, b"no weights").unwrap();
    for path in [&missing, &other] {
        let error = Lpips::load(Architecture::AlexNet, path).unwrap_err();
        let words = error.to_string();
        assert!(words.contains(&*path.to_string_lossy()), "{words}");
    }
    if let Some(alex) = data("weights/lpips_alex.safetensors") {
        let error = Lpips::load(Architecture::Vgg16, &alex).unwrap_err();
        assert!(error.to_string().contains("conv0.weight"), "{error}");
    }
}

#[test]
fn the_first_stages_are_enough_for_sifid_but_not_for_lpips() {
    let Some(vgg) = load(Architecture::Vgg16) else {
        return;
    };
    let [one, other] = ["dog", "city"].map(|name| Picture::sample(name, (8, 8), (46, 39)).image());
    let (whole, first) = (
        [&one, &other].map(|image| vgg.features(image).unwrap()),
        [&one, &other].map(|image| vgg.first_features(image, SIFID_STAGES).unwrap()),
    );
    let distances = [whole, first.clone()].map(|[a, b]| sifid(&a, &b).unwrap());
    assert!(distances[0] > 1.0);
    assert_eq!(distances[0], distances[1]);
    let error = vgg.distance(&first[0], &first[1]).unwrap_err();
    assert_eq!(error, MetricsError::MissingStages);
}
