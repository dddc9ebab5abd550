//! The structure of the files, without an engine that runs them; `tests/engines.py` has some run
//! them.

use super::message::{Element, Graph, Length, Tensor};
use super::*;
use crate::Calibration;
use casr_net::{Degradation, NetworkConfig, Pixels};
use std::collections::HashSet;

fn small() -> Model {
    let config = NetworkConfig {
        channels: 4,
        blocks: 2,
        frequencies: 3,
        ..NetworkConfig::default()
    };
    Model::new(config, config.initial_parameters(3)).unwrap()
}

fn settings(factor: f64) -> Settings {
    Settings::new(crate::Ratio::of(factor).unwrap())
}

fn file(settings: &Settings, precision: Precision) -> message::Model {
    let bytes = onnx(&small(), settings, precision).unwrap();
    message::Model::decode(&*bytes).unwrap()
}

fn ranges(settings: &Settings) -> Ranges {
    let values: Vec<f32> = (0..16 * 12 * 3)
        .map(|i| (i * 37 % 101) as f32 / 100.0)
        .collect();
    let image = Pixels {
        height: 16,
        width: 12,
        values: &values,
    };
    let model = small();
    let mut calibration = Calibration::new(&model, settings);
    calibration.see(&image, (16, 12)).unwrap();
    calibration.ranges().unwrap()
}

/// Every value is made once, before it is read, and constants are as long as their shapes say.
fn check(graph: &Graph) {
    let mut known: HashSet<&str> = HashSet::new();
    for constant in &graph.constants {
        let values: i64 = constant.shape.iter().product();
        let width = match constant.element() {
            Element::U8 | Element::I8 => 1,
            Element::F16 => 2,
            Element::F32 | Element::I32 => 4,
            Element::I64 => 8,
            Element::None => panic!("{} has no type", constant.name),
        };
        assert_eq!(
            constant.bytes.len() as i64,
            values * width,
            "{}",
            constant.name
        );
        assert!(known.insert(&constant.name), "{} twice", constant.name);
    }
    for input in &graph.inputs {
        assert!(known.insert(&input.name), "{} twice", input.name);
    }
    let mut read = HashSet::new();
    for node in &graph.nodes {
        for input in &node.inputs {
            assert!(
                known.contains(input.as_str()),
                "{} reads {input}",
                node.name
            );
            read.insert(input.as_str());
        }
        for output in &node.outputs {
            assert!(known.insert(output), "{output} twice");
        }
    }
    for output in &graph.outputs {
        assert!(known.contains(output.name.as_str()));
        read.insert(&output.name);
    }
    let unread: Vec<&&str> = known.difference(&read).collect();
    assert!(unread.is_empty(), "nobody reads {unread:?}");
}

fn sides(value: &Value) -> Vec<Length> {
    let tensor = value.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
    let shape = tensor.and_then(|tensor| tensor.shape.as_ref()).unwrap();
    let sides = shape.sides.iter();
    sides.map(|side| side.length.clone().unwrap()).collect()
}

fn constant<'a>(graph: &'a Graph, name: &str) -> &'a Tensor {
    let mut constants = graph.constants.iter();
    constants.find(|constant| constant.name == name).unwrap()
}

#[test]
fn graphs_are_whole() {
    for factor in [1.0, 4.0 / 3.0, 1.5, 2.0, 2.25, 3.0, 4.0] {
        let mut settings = settings(factor);
        for origin in [
            settings.origin,
            Origin::Step,
            Origin::Image(Degradation {
                noise: 0.8,
                compression: 0.0,
            }),
        ] {
            settings.origin = origin;
            for size in [None, Some((24, 36))] {
                settings.size = size;
                let eight = Precision::Eight(ranges(&settings));
                for precision in [Precision::Single, Precision::Half, eight] {
                    let file = file(&settings, precision);
                    assert_eq!((file.ir_version, file.opset_import[0].version), (8, 17));
                    check(file.graph.as_ref().unwrap());
                }
            }
        }
    }
}

#[test]
fn sizes_are_dynamic_or_fixed() {
    let mut settings = settings(1.5);
    let graph = file(&settings, Precision::Single).graph.unwrap();
    let named = |name: &str| Length::Named(name.to_owned());
    let input = [
        named("batch"),
        Length::Fixed(3),
        named("height"),
        named("width"),
    ];
    assert_eq!(sides(&graph.inputs[0]), input);
    assert!(graph.nodes.iter().any(|node| node.operator == "Shape"));

    settings.size = Some((20, 30));
    let graph = file(&settings, Precision::Single).graph.unwrap();
    let output = [
        named("batch"),
        Length::Fixed(3),
        Length::Fixed(30),
        Length::Fixed(45),
    ];
    assert_eq!(sides(&graph.outputs[0]), output);
    // NPUs have no sizes to compute with.
    assert!(!graph.nodes.iter().any(|node| node.operator == "Shape"));
}

#[test]
fn a_degraded_image_is_not_anchored() {
    let anchored = |strength: f32| {
        let mut settings = settings(2.0);
        settings.origin = Origin::Image(Degradation {
            noise: strength,
            compression: 0.0,
        });
        let graph = file(&settings, Precision::Single).graph.unwrap();
        graph.nodes.iter().any(|node| node.name == "anchored")
    };
    assert!(anchored(0.2));
    assert!(!anchored(0.6));
}

#[test]
fn bodies_have_their_precision() {
    let settings = settings(2.0);
    let element = |precision: Precision, name: &str| {
        let graph = file(&settings, precision).graph.unwrap();
        constant(&graph, name).element()
    };
    let weights = "blocks.0.first.weights";
    assert_eq!(element(Precision::Single, weights), Element::F32);
    assert_eq!(element(Precision::Half, weights), Element::F16);
    let eight = Precision::Eight(ranges(&settings));
    assert_eq!(element(eight, "blocks.0.first.weights.eight"), Element::I8);
    // Colours stay single.
    assert_eq!(element(Precision::Half, "base.weights"), Element::F32);
}

#[test]
fn weights_of_eight_bits_stand_for_the_weights() {
    let settings = settings(2.0);
    let single = file(&settings, Precision::Single).graph.unwrap();
    let eight = file(&settings, Precision::Eight(ranges(&settings)))
        .graph
        .unwrap();
    let floats = |graph: &Graph, name: &str| -> Vec<f32> {
        let (numbers, _) = constant(graph, name).bytes.as_chunks::<4>();
        numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    };
    let name = "blocks.1.second.weights";
    let weights = floats(&single, name);
    let scales = floats(&eight, &format!("{name}.scale"));
    let whole = &constant(&eight, &format!("{name}.eight")).bytes;
    let row = weights.len() / scales.len();
    for (index, (weight, byte)) in weights.iter().zip(whole).enumerate() {
        let scale = scales[index / row];
        let value = f32::from(*byte as i8) * scale;
        assert!((weight - value).abs() <= 0.501 * scale, "{weight} {value}");
    }
}

#[test]
fn refusals_say_what_to_do() {
    let mut settings = settings(1.5);
    settings.size = Some((21, 30));
    let error = onnx(&small(), &settings, Precision::Single).unwrap_err();
    assert!(error.to_string().contains("multiples of 2"), "{error}");
    settings.size = Some((0, 30));
    let error = onnx(&small(), &settings, Precision::Single).unwrap_err();
    assert!(error.to_string().contains("65,536"), "{error}");

    let config = NetworkConfig {
        similarity: true,
        ..small().config()
    };
    let modules = Model::new(config, config.initial_parameters(1)).unwrap();
    settings.size = None;
    let error = onnx(&modules, &settings, Precision::Single).unwrap_err();
    assert!(error.to_string().contains("without modules"), "{error}");
    let calibration = Calibration::new(&modules, &settings).ranges().unwrap_err();
    assert!(calibration.to_string().contains("images"), "{calibration}");
}
