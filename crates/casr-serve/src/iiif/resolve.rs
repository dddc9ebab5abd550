//! What the parameters of a request mean for an image: whole pixels, within the limits.

use super::parameters::{Parameters, QualityName, Region, SizeForm, SizeKind};
use crate::{
    ServeError,
    order::{Frame, Order, Quality},
};
use casr_zoom::{Rectangle, Size};

/// A request for an image in whole pixels.
///
/// # Errors
/// [`ServeError::Malformed`] for a region outside of the image, a size without a pixel, one that
/// enlarges without `^`, and one beyond a limit, which is named.
pub fn resolve(parameters: &Parameters, frame: &Frame) -> Result<Order, ServeError> {
    let region = region(parameters.region, frame.size)?;
    Ok(Order {
        frame: frame.size,
        region,
        size: size(parameters.size, region.size(), frame)?,
        rotation: parameters.rotation,
        quality: match parameters.quality {
            QualityName::Default | QualityName::Color => Quality::Default,
            QualityName::Gray => Quality::Gray,
            QualityName::Bitonal => Quality::Bitonal,
        },
        encoding: parameters.encoding,
    })
}

/// The path of a request in its canonical form, the identifier left out.
pub fn canonical(order: &Order, frame: &Frame) -> String {
    let Rectangle {
        x,
        y,
        width,
        height,
    } = order.region;
    let region = if order.region == Rectangle::whole(frame.size) {
        "full".to_owned()
    } else {
        format!("{x},{y},{width},{height}")
    };
    let own = order.region.size();
    let (asked, enlarged) = (order.size, larger(order.size, own));
    let size = if asked == largest(own, frame, false) {
        "max".to_owned()
    } else if asked == largest(own, frame, true) && enlarged {
        "^max".to_owned()
    } else {
        let sign = if enlarged { "^" } else { "" };
        format!("{sign}{},{}", asked.width, asked.height)
    };
    let mirrored = if order.rotation.mirrored { "!" } else { "" };
    let degrees = 90 * u16::from(order.rotation.quarters);
    let quality = match order.quality {
        Quality::Default => "default",
        Quality::Gray => "gray",
        Quality::Bitonal => "bitonal",
    };
    let format = order.encoding.format().extension();
    format!("{region}/{size}/{mirrored}{degrees}/{quality}.{format}")
}

fn region(region: Region, image: Size) -> Result<Rectangle, ServeError> {
    let [x, y, width, height] = match region {
        Region::Full => return Ok(Rectangle::whole(image)),
        Region::Square => {
            let side = image.width.min(image.height);
            return Ok(Rectangle {
                x: (image.width - side) / 2,
                y: (image.height - side) / 2,
                width: side,
                height: side,
            });
        }
        Region::Pixels(numbers) => numbers,
        Region::Percent([x, y, width, height]) => {
            let pixels = |percent: f64, side: usize| (percent / 100.0 * side as f64).round() as u64;
            [
                pixels(x, image.width),
                pixels(y, image.height),
                pixels(width, image.width),
                pixels(height, image.height),
            ]
        }
    };
    // What lies beyond the image's edge is cut off.
    let within = |start: u64, length: u64, side: usize| {
        let side = side as u64;
        let end = start.saturating_add(length).min(side);
        (start < end).then(|| (start as usize, (end - start) as usize))
    };
    match (
        within(x, width, image.width),
        within(y, height, image.height),
    ) {
        (Some((x, width)), Some((y, height))) => Ok(Rectangle {
            x,
            y,
            width,
            height,
        }),
        _ => Err(ServeError::Malformed(format!(
            "the region holds no pixel of the image, which has {image}"
        ))),
    }
}

fn size(form: SizeForm, region: Size, frame: &Frame) -> Result<Size, ServeError> {
    let (across, down) = (region.width as f64, region.height as f64);
    let sides = |width: f64, height: f64| Size {
        width: width.round().max(1.0) as usize,
        height: height.round().max(1.0) as usize,
    };
    let size = match form.kind {
        SizeKind::Max => return Ok(largest(region, frame, form.enlarged)),
        SizeKind::Within(0, _) | SizeKind::Within(_, 0) => return Err(empty()),
        SizeKind::Within(width, height) => {
            let bound = Size {
                width: usize::try_from(width).unwrap_or(usize::MAX),
                height: usize::try_from(height).unwrap_or(usize::MAX),
            };
            return Ok(fitted(region, bound, frame, form.enlarged));
        }
        SizeKind::Exact(width, height) => Size {
            width: usize::try_from(width).unwrap_or(usize::MAX),
            height: usize::try_from(height).unwrap_or(usize::MAX),
        },
        SizeKind::Width(width) => Size {
            width: usize::try_from(width).unwrap_or(usize::MAX),
            ..sides(1.0, width as f64 / across * down)
        },
        SizeKind::Height(height) => Size {
            height: usize::try_from(height).unwrap_or(usize::MAX),
            ..sides(height as f64 / down * across, 1.0)
        },
        SizeKind::Percent(percent) => {
            let size = Size {
                width: (across * percent / 100.0).round() as usize,
                height: (down * percent / 100.0).round() as usize,
            };
            if percent > 100.0 && !form.enlarged {
                return Err(enlarges(size, region));
            }
            size
        }
    };
    if size.width == 0 || size.height == 0 {
        return Err(empty());
    }
    if larger(size, region) && !form.enlarged {
        return Err(enlarges(size, region));
    }
    check(size, region, frame)?;
    Ok(size)
}

/// Whether a size is larger than a region along one axis at least.
fn larger(size: Size, region: Size) -> bool {
    size.width > region.width || size.height > region.height
}

/// The largest size of a region, in its own proportions.
fn largest(region: Size, frame: &Frame, enlarged: bool) -> Size {
    let bound = Size {
        width: usize::MAX,
        height: usize::MAX,
    };
    fitted(region, bound, frame, enlarged)
}

/// The largest size of a region, in its own proportions, that fits into a bound and all limits.
fn fitted(region: Size, bound: Size, frame: &Frame, enlarged: bool) -> Size {
    let most = match enlarged {
        true => frame.most_of(region),
        false => {
            let most = frame.most_of(region);
            Size {
                width: most.width.min(region.width),
                height: most.height.min(region.height),
            }
        }
    };
    let bound = Size {
        width: bound.width.min(most.width),
        height: bound.height.min(most.height),
    };
    let (across, down) = (region.width as f64, region.height as f64);
    let sides = (bound.width as f64 / across).min(bound.height as f64 / down);
    let area = (frame.max_area as f64 / (across * down)).sqrt();
    let (scale, round): (f64, fn(f64) -> f64) = match area < sides {
        // Rounded up it would be too many pixels.
        true => (area, f64::floor),
        false => (sides, f64::round),
    };
    let side = |side: f64, bound: usize| (round(side * scale) as usize).clamp(1, bound);
    let mut size = Size {
        width: side(across, bound.width),
        height: side(down, bound.height),
    };
    // A side of one pixel is longer than its share.
    let area = |size: Size| size.width as u64 * size.height as u64;
    if area(size) > frame.max_area {
        let most = frame.max_area as usize;
        size = Size {
            width: size.width.min(most / size.height.min(most)),
            height: size.height.min(most / size.width.min(most)),
        };
    }
    size
}

/// Checks a size against all limits.
fn check(size: Size, region: Size, frame: &Frame) -> Result<(), ServeError> {
    let Size { width, height } = size;
    let largest = frame.largest();
    let beyond = |limit: String| {
        let message = format!("an answer of {size} pixels is beyond the limit: {limit}");
        Err(ServeError::Malformed(message))
    };
    if width > largest.width {
        return beyond(format!("maxWidth is {}", largest.width));
    }
    if height > largest.height {
        return beyond(format!("maxHeight is {}", largest.height));
    }
    if width as u64 * height as u64 > frame.max_area {
        return beyond(format!("maxArea is {} pixels", frame.max_area));
    }
    let most = frame.most_of(region);
    if width > most.width.max(region.width) || height > most.height.max(region.height) {
        return beyond(format!(
            "this region of {region} may become {most} at most, {:.4} times as large",
            frame.larger.0.max(frame.larger.1)
        ));
    }
    Ok(())
}

fn enlarges(size: Size, region: Size) -> ServeError {
    ServeError::Malformed(format!(
        "{size} pixels are more than the region's {region}; write ^ before the size to enlarge"
    ))
}

fn empty() -> ServeError {
    ServeError::Malformed("the size has no pixel".to_owned())
}
