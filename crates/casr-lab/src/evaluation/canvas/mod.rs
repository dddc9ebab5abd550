//! What charts and contact sheets are drawn on: pixels that plotters draws with, with smooth lines
//! and evenly spaced letters, which its own bitmaps lack.

mod backend;
mod lettering;

pub use lettering::Lettering;

use crate::evaluation::files::png;
use casr_metrics::RgbImage;
use plotters::style::{
    Color, RGBColor,
    text_anchor::{HPos, Pos, VPos},
};
use plotters_backend::{BackendColor, BackendCoord};
use std::path::Path;

/// A picture in the making, 8 bits a sample, white at first. What would fall outside is cut off.
pub struct Canvas {
    width: usize,
    height: usize,
    /// `[height, width, 3]`.
    pixels: Vec<u8>,
    lettering: Lettering,
}

impl Canvas {
    /// A white canvas of `size` (width, height), a pixel at least, to write on with these letters.
    pub fn new(size: (usize, usize), lettering: Lettering) -> Self {
        let (width, height) = (size.0.max(1), size.1.max(1));
        Self {
            width,
            height,
            pixels: vec![u8::MAX; 3 * width * height],
            lettering,
        }
    }

    /// Writes the picture as a PNG file, over an older one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let mut writer = png(path, self.width, self.height)?;
        for row in self.pixels.chunks(3 * self.width) {
            let samples: Vec<f32> = row
                .iter()
                .map(|&sample| f32::from(sample) / 255.0)
                .collect();
            writer.write_rows(&samples)?;
        }
        Ok(writer.finish()?)
    }

    /// Fills a rectangle of `size` (width, height) whose left and top are `corner`.
    pub fn fill(&mut self, corner: (usize, usize), size: (usize, usize), colour: RGBColor) {
        let right = (corner.0 + size.0).min(self.width);
        let left = corner.0.min(right);
        for row in self
            .pixels
            .chunks_mut(3 * self.width)
            .skip(corner.1)
            .take(size.1)
        {
            for pixel in row[3 * left..3 * right].chunks_mut(3) {
                pixel.copy_from_slice(&[colour.0, colour.1, colour.2]);
            }
        }
    }

    /// Shows an image with its left and top at `corner`, every pixel as `factor × factor` pixels.
    pub fn show(&mut self, image: &RgbImage, corner: (usize, usize), factor: usize) {
        let rows = image.values().chunks(3 * image.width());
        for (y, row) in rows.enumerate() {
            for (x, pixel) in row.chunks(3).enumerate() {
                let [red, green, blue] =
                    [0, 1, 2].map(|channel| (pixel[channel] * 255.0).round() as u8);
                let place = (corner.0 + factor * x, corner.1 + factor * y);
                self.fill(place, (factor, factor), RGBColor(red, green, blue));
            }
        }
    }

    /// Writes a line of text. Its anchor is a point of the box around its capitals.
    pub fn write(
        &mut self,
        text: &str,
        size: f64,
        colour: RGBColor,
        place: (usize, usize),
        anchor: Pos,
    ) {
        let ink = colour.to_backend_color();
        let (left, top) = (place.0 as i32, place.1 as i32);
        self.letter(text, size, ink, anchor, |x, y| (left + x, top + y));
    }

    /// Draws letters where `place` puts the pixels around the anchor.
    fn letter(
        &mut self,
        text: &str,
        size: f64,
        colour: BackendColor,
        anchor: Pos,
        place: impl Fn(i32, i32) -> (i32, i32),
    ) {
        let width = self.lettering.width(text, size);
        let left = match anchor.h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        let height = self.lettering.capitals(size);
        let baseline = match anchor.v_pos {
            VPos::Top => height,
            VPos::Center => height / 2.0,
            VPos::Bottom => 0.0,
        };
        let (left, baseline) = (left.round() as i32, baseline.round() as i32);
        let dots = self.lettering.dots(text, size);
        for (x, y, coverage) in dots {
            self.blend(place(left + x, baseline + y), colour, coverage);
        }
    }

    /// Covers part of a pixel, 0 none and 1 all of it.
    fn blend(&mut self, (x, y): BackendCoord, colour: BackendColor, coverage: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.width || y >= self.height {
            return;
        }
        let opacity = coverage.clamp(0.0, 1.0) * colour.alpha as f32;
        let (red, green, blue) = colour.rgb;
        let start = 3 * (y * self.width + x);
        for (old, new) in self.pixels[start..start + 3]
            .iter_mut()
            .zip([red, green, blue])
        {
            let (from, to) = (f32::from(*old), f32::from(new));
            *old = (from + opacity * (to - from)).round() as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::style::{BLACK, ShapeStyle};
    use plotters_backend::{BackendStyle, DrawingBackend};

    /// How dark every pixel is, 0 white and 255 black.
    pub fn darkness(draw: impl FnOnce(&mut &mut Canvas)) -> Vec<[u8; 20]> {
        let mut canvas = Canvas::new((20, 20), Lettering::new().unwrap());
        draw(&mut &mut canvas);
        let rows = canvas.pixels.chunks(60);
        rows.map(|row| std::array::from_fn(|column| 255 - row[3 * column]))
            .collect()
    }

    /// How many pixels' worth of black there is.
    pub fn sum(rows: &[[u8; 20]]) -> f64 {
        rows.iter()
            .flatten()
            .map(|&dark| f64::from(dark) / 255.0)
            .sum()
    }

    #[test]
    fn what_is_outside_is_cut_off() {
        let (far, black) = (i32::MAX, ShapeStyle::from(BLACK));
        let rows = darkness(|canvas| {
            canvas.draw_pixel((-1, 30), black.color()).unwrap();
            canvas.draw_line((-far, 5), (far, 5), &black).unwrap();
            canvas.draw_circle((far, -far), 9, &black, true).unwrap();
            canvas
                .fill_polygon([(-9, -9), (-5, -9), (-5, -5)], &black)
                .unwrap();
            canvas.fill_polygon([], &black).unwrap();
            canvas.fill((15, 19), (100, 100), BLACK);
            canvas.fill((50, 50), (1, 1), BLACK);
            let corner = Pos::new(HPos::Center, VPos::Center);
            canvas.write("wider than the canvas", 12.0, BLACK, (0, 0), corner);
        });
        assert_eq!(
            rows[19],
            std::array::from_fn(|column| if column < 15 { 0 } else { 255 })
        );
    }

    #[test]
    fn text_lies_where_its_anchor_says() {
        for (h_pos, v_pos, columns, lines) in [
            (HPos::Left, VPos::Top, 10..20, 10..20),
            (HPos::Right, VPos::Bottom, 0..10, 0..10),
            (HPos::Center, VPos::Center, 5..15, 5..15),
        ] {
            let anchor = Pos::new(h_pos, v_pos);
            let rows = darkness(|canvas| canvas.write("H", 10.0, BLACK, (10, 10), anchor));
            let inside: Vec<_> = rows[lines]
                .iter()
                .map(|row| &row[columns.clone()])
                .collect();
            let inside: f64 = inside
                .concat()
                .iter()
                .map(|&dark| f64::from(dark) / 255.0)
                .sum();
            assert!(
                inside > 10.0 && inside > 0.95 * sum(&rows),
                "{inside} of {}",
                sum(&rows)
            );
        }
    }
}
