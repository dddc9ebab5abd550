//! From a pyramid to the bytes of an answer: the level, its window, shrunk to the wanted size,
//! turned, and written.

use crate::{
    ServeError,
    order::{Encoding, Order, Quality, Rotation},
    pyramids::Enlarged,
    work::Watch,
};
use casr_codec::{Colour, Depth, Header, Options, Writer};
use casr_picture::grey;
use casr_zoom::{Alpha, Image, Pyramid, Rectangle, Size, Span};
use std::path::Path;

/// JPEG and WebP quality of answers.
const LOSSY_QUALITY: u8 = 90;

/// Samples of a pixel in a pyramid.
const CHANNELS: usize = 3;

/// How many times as many pixels as the largest answer the window of a level may hold: four where
/// both axes shrink by nearly two, more where they differ.
const UNEVEN: u64 = 8;

/// The shares of red, green and blue in how bright a pixel is (BT.709).
const BRIGHTNESS: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Which level an order is taken from: the smallest that is as large as wanted, or the largest.
pub fn level(order: &Order, levels: &[Size]) -> usize {
    // Sizes are rounded up where a region is no multiple of its shrink factor.
    let enough = |level: usize, frame: usize, region: usize, wanted: usize| {
        let pixels = (level as u128 * region as u128).div_ceil(frame as u128);
        pixels >= wanted as u128
    };
    let (frame, region, wanted) = (order.frame, order.region, order.size);
    let suffices = |level: &Size| {
        enough(level.width, frame.width, region.width, wanted.width)
            && enough(level.height, frame.height, region.height, wanted.height)
    };
    let last = levels.len().saturating_sub(1);
    levels.iter().position(suffices).unwrap_or(last)
}

/// Checks that an order does not take far more pixels of a level than it returns.
///
/// # Errors
/// [`ServeError::Malformed`] for one that stretches its region too unevenly.
pub fn check(
    order: &Order,
    level: usize,
    levels: &[Size],
    max_area: u64,
) -> Result<(), ServeError> {
    let Some(size) = levels.get(level).filter(|_| level > 0) else {
        return Ok(());
    };
    let side = |level: usize, frame: usize, region: usize| {
        (level as u128 * region as u128).div_ceil(frame as u128)
    };
    let pixels = side(size.width, order.frame.width, order.region.width)
        * side(size.height, order.frame.height, order.region.height);
    match pixels <= u128::from(UNEVEN * max_area) {
        true => Ok(()),
        false => Err(ServeError::Malformed(format!(
            "{} pixels of a region of {} are beyond the limit: its sides are stretched too unevenly",
            order.size,
            order.region.size()
        ))),
    }
}

/// An answer's bytes.
///
/// # Errors
/// [`ServeError::Cancelled`] where nobody waits any more, [`ServeError::Zoom`] and
/// [`ServeError::Codec`].
pub fn render(
    image: &Enlarged,
    order: &Order,
    level: usize,
    name: &str,
    watch: &Watch,
) -> Result<Vec<u8>, ServeError> {
    let part = part(order, image.colours.size(level)?);
    let take = |pyramid: &Pyramid| {
        let pyramid = pyramid.observe(watch.observer());
        pyramid
            .resized(level, part, order.size)
            .map(Image::into_pixels)
    };
    let colours = take(&image.colours)?;
    let decoded = &image.decoded;
    let colour = match (order.quality, decoded.colour) {
        (Quality::Default, Colour::Rgb) => Colour::Rgb,
        _ => Colour::Grey,
    };
    let alpha = match (&decoded.layers.alpha, &image.mask) {
        (Some(Alpha::Constant(value)), _) => {
            Some(vec![*value; order.size.width * order.size.height])
        }
        (Some(Alpha::Varying(_)), Some(mask)) => {
            let values = take(mask)?;
            Some(values.chunks_exact(CHANNELS).map(grey).collect())
        }
        _ => None,
    };
    let layers = Layers {
        size: order.size,
        colour,
        colours: coloured(colours, order.quality, decoded.colour),
        alpha,
    };
    let (size, samples, has_alpha) = layers.interleaved(order);
    let mut metadata = decoded.metadata.clone();
    if decoded.colour != colour {
        // A profile of colours says nothing of greys.
        metadata.icc = None;
        metadata.colour_chunks.clear();
    }
    let header = Header {
        colour,
        depth: match order.quality {
            Quality::Bitonal => Depth::Eight,
            _ => decoded.depth,
        },
        alpha: has_alpha,
        metadata,
        ..Header::rgb(size.width, size.height)
    };
    let options = Options {
        quality: LOSSY_QUALITY,
        webp_quality: Some(LOSSY_QUALITY),
        ..Options::default()
    };
    let mut bytes = Vec::new();
    let format = order.encoding.format();
    let mut writer = Writer::to_stream(&mut bytes, Path::new(name), format, header, options)?;
    let row = samples.len() / size.height;
    for rows in samples.chunks(row * ROWS) {
        watch.check()?;
        writer.write_rows(rows)?;
    }
    writer.finish()?;
    Ok(bytes)
}

/// Pixels that an answer from a level still sends through the network.
///
/// # Errors
/// [`ServeError::Zoom`] for a level that there is not.
pub fn work(image: &Enlarged, order: &Order, level: usize) -> Result<u64, ServeError> {
    let part = part(order, image.colours.size(level)?);
    let window = image.colours.read_for(level, part, order.size)?;
    let mask = image.mask.as_ref().map(|mask| mask.work(level, window));
    Ok(image.colours.work(level, window)? + mask.transpose()?.unwrap_or(0))
}

/// Rows that are written at a time.
const ROWS: usize = 64;

/// What an order takes of a level.
fn part(order: &Order, level: Size) -> Span {
    let axis = |start: usize, length: usize, frame: usize, level: usize| {
        let place = |at: usize| at as f64 * level as f64 / frame as f64;
        (place(start), place(start + length))
    };
    let Rectangle {
        x,
        y,
        width,
        height,
    } = order.region;
    Span {
        columns: axis(x, width, order.frame.width, level.width),
        rows: axis(y, height, order.frame.height, level.height),
    }
}

/// Pixels at the wanted size.
struct Layers {
    size: Size,
    colour: Colour,
    colours: Vec<f32>,
    alpha: Option<Vec<f32>>,
}

impl Layers {
    /// The pixels as they are written, turned, alpha beside or under them; their size, and whether
    /// alpha is beside.
    fn interleaved(&self, order: &Order) -> (Size, Vec<f32>, bool) {
        let channels = self.colour.channels();
        let has_alpha = self.alpha.is_some() && order.encoding != Encoding::Jpeg;
        let samples = channels + usize::from(has_alpha);
        let places = Turned::new(order.rotation, self.size);
        let size = places.size;
        let mut values = Vec::with_capacity(size.width * size.height * samples);
        for row in 0..size.height {
            for column in 0..size.width {
                let place = places.source(column, row);
                let pixel = &self.colours[place * channels..][..channels];
                match self.alpha.as_ref().map(|alpha| alpha[place]) {
                    Some(alpha) if has_alpha => {
                        values.extend_from_slice(pixel);
                        values.push(alpha);
                    }
                    // On white.
                    Some(alpha) => {
                        values.extend(pixel.iter().map(|value| 1.0 - alpha * (1.0 - value)));
                    }
                    None => values.extend_from_slice(pixel),
                }
            }
        }
        (size, values, has_alpha)
    }
}

/// Where the pixels of a turned image come from.
struct Turned {
    rotation: Rotation,
    from: Size,
    size: Size,
}

impl Turned {
    fn new(rotation: Rotation, from: Size) -> Self {
        let size = match rotation.quarters % 2 {
            0 => from,
            _ => Size {
                width: from.height,
                height: from.width,
            },
        };
        Self {
            rotation,
            from,
            size,
        }
    }

    /// The place in the image of a pixel of the turned one.
    fn source(&self, column: usize, row: usize) -> usize {
        let Size { width, height } = self.from;
        let (x, y) = match self.rotation.quarters {
            0 => (column, row),
            1 => (row, height - 1 - column),
            2 => (width - 1 - column, height - 1 - row),
            _ => (width - 1 - row, column),
        };
        let x = match self.rotation.mirrored {
            true => width - 1 - x,
            false => x,
        };
        y * width + x
    }
}

/// Colours as the order wants them: RGB, or greys.
fn coloured(colours: Vec<f32>, quality: Quality, own: Colour) -> Vec<f32> {
    let shade: fn(&[f32]) -> f32 = match own {
        Colour::Grey => grey,
        Colour::Rgb => brightness,
    };
    let pixels = colours.chunks_exact(CHANNELS);
    match (quality, own) {
        (Quality::Default, Colour::Rgb) => colours,
        (Quality::Bitonal, _) => {
            let white = |pixel: &[f32]| f32::from(u8::from(shade(pixel) >= 0.5));
            pixels.map(white).collect()
        }
        _ => pixels.map(shade).collect(),
    }
}

fn brightness(pixel: &[f32]) -> f32 {
    BRIGHTNESS
        .iter()
        .zip(pixel)
        .map(|(share, value)| share * value)
        .sum()
}
