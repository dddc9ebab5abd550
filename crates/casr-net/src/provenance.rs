//! Where the values of a weights file come from, for people and for programs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a network was trained, and how good it is; JSON in the metadata of its file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The images it saw.
    pub data: String,
    /// The runs that led to it, first to last.
    pub runs: Vec<Run>,
    /// Measured quality, such as "Set5 x4" → 31.3 dB.
    pub quality: BTreeMap<String, f64>,
}

/// One run of a trainer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// The end that it trained: "faithful" or "vivid".
    pub end: String,
    /// What was run.
    pub stage: String,
    /// On what machine.
    pub device: String,
    /// Optimizer steps.
    pub steps: u64,
    /// How long it took, in seconds; 0 where nobody knows.
    pub seconds: f64,
    /// What the trainer was given.
    pub settings: BTreeMap<String, serde_json::Value>,
}

impl Provenance {
    /// Optimizer steps of all runs.
    pub fn steps(&self) -> u64 {
        self.runs.iter().map(|run| run.steps).sum()
    }
}

/// The name of the end with the least error in [`Run::end`].
pub const FAITHFUL: &str = "faithful";
