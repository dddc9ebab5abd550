//! What a service may do.

use casr_codec::Limits;
use casr_zoom::Strength;
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// The looks that have names, from the least error to the best look.
pub(crate) const LOOKS: [(&str, Strength); 3] = [
    ("faithful", Strength::NONE),
    ("balanced", Strength::HALF),
    ("vivid", Strength::FULL),
];

/// The largest factor of any service: what the network was trained through.
pub const LARGEST_FACTOR: f64 = 64.0;

/// The longest side of an answer, in pixels: the most that a WebP file holds.
pub const LARGEST_SIDE: usize = 16_383;

/// The fewest pixels that the largest answer may have: a tile.
pub const SMALLEST_AREA: u64 = 512 * 512;

/// What a service serves, where, and within which bounds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of images. What lies outside, and what is hidden, is not served.
    pub folder: PathBuf,
    /// Where to listen; port 0 is any that is free.
    pub listen: SocketAddr,
    /// What clients must send as `Authorization: Bearer …`; none where everybody may ask. Only
    /// [`/health`](crate) is free then.
    pub token: Option<String>,
    /// How the service is called from outside, such as `https://example.org/zoom`, for the URLs in
    /// its answers; where it is none, each request's own headers say so.
    pub base_url: Option<String>,
    /// The look of identifiers that name none.
    pub look: Strength,
    /// The largest factor, up to [`LARGEST_FACTOR`].
    pub max_factor: f64,
    /// The most pixels of an answer, from [`SMALLEST_AREA`] on.
    pub max_area: u64,
    /// What is too large to be read.
    pub limits: Limits,
    /// Bytes of images, tiles and answers that are kept in memory.
    pub memory: u64,
    /// Where answers are kept between runs; none where they are not.
    pub cache: Option<PathBuf>,
    /// Bytes of answers that are kept there.
    pub cache_size: u64,
    /// The most requests that wait for a thread of their kind.
    pub queue: usize,
    /// How long a request may wait and be worked on.
    pub deadline: Duration,
    /// What a request should take: where more is expected, its pixels come about by larger or fewer
    /// steps, and the best follow when there is time. None where all are to be the best.
    pub latency: Option<Duration>,
    /// Enlargements at work at a time. All of them share the threads of one pool.
    pub workers: usize,
    /// The most connections.
    pub connections: usize,
    /// How long a connection may be idle, send a header, send nothing of a body, or take none of an
    /// answer.
    pub idle: Duration,
    /// What others may send; none where nobody may.
    pub uploads: Option<UploadSettings>,
}

/// What others may send: images to be looked at, and images to be enlarged.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// How long images are kept that were sent to be looked at.
    pub keep: Duration,
    /// Bytes that all that was sent may take on the disk.
    pub room: u64,
    /// The most bytes of a file.
    pub max_bytes: u64,
    /// The most pixels of an image.
    pub max_pixels: u64,
    /// Images at work at a time, from their first byte to the last of the answer.
    pub at_once: usize,
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            keep: Duration::from_secs(60 * 60),
            room: 1 << 30,
            max_bytes: 64 << 20,
            max_pixels: 1 << 26,
            at_once: 16,
        }
    }
}

impl Settings {
    /// The default settings for a folder: loopback, and what a machine of some gigabytes has to
    /// spare.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8417)),
            token: None,
            base_url: None,
            look: Strength::FULL,
            max_factor: LARGEST_FACTOR,
            max_area: 1 << 24,
            limits: Limits::default(),
            memory: 1 << 30,
            cache: None,
            cache_size: 4 << 30,
            queue: 256,
            deadline: Duration::from_secs(120),
            latency: None,
            workers: 2,
            connections: 1024,
            idle: Duration::from_secs(30),
            uploads: None,
        }
    }
}

/// A look by its name, or by its number from 0, faithful, to 1, vivid; to hundredths, since finer
/// steps cannot be seen and each look has tiles of its own.
pub(crate) fn parse_look(text: &str) -> Option<Strength> {
    if let Some((_, look)) = LOOKS.iter().find(|(name, _)| *name == text) {
        return Some(*look);
    }
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f32 = is_number.then(|| text.parse().ok()).flatten()?;
    Strength::new((number * 100.0).round() / 100.0).ok()
}

/// The name of a look, or its number.
pub(crate) fn look_name(look: Strength) -> String {
    match LOOKS.iter().find(|(_, named)| *named == look) {
        Some((name, _)) => (*name).to_owned(),
        None => look.to_string(),
    }
}
