//! Measuring results against their truth.

use super::cache::digest;
use super::method::Made;
use super::metric::Metric;
use super::report::{Level, Measured};
use casr_metrics::{
    Architecture, Drift, Features, Lpips, MetricsError, NiqeModel, Protocol, RgbImage,
    SIFID_STAGES, STAGES, degrade, drift, drift_per_step, psnr_lr, psnr_rgb, psnr_y, sifid,
    ssim_rgb, ssim_y, texture_consistency, texture_consistency_with_input,
};
use casr_train::DegradationModel;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What PSNR over colours cuts off beyond the scale (the arbitrary-scale papers).
const COLOUR_BORDER: usize = 6;

/// What noise is drawn from.
const NOISE_SEED: u64 = 1;

/// The files of weights, and the metrics that need them.
const WEIGHTS: [(&str, &[Metric]); 3] = [
    ("lpips_alex.safetensors", &[Metric::LpipsAlex]),
    ("lpips_vgg.safetensors", &[Metric::LpipsVgg, Metric::Sifid]),
    ("niqe.safetensors", &[Metric::Niqe]),
];

/// A metric of two images at hand.
type Measurement<'a> = &'a dyn Fn() -> Result<f64, MetricsError>;

/// The metrics that are wanted, with what they need.
pub struct Meter {
    metrics: Vec<Metric>,
    alex: Option<Lpips>,
    vgg: Option<Lpips>,
    niqe: Option<NiqeModel>,
    identity: String,
}

/// An image to restore.
pub struct Task {
    /// The sizes.
    pub protocol: Protocol,
    /// The cropped image.
    pub truth: RgbImage,
    /// The shrunk image, degraded: what is enlarged.
    pub input: RgbImage,
    /// The shrunk image before that: what its enlargements are to be true to.
    clean: RgbImage,
    features: [Option<Features>; 2],
}

impl Meter {
    /// A meter with the weights in `folder`. Metrics whose weights are missing there are left out,
    /// with a remark for each file.
    ///
    /// # Errors
    /// A file of weights is there, but is none.
    pub fn new(
        wanted: &[Metric],
        folder: Option<&Path>,
    ) -> Result<(Self, Vec<String>), MetricsError> {
        let (mut found, mut remarks) = ([None, None, None], Vec::new());
        let mut missing: BTreeSet<Metric> = BTreeSet::new();
        for (place, (name, metrics)) in found.iter_mut().zip(WEIGHTS) {
            if !metrics.iter().any(|metric| wanted.contains(metric)) {
                continue;
            }
            *place = folder
                .map(|folder| folder.join(name))
                .filter(|path| path.is_file());
            if place.is_none() {
                missing.extend(metrics);
                let titles: Vec<&str> = metrics.iter().map(|metric| metric.title()).collect();
                let place = folder.map_or("no folder of weights".to_owned(), |folder| {
                    folder.display().to_string()
                });
                remarks.push(format!(
                    "{name} is missing ({place}), so {} is not measured; --metric-weights names the folder",
                    titles.join(" and ")
                ));
            }
        }
        let [alex, vgg, niqe] = &found;
        let lpips = |architecture, path: &Option<PathBuf>| {
            let path = path.as_deref();
            path.map(|path| Lpips::load(architecture, path)).transpose()
        };
        let meter = Self {
            metrics: (wanted.iter().copied())
                .filter(|metric| !missing.contains(metric))
                .collect(),
            alex: lpips(Architecture::AlexNet, alex)?,
            vgg: lpips(Architecture::Vgg16, vgg)?,
            niqe: niqe.as_deref().map(NiqeModel::load).transpose()?,
            identity: identity(&found),
        };
        Ok((meter, remarks))
    }

    /// Whether a folder has weights for metrics.
    pub fn has_weights(folder: &Path) -> bool {
        WEIGHTS.iter().any(|(name, _)| folder.join(name).is_file())
    }

    /// The metrics that can be computed.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// What, beside the images, decides the values: the files of weights.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    fn wants(&self, metric: Metric) -> bool {
        self.metrics.contains(&metric)
    }

    /// Measures what a method made of a task's input. A metric that the result is too small for, or
    /// whose value is not finite, is left out.
    ///
    /// # Errors
    /// The images do not belong together.
    pub fn measure(&self, task: &mut Task, made: &Made) -> Result<Measured, MetricsError> {
        let Some(result) = made.levels.last() else {
            return Err(MetricsError::Empty((0, 0)));
        };
        let mut scores = BTreeMap::new();
        let border = task.protocol.border;
        let truth = &task.truth;
        let simple: [(Metric, Measurement); 8] = [
            (Metric::PsnrY, &|| psnr_y(result, truth, border)),
            (Metric::SsimY, &|| ssim_y(result, truth, border)),
            (Metric::PsnrRgb, &|| {
                psnr_rgb(result, truth, border + COLOUR_BORDER)
            }),
            (Metric::SsimRgb, &|| ssim_rgb(result, truth, border)),
            (Metric::PsnrLr, &|| psnr_lr(result, &task.clean)),
            (Metric::Texture, &|| texture_consistency(result, truth, 0)),
            (Metric::TextureInput, &|| {
                texture_consistency_with_input(result, &task.clean)
            }),
            (Metric::DriftTruth, &|| {
                drift(truth, result, task.scale()).map(|drift| drift.rgb)
            }),
        ];
        for (metric, measure) in simple {
            if self.wants(metric) {
                // The PSNR of equal images is not finite.
                let score = applicable(measure())?.filter(|score| score.is_finite());
                scores.extend(score.map(|score| (metric, score)));
            }
        }
        if let Some(niqe) = &self.niqe {
            scores.extend(applicable(niqe.score(result, 0))?.map(|score| (Metric::Niqe, score)));
        }
        if let Some(alex) = &self.alex
            && let Some((ours, theirs)) =
                pair(alex, STAGES, result, &task.truth, &mut task.features[0])?
        {
            scores.insert(Metric::LpipsAlex, alex.distance(&ours, theirs)?);
        }
        let stages = if self.wants(Metric::LpipsVgg) {
            STAGES
        } else {
            SIFID_STAGES
        };
        if let Some(vgg) = &self.vgg
            && let Some((ours, theirs)) =
                pair(vgg, stages, result, &task.truth, &mut task.features[1])?
        {
            if self.wants(Metric::LpipsVgg) {
                scores.insert(Metric::LpipsVgg, vgg.distance(&ours, theirs)?);
            }
            if self.wants(Metric::Sifid) {
                scores.insert(Metric::Sifid, sifid(&ours, theirs)?);
            }
        }

        let mut chain = vec![task.clean.clone()];
        chain.extend(made.levels.iter().cloned());
        let drifts = drift_per_step(&chain)?;
        let mean = |part: fn(&Drift) -> f64| {
            drifts.iter().map(part).sum::<f64>() / drifts.len().max(1) as f64
        };
        for (metric, value) in [
            (Metric::Drift, mean(|drift| drift.rgb)),
            (Metric::DriftGradients, mean(|drift| drift.gradients)),
        ] {
            if self.wants(metric) {
                scores.insert(metric, value);
            }
        }
        let levels = made.levels.iter().zip(&drifts).map(|(level, drift)| {
            Ok(Level {
                width: level.width(),
                height: level.height(),
                psnr_y: task.fidelity(level)?,
                drift: drift.rgb,
                drift_gradients: drift.gradients,
            })
        });
        Ok(Measured {
            scores,
            seconds: made.seconds,
            peak_bytes: made.peak_bytes,
            levels: levels.collect::<Result<_, MetricsError>>()?,
        })
    }
}

impl Task {
    /// Crops and shrinks an image by the literature's protocol, and degrades it. Noise comes from
    /// one seed for all images.
    ///
    /// # Errors
    /// The image is too small for the scale, or cannot be degraded.
    pub fn new(
        image: &RgbImage,
        scale: f64,
        degradation: DegradationModel,
    ) -> anyhow::Result<Self> {
        let protocol = Protocol::new(image.size(), scale)?;
        let truth = image.crop((0, 0), protocol.truth)?;
        let clean = degrade(&truth, protocol.input)?;
        let input = if degradation == DegradationModel::default() {
            clean.clone()
        } else {
            degradation.apply(&clean, NOISE_SEED)?
        };
        Ok(Self {
            protocol,
            truth,
            input,
            clean,
            features: [None, None],
        })
    }

    /// How many times larger than the input the truth is, (x, y).
    fn scale(&self) -> (f64, f64) {
        let of = |truth: usize, input: usize| truth as f64 / input as f64;
        (
            of(self.truth.width(), self.input.width()),
            of(self.truth.height(), self.input.height()),
        )
    }

    /// PSNR of a level on luma, in dB, against the truth at its size; none for a level too small to
    /// measure.
    fn fidelity(&self, level: &RgbImage) -> Result<Option<f64>, MetricsError> {
        let truth = if level.size() == self.truth.size() {
            self.truth.clone()
        } else {
            degrade(&self.truth, level.size())?
        };
        let scale = level.width() as f64 / self.input.width() as f64;
        let border = (scale.ceil() as usize).min(self.protocol.border);
        let fidelity = applicable(psnr_y(level, &truth, border))?;
        Ok(fidelity.filter(|value| value.is_finite()))
    }
}

/// Features of the first stages of a result and of its truth; the latter are kept. None where the
/// image is too small.
fn pair<'a>(
    lpips: &Lpips,
    stages: usize,
    result: &RgbImage,
    truth: &RgbImage,
    kept: &'a mut Option<Features>,
) -> Result<Option<(Features, &'a Features)>, MetricsError> {
    if kept.is_none() {
        *kept = applicable(lpips.first_features(truth, stages))?;
    }
    match kept {
        Some(theirs) => Ok(Some((lpips.first_features(result, stages)?, theirs))),
        None => Ok(None),
    }
}

/// A score, or none where the image is too small for it.
fn applicable<T>(score: Result<T, MetricsError>) -> Result<Option<T>, MetricsError> {
    match score {
        Ok(score) => Ok(Some(score)),
        Err(MetricsError::TooSmall { .. } | MetricsError::TooFewBlocks { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Digests of files; one that cannot be read was refused before.
fn identity(files: &[Option<PathBuf>]) -> String {
    let contents = files.iter().map(|path| fs::read(path.as_ref()?).ok());
    contents
        .map(|content| content.map_or("none".to_owned(), |content| digest(&content)))
        .collect::<Vec<_>>()
        .join(" ")
}
