//! Files made and read by the reference programs of each format, against this crate's reading and
//! writing of them: libjpeg-turbo's, libtiff's, Netpbm's, libwebp's and libvips's programs,
//! pngcheck, ExifTool and Pillow. `.ci/run` installs them; a test whose programs are missing says
//! so and passes, but fails where `CASR_REQUIRE_TOOLS` is set.
#![cfg(feature = "formats")]

#[path = "../common/mod.rs"]
mod common;
mod jpeg;
mod metadata;
mod png;
mod programs;
mod tiff;
mod vips;
mod webp;

use casr_codec::{ColourChunk, Metadata, Resolution, Text, Unit};

/// Metadata of every kind.
fn described() -> Metadata {
    let text = |keyword: &str, text: &str| Text {
        keyword: keyword.into(),
        text: text.into(),
        ..Text::default()
    };
    let chunk = |name: &[u8; 4], content: &[u8]| ColourChunk {
        name: *name,
        content: content.to_vec(),
    };
    let packet = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
                  <rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='image/tiff'/>\
                  </rdf:RDF></x:xmpmeta>";
    Metadata {
        exif: Some(common::exif(1, true)),
        xmp: Some(packet.into()),
        photoshop: Some(b"8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x78\0\x06Asters\0".to_vec()),
        comments: vec!["Zürich".into()],
        texts: vec![
            text("Title", "Asters"),
            Text {
                compressed: true,
                ..text("parameters", &"a castle, ".repeat(50))
            },
            Text {
                international: true,
                language: "de".into(),
                translated_keyword: "Titel".into(),
                ..text("Title", "Schloß 城")
            },
        ],
        colour_chunks: vec![
            chunk(b"cICP", &[9, 16, 0, 1]),
            chunk(b"gAMA", &45_455u32.to_be_bytes()),
            chunk(
                b"cHRM",
                &[
                    31_270u32, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
                ]
                .map(u32::to_be_bytes)
                .concat(),
            ),
        ],
        resolution: Some(Resolution {
            x: 300.0,
            y: 300.0,
            unit: Unit::Inch,
        }),
        ..Metadata::default()
    }
}
