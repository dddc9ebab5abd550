//! How much memory a piece of work takes at a time.

use crate::ALLOCATOR;
use peakmem_alloc::PeakMemAllocTrait;
use std::fs;

/// Counts from here what is taken beyond what the program holds now.
pub fn start() {
    ALLOCATOR.reset_peak_memory();
}

/// The most that was taken at a time since [`start`], bytes.
pub fn taken() -> u64 {
    ALLOCATOR.get_peak_memory() as u64
}

/// The most memory that another process has held, bytes; none anywhere but on Linux.
pub fn peak_of(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mut lines = status.lines();
    let peak = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}
