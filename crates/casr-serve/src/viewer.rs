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

/// All of them. Each is served as `/viewer/NAME`.
pub static FILES: [ViewerFile; 1] = [ViewerFile {
    name: INDEX,
    content_type: "text/html; charset=utf-8",
    bytes: include_bytes!("../viewer/index.html"),
}];

static FINGERPRINTS: LazyLock<[Fingerprint; FILES.len()]> =
    LazyLock::new(|| FILES.each_ref().map(|file| Fingerprint::of([file.bytes])));

/// A file, and what its content is known by.
pub fn file(name: &str) -> Option<(&'static ViewerFile, Fingerprint)> {
    let index = FILES.iter().position(|file| file.name == name)?;
    Some((&FILES[index], FINGERPRINTS[index]))
}
