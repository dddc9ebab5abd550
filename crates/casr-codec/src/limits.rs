//! How large an image may claim to be before any memory is given to it.

use crate::read::Fault;

/// ICC profile, EXIF and XMP above this many bytes are taken for an attack.
pub(crate) const METADATA_BYTES: usize = 64 << 20;

/// Bounds on what [`read`](crate::read) and [`probe`](crate::probe) accept, against decompression
/// bombs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels an image may have. The default, 2²⁸ (268 million), takes every camera of
    /// today and at worst 5 GiB of memory while a 16-bit RGBA file is read.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 1 << 28,
        }
    }
}

impl Limits {
    /// Checks a size that a header claims.
    pub(crate) fn check(&self, width: u64, height: u64) -> Result<(), Fault> {
        if width == 0 || height == 0 {
            return Err(Fault::NoPixels { width, height });
        }
        match width.checked_mul(height) {
            Some(pixels) if pixels <= self.max_pixels => Ok(()),
            _ => Err(Fault::TooManyPixels {
                width,
                height,
                limit: self.max_pixels,
            }),
        }
    }
}
