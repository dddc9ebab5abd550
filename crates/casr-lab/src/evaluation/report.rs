//! What an evaluation found: figures for every result, and what could not be measured.

use super::metric::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The command line that made it.
    pub command: String,
    /// Names of the image sets, in order.
    pub sets: Vec<String>,
    /// Scales, in order.
    pub scales: Vec<f64>,
    /// Names of the methods, in order.
    pub methods: Vec<String>,
    /// Trained values of the network of each method that has one.
    pub parameters: BTreeMap<String, usize>,
    /// Wanted metrics that can be computed, in order.
    pub metrics: Vec<Metric>,
    /// A record for every result that was measured.
    pub records: Vec<Record>,
    /// What went wrong.
    pub failures: Vec<Failure>,
    /// Images too small for a scale.
    pub left_out: Vec<LeftOut>,
    /// Remarks, such as which metric is switched off, and why.
    pub remarks: Vec<String>,
}

/// One method on one image at one scale.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The image set.
    pub set: String,
    /// The image's file name.
    pub image: String,
    /// The scale.
    pub scale: f64,
    /// The method's name.
    pub method: String,
    /// What was measured.
    #[serde(flatten)]
    pub measured: Measured,
}

/// What is measured of one result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Values of the metrics that the result is large enough for.
    pub scores: BTreeMap<Metric, f64>,
    /// Time that the enlargement took, seconds.
    pub seconds: f64,
    /// The most memory that it took at a time, bytes; none where the system does not say.
    pub peak_bytes: Option<u64>,
    /// Every level that the method made, the result last.
    pub levels: Vec<Level>,
}

impl Measured {
    /// Pixels of the result.
    fn pixels(&self) -> f64 {
        (self.levels.last()).map_or(0.0, |level| level.width as f64 * level.height as f64)
    }
}

/// A level on the way to a result.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Level {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// PSNR on luma in dB against the truth shrunk to the level's size.
    pub psnr_y: Option<f64>,
    /// Drift of colours from the level below, nats.
    pub drift: f64,
    /// Drift of gradients from the level below, nats.
    pub drift_gradients: f64,
}

/// A result that was not to be had or not to be measured.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The image set.
    pub set: String,
    /// The image's file name.
    pub image: String,
    /// The scale; none where the image could not be read.
    pub scale: Option<f64>,
    /// The method; none where the image is to blame.
    pub method: Option<String>,
    /// What happened.
    pub message: String,
}

/// Images of a set that are too small for a scale.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// The image set.
    pub set: String,
    /// The scale.
    pub scale: f64,
    /// How many images.
    pub images: usize,
}

/// Means of a method over the images of a set at a scale.
#[derive(Clone, Debug)]
pub struct Means {
    /// Images with a result.
    pub images: usize,
    /// Mean of every metric over the images that have it.
    pub scores: BTreeMap<Metric, f64>,
    /// Time for a megapixel of results, seconds.
    pub seconds_per_megapixel: f64,
    /// The largest of the images' peaks, bytes.
    pub peak_bytes: Option<u64>,
    /// Mean of every level, as long as all images have as many.
    pub levels: Vec<MeanLevel>,
}

/// Mean of a level over images.
#[derive(Clone, Copy, Debug)]
pub struct MeanLevel {
    /// Scale from the input.
    pub scale: f64,
    /// PSNR on luma, dB.
    pub psnr_y: Option<f64>,
    /// Drift of colours, nats.
    pub drift: f64,
    /// Drift of gradients, nats.
    pub drift_gradients: f64,
}

impl Report {
    /// The means of a method over a set at a scale; none without a result.
    pub fn means(&self, set: &str, scale: f64, method: &str) -> Option<Means> {
        let records = || {
            self.records.iter().filter(|record| {
                record.set == set && record.scale == scale && record.method == method
            })
        };
        let images = records().count();
        if images == 0 {
            return None;
        }
        let scores = self.metrics.iter().filter_map(|&metric| {
            let values = records().filter_map(|record| record.measured.scores.get(&metric));
            Some((metric, mean(values.copied())?))
        });
        let steps = records().map(|record| record.measured.levels.len());
        let same = steps.clone().min() == steps.clone().max();
        let count = if same { steps.min().unwrap_or(0) } else { 0 };
        let levels = (0..count).filter_map(|index| {
            let part = |value: fn(&Level) -> Option<f64>| {
                mean(records().filter_map(|record| value(&record.measured.levels[index])))
            };
            let scales = records().map(|record| {
                let levels = &record.measured.levels;
                let last = levels.last().map_or(1, |level| level.width);
                scale * levels[index].width as f64 / last as f64
            });
            Some(MeanLevel {
                scale: mean(scales)?,
                psnr_y: part(|level| level.psnr_y),
                drift: part(|level| Some(level.drift))?,
                drift_gradients: part(|level| Some(level.drift_gradients))?,
            })
        });
        let seconds: f64 = records().map(|record| record.measured.seconds).sum();
        let pixels: f64 = records().map(|record| record.measured.pixels()).sum();
        Some(Means {
            images,
            scores: scores.collect(),
            seconds_per_megapixel: seconds / pixels * 1e6,
            peak_bytes: records()
                .filter_map(|record| record.measured.peak_bytes)
                .max(),
            levels: levels.collect(),
        })
    }
}

/// Mean of the finite values; none without any.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0);
    for value in values.filter(|value| value.is_finite()) {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / f64::from(count))
}
