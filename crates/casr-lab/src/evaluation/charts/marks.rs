//! Colours, dashes and markers, by which readers tell methods apart, colour-blind ones too.

use plotters::element::{Drawable, PointCollection};
use plotters::style::{Color, RGBColor, ShapeStyle, WHITE};
use plotters_backend::{BackendColor, BackendCoord, DrawingBackend, DrawingErrorKind};
use std::iter;

/// The palette of Okabe and Ito (Color Universal Design, 2008), what stands out best on white
/// first.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(240, 228, 66),
];

/// Dash and gap, pixels, from the ninth method on, where colours come again.
const DASHES: [(i32, i32); 3] = [(7, 6), (2, 5), (14, 6)];

/// Shapes of markers; fewer than colours, so that a colour that comes again has another shape.
const SHAPES: [Shape; 5] = [
    Shape::Disc,
    Shape::Corners(&[(-3, -3), (3, -3), (3, 3), (-3, 3)]),
    Shape::Corners(&[(0, -5), (4, 3), (-4, 3)]),
    Shape::Corners(&[(0, -5), (5, 0), (0, 5), (-5, 0)]),
    Shape::Corners(&[(0, 5), (4, -3), (-4, -3)]),
];

/// Radius of a disc, pixels.
const RADIUS: i32 = 4;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Disc,
    /// Pixels from its middle.
    Corners(&'static [(i32, i32)]),
}

/// How the results of a method look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Dash and gap, pixels; none for a solid line.
    pub dash: Option<(i32, i32)>,
    colour: RGBColor,
    shape: Shape,
}

impl Mark {
    /// The mark of a method, by its place among all.
    pub fn of(method: usize) -> Self {
        let round = method / COLOURS.len();
        Self {
            dash: round
                .checked_sub(1)
                .map(|round| DASHES[round % DASHES.len()]),
            colour: COLOURS[method % COLOURS.len()],
            shape: SHAPES[method % SHAPES.len()],
        }
    }

    /// How its lines are drawn.
    pub fn line(self) -> ShapeStyle {
        self.colour.stroke_width(2)
    }
}

/// A marker at a point.
pub struct Marker<Coordinate> {
    /// Where it is.
    pub place: Coordinate,
    /// Whose it is.
    pub mark: Mark,
}

impl<'a, Coordinate> PointCollection<'a, Coordinate> for &'a Marker<Coordinate> {
    type Point = &'a Coordinate;
    type IntoIter = iter::Once<&'a Coordinate>;

    fn point_iter(self) -> Self::IntoIter {
        iter::once(&self.place)
    }
}

impl<Coordinate, Backend: DrawingBackend> Drawable<Backend> for Marker<Coordinate> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut places: I,
        backend: &mut Backend,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<Backend::ErrorType>> {
        let Some(place) = places.next() else {
            return Ok(());
        };
        // A white rim keeps markers that touch apart.
        draw_shape(
            self.mark.shape,
            place,
            1.4,
            WHITE.to_backend_color(),
            backend,
        )?;
        draw_shape(
            self.mark.shape,
            place,
            1.0,
            self.mark.colour.to_backend_color(),
            backend,
        )
    }
}

/// Draws a shape, enlarged.
fn draw_shape<Backend: DrawingBackend>(
    shape: Shape,
    (x, y): BackendCoord,
    factor: f64,
    colour: BackendColor,
    backend: &mut Backend,
) -> Result<(), DrawingErrorKind<Backend::ErrorType>> {
    let enlarged = |length: i32| (factor * f64::from(length)).round() as i32;
    match shape {
        Shape::Disc => backend.draw_circle((x, y), enlarged(RADIUS) as u32, &colour, true),
        Shape::Corners(corners) => {
            let corners = corners
                .iter()
                .map(|corner| (x + enlarged(corner.0), y + enlarged(corner.1)));
            backend.fill_polygon(corners, &colour)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_of_32_methods_look_the_same() {
        for method in 0..32 {
            for other in 0..method {
                assert_ne!(Mark::of(method), Mark::of(other), "{method} and {other}");
            }
        }
        assert_eq!(Mark::of(7).dash, None);
        assert!(Mark::of(8).dash.is_some());
    }
}
