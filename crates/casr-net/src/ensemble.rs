//! The mean of what a network makes of a window in its eight orientations: it looks the same way at
//! an image however that one is turned, and errs less.

use crate::config::COLOURS;
use crate::device::Stepper;
use crate::error::NetError;
use crate::geometry::{StepAxis, StepGeometry};
use crate::model::{StepResult, StepWindow};
use std::sync::Arc;

/// A network without modules that steps through all orientations of a window (self-ensemble; Lim et
/// al., "Enhanced deep residual networks for single image super-resolution", 2017). They follow
/// each other in one order, so that a device sees one window at a time and bits are the same
/// everywhere.
#[derive(Debug)]
pub(crate) struct Ensemble(pub Arc<dyn Stepper>);

impl Stepper for Ensemble {
    fn step(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<StepResult, NetError> {
        let inputs = (geometry.rows.inputs(), geometry.columns.inputs());
        let outputs = (geometry.rows.outputs(), geometry.columns.outputs());
        let mut mean = self.0.step(window, geometry)?;
        for (orientation, before) in Orientation::TURNED.iter().zip(1_u8..) {
            let turned = StepWindow {
                pixels: orientation.turn(&window.pixels, inputs),
                origin: window.origin,
                prior: None,
                before: None,
            };
            let made = self.0.step(&turned, &orientation.geometry(geometry))?;
            let count = f32::from(before) + 1.0;
            orientation.average(&made.pixels, count, &mut mean.pixels, outputs);
        }
        Ok(mean)
    }
}

/// A way to turn an image: mirrored, then transposed.
#[derive(Clone, Copy, Debug)]
struct Orientation {
    /// Whether what is at the top comes to the bottom.
    down: bool,
    /// Whether what is at the left comes to the right.
    across: bool,
    /// Whether rows become columns.
    transposed: bool,
}

/// Passes of the network in an ensemble.
pub(crate) const ORIENTATIONS: u32 = 1 + Orientation::TURNED.len() as u32;

impl Orientation {
    /// All but the upright one.
    const TURNED: [Self; 7] = [
        Self::new(false, true, false),
        Self::new(true, false, false),
        Self::new(true, true, false),
        Self::new(false, false, true),
        Self::new(false, true, true),
        Self::new(true, false, true),
        Self::new(true, true, true),
    ];

    const fn new(down: bool, across: bool, transposed: bool) -> Self {
        Self {
            down,
            across,
            transposed,
        }
    }

    /// Where the pixels of a row of an upright image of `(height, width)` come to lie in the turned
    /// one.
    fn places(self, row: usize, (height, width): (usize, usize)) -> impl Iterator<Item = usize> {
        let row = if self.down { height - 1 - row } else { row };
        (0..width).map(move |column| {
            let column = if self.across {
                width - 1 - column
            } else {
                column
            };
            if self.transposed {
                column * height + row
            } else {
                row * width + column
            }
        })
    }

    /// An image `[height, width, 3]`, turned.
    fn turn(self, upright: &[f32], size: (usize, usize)) -> Vec<f32> {
        let (upright, _) = upright.as_chunks::<COLOURS>();
        let mut turned = vec![[0.0; COLOURS]; upright.len()];
        for (row, pixels) in upright.chunks_exact(size.1.max(1)).enumerate() {
            for (pixel, place) in pixels.iter().zip(self.places(row, size)) {
                turned[place] = *pixel;
            }
        }
        turned.into_flattened()
    }

    /// Takes a turned image as the last of `count` into the mean of upright ones,
    /// `[height, width, 3]`. Equal values have that value as their mean, without rounding: flat
    /// stays flat, and grey stays grey.
    fn average(self, turned: &[f32], count: f32, mean: &mut [f32], size: (usize, usize)) {
        let (turned, _) = turned.as_chunks::<COLOURS>();
        let (mean, _) = mean.as_chunks_mut::<COLOURS>();
        for (row, pixels) in mean.chunks_exact_mut(size.1.max(1)).enumerate() {
            for (pixel, place) in pixels.iter_mut().zip(self.places(row, size)) {
                for (mean, value) in pixel.iter_mut().zip(turned[place]) {
                    *mean += (value - *mean) / count;
                }
            }
        }
    }

    /// The geometry of a step on a turned window.
    fn geometry(self, upright: &StepGeometry) -> StepGeometry {
        let turned = |axis: &StepAxis, mirrored: bool| {
            if mirrored {
                axis.mirrored()
            } else {
                axis.clone()
            }
        };
        let rows = turned(&upright.rows, self.down);
        let columns = turned(&upright.columns, self.across);
        if self.transposed {
            StepGeometry {
                rows: columns,
                columns: rows,
            }
        } else {
            StepGeometry { rows, columns }
        }
    }
}
