//! The structure of the files, without ncnn; `tests/engines.py` has it run them.

use super::*;
use crate::Ratio;
use casr_net::NetworkConfig;
use std::collections::HashSet;

fn model() -> Model {
    let config = NetworkConfig {
        channels: 4,
        blocks: 2,
        frequencies: 3,
        ..NetworkConfig::default()
    };
    Model::new(config, config.initial_parameters(3)).unwrap()
}

#[test]
fn networks_are_whole() {
    for factor in [1.0, 2.0, 3.0, 4.0] {
        for half in [false, true] {
            let settings = Settings::new(Ratio::of(factor).unwrap());
            let made = ncnn(&model(), &settings, half).unwrap();
            let mut lines = made.layers.lines();
            assert_eq!(lines.next(), Some("7767517"));
            let counts = lines.next().unwrap();
            let (mut layers, mut values, mut bytes) = (0, HashSet::new(), 0);
            let mut waiting = HashSet::new();
            for line in lines {
                layers += 1;
                let words: Vec<&str> = line.split_whitespace().collect();
                let count = |word: usize| words[word].parse::<usize>().unwrap();
                let (inputs, outputs) = (count(2), count(3));
                for input in &words[4..4 + inputs] {
                    // Every value is read once.
                    assert!(waiting.remove(input), "{line}");
                }
                for output in &words[4 + inputs..4 + inputs + outputs] {
                    assert!(values.insert(*output), "{line}");
                    waiting.insert(*output);
                }
                // What realesrgan-ncnn-vulkan has of ncnn's layers.
                let known = [
                    "Input",
                    "Split",
                    "Convolution",
                    "BinaryOp",
                    "Crop",
                    "Padding",
                    "PixelShuffle",
                ];
                assert!(known.contains(&words[0]), "{line}");
                if words[0] == "Convolution" {
                    let setting = |key: &str| {
                        let mut words = words.iter();
                        let value = words.find_map(|word| word.strip_prefix(key)).unwrap();
                        value.parse::<usize>().unwrap()
                    };
                    let layer = words[1];
                    let body = layer.starts_with("blocks") || ["encoder", "body"].contains(&layer);
                    let width = if half && body { 2 } else { 4 };
                    bytes += 4 + (setting("6=") * width).next_multiple_of(4) + 4 * setting("0=");
                }
            }
            assert_eq!(waiting.into_iter().collect::<Vec<_>>(), ["output"]);
            assert_eq!(counts, format!("{layers} {}", values.len()));
            assert_eq!(made.weights.len(), bytes);
        }
    }
}

#[test]
fn refusals_say_what_to_do() {
    let mut settings = Settings::new(Ratio::of(1.5).unwrap());
    let error = ncnn(&model(), &settings, false).unwrap_err().to_string();
    assert!(
        error.contains("3/2") && error.contains("2, 3 or 4"),
        "{error}"
    );
    settings = Settings {
        size: Some((32, 32)),
        ..Settings::new(Ratio::of(2.0).unwrap())
    };
    let error = ncnn(&model(), &settings, false).unwrap_err().to_string();
    assert!(error.contains("any size"), "{error}");
}
