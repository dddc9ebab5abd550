//! The parameters of an image request as they are written: region, size, rotation, quality and
//! format.

use crate::{
    ServeError,
    order::{Encoding, Rotation},
};

/// A request for an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    pub region: Region,
    pub size: SizeForm,
    pub rotation: Rotation,
    pub quality: QualityName,
    pub encoding: Encoding,
}

/// Which part of the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Region {
    Full,
    Square,
    /// x, y, width, height.
    Pixels([u64; 4]),
    /// The same in percent.
    Percent([f64; 4]),
}

/// How large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeForm {
    /// Whether the region may be enlarged: `^`.
    pub enlarged: bool,
    pub kind: SizeKind,
}

/// The forms of sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SizeKind {
    /// `max`
    Max,
    /// `w,`
    Width(u64),
    /// `,h`
    Height(u64),
    /// `pct:n`
    Percent(f64),
    /// `w,h`
    Exact(u64, u64),
    /// `!w,h`
    Within(u64, u64),
}

/// The names of qualities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QualityName {
    Default,
    Color,
    Gray,
    Bitonal,
}

impl Parameters {
    /// Reads the last four parts of a path.
    ///
    /// # Errors
    /// [`ServeError::Malformed`] for what the specification does not know, or this service does not
    /// do.
    pub fn parse([region, size, rotation, last]: [&str; 4]) -> Result<Self, ServeError> {
        let Some((quality, format)) = last.rsplit_once('.') else {
            return Err(malformed("quality and format", last, "default.jpg"));
        };
        Ok(Self {
            region: Region::parse(region).ok_or_else(|| {
                malformed("region", region, "full, square, x,y,w,h or pct:x,y,w,h")
            })?,
            size: SizeForm::parse(size).ok_or_else(|| {
                let forms = "max, w,  ,h  pct:n  w,h or !w,h, each with ^ before it to enlarge";
                malformed("size", size, forms)
            })?,
            rotation: parse_rotation(rotation)?,
            quality: match quality {
                "default" => QualityName::Default,
                "color" => QualityName::Color,
                "gray" => QualityName::Gray,
                "bitonal" => QualityName::Bitonal,
                _ => {
                    let names = "default, color, gray or bitonal";
                    return Err(malformed("quality", quality, names));
                }
            },
            encoding: Encoding::of(format)
                .ok_or_else(|| malformed("format", format, "jpg, png, webp or tif"))?,
        })
    }
}

impl Region {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "full" => Self::Full,
            "square" => Self::Square,
            _ => match text.strip_prefix("pct:") {
                Some(numbers) => Self::Percent(four(numbers, decimal)?),
                None => Self::Pixels(four(text, whole)?),
            },
        })
    }
}

impl SizeForm {
    fn parse(text: &str) -> Option<Self> {
        let (enlarged, form) = match text.strip_prefix('^') {
            Some(form) => (true, form),
            None => (false, text),
        };
        let kind = if form == "max" {
            SizeKind::Max
        } else if let Some(number) = form.strip_prefix("pct:") {
            SizeKind::Percent(decimal(number)?)
        } else if let Some(sides) = form.strip_prefix('!') {
            let (width, height) = sides.split_once(',')?;
            SizeKind::Within(whole(width)?, whole(height)?)
        } else {
            match form.split_once(',')? {
                (width, "") => SizeKind::Width(whole(width)?),
                ("", height) => SizeKind::Height(whole(height)?),
                (width, height) => SizeKind::Exact(whole(width)?, whole(height)?),
            }
        };
        Some(Self { enlarged, kind })
    }
}

fn parse_rotation(text: &str) -> Result<Rotation, ServeError> {
    let (mirrored, degrees) = match text.strip_prefix('!') {
        Some(degrees) => (true, degrees),
        None => (false, text),
    };
    let degrees = decimal(degrees).filter(|degrees| *degrees <= 360.0);
    let Some(degrees) = degrees else {
        let forms = "0, 90, 180 or 270, with ! before it to mirror";
        return Err(malformed("rotation", text, forms));
    };
    if degrees % 90.0 != 0.0 {
        return Err(ServeError::NotImplemented(format!(
            "rotation {text:?}: this service turns by multiples of 90 degrees only"
        )));
    }
    Ok(Rotation {
        mirrored,
        quarters: (degrees / 90.0) as u8 % 4,
    })
}

/// Four numbers.
fn four<T: Copy + Default>(text: &str, parse: fn(&str) -> Option<T>) -> Option<[T; 4]> {
    let mut numbers = [T::default(); 4];
    let mut parts = text.split(',');
    for number in &mut numbers {
        *number = parse(parts.next()?)?;
    }
    parts.next().is_none().then_some(numbers)
}

/// A whole number, in digits alone.
fn whole(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

/// A number of digits and at most one point: neither sign nor exponent.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| text.parse().ok()).flatten()
}

fn malformed(what: &str, text: &str, forms: &str) -> ServeError {
    ServeError::Malformed(format!(
        "the {what} {text:?} is not understood: write {forms}"
    ))
}
