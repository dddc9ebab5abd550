//! Small pictures with metadata, enlarged into a format and read again.

use std::path::PathBuf;

use casr_codec::{
    Colour, Depth, Format, Header, Loss, Metadata, Options, Picture, ResolutionChange,
    SourceFormat, Writer,
};

use super::{encoded, folder, header, read_default};

/// A small picture with some metadata.
pub fn picture(metadata: Metadata) -> Picture {
    Picture {
        width: 4,
        height: 2,
        colour: Colour::Rgb,
        depth: Depth::Eight,
        format: SourceFormat::Png,
        pixels: vec![0.4; 24].into(),
        alpha: None,
        metadata,
        losses: Vec::new(),
    }
}

/// Enlarges a picture three times into a format and reads it again; with what the writer left out.
pub fn carried(
    picture: &Picture,
    format: Format,
    resolution: ResolutionChange,
) -> (Picture, Vec<Loss>) {
    let folder = folder();
    let path: PathBuf = folder.path().join(format.extension());
    let header = Header::of(picture, 12, 6, format);
    let options = Options {
        resolution,
        ..Options::default()
    };
    let mut writer = Writer::create(&path, format, header, options).unwrap();
    let losses = writer.losses().to_vec();
    writer.write_rows(&[0.4; 12 * 6 * 3]).unwrap();
    writer.finish().unwrap();
    (read_default(&path).unwrap(), losses)
}

pub fn kept(metadata: Metadata, format: Format) -> (Metadata, Vec<Loss>) {
    let (picture, losses) = carried(&picture(metadata), format, ResolutionChange::Keep);
    assert_eq!(picture.losses, []);
    (picture.metadata, losses)
}

/// A JPEG with segments put behind its first one.
pub fn jpeg_with(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut file = encoded(
        Format::Jpeg,
        &header(8, 8, Colour::Rgb, Depth::Eight, false),
    );
    let mut more = Vec::new();
    for (marker, content) in segments {
        more.extend([0xff, *marker]);
        more.extend((content.len() as u16 + 2).to_be_bytes());
        more.extend(*content);
    }
    file.splice(20..20, more);
    file
}
