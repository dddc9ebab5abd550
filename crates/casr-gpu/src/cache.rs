//! Compiled kernels on disk, where the driver lets programs keep them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a file of ours begins with; a checksum and the data follow.
const MAGIC: &[u8; 8] = b"CASRGPU1";

/// The driver's cache of pipelines and its file.
#[derive(Debug)]
pub(crate) struct DiskCache {
    file: PathBuf,
    cache: wgpu::PipelineCache,
    /// The checksum of what the file holds.
    stored: Mutex<Option<u64>>,
}

impl DiskCache {
    /// The cache of a device in a folder; none where the backend has no such thing.
    pub fn open(device: &wgpu::Device, info: &wgpu::AdapterInfo, folder: &Path) -> Option<Self> {
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let file = folder.join(wgpu::util::pipeline_cache_key(info)?);
        let data = read(&file);
        Some(Self {
            cache: create(device, data.as_deref()),
            stored: Mutex::new(data.map(|data| checksum(&data))),
            file,
        })
    }

    /// For the descriptors of pipelines.
    pub fn pipelines(&self) -> &wgpu::PipelineCache {
        &self.cache
    }

    /// Writes what the driver has learnt since. A failure costs the next start some time and is no
    /// error.
    pub fn store(&self) {
        let Some(data) = self.cache.get_data() else {
            return;
        };
        let sum = checksum(&data);
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        if *stored != Some(sum) && write(&self.file, sum, &data).is_ok() {
            *stored = Some(sum);
        }
    }
}

#[expect(
    unsafe_code,
    reason = "wgpu marks the function unsafe because a driver may trust the data blindly"
)]
fn create(device: &wgpu::Device, data: Option<&[u8]>) -> wgpu::PipelineCache {
    let descriptor = wgpu::PipelineCacheDescriptor {
        label: None,
        data,
        // Data of another driver or version begin an empty cache.
        fallback: true,
    };
    // SAFETY: the data come from `PipelineCache::get_data`: `read` gives nothing but what `write`
    // has written, whole and with a checksum that holds. wgpu itself compares the device and the
    // driver's version in them with this one's.
    unsafe { device.create_pipeline_cache(&descriptor) }
}

/// The data in a file of ours; none if it is missing, truncated, changed, or another program's.
fn read(file: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(file).ok()?;
    let (sum, data) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
    (u64::from_le_bytes(*sum) == checksum(data)).then(|| data.to_vec())
}

/// Writes a file beside its place and moves it there, so that nobody reads half of it.
fn write(file: &Path, sum: u64, data: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let unfinished = file.with_extension(format!("{}.unfinished", std::process::id()));
    let written = std::fs::File::create(&unfinished).and_then(|mut output| {
        output.write_all(MAGIC)?;
        output.write_all(&sum.to_le_bytes())?;
        output.write_all(data)
    });
    let moved = written.and_then(|()| std::fs::rename(&unfinished, file));
    if moved.is_err() {
        // It may never have been made.
        std::fs::remove_file(&unfinished).ok();
    }
    moved
}

/// FNV-1a, 64 bits: against accidents, which is all that a folder of the user's own needs.
fn checksum(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
