//! One step of a plan, tile by tile.

use crate::{
    error::ZoomError,
    image::COLOURS,
    plan::Size,
    rows::Rows,
    tile::{Tiling, halves},
};
use casr_net::{Model, NetError, StepGeometry};
use std::{ops::Range, sync::Arc};

/// Tiles with sides up to this are not cut any further when the device fails: memory is not what it lacks.
const SMALLEST_TILE: usize = 64;

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
    /// whichever tile makes it. That lets a tile that does not fit into the device's memory be made in halves; `most` is
    /// the number of pixels that are worth a try, and shrinks when one fails.
    ///
    /// # Errors
    /// [`ZoomError::Device`] if the device fails on the smallest part, too.
    pub fn tile(
        &self,
        model: &Model,
        level: &Rows,
        rows: &Range<usize>,
        columns: &Range<usize>,
        most: &mut usize,
    ) -> Result<Vec<f32>, ZoomError> {
        let parts = halves(rows, columns, SMALLEST_TILE);
        let pixels = rows.len() * columns.len();
        if parts.is_none() || pixels <= *most {
            match (self.attempt(model, level, rows, columns), &parts) {
                (Ok(tile), _) => return Ok(tile),
                (Err(_), Some(_)) => *most = pixels / 2,
                (Err(error), None) => return Err(ZoomError::Device(error.to_string())),
            }
        }
        let [first, second] = parts.expect("what cannot be cut has been made or has failed");
        let outputs = self.output_columns(columns);
        let mut result = vec![0.0; self.output_rows(rows).len() * outputs.len() * COLOURS];
        for (rows_of_part, columns_of_part) in [first, second] {
            let part = self.tile(model, level, &rows_of_part, &columns_of_part, most)?;
            let above = self.output_rows(rows).start;
            let first_row = self.output_rows(&rows_of_part).start - above;
            let inside = self.output_columns(&columns_of_part);
            let inside = inside.start - outputs.start..inside.end - outputs.start;
            let target = &mut result[first_row * outputs.len() * COLOURS..];
            place(&part, &inside, outputs.len(), target);
        }
        Ok(result)
    }

    /// See [`Step::tile`]: in one go.
    fn attempt(
        &self,
        model: &Model,
        level: &Rows,
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Result<Vec<f32>, NetError> {
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
        let mut result = model.step(values, &Arc::new(geometry))?;
        for value in &mut result {
            *value = value.clamp(0.0, 1.0);
        }
        Ok(result)
    }
}

/// Copies a tile, `columns` of a band `width` pixels across, into its place.
pub(crate) fn place(tile: &[f32], columns: &Range<usize>, width: usize, band: &mut [f32]) {
    let bands = band.chunks_mut(width * COLOURS);
    for (source, target) in tile.chunks(columns.len() * COLOURS).zip(bands) {
        target[columns.start * COLOURS..columns.end * COLOURS].copy_from_slice(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casr_net::{ComputeDevice, Network, NetworkConfig, Recipe};

    #[test]
    fn a_tile_in_halves_is_the_same_tile() {
        let config = NetworkConfig {
            channels: 16,
            blocks: 1,
            frequencies: 4,
        };
        let device = ComputeDevice::cpu();
        let network = Network::new(config, device.burn());
        let model = Model::from_network(network, device, config, Recipe::default());
        let (width, height) = (203, 150);
        let tiling = Tiling {
            input: Size { width, height },
            tile: 256,
            halo: model.halo(),
        };
        let output = Size {
            width: 341,
            height: 222,
        };
        let step = Step::new(tiling, output);
        let mut level = Rows::new(width);
        let values = (0..width * height * COLOURS).map(|i| (i * 7919 % 1009) as f32 / 1009.0);
        level.append(&values.collect::<Vec<f32>>());

        let make = |mut most: usize| {
            let (rows, columns) = (0..height, 0..width);
            let tile = step.tile(&model, &level, &rows, &columns, &mut most);
            let bits = |value: &f32| value.to_bits();
            tile.unwrap().iter().map(bits).collect::<Vec<u32>>()
        };
        let whole = make(usize::MAX);
        for most in [0, 5_000, 20_000] {
            assert!(make(most) == whole, "at most {most} pixels at a time");
        }
    }
}
