//! Weights files: what is written is read, and what is not a whole CASR network is refused by name.

use casr_net::{
    FAITHFUL, Model, NetError, NetworkConfig, Parameter, Provenance, Run, WeightsFile, mix_of_look,
};
use std::collections::HashMap;

const CONFIG: NetworkConfig = NetworkConfig {
    channels: 5,
    blocks: 2,
    frequencies: 3,
    alignment: true,
    similarity: true,
};

fn file() -> WeightsFile {
    WeightsFile {
        config: CONFIG,
        provenance: Provenance {
            data: "noise".to_owned(),
            runs: vec![Run {
                end: FAITHFUL.to_owned(),
                stage: "none".to_owned(),
                steps: 7,
                settings: [("seed".to_owned(), 1.into())].into(),
                ..Run::default()
            }],
            quality: [("Set5 x4".to_owned(), 28.4)].into(),
        },
        parameters: CONFIG.initial_parameters(1),
        vivid: None,
    }
}

/// With another network as its vivid end.
fn two_ends() -> WeightsFile {
    let vivid = CONFIG.initial_parameters(2);
    WeightsFile {
        vivid: Some(vivid),
        ..file()
    }
}

/// Every value of `written` is in `read`, to half precision.
#[track_caller]
fn assert_kept(written: &[Parameter], mut read: Vec<Parameter>) {
    for parameter in written {
        let index = read.iter().position(|p| p.name == parameter.name).unwrap();
        let other = read.swap_remove(index);
        assert_eq!(other.shape, parameter.shape);
        for (a, b) in parameter.values.iter().zip(&other.values) {
            assert!(
                (a - b).abs() <= a.abs() * 1e-3 + 1e-7,
                "{}: {a} {b}",
                parameter.name
            );
        }
    }
    assert!(read.is_empty());
}

#[test]
fn round_trip_keeps_everything_to_half_precision() {
    for written in [file(), two_ends()] {
        let read = WeightsFile::from_bytes("test", &written.to_bytes()).unwrap();
        assert_eq!(read.config, written.config);
        assert_eq!(read.provenance, written.provenance);
        CONFIG.arrange("test", &read.parameters).unwrap();
        assert_kept(&written.parameters, read.parameters);
        match (written.vivid, read.vivid) {
            (Some(written), Some(read)) => assert_kept(&written, read),
            (written, read) => assert!(written.is_none() && read.is_none()),
        }
    }
}

#[test]
fn a_look_lies_between_the_ends() {
    let file = two_ends();
    let model = Model::from_bytes("two ends", &file.to_bytes()).unwrap();
    assert!(model.has_looks());
    let values = |look: f32| model.with_look(look).parameters();
    let (faithful, vivid) = (values(0.0), values(1.0));
    assert_kept(&file.parameters, faithful.clone());
    assert_kept(file.vivid.as_ref().unwrap(), vivid.clone());
    for look in [0.2, 0.5, 0.8] {
        let mix = mix_of_look(look);
        assert!(mix > look && mix < 1.0);
        let ends = faithful.iter().zip(&vivid);
        for (mixed, (faithful, vivid)) in values(look).iter().zip(ends) {
            for (index, value) in mixed.values.iter().enumerate() {
                let (own, other) = (faithful.values[index], vivid.values[index]);
                assert!((value - (own + mix * (other - own))).abs() < 1e-6);
            }
        }
    }
    // From wherever a look was, the next one is the same.
    let twice = model.with_look(0.9).with_look(0.2);
    assert_eq!(twice.parameters(), values(0.2));
}

#[test]
fn a_model_of_one_network_has_one_look() {
    let model = Model::from_bytes("one end", &file().to_bytes()).unwrap();
    assert!(!model.has_looks());
    assert_eq!(model.with_look(1.0).parameters(), model.parameters());
}

/// A file as the first version had it; a network that could be turned towards a better look by
/// gains, shifts and another head.
fn first_version(turn: bool) -> (Vec<Parameter>, Vec<u8>) {
    let plain = NetworkConfig {
        channels: 4,
        blocks: 2,
        frequencies: 2,
        ..NetworkConfig::default()
    };
    let parameters = plain.initial_parameters(1);
    let mut all = parameters.clone();
    let mut add = |name: &str, shape: &[usize]| {
        let values = (0..shape.iter().product()).map(|i: usize| (i % 7) as f32 / 8.0);
        all.push(Parameter {
            name: format!("perception.{name}"),
            shape: shape.to_vec(),
            values: values.collect(),
        });
    };
    if turn {
        add("gains", &[7, 4]);
        add("shifts", &[7, 4]);
        add("head.weights", &[1, 1, 4, 15]);
        add("head.bias", &[15]);
    }
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = (all.into_iter())
        .map(|p| {
            let bytes = p.values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (p.name, p.shape, bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes);
        (name, view.unwrap())
    });
    let config = r#"{"channels":4,"blocks":2,"frequencies":2,"alignment":false,"similarity":false,"perception":true}"#;
    let recipe = r#"{"training":"ten steps","data":"noise","steps":10,"psnr":{"Set5 x4":30.5}}"#;
    let metadata = [
        ("format", "casr-network-1"),
        ("config", config),
        ("recipe", recipe),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let file = safetensors::serialize(views, Some(HashMap::from(metadata))).unwrap();
    (parameters, file)
}

#[test]
fn files_of_the_first_version_are_read() {
    let (parameters, bytes) = first_version(false);
    let file = WeightsFile::from_bytes("old", &bytes).unwrap();
    assert_kept(&parameters, file.parameters);
    assert!(file.vivid.is_none());
    assert_eq!(file.provenance.steps(), 10);
    assert_eq!(file.provenance.runs[0].stage, "ten steps");
    assert_eq!(file.provenance.quality["Set5 x4"], 30.5);
}

#[test]
fn a_turn_of_the_first_version_becomes_the_vivid_end() {
    let (parameters, bytes) = first_version(true);
    let file = WeightsFile::from_bytes("old", &bytes).unwrap();
    assert_kept(&parameters, file.parameters);
    let vivid = file.vivid.unwrap();
    let value = |parameters: &[Parameter], name: &str, index: usize| {
        parameters.iter().find(|p| p.name == name).unwrap().values[index]
    };
    // Of the fifth convolution of the body, channel 2: gain and shift are the 18th of 0, 1/8, …
    // 6/8.
    let turned = (4 * 4 + 2) % 7;
    let gain = 1.0 + turned as f32 / 8.0;
    let (weights, bias) = ("blocks.1.second.weights", "blocks.1.second.bias");
    let expected = value(&parameters, weights, 4 * 5 + 2) * gain;
    assert!((value(&vivid, weights, 4 * 5 + 2) - expected).abs() < 1e-6);
    let expected = value(&parameters, bias, 2) * gain + turned as f32 / 8.0;
    assert!((value(&vivid, bias, 2) - expected).abs() < 1e-6);
    let (head, last) = ("head.coefficients.weights", "body.bias");
    let expected = value(&parameters, head, 9) + 2.0 / 8.0;
    assert!((value(&vivid, head, 9) - expected).abs() < 1e-6);
    let turned = (6 * 4 + 1) % 7;
    let expected = value(&parameters, last, 1) * (1.0 + turned as f32 / 8.0) + turned as f32 / 8.0;
    assert!((value(&vivid, last, 1) - expected).abs() < 1e-6);
    let encoder = value(&parameters, "encoder.weights", 0);
    assert_eq!(value(&vivid, "encoder.weights", 0), encoder);
    Model::from_bytes("old", &bytes).unwrap();
}

#[test]
fn the_embedded_network_is_sound_and_small() {
    let model = Model::embedded().unwrap();
    assert!(
        model.parameter_count() <= 500_000,
        "{}",
        model.parameter_count()
    );
    let provenance = model.provenance();
    assert!(model.has_looks() && provenance.steps() > 0);
    assert!(!provenance.quality.is_empty() && !provenance.data.is_empty());
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
    let mut half = two_ends();
    half.vivid.as_mut().unwrap().pop();
    for wrong in [missing, misshapen, extra, half] {
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

#[test]
fn first_values_are_those_of_the_seed() {
    let first = CONFIG.initial_parameters(1);
    assert_eq!(first, CONFIG.initial_parameters(1));
    assert_ne!(first, CONFIG.initial_parameters(2));
    let count: usize = first.iter().map(|parameter| parameter.values.len()).sum();
    assert_eq!(count, CONFIG.parameter_count());
    // He initialisation: the deviation of the largest convolution's weights is that of its inputs.
    let large = NetworkConfig::default().initial_parameters(3);
    let weights = large.iter().find(|p| p.name == "blocks.2.second.weights");
    let values = &weights.unwrap().values;
    let mean_square = values.iter().map(|v| f64::from(v * v)).sum::<f64>() / values.len() as f64;
    let expected = 2.0 / (9.0 * 48.0);
    assert!((mean_square / expected - 1.0).abs() < 0.05, "{mean_square}");
}

#[test]
fn fresh_modules_may_fill_what_a_file_lacks() {
    let plain = NetworkConfig {
        alignment: false,
        similarity: false,
        ..CONFIG
    };
    let (values, fresh) = (plain.initial_parameters(4), CONFIG.initial_parameters(5));
    let extended = CONFIG.extend("plain", &values, fresh.clone()).unwrap();
    for parameter in &extended {
        let own = values.iter().find(|p| p.name == parameter.name);
        let other = fresh.iter().find(|p| p.name == parameter.name);
        assert_eq!(Some(parameter), own.or(other));
    }
    assert!(CONFIG.arrange("plain", &values).is_err());
    assert!(plain.extend("all", &fresh, values).is_err());
}
