//! Weights files: what is written is read, and what is not a whole CASR network is refused by name.

use burn::tensor::Device;
use casr_net::{Model, NetError, Network, NetworkConfig, Recipe, WeightsFile};
use std::collections::HashMap;

const CONFIG: NetworkConfig = NetworkConfig {
    channels: 5,
    blocks: 2,
    frequencies: 3,
    alignment: true,
    similarity: true,
    perception: true,
};

fn file() -> WeightsFile {
    let device = Device::flex();
    WeightsFile {
        config: CONFIG,
        recipe: Recipe {
            training: "none".to_owned(),
            data: "noise".to_owned(),
            steps: 7,
            psnr: [("Set5 x4".to_owned(), 28.4)].into(),
        },
        parameters: Network::new(CONFIG, &device).parameters(),
    }
}

#[test]
fn round_trip_keeps_everything_to_half_precision() {
    let written = file();
    let mut read = WeightsFile::from_bytes("test", &written.to_bytes()).unwrap();
    assert_eq!(
        (read.config, &read.recipe),
        (written.config, &written.recipe)
    );
    read.network("test", &Device::flex()).unwrap();
    for parameter in &written.parameters {
        let index = read
            .parameters
            .iter()
            .position(|p| p.name == parameter.name)
            .unwrap();
        let other = read.parameters.swap_remove(index);
        assert_eq!(other.shape, parameter.shape);
        for (a, b) in parameter.values.iter().zip(&other.values) {
            assert!(
                (a - b).abs() <= a.abs() * 1e-3 + 1e-7,
                "{}: {a} {b}",
                parameter.name
            );
        }
    }
    assert!(read.parameters.is_empty());
}

#[test]
fn the_embedded_network_is_sound_and_small() {
    let model = Model::embedded().unwrap();
    assert!(
        model.parameter_count() <= 500_000,
        "{}",
        model.parameter_count()
    );
    assert!(model.recipe().steps > 0);
    assert!(!model.recipe().psnr.is_empty() && !model.recipe().data.is_empty());
}

#[test]
fn truncated_files_are_refused_at_every_length() {
    let bytes = file().to_bytes();
    for length in [0, 1, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = Model::from_bytes("short.safetensors", &bytes[..length]).unwrap_err();
        assert!(
            matches!(error, NetError::NotSafetensors { .. }),
            "{length}: {error}"
        );
        assert!(error.to_string().contains("short.safetensors"), "{error}");
    }
}

#[test]
fn text_is_refused() {
    let error = Model::from_bytes(
        "notes.txt",
        b"These are not the weights you are looking for.",
    )
    .unwrap_err();
    assert!(matches!(error, NetError::NotSafetensors { .. }), "{error}");
}

#[test]
fn foreign_safetensors_are_refused() {
    let data = [0u8; 8];
    let view =
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![2], &data).unwrap();
    let bytes = safetensors::serialize([("x", view)], None::<HashMap<String, String>>).unwrap();
    let error = Model::from_bytes("other.safetensors", &bytes).unwrap_err();
    assert!(matches!(error, NetError::Foreign { .. }), "{error}");
}

#[test]
fn a_missing_a_misshapen_and_an_extra_parameter_are_refused() {
    let mut missing = file();
    missing.parameters.pop();
    let mut misshapen = file();
    misshapen.parameters[0].shape.reverse();
    let mut extra = file();
    let mut copy = extra.parameters[0].clone();
    copy.name = "stranger".to_owned();
    extra.parameters.push(copy);
    for wrong in [missing, misshapen, extra] {
        let error = Model::from_bytes("wrong", &wrong.to_bytes()).unwrap_err();
        assert!(matches!(error, NetError::Foreign { .. }), "{error}");
    }
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let mut wrong = file();
    wrong.parameters[0].values[0] = f32::NAN;
    let error = Model::from_bytes("nan", &wrong.to_bytes()).unwrap_err();
    assert!(error.to_string().contains("not finite"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Model::open("no/such/file.safetensors".as_ref()).unwrap_err();
    assert!(
        error.to_string().contains("no/such/file.safetensors"),
        "{error}"
    );
}
