//! How plotters draws on a canvas: with edges that are smooth, and letters of the canvas.

use super::Canvas;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use std::convert::Infallible;

/// Drawing cannot fail.
type Outcome = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for &mut Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let clip = |length| u32::try_from(length).unwrap_or(u32::MAX);
        (clip(self.width), clip(self.height))
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, colour: BackendColor) -> Outcome {
        self.blend(point, colour, 1.0);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Outcome {
        let half = style.stroke_width() as f32 / 2.0;
        let (x, y) = (from.0 as f32, from.1 as f32);
        let (across, down) = (to.0 as f32 - x, to.1 as f32 - y);
        let squared = (across * across + down * down).max(f32::MIN_POSITIVE);
        self.paint(
            &[from, to],
            half.ceil() as i32 + 1,
            style.color(),
            |px, py| {
                let along = ((px - x) * across + (py - y) * down) / squared;
                let along = along.clamp(0.0, 1.0);
                half - (px - x - along * across).hypot(py - y - along * down)
            },
        );
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Outcome {
        let points: Vec<BackendCoord> = path.into_iter().collect();
        for pair in points.windows(2) {
            self.draw_line(pair[0], pair[1], style)?;
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Outcome {
        let (radius, half) = (radius as f32, style.stroke_width() as f32 / 2.0);
        let margin = (radius + half).ceil() as i32 + 1;
        self.paint(&[centre], margin, style.color(), |px, py| {
            let distance = (px - centre.0 as f32).hypot(py - centre.1 as f32);
            if fill {
                radius - distance
            } else {
                half - (distance - radius).abs()
            }
        });
        Ok(())
    }

    /// Only polygons without dents: markers are.
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Outcome {
        let corners: Vec<BackendCoord> = corners.into_iter().collect();
        let points: Vec<(f32, f32)> = corners.iter().map(|&(x, y)| (x as f32, y as f32)).collect();
        let next = points.iter().cycle().skip(1);
        let edges: Vec<_> = points
            .iter()
            .zip(next)
            .map(|(&from, &to)| (from, to))
            .collect();
        let area: f32 = edges
            .iter()
            .map(|(from, to)| from.0 * to.1 - to.0 * from.1)
            .sum();
        self.paint(&corners, 1, style.color(), |px, py| {
            let depths = edges.iter().map(|&(from, to)| {
                let (across, down) = (to.0 - from.0, to.1 - from.1);
                let length = across.hypot(down).max(f32::MIN_POSITIVE);
                area.signum() * (across * (py - from.1) - down * (px - from.0)) / length
            });
            depths.fold(f32::INFINITY, f32::min)
        });
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        place: BackendCoord,
    ) -> Outcome {
        let turn = style.transform();
        self.letter(text, style.size(), style.color(), style.anchor(), |x, y| {
            let (x, y) = turn.transform(x, y);
            (place.0 + x, place.1 + y)
        });
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = self.lettering.width(text, style.size()).ceil() as u32;
        Ok((width, self.lettering.capitals(style.size()).ceil() as u32))
    }
}

impl Canvas {
    /// Paints a shape inside the box of these points and `margin` pixels around it. `depth` says
    /// how far inside the shape the centre of a pixel is, negative outside: half a pixel decides
    /// between all and nothing, which makes edges smooth.
    fn paint(
        &mut self,
        points: &[BackendCoord],
        margin: i32,
        colour: BackendColor,
        depth: impl Fn(f32, f32) -> f32,
    ) {
        let span = |values: &mut dyn Iterator<Item = i32>, length: usize| {
            let (low, high) = values.fold((i32::MAX, i32::MIN), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            let last = i32::try_from(length).unwrap_or(i32::MAX).saturating_sub(1);
            low.saturating_sub(margin).max(0)..=high.saturating_add(margin).min(last)
        };
        let columns = span(&mut points.iter().map(|point| point.0), self.width);
        for y in span(&mut points.iter().map(|point| point.1), self.height) {
            for x in columns.clone() {
                let inside = depth(x as f32, y as f32) + 0.5;
                if inside > 0.0 {
                    self.blend((x, y), colour, inside);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::canvas::tests::{darkness, sum};
    use plotters::style::{BLACK, ShapeStyle};

    fn style(width: u32) -> ShapeStyle {
        ShapeStyle::from(BLACK).stroke_width(width)
    }

    #[test]
    fn lines_cover_what_their_length_and_width_say() {
        let rows = darkness(|canvas| canvas.draw_line((3, 8), (16, 8), &style(1)).unwrap());
        let mut expected = vec![[0; 20]; 20];
        expected[8][3..=16].fill(255);
        assert_eq!(rows, expected);
        for (to, width) in [((17, 11), 2), ((5, 17), 3), ((17, 17), 2)] {
            let rows = darkness(|canvas| canvas.draw_line((3, 3), to, &style(width)).unwrap());
            let length = f64::from(to.0 - 3).hypot(f64::from(to.1 - 3));
            let area = f64::from(width) * length;
            let cap = std::f64::consts::PI * f64::from(width * width) / 4.0;
            assert!(
                (sum(&rows) / (area + cap) - 1.0).abs() < 0.1,
                "{to:?}: {} of {area}",
                sum(&rows)
            );
        }
    }

    #[test]
    fn discs_rings_and_polygons_cover_their_area() {
        let disc = darkness(|canvas| canvas.draw_circle((9, 9), 6, &style(1), true).unwrap());
        let ring = darkness(|canvas| canvas.draw_circle((9, 9), 6, &style(2), false).unwrap());
        let pi = std::f64::consts::PI;
        assert!(
            (sum(&disc) / (36.0 * pi) - 1.0).abs() < 0.02,
            "{}",
            sum(&disc)
        );
        assert!(
            (sum(&ring) / (24.0 * pi) - 1.0).abs() < 0.05,
            "{}",
            sum(&ring)
        );
        let triangle = [(9, 2), (17, 16), (1, 16)];
        for corners in [triangle, [triangle[2], triangle[1], triangle[0]]] {
            let rows = darkness(|canvas| canvas.fill_polygon(corners, &style(1)).unwrap());
            assert!((sum(&rows) / 112.0 - 1.0).abs() < 0.05, "{}", sum(&rows));
        }
    }
}
