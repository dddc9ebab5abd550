//! A chart: a line with markers for every method.

use super::axis::{Across, Axis, is_shown};
use super::marks::{Mark, Marker};
use crate::evaluation::canvas::{Canvas, Lettering};
use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont, RGBColor, TextStyle};
use std::convert::Infallible;

/// A part of a canvas.
pub type Area<'a> = DrawingArea<&'a mut Canvas, Shift>;

/// Colours of text: of what matters, and of what explains it.
pub const INK: RGBColor = RGBColor(30, 30, 30);
const PALE: RGBColor = RGBColor(100, 100, 100);
/// Sizes of text.
const LARGE: f64 = 15.0;
const SMALL: f64 = 12.0;
/// Colours of the lines behind the data, and of the axes.
const GRID: RGBColor = RGBColor(228, 228, 228);
const FRAME: RGBColor = RGBColor(150, 150, 150);
/// Pixels for the title above a chart, and for the labels and their title below.
const TITLE: u32 = 34;
const BELOW: u32 = 36;
/// Width of the labels at the left unless they are wider, pixels, so that charts below each other
/// begin at the same place.
const LABEL: f64 = 36.0;
/// Length of a tick, pixels. Its label is as far again from it.
const TICK: u32 = 4;

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// What a reader should know of it, beside the title.
    pub note: &'static str,
    /// What is along the bottom.
    pub across: Across,
    /// The methods' values.
    pub lines: Vec<Line>,
}

/// The style of text.
pub fn text(size: f64, colour: RGBColor) -> TextStyle<'static> {
    ("", size).into_font().color(&colour)
}

/// What a method has to show.
#[derive(Clone, Debug)]
pub struct Line {
    /// The method's place among all.
    pub method: usize,
    /// Along the bottom and upwards, in order. Without a value there is a gap.
    pub points: Vec<(f64, Option<f64>)>,
}

impl Line {
    /// Whether there is a value to show.
    pub fn has_data(&self) -> bool {
        self.runs().next().is_some()
    }

    /// The points between gaps.
    fn runs(&self) -> impl Iterator<Item = Vec<(f64, f64)>> {
        let shown = |point: &(f64, Option<f64>)| {
            let value = point.1.filter(|&value| is_shown(value))?;
            (is_shown(point.0) && point.0 > 0.0).then_some((point.0, value))
        };
        let runs = self.points.split(move |point| shown(point).is_none());
        runs.map(move |run| run.iter().filter_map(shown).collect())
            .filter(|run: &Vec<_>| !run.is_empty())
    }
}

impl Chart {
    /// Whether there is a value to show.
    pub fn has_data(&self) -> bool {
        self.lines.iter().any(Line::has_data)
    }

    /// Draws it to fill an area; nothing without data.
    ///
    /// # Errors
    /// None but those of the canvas.
    pub fn draw(
        &self,
        area: &Area,
        lettering: &Lettering,
    ) -> Result<(), DrawingAreaErrorKind<Infallible>> {
        let points = || self.lines.iter().flat_map(Line::runs).flatten();
        let along: Vec<f64> = points().map(|point| point.0).collect();
        let upwards: Vec<f64> = points().map(|point| point.1).collect();
        let (Some(mut across), Some(up)) =
            (Axis::across(self.across, &along), Axis::upwards(&upwards))
        else {
            return Ok(());
        };
        let small = text(SMALL, PALE);
        let width = |label: &str| lettering.width(label, SMALL);
        let labels = up.ticks.iter().map(|tick| width(&tick.label));
        let left = labels.fold(LABEL, f64::max).ceil() as u32 + 3 * TICK;
        across.thin_labels(area.dim_in_pixel().0.saturating_sub(left), width);

        self.draw_title(area, left as i32, lettering)?;
        let body = area.margin(TITLE, 0, 0, 0);
        let mut context = ChartBuilder::on(&body)
            .set_label_area_size(LabelAreaPosition::Left, left)
            .set_label_area_size(LabelAreaPosition::Bottom, BELOW)
            .build_cartesian_2d(across, up)?;
        context
            .configure_mesh()
            .axis_style(FRAME)
            .bold_line_style(GRID)
            .set_all_tick_mark_size(TICK)
            .label_style(small.clone())
            .axis_desc_style(small)
            .x_desc(self.across.title())
            .draw()?;

        for line in &self.lines {
            let mark = Mark::of(line.method);
            for run in line.runs() {
                match mark.dash {
                    None => context.draw_series(LineSeries::new(run, mark.line()))?,
                    Some((dash, gap)) => {
                        context.draw_series(DashedLineSeries::new(run, dash, gap, mark.line()))?
                    }
                };
            }
        }
        // After all lines, so that none hides a marker.
        for line in &self.lines {
            let mark = Mark::of(line.method);
            let places = line.runs().flatten();
            context.draw_series(places.map(|place| Marker { place, mark }))?;
        }
        Ok(())
    }

    fn draw_title(
        &self,
        area: &Area,
        left: i32,
        lettering: &Lettering,
    ) -> Result<(), DrawingAreaErrorKind<Infallible>> {
        let base = TITLE as i32 - 14;
        let bottom = Pos::new(HPos::Left, VPos::Bottom);
        area.draw_text(&self.title, &text(LARGE, INK).pos(bottom), (left, base))?;
        let note = left + (lettering.width(&self.title, LARGE) + 10.0) as i32;
        area.draw_text(self.note, &text(SMALL, PALE).pos(bottom), (note, base))
    }
}
