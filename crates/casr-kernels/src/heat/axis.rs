//! The mapping from output pixels to the input pixels whose cells they lie in, along one axis.

use std::ops::Range;

/// One axis of the geometry of an enlargement: the outputs grouped by the input pixel whose cell
/// they lie in.
///
/// Output `o` lies at `(o + 1/2) * inputs / outputs - 1/2` and belongs to the nearest input; of two
/// equally near ones, to the right one. Positions are computed from integers, so that offsets that
/// are mathematically equal have equal bits.
#[derive(Clone, Debug, PartialEq)]
pub struct CellAxis {
    /// The outputs of input `i` are `starts[i]..starts[i + 1]`, `[inputs + 1]`.
    pub starts: Vec<u32>,
    /// Distance of each output from the center of its input, in input pixels, within ±1/2.
    pub offsets: Vec<f32>,
}

impl CellAxis {
    /// The axis of `inputs` pixels resampled to `outputs` pixels, in any ratio.
    ///
    /// # Panics
    /// If `inputs` is zero and `outputs` is not, or an axis has 2³¹ pixels or more.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self::part((inputs, outputs), 0..inputs, 0..outputs)
    }

    /// What [`CellAxis::window`] makes of the axis from `whole.0` to `whole.1` pixels, without that
    /// axis: in time and memory of the window.
    ///
    /// # Panics
    /// As [`CellAxis::new`] and [`CellAxis::window`].
    pub fn part(whole: (usize, usize), inputs: Range<usize>, outputs: Range<usize>) -> Self {
        check_axis(whole);
        let first = outputs.start as u32;
        let mut starts = vec![0];
        let mut offsets = Vec::with_capacity(outputs.len());
        let length = outputs.len() as u32;
        for output in outputs {
            let (nearest, offset) = place(whole, output);
            assert!(
                inputs.contains(&nearest),
                "output {output} falls into a cell outside of {inputs:?}"
            );
            starts.resize(nearest - inputs.start + 1, output as u32 - first);
            offsets.push(offset);
        }
        starts.resize(inputs.len() + 1, length);
        Self { starts, offsets }
    }

    /// The first output that lies in the cell of `input` or behind it, on the axis from `whole.0`
    /// to `whole.1` pixels.
    ///
    /// # Panics
    /// As [`CellAxis::new`].
    pub fn start(whole: (usize, usize), input: usize) -> usize {
        check_axis(whole);
        let (inputs, outputs) = (whole.0 as u64, whole.1 as u64);
        // The smallest output with (2 output + 1) inputs ≥ 2 outputs · input; see `place`.
        let edge = (2 * outputs * input as u64).saturating_sub(inputs);
        edge.div_ceil(2 * inputs.max(1)).min(outputs) as usize
    }

    /// The axis restricted to the input window `inputs` and the outputs `outputs`, both then
    /// counted from the start of their ranges. Cells of the window without outputs in the range are
    /// empty.
    ///
    /// # Panics
    /// If a range extends past its axis, or an output lies in a cell outside the window.
    pub fn window(&self, inputs: Range<usize>, outputs: Range<usize>) -> Self {
        let (first, last) = (outputs.start as u32, outputs.end as u32);
        let starts = &self.starts[inputs.start..=inputs.end];
        assert!(
            outputs.is_empty() || starts[0] <= first && last <= starts[inputs.len()],
            "outputs {outputs:?} fall into cells outside of {inputs:?}"
        );
        Self {
            starts: starts
                .iter()
                .map(|start| start.clamp(&first, &last) - first)
                .collect(),
            offsets: self.offsets[outputs].to_vec(),
        }
    }

    /// This axis with `before` and `after` additional inputs at its ends, whose cells contain no
    /// outputs.
    #[must_use]
    pub fn bordered(mut self, before: usize, after: usize) -> Self {
        let (first, last) = (0, self.outputs() as u32);
        self.starts.splice(0..0, std::iter::repeat_n(first, before));
        self.starts.extend(std::iter::repeat_n(last, after));
        self
    }

    /// The axis of the mirrored problem: what was last comes first.
    ///
    /// An output in the middle between two inputs changes the one that it belongs to, as the right
    /// one of a mirrored axis is the left one here; it stays where the window ends.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let outputs = self.outputs() as u32;
        let mut starts: Vec<u32> = self.starts.iter().rev().map(|end| outputs - end).collect();
        // Subtracted, not negated, so that zero keeps its sign.
        let mut offsets: Vec<f32> = self.offsets.iter().rev().map(|place| 0.0 - place).collect();
        for input in 1..self.inputs() {
            let first = starts[input];
            if starts[input - 1] < first && offsets[first as usize - 1] == 0.5 {
                offsets[first as usize - 1] = -0.5;
                starts[input] -= 1;
            }
        }
        Self { starts, offsets }
    }

    /// Number of input pixels.
    pub fn inputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of output pixels.
    pub fn outputs(&self) -> usize {
        self.offsets.len()
    }

    /// The outputs that lie in the cell of an input.
    pub fn cell(&self, input: usize) -> Range<usize> {
        self.starts[input] as usize..self.starts[input + 1] as usize
    }
}

fn check_axis((inputs, outputs): (usize, usize)) {
    assert!(
        inputs > 0 || outputs == 0,
        "cannot resample an empty axis to {outputs} values"
    );
    assert!(
        inputs.max(outputs) < 1 << 31,
        "an axis is shorter than 2^31 pixels"
    );
}

/// The input whose cell an output lies in, and its distance from the centre of that one.
fn place((inputs, outputs): (usize, usize), output: usize) -> (usize, f32) {
    let (inputs, outputs, output) = (inputs as u64, outputs as u64, output as u64);
    // In units of half an output pixel: an input pixel is 2 * outputs of them wide.
    let position = (2 * output + 1) * inputs;
    let nearest = position / (2 * outputs);
    let distance = position as i64 - (nearest * 2 * outputs + outputs) as i64;
    let offset = (distance as f64 / (2 * outputs) as f64) as f32;
    (nearest as usize, offset)
}
