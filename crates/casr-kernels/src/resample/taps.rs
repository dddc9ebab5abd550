//! The interpolation taps of one axis.

use std::f64::consts::PI;
use std::ops::Range;

/// Interpolation taps of one axis: output `i` is the sum over `k < count` of
/// `weight[i * count + k]` times the input at `index[i * count + k]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Taps {
    /// Number of input positions.
    pub inputs: usize,
    /// Number of output positions.
    pub outputs: usize,
    /// Taps per output.
    pub count: usize,
    /// Input positions, `[outputs, count]`.
    pub index: Vec<u32>,
    /// Weights, `[outputs, count]`; those of one output sum to one.
    pub weight: Vec<f32>,
}

impl Taps {
    /// Bicubic taps as in MATLAB's `imresize`: Keys' cubic with a = −1/2, symmetric border,
    /// normalised weights, all computed in f64.
    ///
    /// The scale is `outputs / inputs`, whatever its value. With `antialias`, shrinking widens the
    /// cubic by `inputs / outputs`; enlarging is not affected.
    ///
    /// # Panics
    /// If `inputs` is zero and `outputs` is not.
    pub fn bicubic(inputs: usize, outputs: usize, antialias: bool) -> Self {
        Self::bicubic_part((inputs, outputs), antialias, 0..outputs)
    }

    /// The taps of `part` alone among [`Self::bicubic`] from `whole.0` to `whole.1`, in time and
    /// memory of the part; positions are those of the whole axis.
    ///
    /// # Panics
    /// If there are no inputs, or `part` extends past the axis.
    pub fn bicubic_part(whole: (usize, usize), antialias: bool, part: Range<usize>) -> Self {
        Self::interpolating(whole, part, antialias, 2.0, cubic)
    }

    /// Bicubic taps for `outputs` equal parts of a span of an axis, from `span.0` to `span.1` in
    /// inputs: what the axis holds beside the span is read, and beyond it, as in [`Self::bicubic`],
    /// its mirror image. Antialiased where the span shrinks. Where every output is one input, that
    /// is its only tap.
    ///
    /// Outputs of two spans that lie at the same place and are as wide have the same taps if that
    /// place and width are whole numbers of inputs, or binary fractions.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn bicubic_span(inputs: usize, span: (f64, f64), outputs: usize) -> Self {
        assert!(inputs > 0, "cannot resample an empty axis");
        let step = (span.1 - span.0) / outputs.max(1) as f64;
        if step == 1.0 && span.0.fract() == 0.0 {
            let index = (0..outputs as i64).map(|output| mirror(span.0 as i64 + output, inputs));
            return Self {
                inputs,
                outputs,
                count: 1,
                index: index.collect(),
                weight: vec![1.0; outputs],
            };
        }
        Self::sampling(inputs, (span.0, step), 0..outputs, true, 2.0, cubic)
    }

    /// Taps of the Lanczos kernel with three lobes a side, sinc(x) sinc(x / 3); otherwise as
    /// [`Self::bicubic`] with `antialias`.
    ///
    /// # Panics
    /// If `inputs` is zero and `outputs` is not.
    pub fn lanczos(inputs: usize, outputs: usize) -> Self {
        Self::interpolating((inputs, outputs), 0..outputs, true, LANCZOS_LOBES, lanczos)
    }

    /// Taps of a kernel with a radius of `radius` inputs, for some of the outputs of a whole axis.
    fn interpolating(
        (inputs, outputs): (usize, usize),
        part: Range<usize>,
        antialias: bool,
        radius: f64,
        kernel: fn(f64) -> f64,
    ) -> Self {
        assert!(
            inputs > 0 || outputs == 0,
            "cannot resample an empty axis to {outputs} values"
        );
        assert!(part.end <= outputs, "outputs {part:?} of {outputs}");
        let step = inputs as f64 / outputs.max(1) as f64;
        Self::sampling(inputs, (0.0, step), part, antialias, radius, kernel)
    }

    /// The same for outputs `step` inputs wide, the first of which begins at `start`.
    fn sampling(
        inputs: usize,
        (start, step): (f64, f64),
        part: Range<usize>,
        antialias: bool,
        radius: f64,
        kernel: fn(f64) -> f64,
    ) -> Self {
        let stretch = if antialias { step.max(1.0) } else { 1.0 };
        let support = 2.0 * radius * stretch;
        let count = support.ceil() as usize;

        let mut index = Vec::with_capacity(part.len() * count);
        let mut weight = Vec::with_capacity(part.len() * count);
        let mut exact = vec![0.0; count];
        let outputs = part.len();
        for output in part {
            let center = start + (output as f64 + 0.5) * step - 0.5;
            let first = (center - support / 2.0).floor() as i64 + 1;
            for (k, value) in exact.iter_mut().enumerate() {
                *value = kernel((center - (first + k as i64) as f64) / stretch);
                index.push(mirror(first + k as i64, inputs));
            }
            let sum: f64 = exact.iter().sum();
            weight.extend(exact.iter().map(|value| (value / sum) as f32));
        }
        Self {
            inputs,
            outputs,
            count,
            index,
            weight,
        }
    }

    /// The inputs that `outputs` depend on: the smallest range that [`Self::window`] accepts with
    /// them.
    ///
    /// # Panics
    /// If `outputs` extends past the axis.
    pub fn support(&self, outputs: Range<usize>) -> Range<usize> {
        let read = &self.index[outputs.start * self.count..outputs.end * self.count];
        match (read.iter().min(), read.iter().max()) {
            (Some(&first), Some(&last)) => first as usize..last as usize + 1,
            _ => 0..0,
        }
    }

    /// The taps of `outputs` alone, with positions counted from the start of the window `inputs`.
    ///
    /// # Panics
    /// If a range extends past its axis, or an output depends on an input outside the window (see
    /// [`Self::support`]).
    pub fn window(&self, inputs: Range<usize>, outputs: Range<usize>) -> Self {
        assert!(
            inputs.end <= self.inputs,
            "input window {inputs:?} reaches past {} inputs",
            self.inputs
        );
        let taps = outputs.start * self.count..outputs.end * self.count;
        let index = self.index[taps.clone()]
            .iter()
            .map(|&position| {
                let position = position as usize;
                assert!(
                    inputs.contains(&position),
                    "outputs {outputs:?} read input {position}, not in {inputs:?}"
                );
                (position - inputs.start) as u32
            })
            .collect();
        Self {
            inputs: inputs.len(),
            outputs: outputs.len(),
            count: self.count,
            index,
            weight: self.weight[taps].to_vec(),
        }
    }

    /// The taps of the mirrored axis: what was last comes first, of inputs, outputs and the taps of
    /// an output.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let last = (self.inputs as u32).wrapping_sub(1);
        Self {
            inputs: self.inputs,
            outputs: self.outputs,
            count: self.count,
            index: self.index.iter().rev().map(|place| last - place).collect(),
            weight: self.weight.iter().rev().copied().collect(),
        }
    }

    /// These taps with `before` and `after` additional inputs at the ends of the axis, which no
    /// output depends on.
    #[must_use]
    pub fn bordered(mut self, before: usize, after: usize) -> Self {
        self.inputs += before + after;
        for position in &mut self.index {
            *position += before as u32;
        }
        self
    }
}

/// Keys' cubic convolution kernel with a = −1/2 (IEEE Trans. ASSP 29, 1981).
fn cubic(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

/// Lobes of the Lanczos kernel on each side.
const LANCZOS_LOBES: f64 = 3.0;

/// The Lanczos kernel (Duchon, Journal of Applied Meteorology 18, 1979).
fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| {
        let angle = PI * x;
        if angle == 0.0 {
            1.0
        } else {
            angle.sin() / angle
        }
    };
    if x.abs() < LANCZOS_LOBES {
        sinc(x) * sinc(x / LANCZOS_LOBES)
    } else {
        0.0
    }
}

/// The position inside an axis of `inputs` pixels that `position` is mirrored to; the border value
/// is repeated (… 1 0 | 0 1 2 …).
pub fn mirror(position: i64, inputs: usize) -> u32 {
    let inputs = inputs as i64;
    let wrapped = position.rem_euclid(2 * inputs);
    wrapped.min(2 * inputs - 1 - wrapped) as u32
}
