//! Deep Zoom: levels and tiles of an image, each level half as large as the next, down to a pixel.

use crate::order::{Encoding, Order, Quality, Rotation};
use casr_codec::deep_zoom::{OVERLAP, TILE};
use casr_zoom::{Rectangle, Size};

/// How many times smaller the level of a number is than the image; none where there is none.
pub fn level(number: &str, image: Size) -> Option<usize> {
    let number: u32 = digits(number)?;
    let last = usize::BITS - (image.width.max(image.height) - 1).leading_zeros();
    (number <= last).then(|| 1 << (last - number))
}

/// A tile by the name of its file, of the level that is `factor` times smaller than the image.
pub fn tile(file: &str, factor: usize, image: Size) -> Option<Order> {
    let (place, extension) = file.rsplit_once('.')?;
    let (x, y) = place.split_once('_')?;
    let encoding = Encoding::of(extension)
        .filter(|encoding| matches!(encoding, Encoding::Jpeg | Encoding::Png))?;
    let (x, columns, width) = span(digits(x)?, factor, image.width)?;
    let (y, rows, height) = span(digits(y)?, factor, image.height)?;
    Some(Order {
        frame: image,
        region: Rectangle {
            x,
            y,
            width: columns,
            height: rows,
        },
        size: Size { width, height },
        rotation: Rotation::default(),
        quality: Quality::Default,
        encoding,
    })
}

/// Of an axis of the image: where a tile begins, how many pixels of the image it shows, and how
/// many it has.
fn span(tile: usize, factor: usize, image: usize) -> Option<(usize, usize, usize)> {
    let level = image.div_ceil(factor);
    let start = tile.checked_mul(TILE).filter(|start| *start < level)?;
    let end = (start + TILE + OVERLAP).min(level);
    let start = start.saturating_sub(OVERLAP);
    let first = start * factor;
    Some((first, (end * factor).min(image) - first, end - start))
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}
