//! A part of a level at another size: antialiased bicubic resampling, while the rows come.

use super::{Pyramid, Rectangle, room};
use crate::{
    error::ZoomError,
    image::{COLOURS, Image},
    plan::Size,
};
use casr_kernels::resample::{self, Taps};
use std::ops::ControlFlow;

/// A part of a level that may begin and end within pixels: where it begins and where it ends, in
/// pixels of the level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Across.
    pub columns: (f64, f64),
    /// Down.
    pub rows: (f64, f64),
}

impl Span {
    /// Whether it lies in a level of this size, with some extent.
    pub fn lies_in(&self, size: Size) -> bool {
        let within = |(start, end): (f64, f64), side: usize| {
            start >= 0.0 && start < end && end <= side as f64
        };
        within(self.columns, size.width) && within(self.rows, size.height)
    }

    /// The whole pixels that hold it; for messages.
    fn around(&self) -> Rectangle {
        let side = |(start, end): (f64, f64)| {
            let first = start.floor().max(0.0);
            (first as usize, (end.ceil() - first).max(0.0) as usize)
        };
        let ((x, width), (y, height)) = (side(self.columns), side(self.rows));
        Rectangle {
            x,
            y,
            width,
            height,
        }
    }
}

impl Pyramid<'_> {
    /// A part of a level at another size, by a bicubic that is antialiased where it shrinks. What
    /// the level holds beside the part is read as well, as far as the bicubic reaches, and beyond
    /// the level's border its mirror image. Weights depend on where a pixel lies in the level
    /// alone: parts beside each other, at one scale, have no seam. The level comes from top to
    /// bottom, and no more of it is held than the next rows need.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], [`ZoomError::Outside`] if the part does not lie within the level,
    /// [`ZoomError::EmptyImage`] for a size without pixels, [`ZoomError::Memory`],
    /// [`ZoomError::Cancelled`], or [`ZoomError::Network`] if the device fails.
    pub fn resized(&self, level: usize, part: Span, size: Size) -> Result<Image, ZoomError> {
        let (columns, rows) = self.taps(level, part, size)?;
        let window = read(&columns, &rows);
        let across = window.x..window.x + window.width;
        let columns = columns.window(across, 0..size.width);
        let (row, width) = (window.width * COLOURS, size.width * COLOURS);
        let mut result: Vec<f32> = room(size)?;
        let needed = needed(&rows);
        // Rows of the level from `first` on.
        let (mut held, mut first): (Vec<f32>, usize) = (Vec::new(), window.y);
        let mut next = 0;
        let mut bands = self.window_rows(level, window)?;
        while let Some(band) = bands.next() {
            self.go_on(&bands.progress())?;
            let band = band?;
            held.extend_from_slice(&band.pixels);
            let ready = |output: &usize| rows.support(*output..*output + 1).end <= band.rows.end;
            let end = next + (next..rows.outputs).take_while(ready).count();
            if end == next {
                continue;
            }
            let reads = rows.support(next..end);
            let part = rows.window(reads.clone(), next..end);
            let input = &held[(reads.start - first) * row..(reads.end - first) * row];
            let done = result.len();
            result.resize(done + (end - next) * width, 0.0);
            resample::forward(1, COLOURS, &part, &columns, input, &mut result[done..]);
            next = end;
            if let Some(&start) = needed.get(next) {
                let keep = start.clamp(first, band.rows.end);
                held.drain(..(keep - first) * row);
                first = keep;
            }
        }
        for value in &mut result {
            *value = value.clamp(0.0, 1.0);
        }
        Ok(Image::checked(size, result))
    }

    /// The window of a level that [`Pyramid::resized`] reads.
    ///
    /// # Errors
    /// [`ZoomError::NoLevel`], [`ZoomError::Outside`] and [`ZoomError::EmptyImage`].
    pub fn read_for(&self, level: usize, part: Span, size: Size) -> Result<Rectangle, ZoomError> {
        let (columns, rows) = self.taps(level, part, size)?;
        Ok(read(&columns, &rows))
    }

    /// How the columns and the rows are made.
    fn taps(&self, level: usize, part: Span, size: Size) -> Result<(Taps, Taps), ZoomError> {
        let whole = self.size(level)?;
        if size.width == 0 || size.height == 0 {
            return Err(ZoomError::EmptyImage { size });
        }
        if !part.lies_in(whole) {
            let window = part.around();
            return Err(ZoomError::Outside {
                window,
                size: whole,
            });
        }
        Ok((
            Taps::bicubic_span(whole.width, part.columns, size.width),
            Taps::bicubic_span(whole.height, part.rows, size.height),
        ))
    }

    /// Asks the observer, who is asked around tiles only, whether to go on.
    fn go_on(&self, progress: &super::Progress) -> Result<(), ZoomError> {
        match (self.observer.as_ref()).map(|observer| observer(*progress)) {
            Some(ControlFlow::Break(())) => Err(ZoomError::Cancelled),
            _ => Ok(()),
        }
    }
}

/// What taps read.
fn read(columns: &Taps, rows: &Taps) -> Rectangle {
    let across = columns.support(0..columns.outputs);
    Rectangle::of(&rows.support(0..rows.outputs), &across)
}

/// For each output the first input that it or a later one reads.
fn needed(rows: &Taps) -> Vec<usize> {
    let mut first = usize::MAX;
    let outputs = (0..rows.outputs).rev();
    let starts = outputs.map(|row| {
        first = first.min(rows.support(row..row + 1).start);
        first
    });
    let mut starts: Vec<usize> = starts.collect();
    starts.reverse();
    starts
}
