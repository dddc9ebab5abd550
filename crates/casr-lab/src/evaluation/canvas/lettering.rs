//! Letters: how wide a line of text is, and which pixels it covers.

use ab_glyph::{Font, FontRef, InvalidFont, PxScale, ScaleFont, point};

/// DejaVu Sans, cut down to Latin-1; see `fonts/README.md`.
const FONT: &[u8] = include_bytes!("../../../fonts/DejaVuSans-subset.ttf");

/// Height of the font's capitals, in units of its size.
const CAPITALS: f64 = 0.729;

/// The font. A text's size is the side of the square that letters are designed in (the em), pixels.
#[derive(Clone)]
pub struct Lettering {
    font: FontRef<'static>,
}

impl Lettering {
    /// Reads the font.
    ///
    /// # Errors
    /// The font is damaged.
    pub fn new() -> Result<Self, InvalidFont> {
        let font = FontRef::try_from_slice(FONT)?;
        Ok(Self { font })
    }

    /// Height of capitals, pixels.
    pub fn capitals(&self, size: f64) -> f64 {
        CAPITALS * size
    }

    /// Width of a line of text, pixels.
    pub fn width(&self, text: &str, size: f64) -> f64 {
        let font = self.font.as_scaled(self.scale(size));
        let last = self.carets(text, size).last();
        last.map_or(0.0, |(letter, caret)| {
            f64::from(caret + font.h_advance(font.glyph_id(letter)))
        })
    }

    /// The text, its end replaced by an ellipsis if it is wider than `width` pixels.
    pub fn shortened(&self, text: &str, size: f64, width: f64) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let room = width - self.width("…", size);
        let cut = self
            .carets(text, size)
            .take_while(|&(_, caret)| f64::from(caret) <= room)
            .count();
        // The letter whose caret is the last within the room reaches beyond it.
        let kept: String = text.chars().take(cut.saturating_sub(1)).collect();
        format!("{}…", kept.trim_end())
    }

    /// The pixels that a line of text covers, column and row from the start of its baseline, and
    /// how much of each.
    pub fn dots(&self, text: &str, size: f64) -> Vec<(i32, i32, f32)> {
        let mut dots = Vec::new();
        for (letter, caret) in self.carets(text, size) {
            let id = self.font.glyph_id(letter);
            let glyph = id.with_scale_and_position(self.scale(size), point(caret, 0.0));
            let Some(outline) = self.font.outline_glyph(glyph) else {
                continue;
            };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                dots.push((
                    corner.x as i32 + x as i32,
                    corner.y as i32 + y as i32,
                    coverage,
                ));
            });
        }
        dots
    }

    /// Every letter and where it begins, pixels.
    fn carets(&self, text: &str, size: f64) -> impl Iterator<Item = (char, f32)> {
        let font = self.font.as_scaled(self.scale(size));
        let (mut caret, mut previous) = (0.0, None);
        text.chars().map(move |letter| {
            let id = font.glyph_id(letter);
            if let Some(previous) = previous.replace(id) {
                caret += font.h_advance(previous) + font.kern(previous, id);
            }
            (letter, caret)
        })
    }

    /// A size in the measure of `ab_glyph`, the distance from the deepest descender to the highest
    /// ascender.
    fn scale(&self, size: f64) -> PxScale {
        let units = self.font.units_per_em().unwrap_or(1.0);
        PxScale::from(size as f32 * self.font.height_unscaled() / units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_that_charts_use_is_in_the_font() {
        let lettering = Lettering::new().unwrap();
        let signs = "ABCXYZabcxyz0123456789×–…·±≥≤↑↓éßÅ";
        for sign in signs.chars() {
            assert_ne!(lettering.font.glyph_id(sign).0, 0, "{sign}");
            assert!(
                !lettering.dots(&sign.to_string(), 16.0).is_empty(),
                "{sign}"
            );
        }
    }

    #[test]
    fn capitals_are_as_high_as_said() {
        let dots = Lettering::new().unwrap().dots("H", 100.0);
        let top = dots.iter().filter(|dot| dot.2 > 0.5).map(|dot| dot.1).min();
        assert_eq!(top, Some(-73));
    }

    #[test]
    fn a_wide_text_is_cut_to_its_room() {
        let lettering = Lettering::new().unwrap();
        let text = "a rather long name of a method";
        let whole = lettering.width(text, 12.0);
        assert_eq!(lettering.shortened(text, 12.0, whole), text);
        for width in [60.0, 80.0, 100.0] {
            let short = lettering.shortened(text, 12.0, width);
            assert!(short.ends_with('…') && text.starts_with(short.trim_end_matches('…')));
            let actual = lettering.width(&short, 12.0);
            assert!(
                actual <= width && actual > width - 16.0,
                "{short}: {actual} of {width}"
            );
        }
        assert_eq!(lettering.shortened(text, 12.0, 0.0), "…");
        assert_eq!(lettering.width("", 12.0), 0.0);
    }
}
