//! One step of a plan, tile by tile.

use crate::{
    image::COLOURS,
    patch::Patch,
    plan::{ScalePlan, Size},
    sample::to_sixteen,
    tile::{Tiling, halves},
    view::ImageView,
};
use casr_net::{
    CELL, CellAxis, CellPlaces, Model, NetError, NetworkConfig, Origin, Places, PriorGeometry,
    Statistics, StepAxis, StepGeometry, StepWindow, interpolate, whole_places,
};
use half::f16;
use std::{ops::Range, sync::Arc};

/// Tiles with sides up to this are not cut any further when the device fails: memory is not what it
/// lacks.
const SMALLEST_TILE: usize = 64;

/// A step of a plan: how the level below becomes this one.
#[derive(Debug)]
pub(crate) struct Step {
    /// How the level below is cut.
    pub tiling: Tiling,
    /// The rows of tiles, top to bottom, and the columns, left to right: pixels of the level below.
    pub rows: Vec<Range<usize>>,
    pub columns: Vec<Range<usize>>,
    /// The size of the level that the step makes.
    pub output: Size,
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

/// Rows and columns.
pub(crate) type Place = (Range<usize>, Range<usize>);

/// What a tile reads of the level below.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    /// Pixels of the level below.
    pub pixels: Place,
    /// Cells of the step before, whose statistics it aligns to; none where it aligns to nothing.
    pub cells: Option<Place>,
}

/// What is held of the level below: at least what a tile reads.
#[derive(Debug)]
pub(crate) struct Below<'a> {
    /// The original image; a network with similarity looks into it.
    pub image: ImageView<'a>,
    /// Its pixels, in [0, 1].
    pub pixels: Patch<f32>,
    /// What the step before has left behind, over its cells.
    pub statistics: Option<Patch<f16>>,
}

/// A tile of a level, and what the next step aligns to.
#[derive(Debug, PartialEq)]
pub(crate) struct Made {
    /// Its pixels of the level: RGB, 65,535 is full. Levels are held so, because what a file takes
    /// at most is more than enough for the next step, at half of the memory of floating point.
    pub pixels: Patch<u16>,
    /// Over the cells of the level below. Half precision is more than they are exact to. Without
    /// values where the network aligns nothing.
    pub statistics: Patch<f16>,
}

impl Made {
    /// Bytes of its values.
    pub fn bytes(&self) -> usize {
        self.pixels.bytes() + self.statistics.bytes()
    }
}

impl Step {
    /// The steps of a plan, the n-th, from 0, in tiles of up to `tile(n)` input pixels a side;
    /// `origin` is that of the image.
    pub fn all(
        plan: &ScalePlan,
        tile: impl Fn(usize) -> usize,
        origin: Origin,
        model: &Model,
    ) -> Vec<Self> {
        let mut before = None;
        let steps = plan.steps().enumerate().map(|(index, (input, output))| {
            let levels = Levels {
                image: plan.input(),
                before: before.replace(input),
                output,
            };
            let origin = match levels.before {
                None => origin,
                Some(_) => Origin::Step,
            };
            Self::new(
                Tiling::new(input, tile(index), model),
                levels,
                origin,
                model.config(),
            )
        });
        steps.collect()
    }

    /// The step from the level that `tiling` cuts.
    pub fn new(tiling: Tiling, levels: Levels, origin: Origin, network: NetworkConfig) -> Self {
        let size = |size: Size| (size.height, size.width);
        let (input, output) = (size(tiling.input), size(levels.output));
        let prior = || PriorGeometry::new(size(levels.image), input, output);
        let places = |before: Size| whole_places((input.0, before.height), (input.1, before.width));
        Self {
            rows: tiling.rows().collect(),
            columns: tiling.columns().collect(),
            tiling,
            output: levels.output,
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

    /// Where the level below comes from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Pixels down the level below and the one that the step makes.
    fn down(&self) -> (usize, usize) {
        (self.tiling.input.height, self.output.height)
    }

    /// Pixels across the level below and the one that the step makes.
    fn across(&self) -> (usize, usize) {
        (self.tiling.input.width, self.output.width)
    }

    /// The rows that are made from a row of tiles, which are these rows of the level below.
    pub fn output_rows(&self, rows: &Range<usize>) -> Range<usize> {
        made(self.down(), rows)
    }

    /// The columns that are made from a column of tiles.
    pub fn output_columns(&self, columns: &Range<usize>) -> Range<usize> {
        made(self.across(), columns)
    }

    /// The tiles that make some pixels: which rows of tiles, which columns.
    pub fn making(&self, (rows, columns): &Place) -> Place {
        (
            covering(&self.rows, rows, |part| self.output_rows(part)),
            covering(&self.columns, columns, |part| self.output_columns(part)),
        )
    }

    /// The tiles that leave behind the statistics of some cells: which rows of tiles, which
    /// columns.
    pub fn leaving(&self, (rows, columns): &Place) -> Place {
        (
            covering(&self.rows, rows, cells),
            covering(&self.columns, columns, cells),
        )
    }

    /// What a tile, or several side by side, made from these pixels, reads.
    pub fn reads(&self, (rows, columns): &Place) -> Reads {
        let pixels = (
            self.tiling.row_window(rows),
            self.tiling.column_window(columns),
        );
        let cells = self.before.as_ref().map(|places| {
            let [rows, columns] = &**places;
            (
                rows.support(cells(&pixels.0)),
                columns.support(cells(&pixels.1)),
            )
        });
        Reads { pixels, cells }
    }

    /// Values that the step leaves behind for each cell of the level below.
    pub fn statistics(&self) -> usize {
        self.statistics
    }

    /// A tile without the network, by interpolation alone. `below` must hold what it reads.
    pub fn interpolated(&self, below: &Below, (rows, columns): &Place) -> Made {
        let output = (self.output_rows(rows), self.output_columns(columns));
        let inputs = (below.pixels.rows.clone(), below.pixels.columns.clone());
        let pixels = below.pixels.window(inputs.0.clone(), inputs.1.clone());
        let axes = (self.down(), self.across());
        let enlarged = interpolate(axes, inputs, output.clone(), &pixels);
        let samples = enlarged.into_iter().map(to_sixteen).collect();
        let cells = (cells(rows), cells(columns));
        Made {
            pixels: Patch::new(output, COLOURS, samples),
            statistics: Patch::filled(cells, self.statistics, f16::ZERO),
        }
    }

    /// Makes one tile. `below` must hold what it reads.
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
        (rows, columns): &Place,
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
        let parts = parts.expect("what cannot be cut has been made or has failed");
        let made = (self.output_rows(rows), self.output_columns(columns));
        let mut result = Made {
            pixels: Patch::filled(made, COLOURS, 0),
            statistics: Patch::filled((cells(rows), cells(columns)), self.statistics, f16::ZERO),
        };
        for part in &parts {
            let made = self.tile(model, below, part, most)?;
            result.pixels.take(&made.pixels, |sample| sample);
            result.statistics.take(&made.statistics, |value| value);
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
        let prior = self.prior.as_ref().map(|prior| {
            let window = (below.pixels).window(row_window.clone(), column_window.clone());
            let prior = prior.prior(
                below.image,
                &window,
                row_window.clone(),
                column_window.clone(),
            );
            prior.bordered(row_border, column_border)
        });
        let before = self.before.as_ref().zip(below.statistics.as_ref());
        let before = before.map(|(places, statistics)| {
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
            let values = statistics.window(row_support, column_support);
            Statistics {
                values: values.into_iter().map(f16::to_f32).collect(),
                places: Arc::new([rows, columns]),
            }
        });
        let output = (self.output_rows(rows), self.output_columns(columns));
        let part = StepAxis::part;
        let geometry = StepGeometry {
            rows: part(
                self.down(),
                row_window.clone(),
                output.0.clone(),
                row_border,
            ),
            columns: part(
                self.across(),
                column_window.clone(),
                output.1.clone(),
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
        let samples = made.pixels.into_iter().map(to_sixteen).collect();
        // Statistics are those of the whole window with its border; only the tile's own are kept.
        let own = (cells(rows), cells(columns));
        let statistics = made.statistics.map(|values| {
            let around = |window: &Range<usize>, border: [usize; 2]| {
                let [before, behind] = bordering_cells(window, border);
                (before, before + cells(window).len() + behind)
            };
            let (above, height) = around(&row_window, row_border);
            let (left, width) = around(&column_window, column_border);
            let inside = |part: &Range<usize>, window: &Range<usize>, before: usize| {
                let first = cells(window).start;
                before + part.start - first..before + part.end - first
            };
            let all = Patch::new((0..height, 0..width), self.statistics, values);
            let part = all.window(
                inside(&own.0, &row_window, above),
                inside(&own.1, &column_window, left),
            );
            part.into_iter().map(f16::from_f32).collect()
        });
        Ok(Made {
            pixels: Patch::new(output, COLOURS, samples),
            statistics: Patch::new(own, self.statistics, statistics.unwrap_or_default()),
        })
    }
}

/// The outputs in the cells of some inputs, on an axis from `whole.0` to `whole.1` pixels.
pub(crate) fn made(whole: (usize, usize), inputs: &Range<usize>) -> Range<usize> {
    CellAxis::start(whole, inputs.start)..CellAxis::start(whole, inputs.end)
}

/// Which of the parts of an axis, each of which `covers` something, have what is wanted.
pub(crate) fn covering(
    parts: &[Range<usize>],
    wanted: &Range<usize>,
    covers: impl Fn(&Range<usize>) -> Range<usize>,
) -> Range<usize> {
    let first = parts.partition_point(|part| covers(part).end <= wanted.start);
    let end = parts.partition_point(|part| covers(part).start < wanted.end);
    first..end.max(first)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{image::Image, sample::of_sixteen};

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
        let level = noise(width * height * COLOURS);
        let cells = (small.height.div_ceil(CELL), small.width.div_ceil(CELL));
        let statistics = noise(cells.0 * cells.1 * config.statistics());
        let statistics = statistics.into_iter().map(f16::from_f32).collect();
        let statistics = Patch::new((0..cells.0, 0..cells.1), config.statistics(), statistics);
        let below = Below {
            image: (&image).into(),
            pixels: Patch::new((0..height, 0..width), COLOURS, level),
            statistics: Some(statistics),
        };

        let make = |mut most: usize| {
            let place = (0..height, 0..width);
            step.tile(&model, &below, &place, &mut most).unwrap()
        };
        let off = |pairs: &mut dyn Iterator<Item = (f32, f32)>| {
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        let whole = make(usize::MAX);
        for most in [0, 5_000, 20_000] {
            let halved = make(most);
            let values = |made: &Made| {
                let patch = &made.pixels;
                let samples = patch.window(patch.rows.clone(), patch.columns.clone());
                samples.into_iter().map(of_sixteen).collect::<Vec<f32>>()
            };
            let pixels = off(&mut values(&whole).into_iter().zip(values(&halved)));
            // Both are rounded to 16 bits.
            assert!(
                pixels < 3e-5,
                "{pixels} with at most {most} pixels at a time"
            );
            let values = |made: &Made| {
                let patch = &made.statistics;
                let values = patch.window(patch.rows.clone(), patch.columns.clone());
                values.into_iter().map(f16::to_f32).collect::<Vec<f32>>()
            };
            let statistics = off(&mut values(&whole).into_iter().zip(values(&halved)));
            assert!(
                statistics < 0.02,
                "{statistics} with at most {most} pixels at a time"
            );
        }
    }
}
