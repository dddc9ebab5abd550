//! Measurements of earlier runs, so that only what changed is computed again.

use super::files::{load, save};
use super::metric::Metric;
use super::report::Measured;
use casr_codec::write_whole;
use casr_metrics::RgbImage;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// To be raised when the same result would measure otherwise: a metric's definition, or what a
/// method does, has changed.
const REVISION: &str = "2";

/// A part of an image: corner and size.
pub type Region = ((usize, usize), (usize, usize));

/// A folder of measurements, a file each.
pub struct Cache {
    folder: Option<PathBuf>,
}

/// A measurement with the metrics that it was made for; some may not apply.
#[derive(Serialize, Deserialize)]
struct Entry {
    asked: BTreeSet<Metric>,
    measured: Measured,
}

impl Cache {
    /// A cache in `folder`, which is made; none remembers nothing.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(folder) = folder {
            fs::create_dir_all(folder).map_err(|error| {
                anyhow::anyhow!(
                    "{}: cannot be made ({error}); name another folder",
                    folder.display()
                )
            })?;
        }
        Ok(Self {
            folder: folder.map(Path::to_owned),
        })
    }

    /// The name of the measurement that all of `parts` decide.
    pub fn key(parts: &[&str]) -> String {
        let parts = [REVISION, env!("CARGO_PKG_VERSION")].iter().chain(parts);
        digest(
            parts
                .map(|part| format!("{}:{part}\n", part.len()))
                .collect::<String>()
                .as_bytes(),
        )
    }

    /// What was measured under a name, if it was for all of these metrics.
    pub fn load(&self, key: &str, metrics: &[Metric]) -> Option<Measured> {
        let text = fs::read(self.path(key)?).ok()?;
        let mut entry: Entry = serde_json::from_slice(&text).ok()?;
        if !metrics.iter().all(|metric| entry.asked.contains(metric)) {
            return None;
        }
        entry
            .measured
            .scores
            .retain(|metric, _| metrics.contains(metric));
        Some(entry.measured)
    }

    /// Keeps a measurement. Where it cannot be written it is made again next time.
    pub fn store(&self, key: &str, metrics: &[Metric], measured: &Measured) {
        let Some(path) = self.path(key) else { return };
        let entry = Entry {
            asked: metrics.iter().copied().collect(),
            measured: measured.clone(),
        };
        let _ = serde_json::to_vec(&entry).map(|bytes| write_whole(&path, &bytes));
    }

    /// The crop kept for a contact sheet under a name.
    pub fn load_crop(&self, key: &str, region: Region) -> Option<RgbImage> {
        load(&self.crop_path(key, region)?).ok()
    }

    /// Keeps a crop, if it can be written.
    pub fn store_crop(&self, key: &str, region: Region, image: &RgbImage) {
        if let Some(path) = self.crop_path(key, region) {
            let _ = save(image, &path);
        }
    }

    fn crop_path(&self, key: &str, region: Region) -> Option<PathBuf> {
        let ((left, top), (width, height)) = region;
        let name = format!("{key}-{left}-{top}-{width}-{height}.png");
        Some(self.folder.as_ref()?.join(name))
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{key}.json")))
    }
}

/// A digest of bytes, hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
