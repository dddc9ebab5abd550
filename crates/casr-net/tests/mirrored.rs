//! The mirrored axis of a step is the axis of the mirrored step.

use casr_kernels::resample::Taps;
use casr_net::{CellAxis, StepAxis};
use std::ops::Range;

/// What the outputs that are kept are made of, however it is written down.
struct Made {
    /// The input in whose cell each lies, and the place in it.
    cells: Vec<(usize, f32)>,
    /// The share of every input in the bicubic enlargement.
    base: Vec<Vec<f64>>,
    /// What is missing of inputs, in each output.
    missing: Vec<Vec<f64>>,
    /// The share of the outputs around those that are kept in what is there of the inputs.
    there: Vec<Vec<f64>>,
}

/// Outputs around those that are kept, on either side.
const AROUND: usize = 40;

impl Made {
    fn by(axis: &StepAxis) -> Self {
        let anchor = &axis.anchor;
        let kept = &anchor.kept;
        let base = (kept.clone()).map(|output| dense(&axis.base, output));
        let enlarge = (0..axis.outputs()).map(|output| dense(&anchor.enlarge, output));
        let missing = enlarge.clone().map(|weights| {
            let mut row = vec![0.0; axis.inputs()];
            row[anchor.inputs.clone()].copy_from_slice(&weights);
            row
        });
        let there = enlarge.map(|weights| {
            let mut row = vec![0.0; kept.len() + 2 * AROUND];
            for (input, weight) in weights
                .iter()
                .enumerate()
                .filter(|(_, weight)| **weight != 0.0)
            {
                for (made, share) in dense(&anchor.shrink, input).iter().enumerate() {
                    row[made + AROUND - kept.start] += weight * share;
                }
            }
            row
        });
        Self {
            cells: cells(&axis.cells)[kept.clone()].to_vec(),
            base: base.collect(),
            missing: missing.collect(),
            there: there.collect(),
        }
    }
}

fn cells(axis: &CellAxis) -> Vec<(usize, f32)> {
    assert_eq!(axis.starts[0], 0);
    (0..axis.inputs())
        .flat_map(|input| axis.cell(input).map(move |output| (input, output)))
        .map(|(input, output)| (input, axis.offsets[output]))
        .collect()
}

fn dense(taps: &Taps, output: usize) -> Vec<f64> {
    let mut row = vec![0.0; taps.inputs];
    for tap in output * taps.count..(output + 1) * taps.count {
        row[taps.index[tap] as usize] += f64::from(taps.weight[tap]);
    }
    row
}

#[track_caller]
fn assert_same(mirrored: &StepAxis, expected: &StepAxis) {
    let sizes = |axis: &StepAxis| (axis.inputs(), axis.outputs());
    assert_eq!(sizes(mirrored), sizes(expected));
    assert_eq!(mirrored.scale, expected.scale);
    let (mirrored, expected) = (Made::by(mirrored), Made::by(expected));
    assert_eq!(mirrored.cells, expected.cells);
    for (mirrored, expected) in [
        (mirrored.base, expected.base),
        (mirrored.missing, expected.missing),
        (mirrored.there, expected.there),
    ] {
        let pairs = mirrored.iter().flatten().zip(expected.iter().flatten());
        let off = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 1e-6, "{off}");
    }
}

/// Factors of 2, 2.5 and 1.5, which have outputs in the middle between two inputs, 3, 4, any, 1.
const WHOLE: [(usize, usize); 7] = [
    (120, 240),
    (120, 300),
    (120, 180),
    (120, 360),
    (121, 484),
    (123, 217),
    (120, 120),
];

#[test]
fn whole_axes() {
    for (inputs, outputs) in WHOLE {
        let axis = StepAxis::new(inputs, outputs);
        assert_same(&axis.mirrored(), &axis);
        let cells = cells(&axis.mirrored().cells);
        let expected = CellAxis::new(inputs, outputs);
        assert_eq!(cells, self::cells(&expected));
        assert_eq!(axis.mirrored().cells.starts, expected.starts);
        assert_same(&axis.mirrored().mirrored(), &axis);
    }
    assert_same(&StepAxis::new(1, 3).mirrored(), &StepAxis::new(1, 3));
}

#[test]
fn parts_of_axes() {
    let back = |part: &Range<usize>, whole: usize| whole - part.end..whole - part.start;
    for whole in WHOLE {
        for (tile, border) in [(0..36, [20, 0]), (36..64, [0, 0]), (88..whole.0, [0, 20])] {
            let window = tile.start.saturating_sub(24)..(tile.end + 24).min(whole.0);
            let start = |input| CellAxis::start(whole, input);
            let outputs = start(tile.start)..start(tile.end);
            let part = StepAxis::part(whole, window.clone(), outputs.clone(), border);
            let mirrored = StepAxis::part(
                whole,
                back(&window, whole.0),
                back(&outputs, whole.1),
                [border[1], border[0]],
            );
            assert_same(&part.mirrored(), &mirrored);
            assert_same(&part.mirrored().mirrored(), &part);
        }
    }
}
