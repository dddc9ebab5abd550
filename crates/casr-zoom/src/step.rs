//! One step of a plan, tile by tile.

use crate::{
    image::{COLOURS, Image},
    plan::Size,
    rows::Rows,
    tile::{Tiling, halves},
};
use casr_net::{
    CELL, CellPlaces, Model, NetError, NetworkConfig, Origin, Pixels, Places, PriorGeometry,
    Statistics, StepGeometry, StepWindow, whole_places,
};
use half::f16;
use std::{ops::Range, sync::Arc};

/// Tiles with sides up to this are not cut any further when the device fails: memory is not what it
/// lacks.
const SMALLEST_TILE: usize = 64;

/// A step of a plan: how the level below becomes this one.
#[derive(Debug)]
pub(crate) struct Step {
    /// The tiles of the level below.
    pub tiling: Tiling,
    geometry: StepGeometry,
    /// Where the level below comes from.
    origin: Origin,
    /// How the original image's self-similarity is found, for a network that wants it.
    prior: Option<PriorGeometry>,
    /// Where the cells of the level below lie among those of the step before, for a network that
    /// aligns to them.
    before: Option<Places>,
    /// Values that the network leaves behind for each cell; none for one that aligns nothing.
    statistics: usize,
}

/// The levels around a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    /// The original image.
    pub image: Size,
    /// The level below the one that the step reads; none for the first step, which reads the image.
    pub before: Option<Size>,
    /// The level that the step makes.
    pub output: Size,
}

/// What is held of the levels below.
#[derive(Debug)]
pub(crate) struct Below<'a> {
    /// The original image; needed by a network with similarity.
    pub image: Option<&'a Image>,
    /// The level below.
    pub pixels: &'a Rows<f32>,
    /// What the step before has left behind; empty at the first step.
    pub statistics: &'a Rows<f16>,
}

/// What is made of a tile.
#[derive(Debug, PartialEq)]
pub(crate) struct Made {
    /// [output rows, output columns, 3], in [0, 1].
    pub pixels: Vec<f32>,
    /// For the next step: [rows of cells, columns of cells, values]; empty where the network aligns
    /// nothing. Half precision is more than they are exact to, and a quarter of the pixels' memory.
    pub statistics: Vec<f16>,
}

impl Step {
    /// The step from the level that `tiling` cuts.
    pub fn new(tiling: Tiling, levels: Levels, origin: Origin, network: NetworkConfig) -> Self {
        let size = |size: Size| (size.height, size.width);
        let (input, output) = (size(tiling.input), size(levels.output));
        let prior = || PriorGeometry::new(size(levels.image), input, output);
        let places = |before: Size| whole_places((input.0, before.height), (input.1, before.width));
        Self {
            tiling,
            geometry: StepGeometry::new(input, output),
            origin,
            prior: network.similarity.then(prior),
            before: levels.before.filter(|_| network.alignment).map(places),
            statistics: if network.alignment {
                network.statistics()
            } else {
                0
            },
        }
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

    /// Values that the step leaves behind for each cell of the level below.
    pub fn statistics(&self) -> usize {
        self.statistics
    }

    /// The rows of cells of the step before that a band of tiles aligns to.
    pub fn rows_before(&self, rows: &Range<usize>) -> Range<usize> {
        let window = cells(&self.tiling.row_window(rows));
        (self.before.as_ref()).map_or(0..0, |places| places[0].support(window))
    }

    /// Nothing yet of what is made from these input rows and columns.
    pub fn blank(&self, rows: &Range<usize>, columns: &Range<usize>) -> Made {
        let pixels = self.output_rows(rows).len() * self.output_columns(columns).len();
        let cells = cells(rows).len() * cells(columns).len();
        Made {
            pixels: vec![0.0; pixels * COLOURS],
            statistics: vec![f16::ZERO; cells * self.statistics],
        }
    }

    /// Copies what is made of a tile, from the input rows and columns `tile`, into what is made of
    /// `whole`.
    pub fn place(
        &self,
        made: &Made,
        tile: (&Range<usize>, &Range<usize>),
        whole: (&Range<usize>, &Range<usize>),
        target: &mut Made,
    ) {
        let inside = |part: Range<usize>, whole: Range<usize>| {
            (
                part.start - whole.start..part.end - whole.start,
                whole.len(),
            )
        };
        let rows = inside(self.output_rows(tile.0), self.output_rows(whole.0)).0;
        let (columns, width) = inside(self.output_columns(tile.1), self.output_columns(whole.1));
        place(
            &made.pixels,
            COLOURS,
            (rows, columns),
            width,
            &mut target.pixels,
        );
        let rows = inside(cells(tile.0), cells(whole.0)).0;
        let (columns, width) = inside(cells(tile.1), cells(whole.1));
        let target = &mut target.statistics;
        place(
            &made.statistics,
            self.statistics,
            (rows, columns),
            width,
            target,
        );
    }

    /// Makes the pixels of one tile. `below` must hold the rows that the tile's halo covers.
    ///
    /// Beyond the level's border lie as many mirrored pixels for every tile, so a pixel is the
    /// same, but for rounding, whichever tile makes it. That lets a tile that does not fit into the
    /// device's memory be made in halves; `most` is the number of pixels that are worth a try, and
    /// shrinks when one fails.
    ///
    /// # Errors
    /// [`NetError`] if the device fails, or has too little memory even for the smallest part.
    pub fn tile(
        &self,
        model: &Model,
        below: &Below,
        rows: &Range<usize>,
        columns: &Range<usize>,
        most: &mut usize,
    ) -> Result<Made, NetError> {
        let parts = halves(rows, columns, SMALLEST_TILE);
        let pixels = rows.len() * columns.len();
        if parts.is_none() || pixels <= *most {
            match (self.attempt(model, below, rows, columns), &parts) {
                (Err(NetError::OutOfMemory { .. }), Some(_)) => *most = pixels / 2,
                (made, _) => return made,
            }
        }
        let [first, second] = parts.expect("what cannot be cut has been made or has failed");
        let mut result = self.blank(rows, columns);
        for part in [first, second] {
            let made = self.tile(model, below, &part.0, &part.1, most)?;
            self.place(&made, (&part.0, &part.1), (rows, columns), &mut result);
        }
        Ok(result)
    }

    /// See [`Step::tile`]: in one go.
    fn attempt(
        &self,
        model: &Model,
        below: &Below,
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Result<Made, NetError> {
        let row_window = self.tiling.row_window(rows);
        let column_window = self.tiling.column_window(columns);
        let row_border = self.tiling.row_border(&row_window);
        let column_border = self.tiling.column_border(&column_window);
        let pixels = (below.pixels).bordered(
            (row_window.clone(), row_border),
            (column_window.clone(), column_border),
        );
        let prior = self.prior.as_ref().zip(below.image).map(|(prior, image)| {
            let image = Pixels {
                height: image.height(),
                width: image.width(),
                values: image.pixels(),
            };
            let window = (below.pixels).window(row_window.clone(), column_window.clone());
            let prior = prior.prior(image, &window, row_window.clone(), column_window.clone());
            prior.bordered(row_border, column_border)
        });
        let before = self.before.as_ref().map(|places| {
            let [rows, columns] = &**places;
            let part = |places: &CellPlaces, window: &Range<usize>, border: [usize; 2]| {
                let own = cells(window);
                let support = places.support(own.clone());
                let [before, behind] = bordering_cells(window, border);
                let places = places.window(own, support.clone());
                (places.bordered(before, behind), support)
            };
            let (rows, row_support) = part(rows, &row_window, row_border);
            let (columns, column_support) = part(columns, &column_window, column_border);
            let values = (below.statistics).window(row_support, column_support);
            Statistics {
                values: values.into_iter().map(f16::to_f32).collect(),
                places: Arc::new([rows, columns]),
            }
        });
        let (output_rows, output_columns) = (self.output_rows(rows), self.output_columns(columns));
        let geometry = StepGeometry {
            rows: (self.geometry.rows).window(row_window.clone(), output_rows, row_border),
            columns: (self.geometry.columns).window(
                column_window.clone(),
                output_columns,
                column_border,
            ),
        };
        let window = StepWindow {
            pixels,
            origin: self.origin,
            prior,
            before,
        };
        let made = model.step(&window, &geometry)?;
        let (mut pixels, statistics) = (made.pixels, made.statistics);
        for value in &mut pixels {
            *value = value.clamp(0.0, 1.0);
        }
        let statistics = statistics.map(|values| {
            let inside = |part: &Range<usize>, window: &Range<usize>, [before, _]: [usize; 2]| {
                let (part, first) = (cells(part), cells(window).start);
                let before = before / CELL;
                before + part.start - first..before + part.end - first
            };
            let [before, behind] = bordering_cells(&column_window, column_border);
            let across = before + cells(&column_window).len() + behind;
            let mut all = Rows::new(across, self.statistics);
            all.append(&values);
            let part = all.window(
                inside(rows, &row_window, row_border),
                inside(columns, &column_window, column_border),
            );
            part.into_iter().map(f16::from_f32).collect()
        });
        Ok(Made {
            pixels,
            statistics: statistics.unwrap_or_default(),
        })
    }
}

/// The cells of a range of pixels that begins on the grid and ends there or at the level's border.
fn cells(pixels: &Range<usize>) -> Range<usize> {
    pixels.start / CELL..pixels.end.div_ceil(CELL)
}

/// Cells before and behind a window that lie in its border alone.
fn bordering_cells(window: &Range<usize>, [before, behind]: [usize; 2]) -> [usize; 2] {
    let all = (before + window.len() + behind).div_ceil(CELL);
    let before = before / CELL;
    [before, all - before - cells(window).len()]
}

/// Copies a tile into its rows and columns of something `width` places across.
fn place<T: Copy>(
    tile: &[T],
    channels: usize,
    (rows, columns): (Range<usize>, Range<usize>),
    width: usize,
    target: &mut [T],
) {
    if channels == 0 {
        return;
    }
    let lines = target.chunks_mut(width * channels).skip(rows.start);
    for (source, line) in tile.chunks(columns.len() * channels).zip(lines) {
        line[columns.start * channels..columns.end * channels].copy_from_slice(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_in_halves_is_the_same_tile() {
        let config = NetworkConfig {
            channels: 16,
            blocks: 1,
            frequencies: 4,
            alignment: true,
            similarity: true,
        };
        let model = Model::new(config, config.initial_parameters(7)).unwrap();
        let (width, height) = (203, 150);
        let tiling = Tiling::new(Size { width, height }, 256, &model);
        let output = Size {
            width: 341,
            height: 222,
        };
        let noise = |count: usize| {
            let value = |i: usize| (i * 7919 % 1009) as f32 / 1009.0;
            (0..count).map(value).collect::<Vec<f32>>()
        };
        // The second step of an enlargement.
        let small = Size {
            width: 120,
            height: 90,
        };
        let levels = Levels {
            image: small,
            before: Some(small),
            output,
        };
        let step = Step::new(tiling, levels, Origin::Step, config);
        let pixels = noise(small.width * small.height * COLOURS);
        let image = Image::new(small.width, small.height, pixels).unwrap();
        let mut level = Rows::new(width, COLOURS);
        level.append(&noise(width * height * COLOURS));
        let cells = (small.width.div_ceil(CELL), small.height.div_ceil(CELL));
        let mut statistics = Rows::new(cells.0, config.statistics());
        let values = noise(cells.0 * cells.1 * config.statistics());
        statistics.append(&values.into_iter().map(f16::from_f32).collect::<Vec<f16>>());
        let below = Below {
            image: Some(&image),
            pixels: &level,
            statistics: &statistics,
        };

        let make = |mut most: usize| {
            let (rows, columns) = (0..height, 0..width);
            let tile = step.tile(&model, &below, &rows, &columns, &mut most);
            let tile = tile.unwrap();
            (tile.pixels, tile.statistics)
        };
        let (pixels, statistics) = make(usize::MAX);
        for most in [0, 5_000, 20_000] {
            let (halved, left) = make(most);
            let off = |pairs: &mut dyn Iterator<Item = (f32, f32)>| {
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            let pixels = off(&mut pixels.iter().copied().zip(halved));
            assert!(
                pixels < 1e-5,
                "{pixels} with at most {most} pixels at a time"
            );
            let values = |values: &[f16]| {
                values
                    .iter()
                    .map(|value| value.to_f32())
                    .collect::<Vec<f32>>()
            };
            let statistics = off(&mut values(&statistics).into_iter().zip(values(&left)));
            assert!(
                statistics < 0.02,
                "{statistics} with at most {most} pixels at a time"
            );
        }
    }
}
