//! The viewer's files, which are in the program.

use crate::answers::Fingerprint;
use std::sync::LazyLock;

/// A file of the viewer.
pub struct ViewerFile {
    pub name: &'static str,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

/// The page at `/`.
pub const INDEX: &str = "index.html";

/// Where the page may take scripts, styles and pictures from: only from here, and pictures of its
/// own making.
pub const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

macro_rules! files {
    ($($name:literal: $content_type:ident,)*) => {
        [$(ViewerFile {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../viewer/", $name)),
        }),*]
    };
}

/// All of them. Each is served as `/viewer/NAME`.
static FILES: [ViewerFile; 19] = files! {
    "index.html": HTML,
    "icon.svg": SVG,
    "viewer.css": CSS,
    "viewer.js": SCRIPT,
    "gallery.css": CSS,
    "gallery.js": SCRIPT,
    "picture.css": CSS,
    "picture.js": SCRIPT,
    "tiles.js": SCRIPT,
    "split.js": SCRIPT,
    "overview.js": SCRIPT,
    "download.js": SCRIPT,
    "upload.css": CSS,
    "upload.js": SCRIPT,
    "keys.js": SCRIPT,
    "link.js": SCRIPT,
    "server.js": SCRIPT,
    "openseadragon.min.js": SCRIPT,
    "openseadragon.LICENSE.txt": TEXT,
};

static FINGERPRINTS: LazyLock<[Fingerprint; FILES.len()]> =
    LazyLock::new(|| FILES.each_ref().map(|file| Fingerprint::of([file.bytes])));

/// A file, and what its content is known by.
pub fn file(name: &str) -> Option<(&'static ViewerFile, Fingerprint)> {
    let index = FILES.iter().position(|file| file.name == name)?;
    Some((&FILES[index], FINGERPRINTS[index]))
}
