//! Images that are measured, in files.

use casr_codec::{Colour, Depth, Format, Header, Limits, Metadata, Options, Picture, Writer, read};
use casr_metrics::{MetricsError, RgbImage};
use std::path::Path;

/// The colours of a picture; it remembers whether it is grey.
///
/// # Errors
/// [`MetricsError::Empty`].
pub fn colours(picture: Picture) -> Result<RgbImage, MetricsError> {
    let (width, height) = (picture.width, picture.height);
    match picture.colour {
        Colour::Rgb => RgbImage::new(width, height, picture.pixels),
        Colour::Grey => RgbImage::from_grey(width, height, &picture.pixels),
    }
}

/// Reads an image.
///
/// # Errors
/// It is none.
pub fn load(path: &Path) -> anyhow::Result<RgbImage> {
    Ok(colours(read(path, &Limits::default())?)?)
}

/// Writes an image as a PNG file with 8 bits, in place of an older one.
///
/// # Errors
/// It cannot be written.
pub fn save(image: &RgbImage, path: &Path) -> anyhow::Result<()> {
    let header = Header {
        width: image.width(),
        height: image.height(),
        colour: Colour::Rgb,
        depth: Depth::Eight,
        alpha: false,
        metadata: Metadata::default(),
    };
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let mut writer = Writer::create(path, Format::Png, header, options)?;
    writer.write_rows(image.values())?;
    Ok(writer.finish()?)
}
