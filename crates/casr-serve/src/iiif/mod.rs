//! The IIIF Image API 3.0 (<https://iiif.io/api/image/3.0/>): requests and image information.

pub mod info;
pub mod parameters;
pub mod resolve;

/// The compliance level, by its document.
pub const PROFILE: &str = "http://iiif.io/api/image/3/level2.json";
