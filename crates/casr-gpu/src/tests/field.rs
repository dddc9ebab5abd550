//! The head, and resampling.

use super::{Run, assert_near, gpu, numbers, pixels, planes, texts};
use crate::kernels::{PIXELS, cover};
use crate::layout::Channels;
use crate::tables::{ResamplingSizes, StepSizes, Tables, phases};
use casr_kernels::InstructionSet;
use casr_kernels::conv::{Activation, Layer};
use casr_kernels::guard::{self, GATES};
use casr_kernels::heat::{self, CellAxis, HeatShape};
use casr_kernels::resample::{self, Taps};

/// An axis of a head: cells and bicubic taps.
struct Axis {
    cells: CellAxis,
    base: Taps,
}

/// A whole axis, and the middle of one with a border.
fn axes(inputs: usize, outputs: usize) -> [Axis; 2] {
    let (cells, base) = (
        CellAxis::new(inputs, outputs),
        Taps::bicubic(inputs, outputs, false),
    );
    let made = outputs / 3..outputs * 2 / 3;
    let window = Axis {
        cells: cells.window(0..inputs, made.clone()).bordered(2, 3),
        base: base.window(0..inputs, made).bordered(2, 3),
    };
    [Axis { cells, base }, window]
}

#[test]
fn heads_agree() {
    let Some(gpu) = gpu() else { return };
    for (count, frequencies) in [(4, 7), (48, 32), (20, 300)] {
        let channels = Channels::new(count);
        let mut texts = texts(count, false, 4);
        texts.frequencies = frequencies;
        let coefficients = 3 * (2 * frequencies + 1);
        let weights: Vec<f32> = (numbers(count * coefficients, 1).iter())
            .map(|value| 0.1 * value)
            .collect();
        let bias = numbers(coefficients, 2);
        let waves: Vec<f32> = (numbers(2 * frequencies, 3).iter())
            .map(|value| 9.0 * value)
            .collect();
        let decay: Vec<f32> = numbers(frequencies, 4)
            .iter()
            .map(|value| value.abs())
            .collect();
        for (rows, columns) in axes(11, 19).iter().zip(&axes(21, 67)) {
            let size = (rows.cells.inputs(), columns.cells.inputs());
            let area = size.0 * size.1;
            let features = numbers(area * count, 5);
            let image = pixels(size.0, size.1, 6);

            let mut tables = Tables::default();
            let [row_starts, _] = tables.cells(&rows.cells);
            let [column_starts, column_cells] = tables.cells(&columns.cells);
            let [base_rows, base_row_count] = tables.taps(&rows.base);
            let [base_columns, base_column_count] = tables.taps(&columns.base);
            let along = |axis: usize| waves.chunks(2).map(move |pair| pair[axis]);
            let row_waves: Vec<_> = along(0).zip(decay.iter().copied()).collect();
            let column_waves: Vec<_> = along(1).map(|wave| (wave, 1.0)).collect();
            let mut all = phases(&rows.cells.offsets, &row_waves);
            let column_phases = all.len() as u32 / 2;
            all.extend(phases(&columns.cells.offsets, &column_waves));
            let sizes = StepSizes {
                height: size.0 as u32,
                width: size.1 as u32,
                made_height: rows.cells.outputs() as u32,
                made_width: columns.cells.outputs() as u32,
                row_starts,
                column_starts,
                column_cells,
                base_rows,
                base_row_count,
                base_columns,
                base_column_count,
                column_phases,
                ..StepSizes::default()
            };
            let outputs = 3 * rows.cells.outputs() * columns.cells.outputs();
            let run = Run::new(gpu.context(), texts.head())
                .bind(&[sizes])
                .bind(&planes(channels, area, &features))
                .bind(&channels.head(&weights, &bias))
                .bind(&tables.values)
                .bind(&all)
                .bind(&image)
                .bind(&vec![0.0_f32; outputs]);
            let grid = cover(size.1, size.0, [texts.head_pixels(), 1], 1);
            let made = run.read::<f32>(grid, 6);

            let set = InstructionSet::best();
            let mut map = vec![0.0; area * coefficients];
            let layer = Layer::new(set, 1, weights.clone(), bias.clone());
            layer.rows(size, 0..size.0, &features, Activation::None, None, &mut map);
            let mut expected = vec![0.0; outputs];
            let shape = HeatShape {
                images: 1,
                frequencies,
                colours: 3,
            };
            heat::forward(
                set,
                shape,
                &rows.cells,
                &columns.cells,
                &map,
                &waves,
                &decay,
                None,
                &mut expected,
            );
            let mut gates = vec![0.0; area * GATES];
            guard::gates(1, size.0, size.1, &image, &mut gates);
            let mut base = vec![0.0; outputs];
            resample::forward(1, 3, &rows.base, &columns.base, &image, &mut base);
            guard::apply(1, &rows.cells, &columns.cells, &gates, &base, &mut expected);
            let case = format!("{count} channels, {frequencies} frequencies, {size:?}");
            assert_near(&made[..outputs], &expected, 1e-5, &case);
        }
    }
}

#[test]
fn resamplings_agree() {
    let Some(gpu) = gpu() else { return };
    for (inputs, outputs) in [((9, 70), (13, 41)), ((40, 33), (10, 99))] {
        let rows = Taps::bicubic(inputs.0, outputs.0, true);
        let columns = Taps::bicubic(inputs.1, outputs.1, true);
        let source = numbers(3 * inputs.0 * inputs.1, 1);
        // The output lies somewhere in the other image.
        let other_size = (outputs.0 + 5, outputs.1 + 7);
        let other = numbers(3 * other_size.0 * other_size.1, 2);
        let mut tables = Tables::default();
        let [row_taps, row_count] = tables.taps(&rows);
        let [column_taps, column_count] = tables.taps(&columns);
        let sizes = ResamplingSizes {
            height: outputs.0 as u32,
            width: outputs.1 as u32,
            source_width: inputs.1 as u32,
            other_width: other_size.1 as u32,
            other_top: 2,
            other_left: 3,
            rows: row_taps,
            row_count,
            columns: column_taps,
            column_count,
            share: -0.75,
        };
        let length = 3 * outputs.0 * outputs.1;
        let run = Run::new(gpu.context(), texts(4, false, 4).resampling())
            .bind(&[sizes])
            .bind(&tables.values)
            .bind(&source)
            .bind(&other)
            .bind(&vec![0.0_f32; length]);
        let made = run.read::<f32>(cover(outputs.1, outputs.0, PIXELS, 1), 4);
        let mut expected = vec![0.0; length];
        resample::forward(1, 3, &rows, &columns, &source, &mut expected);
        for (index, value) in expected.iter_mut().enumerate() {
            let (row, column) = (index / 3 / outputs.1 + 2, index / 3 % outputs.1 + 3);
            *value = other[3 * (row * other_size.1 + column) + index % 3] - 0.75 * *value;
        }
        assert_near(&made[..length], &expected, 1e-5, &format!("{inputs:?}"));
    }
}
