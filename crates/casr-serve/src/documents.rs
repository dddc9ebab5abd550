//! Answers in JSON that are the service's own.

use crate::settings::UploadSettings;
use serde::Serialize;
use utoipa::ToSchema;

/// Some images of the folder, and what the service offers.
#[derive(Serialize, ToSchema)]
pub struct Listing {
    pub images: Vec<ListedImage>,
    /// The name after which to go on; null at the end.
    pub next: Option<String>,
    /// The largest factor.
    pub max_factor: f64,
    /// The looks that have names, from the least error to the best look.
    pub looks: Vec<&'static str>,
    /// The look of identifiers that name none.
    pub default_look: String,
    /// What others may send; null where nobody may.
    pub uploads: Option<Uploads>,
}

/// An image of the folder.
#[derive(Serialize, ToSchema)]
pub struct ListedImage {
    /// Its identifier, encoded for a path.
    pub id: String,
    /// Its path below the folder.
    pub name: String,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

/// What others may send.
#[derive(Serialize, ToSchema)]
pub struct Uploads {
    /// How long it is kept.
    pub keep_seconds: u64,
    /// The most bytes of a file.
    pub max_bytes: u64,
    /// The most pixels of an image.
    pub max_pixels: u64,
}

impl From<&UploadSettings> for Uploads {
    fn from(settings: &UploadSettings) -> Self {
        Self {
            keep_seconds: settings.keep.as_secs(),
            max_bytes: settings.max_bytes,
            max_pixels: settings.max_pixels,
        }
    }
}

/// An image that was sent.
#[derive(Serialize, ToSchema)]
pub struct Upload {
    /// Its identifier. Whoever knows it can look at the image.
    pub id: String,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Seconds until it goes.
    pub expires_in: u64,
    /// Its image information.
    pub iiif: String,
    /// Its description in Deep Zoom.
    pub deep_zoom: String,
    /// The viewer's page of it.
    pub viewer: String,
}

/// What image information of the IIIF Image API 3.0 has at least.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the document has more, and is made elsewhere")]
pub struct ImageInformation {
    #[schema(rename = "@context")]
    context: String,
    /// The base URI of the image.
    id: String,
    #[schema(rename = "type")]
    kind: String,
    protocol: String,
    profile: String,
    /// Pixels across.
    width: usize,
    /// Pixels down.
    height: usize,
    /// The most pixels of an answer.
    #[schema(rename = "maxArea")]
    max_area: u64,
}
