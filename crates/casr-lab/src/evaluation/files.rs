//! Images that are measured, in files.

use casr_codec::{CodecError, Colour, Format, Header, Limits, Options, Picture, Writer, read};
use casr_metrics::{MetricsError, RgbImage};
use std::path::Path;

/// The colours of a picture; it remembers whether it is grey.
///
/// # Errors
/// [`MetricsError::Empty`].
pub fn colours(picture: Picture) -> Result<RgbImage, MetricsError> {
    let (width, height) = (picture.width, picture.height);
    match picture.colour {
        Colour::Rgb => RgbImage::new(width, height, picture.pixels.into_f32()),
        Colour::Grey => RgbImage::from_grey(width, height, &picture.pixels.into_f32()),
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
    let mut writer = png(path, image.width(), image.height())?;
    writer.write_rows(image.values())?;
    Ok(writer.finish()?)
}

/// Begins a PNG file of RGB rows with 8 bits, in place of an older one.
///
/// # Errors
/// It cannot be written.
pub fn png(path: &Path, width: usize, height: usize) -> Result<Writer<'static>, CodecError> {
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    Writer::create(path, Format::Png, Header::rgb(width, height), options)
}
