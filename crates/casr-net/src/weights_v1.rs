//! The first version of weights files: one network, in some of them with gains and shifts that turn
//! it towards a better look.

use crate::{
    config::NetworkConfig,
    parameters::Parameter,
    provenance::{FAITHFUL, Provenance, Run},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The value of the metadata key `format`.
pub(crate) const FORMAT: &str = "casr-network-1";

/// What the names of the gains, the shifts and the other head begin with.
const TURN: &str = "perception.";

/// The network's size as these files have it.
#[derive(Deserialize)]
struct Config {
    channels: usize,
    blocks: usize,
    frequencies: usize,
    #[serde(default)]
    alignment: bool,
    #[serde(default)]
    similarity: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Training {
    training: String,
    data: String,
    steps: u64,
    psnr: BTreeMap<String, f64>,
}

/// Size and provenance, from the metadata; the error is a reason.
pub(crate) fn metadata<'a>(
    entry: impl Fn(&str) -> &'a str,
) -> Result<(NetworkConfig, Provenance), String> {
    let config: Config =
        serde_json::from_str(entry("config")).map_err(|e| format!("config: {e}"))?;
    let training: Training =
        serde_json::from_str(entry("recipe")).map_err(|e| format!("recipe: {e}"))?;
    let config = NetworkConfig {
        channels: config.channels,
        blocks: config.blocks,
        frequencies: config.frequencies,
        alignment: config.alignment,
        similarity: config.similarity,
    };
    let run = Run {
        end: FAITHFUL.to_owned(),
        stage: training.training,
        steps: training.steps,
        ..Run::default()
    };
    let provenance = Provenance {
        data: training.data,
        runs: vec![run],
        quality: training.psnr,
    };
    Ok((config, provenance))
}

/// The values of both ends. What was made of gains, shifts and the other head at strength s was
/// linear in s, so the vivid end is what they make at strength 1.
pub(crate) fn ends(parameters: Vec<Parameter>) -> (Vec<Parameter>, Option<Vec<Parameter>>) {
    let (turn, parameters): (Vec<_>, Vec<_>) =
        (parameters.into_iter()).partition(|parameter| parameter.name.starts_with(TURN));
    let turn: BTreeMap<&str, &Parameter> = (turn.iter())
        .map(|parameter| (&parameter.name[TURN.len()..], parameter))
        .collect();
    if turn.is_empty() {
        return (parameters, None);
    }
    let mut vivid = parameters.clone();
    for parameter in &mut vivid {
        let (layer, is_bias) = match parameter.name.rsplit_once('.') {
            Some((layer, "bias")) => (layer.to_owned(), true),
            Some((layer, "weights")) => (layer.to_owned(), false),
            _ => continue,
        };
        if layer == "head.coefficients" {
            let other = format!("head.{}", if is_bias { "bias" } else { "weights" });
            let other = turn.get(other.as_str());
            let values = other.map_or([].as_slice(), |other| &other.values);
            for (value, other) in parameter.values.iter_mut().zip(values) {
                *value += other;
            }
        } else if let Some(index) = body_index(&layer, &parameters) {
            let channels = parameter.shape.last().copied().unwrap_or(1).max(1);
            let row = |name: &str| {
                let values = turn.get(name).map_or([].as_slice(), |turn| &turn.values);
                values.chunks(channels).nth(index).unwrap_or_default()
            };
            let (gains, shifts) = (row("gains"), row("shifts"));
            for values in parameter.values.chunks_mut(channels) {
                for (value, gain) in values.iter_mut().zip(gains) {
                    *value *= 1.0 + gain;
                }
                if is_bias {
                    for (value, shift) in values.iter_mut().zip(shifts) {
                        *value += shift;
                    }
                }
            }
        }
    }
    (parameters, Some(vivid))
}

/// The place of a layer among the convolutions of the body.
fn body_index(layer: &str, parameters: &[Parameter]) -> Option<usize> {
    const LAYERS: [&str; 3] = ["first", "second", "third"];
    if layer == "body" {
        let thirds = parameters
            .iter()
            .filter(|p| p.name.ends_with(".third.bias"));
        return Some(LAYERS.len() * thirds.count());
    }
    let (block, within) = layer.strip_prefix("blocks.")?.split_once('.')?;
    let within = LAYERS.iter().position(|name| *name == within)?;
    Some(LAYERS.len() * block.parse::<usize>().ok()? + within)
}
