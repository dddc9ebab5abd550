//! A picture of several charts: a title, a legend for all of them, and the charts in rows.

use super::chart::{Area, Chart, INK, text};
use super::marks::{Mark, Marker};
use crate::evaluation::canvas::{Canvas, Lettering};
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{DashedPathElement, PathElement};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::convert::Infallible;

/// Width and height of a chart, pixels, and of the white around and between charts.
const CHART: (usize, usize) = (400, 290);
const GAP: usize = 24;
/// Pixels for the title.
const HEAD: usize = 52;
/// Height of a row of the legend, pixels.
const ROW: usize = 24;
/// Length of a line in the legend and the white after it and after the name, pixels.
const SAMPLE: usize = 40;
const AFTER_SAMPLE: usize = 8;
const AFTER_NAME: usize = 24;
/// Sizes of text.
const TITLE: f64 = 20.0;
const NAME: f64 = 14.0;

/// Charts.
pub struct Picture {
    /// What it is about.
    pub title: String,
    /// Rows of charts that have data.
    pub rows: Vec<Vec<Chart>>,
}

/// A method in the legend.
struct Entry {
    method: usize,
    name: String,
    left: usize,
    top: usize,
}

impl Picture {
    /// Draws it; none without charts.
    ///
    /// # Errors
    /// None but those of the canvas.
    pub fn draw(
        &self,
        methods: &[String],
        lettering: &Lettering,
    ) -> anyhow::Result<Option<Canvas>> {
        let Some(columns) = self.rows.iter().map(Vec::len).max() else {
            return Ok(None);
        };
        let width = GAP + columns * (CHART.0 + GAP);
        let entries = self.legend(methods, width, lettering);
        let top = entries.last().map_or(HEAD, |entry| entry.top + ROW) + GAP / 2;
        let height = top + self.rows.len() * (CHART.1 + GAP);

        let mut canvas = Canvas::new((width, height), lettering.clone());
        let area = (&mut canvas).into_drawing_area();
        let title = lettering.shortened(&self.title, TITLE, (width - 2 * GAP) as f64);
        let style = text(TITLE, INK).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(&title, &style, (GAP as i32, HEAD as i32 / 2 + 4))?;
        for entry in &entries {
            entry.draw(&area)?;
        }
        let size = (CHART.0 as u32, CHART.1 as u32);
        for (row, charts) in self.rows.iter().enumerate() {
            for (column, chart) in charts.iter().enumerate() {
                let left = GAP + column * (CHART.0 + GAP);
                let top = top + row * (CHART.1 + GAP);
                let area = area.clone().shrink((left as u32, top as u32), size);
                chart.draw(&area, lettering)?;
            }
        }
        drop(area);
        Ok(Some(canvas))
    }

    /// The methods that have data, in lines no wider than the picture.
    fn legend(&self, methods: &[String], width: usize, lettering: &Lettering) -> Vec<Entry> {
        let right = width - GAP;
        let (mut left, mut top) = (GAP, 0);
        let mut entries = Vec::new();
        for (method, name) in methods.iter().enumerate() {
            let mut lines = self.rows.iter().flatten().flat_map(|chart| &chart.lines);
            if !lines.any(|line| line.method == method && line.has_data()) {
                continue;
            }
            let room = right - GAP - SAMPLE - AFTER_SAMPLE;
            let name = lettering.shortened(name, NAME, room as f64);
            let length = SAMPLE + AFTER_SAMPLE + lettering.width(&name, NAME).ceil() as usize;
            if left > GAP && left + length > right {
                (left, top) = (GAP, top + ROW);
            }
            entries.push(Entry {
                method,
                name,
                left,
                top: HEAD + top,
            });
            left += length + AFTER_NAME;
        }
        entries
    }
}

impl Entry {
    fn draw(&self, area: &Area) -> Result<(), DrawingAreaErrorKind<Infallible>> {
        let mark = Mark::of(self.method);
        let (left, middle) = (self.left as i32, (self.top + ROW / 2) as i32);
        let right = left + SAMPLE as i32;
        let line = [(left, middle), (right, middle)];
        match mark.dash {
            None => area.draw(&PathElement::new(line, mark.line()))?,
            Some((dash, gap)) => {
                area.draw(&DashedPathElement::new(line, dash, gap, mark.line()))?;
            }
        }
        area.draw(&Marker {
            place: ((left + right) / 2, middle),
            mark,
        })?;
        let style = text(NAME, INK).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(&self.name, &style, (right + AFTER_SAMPLE as i32, middle))
    }
}
