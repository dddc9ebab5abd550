//! Superpixels and the modules on them.

use super::{Run, assert_near, channels_last, gpu, numbers, pixels, planes, texts};
use crate::kernels::{CELLS, PIXELS, cover, fours};
use crate::layout::Channels;
use crate::tables::{StepSizes, Tables};
use casr_kernels::InstructionSet;
use casr_kernels::earlier::{self, CellPlaces, EarlierShape};
use casr_kernels::superpixel::{self, NEIGHBOURS, SuperpixelShape};

const SIZES: [(usize, usize); 4] = [(1, 1), (3, 9), (16, 24), (27, 38)];
const TEMPERATURES: [f32; 2] = [100.0, 1.3];

fn shape((height, width): (usize, usize)) -> SuperpixelShape {
    SuperpixelShape {
        images: 1,
        height,
        width,
    }
}

fn sizes(shape: SuperpixelShape) -> StepSizes {
    StepSizes {
        height: shape.height as u32,
        width: shape.width as u32,
        cell_rows: shape.cell_rows() as u32,
        cell_columns: shape.cell_columns() as u32,
        ..StepSizes::default()
    }
}

/// `[pixels, 9]` by the processor.
fn weights(shape: SuperpixelShape, image: &[f32]) -> Vec<f32> {
    let mut weights = vec![0.0; shape.pixels() * NEIGHBOURS];
    let [sharpness, compactness] = TEMPERATURES;
    let set = InstructionSet::best();
    superpixel::assign(set, shape, 3, image, sharpness, compactness, &mut weights);
    weights
}

/// `[9, pixels]` of `[pixels, 9]`.
fn planar(weights: &[f32]) -> Vec<f32> {
    (0..NEIGHBOURS)
        .flat_map(|neighbour| weights.iter().skip(neighbour).step_by(NEIGHBOURS))
        .copied()
        .collect()
}

/// Colours of cells as the device has them.
fn vectors(colours: &[f32]) -> Vec<f32> {
    let with_nothing = |colour: &[f32]| [colour[0], colour[1], colour[2], 0.0];
    colours.chunks_exact(3).flat_map(with_nothing).collect()
}

/// Means, then deviations, or gains, then offsets, `[cells, 2, channels]`, as the device has them.
fn pairs(channels: Channels, cells: usize, values: &[f32]) -> Vec<f32> {
    let half = |index: usize| -> Vec<f32> {
        let parts = values.chunks_exact(channels.count).skip(index).step_by(2);
        planes(
            channels,
            cells,
            &parts.flatten().copied().collect::<Vec<_>>(),
        )
    };
    [half(0), half(1)].concat()
}

/// The reverse of [`pairs`].
fn pairs_last(channels: Channels, cells: usize, values: &[f32]) -> Vec<f32> {
    let halves: Vec<_> = (values.chunks_exact(4 * channels.planes * cells))
        .map(|half| channels_last(channels, cells, half))
        .collect();
    (0..cells)
        .flat_map(|cell| halves.iter().map(move |half| (cell, half)))
        .flat_map(|(cell, half)| &half[cell * channels.count..][..channels.count])
        .copied()
        .collect()
}

#[test]
fn assignments_agree() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        let shape = shape(size);
        let image = pixels(size.0, size.1, 1);
        let texts = texts(4, false, 4);
        let means = Run::new(gpu.context(), texts.means())
            .bind(&[sizes(shape)])
            .bind(&image)
            .bind(&vec![0.0_f32; 4 * shape.cells()]);
        let grid = cover(shape.cell_columns(), shape.cell_rows(), CELLS, 1);
        let means = means.read::<f32>(grid, 2);
        let run = Run::new(gpu.context(), texts.assignment())
            .bind(&[sizes(shape)])
            .bind(&TEMPERATURES)
            .bind(&image)
            .bind(&means)
            .bind(&vec![0.0_f32; NEIGHBOURS * shape.pixels()]);
        let made = run.read::<f32>(cover(size.1, size.0, PIXELS, 1), 4);
        let expected = planar(&weights(shape, &image));
        assert_near(
            &made[..expected.len()],
            &expected,
            1e-5,
            &format!("{size:?}"),
        );
    }
}

#[test]
fn moments_agree() {
    let Some(gpu) = gpu() else { return };
    for (count, size) in [(4, SIZES[0]), (20, SIZES[1]), (48, SIZES[2]), (8, SIZES[3])] {
        let (shape, channels) = (shape(size), Channels::new(count));
        let image = pixels(size.0, size.1, 1);
        let weights = weights(shape, &image);
        let texts = texts(count, false, 4);
        let grid = |depth| cover(shape.cell_columns(), shape.cell_rows(), CELLS, depth);
        let set = InstructionSet::best();

        let features = numbers(shape.pixels() * count, 2);
        let run = Run::new(gpu.context(), texts.moments())
            .bind(&[sizes(shape)])
            .bind(&planar(&weights))
            .bind(&planes(channels, shape.pixels(), &features))
            .bind(&vec![0.0_f32; 8 * channels.planes * shape.cells()]);
        let made = run.read::<f32>(grid(channels.planes), 3);
        let made = pairs_last(channels, shape.cells(), &made);
        let mut expected = vec![0.0; shape.cells() * 2 * count];
        superpixel::moments(set, shape, count, &weights, &features, &mut expected);
        assert_near(
            &made,
            &expected,
            1e-5,
            &format!("{count} channels, {size:?}"),
        );

        let run = Run::new(gpu.context(), texts.colours())
            .bind(&[sizes(shape)])
            .bind(&planar(&weights))
            .bind(&image)
            .bind(&vec![0.0_f32; 4 * shape.cells()]);
        let made = run.read::<f32>(grid(1), 3);
        let mut moments = vec![0.0; shape.cells() * 6];
        superpixel::moments(set, shape, 3, &weights, &image, &mut moments);
        let means: Vec<f32> = moments
            .chunks(6)
            .flat_map(|cell| &cell[..3])
            .copied()
            .collect();
        assert_near(&made, &vectors(&means), 1e-5, &format!("colours, {size:?}"));
    }
}

#[test]
fn modulations_agree() {
    let Some(gpu) = gpu() else { return };
    for (count, size) in [(4, SIZES[0]), (20, SIZES[1]), (48, SIZES[2]), (8, SIZES[3])] {
        let (shape, channels) = (shape(size), Channels::new(count));
        let weights = weights(shape, &pixels(size.0, size.1, 1));
        let features = numbers(shape.pixels() * count, 2);
        let modulation = numbers(shape.cells() * 2 * count, 3);
        let run = Run::new(gpu.context(), texts(count, false, 4).modulation())
            .bind(&[sizes(shape)])
            .bind(&planar(&weights))
            .bind(&pairs(channels, shape.cells(), &modulation))
            .bind(&planes(channels, shape.pixels(), &features));
        let made = run.read::<f32>(cover(size.1, size.0, PIXELS, channels.planes), 3);
        let made = channels_last(channels, shape.pixels(), &made);
        let mut expected = vec![0.0; features.len()];
        let set = InstructionSet::best();
        superpixel::modulate(
            set,
            shape,
            count,
            &weights,
            &features,
            &modulation,
            &mut expected,
        );
        assert_near(
            &made,
            &expected,
            1e-5,
            &format!("{count} channels, {size:?}"),
        );
    }
}

/// Two layers with SiLU between them, in double precision, for one cell.
fn layers(parameters: &[f32], seen: &[f64], hidden: usize, outputs: usize) -> Vec<f64> {
    let (inner, outer) = parameters.split_at((seen.len() + 1) * hidden);
    let layer = |parameters: &[f32], seen: &[f64], outputs: usize| -> Vec<f64> {
        let (weights, bias) = parameters.split_at(seen.len() * outputs);
        let sum = |output: usize| {
            let terms = (0..seen.len()).map(|i| seen[i] * f64::from(weights[i * outputs + output]));
            f64::from(bias[output]) + terms.sum::<f64>()
        };
        (0..outputs).map(sum).collect()
    };
    let silu = |value: f64| value / (1.0 + (-value).exp());
    let inside: Vec<f64> = layer(inner, seen, hidden).into_iter().map(silu).collect();
    layer(outer, &inside, outputs)
}

#[test]
fn textures_agree() {
    let Some(gpu) = gpu() else { return };
    const LAGS: usize = 24;
    for (count, size) in [(4, SIZES[0]), (20, SIZES[1]), (48, SIZES[3])] {
        let (shape, channels) = (shape(size), Channels::new(count));
        let seen = numbers(shape.cells() * LAGS, 1);
        let parameters = numbers((LAGS + 1) * count + (count + 1) * 2 * count, 2);
        let parameters: Vec<f32> = parameters.iter().map(|value| 0.3 * value).collect();
        let run = Run::new(gpu.context(), texts(count, false, 4).texture(LAGS))
            .bind(&[sizes(shape)])
            .bind(&seen)
            .bind(&parameters)
            .bind(&vec![0.0_f32; 8 * channels.planes * shape.cells()]);
        let made = run.read::<f32>(fours(shape.cells()), 3);
        let made = pairs_last(channels, shape.cells(), &made);
        let expected: Vec<f32> = seen
            .chunks(LAGS)
            .flat_map(|seen| {
                let seen: Vec<f64> = seen.iter().map(|value| f64::from(*value)).collect();
                let mut decided = layers(&parameters, &seen, count, 2 * count);
                decided[..count].iter_mut().for_each(|gain| *gain += 1.0);
                decided
            })
            .map(|value| value as f32)
            .collect();
        assert_near(
            &made,
            &expected,
            1e-5,
            &format!("{count} channels, {size:?}"),
        );
    }
}

#[test]
fn alignments_agree() {
    let Some(gpu) = gpu() else { return };
    for (count, size) in [(4, SIZES[0]), (20, SIZES[1]), (48, SIZES[3])] {
        for earlier in [None, Some((3, 4))] {
            let (shape, channels) = (shape(size), Channels::new(count));
            let cells = shape.cells();
            let stride = 2 * count + 3;
            let case = format!("{count} channels, {size:?}, {earlier:?}");
            let moments: Vec<f32> = numbers(cells * 2 * count, 1)
                .iter()
                .enumerate()
                .map(|(i, value)| match i / count % 2 {
                    0 => *value,
                    _ => value.abs() + 0.01,
                })
                .collect();
            let colours = numbers(3 * cells, 2);
            let parameters = numbers((4 * count + 1) * count + (count + 1) * 3 * count, 3);
            let parameters: Vec<f32> = parameters.iter().map(|value| 0.2 * value).collect();
            let mut tables = Tables::default();
            let mut sizes = sizes(shape);
            let mut old = vec![0.0; cells * 2 * count];
            let mut before = vec![0.0; 4];
            if let Some((rows, columns)) = earlier {
                before = numbers(rows * columns * stride, 4);
                let centre = |cells: usize, earlier: usize| {
                    (0..cells).map(move |cell| (cell as f64 + 0.5) * earlier as f64 / cells as f64)
                };
                let rows = CellPlaces::new(rows, centre(shape.cell_rows(), rows));
                let columns = CellPlaces::new(columns, centre(shape.cell_columns(), columns));
                sizes.earlier_rows = rows.earlier as u32;
                sizes.earlier_columns = columns.earlier as u32;
                sizes.earlier_row_places = tables.places(&rows);
                sizes.earlier_column_places = tables.places(&columns);
                let shape = EarlierShape {
                    images: 1,
                    channels: 2 * count,
                };
                earlier::forward(shape, &rows, &columns, &colours, &before, &mut old);
            }
            tables.values.push(0);
            let buffers = || {
                Run::new(gpu.context(), texts(count, false, 4).alignment())
                    .bind(&[sizes])
                    .bind(&tables.values)
                    .bind(&pairs(channels, cells, &moments))
                    .bind(&vectors(&colours))
                    .bind(&before)
                    .bind(&parameters)
                    .bind(&vec![0.0_f32; 8 * channels.planes * cells])
                    .bind(&vec![0.0_f32; cells * stride])
            };
            let run = buffers();
            let modulation = run.read::<f32>(fours(cells), 6);
            let statistics = run.read::<f32>(fours(cells), 7);

            let (mut gains, mut left) = (Vec::new(), Vec::new());
            for cell in 0..cells {
                let part = |values: &[f32], index: usize| -> Vec<f64> {
                    let part = &values[(cell * 2 + index) * count..][..count];
                    part.iter().map(|value| f64::from(*value)).collect()
                };
                let (mean, deviation) = (part(&moments, 0), part(&moments, 1));
                let spread: Vec<f64> = deviation.iter().map(|value| value.ln()).collect();
                let change = |index: usize, own: &[f64]| -> Vec<f64> {
                    let pairs = part(&old, index).into_iter().zip(own);
                    let change = |(old, own)| if earlier.is_some() { old - own } else { 0.0 };
                    pairs.map(change).collect()
                };
                let (mean_change, spread_change) = (change(0, &mean), change(1, &spread));
                let seen = [&mean[..], &spread, &mean_change, &spread_change].concat();
                let decided = layers(&parameters, &seen, count, 3 * count);
                let each = (0..count).map(|i| {
                    let gate = 1.0 / (1.0 + (-decided[i]).exp());
                    let stretch = (gate * spread_change[i] + decided[count + i]).clamp(-3.0, 3.0);
                    let moved =
                        mean[i] + gate * mean_change[i] + decided[2 * count + i] * deviation[i];
                    (
                        stretch.exp(),
                        moved - mean[i] * stretch.exp(),
                        moved,
                        spread[i] + stretch,
                    )
                });
                let each: Vec<_> = each.collect();
                gains.extend(each.iter().map(|found| found.0 as f32));
                gains.extend(each.iter().map(|found| found.1 as f32));
                left.extend(each.iter().map(|found| found.2 as f32));
                left.extend(each.iter().map(|found| found.3 as f32));
                left.extend(&colours[3 * cell..][..3]);
            }
            let modulation = pairs_last(channels, cells, &modulation);
            assert_near(&modulation, &gains, 2e-5, &case);
            assert_near(&statistics[..left.len()], &left, 1e-5, &case);
        }
    }
}
