//! A window of a result, in pixels of it or in percent.

use anyhow::bail;
use casr_codec::shown;
use casr_zoom::{Rectangle, Size};
use std::{path::Path, str::FromStr};

/// A window as it is written on the command line: `X,Y,WIDTH,HEIGHT`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    x: Length,
    y: Length,
    width: Length,
    height: Length,
}

/// A length along one side.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Length {
    Pixels(usize),
    /// Of the result's side.
    Percent(f64),
}

impl Length {
    /// In whole pixels of a side.
    fn of(self, side: usize) -> usize {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Percent(percent) => (percent / 100.0 * side as f64).round() as usize,
        }
    }
}

impl FromStr for Length {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.trim().strip_suffix('%') {
            None => text.trim().parse().map(Self::Pixels).map_err(|_| ()),
            Some(number) => match number.trim().parse() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(()),
            },
        }
    }
}

impl FromStr for Region {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const HOW: &str = "write it as X,Y,WIDTH,HEIGHT in pixels of the result, or in percent of it, such as 25%,25%,50%,50%";
        let parts: Result<Vec<Length>, ()> = text.split(',').map(str::parse).collect();
        match parts.as_deref() {
            Ok(&[x, y, width, height]) => Ok(Self {
                x,
                y,
                width,
                height,
            }),
            _ => Err(HOW),
        }
    }
}

impl Region {
    /// The window in pixels of a result of `size`; `input` is for messages.
    ///
    /// # Errors
    /// It does not lie within the result, or is empty.
    pub fn within(self, input: &Path, size: Size) -> anyhow::Result<Rectangle> {
        let window = Rectangle {
            x: self.x.of(size.width),
            y: self.y.of(size.height),
            width: self.width.of(size.width),
            height: self.height.of(size.height),
        };
        if !window.lies_in(size) {
            bail!(
                "{}: a window of {window} does not lie within the result of {size} pixels; ask for one that does",
                shown(input)
            );
        }
        Ok(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_in_pixels_and_percent() {
        let size = Size {
            width: 800,
            height: 600,
        };
        let of = |text: &str| {
            let region: Region = text.parse().unwrap();
            region.within(Path::new("a.png"), size)
        };
        let window = of("10, 20,30,40").unwrap();
        assert_eq!(
            (window.x, window.y, window.width, window.height),
            (10, 20, 30, 40)
        );
        let window = of("25%,50%,50%,50%").unwrap();
        assert_eq!(
            (window.x, window.y, window.width, window.height),
            (200, 300, 400, 300)
        );
        let window = of("0,0,100%,33.3%").unwrap();
        assert_eq!((window.width, window.height), (800, 200));
        for outside in [
            "0,0,801,1",
            "799,0,2,1",
            "0,600,1,1",
            "5,5,0,5",
            "60%,0,50%,10%",
            "0,0,0.01%,5",
        ] {
            let error = of(outside).unwrap_err().to_string();
            assert!(error.contains("800×600"), "{error}");
        }
        assert!(of(&format!("{},0,2,2", usize::MAX)).is_err());
        for wrong in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "a,2,3,4",
            "-1,2,3,4",
            "1%%,2,3,4",
            "0,0,101%,5",
            "0,0,NaN%,1",
        ] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
    }
}
