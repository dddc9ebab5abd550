//! One step of a plan, tile by tile.

use crate::{image::COLOURS, plan::Size, rows::Rows, tile::Tiling};
use casr_net::{Model, StepGeometry};
use std::{ops::Range, sync::Arc};

/// A step of a plan: how the level below becomes this one.
#[derive(Debug)]
pub(crate) struct Step {
    /// The tiles of the level below.
    pub tiling: Tiling,
    geometry: StepGeometry,
}

impl Step {
    /// The step from the level that `tiling` cuts to one of size `output`.
    pub fn new(tiling: Tiling, output: Size) -> Self {
        let input = tiling.input;
        let geometry =
            StepGeometry::new((input.height, input.width), (output.height, output.width));
        Self { tiling, geometry }
    }

    /// Pixels across the level that is made.
    pub fn output_width(&self) -> usize {
        self.geometry.columns.outputs()
    }

    /// The rows that are made from a band of tiles.
    pub fn output_rows(&self, rows: &Range<usize>) -> Range<usize> {
        let starts = &self.geometry.rows.cells.starts;
        starts[rows.start] as usize..starts[rows.end] as usize
    }

    /// The columns that are made from a column of tiles.
    pub fn output_columns(&self, columns: &Range<usize>) -> Range<usize> {
        let starts = &self.geometry.columns.cells.starts;
        starts[columns.start] as usize..starts[columns.end] as usize
    }

    /// Makes the pixels of one tile, [output rows, output columns, 3], clamped to [0, 1]. `level` must hold the rows that
    /// the tile's halo covers.
    ///
    /// The image's border is the window's border only where the halo would reach past it, so a pixel has the same bits
    /// whichever tile makes it.
    pub fn tile(
        &self,
        model: &Model,
        level: &Rows,
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Vec<f32> {
        let row_window = self.tiling.row_window(rows);
        let column_window = self.tiling.column_window(columns);
        let values = level.window(row_window.clone(), column_window.clone());
        let geometry = StepGeometry {
            rows: self
                .geometry
                .rows
                .window(row_window, self.output_rows(rows)),
            columns: self
                .geometry
                .columns
                .window(column_window, self.output_columns(columns)),
        };
        let mut result = model.step(values, &Arc::new(geometry));
        for value in &mut result {
            *value = value.clamp(0.0, 1.0);
        }
        result
    }
}

/// Copies a tile, `columns` of a band `width` pixels across, into its place.
pub(crate) fn place(tile: &[f32], columns: &Range<usize>, width: usize, band: &mut [f32]) {
    let bands = band.chunks_mut(width * COLOURS);
    for (source, target) in tile.chunks(columns.len() * COLOURS).zip(bands) {
        target[columns.start * COLOURS..columns.end * COLOURS].copy_from_slice(source);
    }
}
