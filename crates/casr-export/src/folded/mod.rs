//! A step as convolutions with fixed weights.
//!
//! What a step computes once (the embedding of factor and condition) goes into biases. The heat
//! field is linear in the features, and the places where it is evaluated are the same in every
//! period: so the last convolution of the body, the head's layer and the field's waves are one
//! convolution, which gives a period's outputs as channels, and so is the way around the body. The
//! bicubic enlargement and the anchor are convolutions as well.
//!
//! Channels of a period are `[colours, outputs down, outputs across]`.

use crate::convolution::Convolution;
use crate::error::ExportError;
use crate::periods::{BICUBIC_REACH, Periods};
use crate::ratio::Ratio;
use casr_kernels::guard::{FULL_CHROMA_RANGE, FULL_RANGE, MAX_CODE_VALUE};
use casr_net::{
    CENTRE, COLOURS, LUMA, Model, NetError, NetworkConfig, Origin, Parameter, PerStep, StepGeometry,
};
use std::collections::HashMap;

/// The names of a block's convolutions.
pub(crate) const LAYERS: [&str; 3] = ["first", "second", "third"];

/// A step as convolutions, none of which pads its input.
#[derive(Clone, Debug)]
pub(crate) struct Folded {
    pub ratio: Ratio,
    /// Mirrored pixels that the body reads around the input: one for each of its convolutions.
    pub border: usize,
    /// Pixels → features.
    pub encoder: Convolution,
    /// Three convolutions each, with SiLU after the first two.
    pub blocks: Vec<[Convolution; 3]>,
    /// Features → the correction of a period, a stride of a period.
    pub correction: Convolution,
    /// Pixels → the share of the correction that goes around the body; it has the bias of both.
    pub around: Convolution,
    /// Correction → its luma, once for each colour.
    pub luma: Convolution,
    /// Gate → the gate of every output of a period. None where a period is one input, whose gate
    /// all its outputs share.
    pub spread: Option<Convolution>,
    /// Pixels → bicubic enlargement.
    pub enlarge: Convolution,
    /// Outputs → inputs, a stride of a period.
    pub shrink: Convolution,
    /// How far [`Folded::shrink`] looks, in outputs.
    pub shrink_reach: usize,
    /// The share of the anchor.
    pub anchor: f32,
}

impl Folded {
    /// The step of a model at its look.
    ///
    /// # Errors
    /// [`NetError::Modules`].
    pub fn new(model: &Model, ratio: Ratio, origin: Origin) -> Result<Self, ExportError> {
        let config = model.config();
        if config.alignment || config.similarity {
            return Err(NetError::Modules.into());
        }
        let parameters = model.parameters();
        let values = Values(
            (parameters.iter())
                .map(|parameter| (parameter.name.as_str(), parameter))
                .collect(),
        );
        let periods = Periods::new(ratio);
        let geometry = StepGeometry {
            rows: periods.axis.clone(),
            columns: periods.axis.clone(),
        };
        let per_step = PerStep::new(|name| Ok::<_, ExportError>(values.of(name).values.clone()))?;
        let encoder = values.of("encoder.weights");
        let encoder = Convolution::of_engine(
            &encoder.shape,
            &encoder.values,
            &per_step.encoder_bias(&geometry, origin),
        )
        .centring(CENTRE);
        let block = |block: usize| {
            LAYERS.map(|layer| values.convolution(&format!("blocks.{block}.{layer}")))
        };
        let blocks: Vec<[Convolution; 3]> = (0..config.blocks).map(block).collect();
        let head = Head::new(
            config,
            &periods,
            per_step.frequencies(),
            &per_step.decay(&geometry),
            &values.convolution("head.coefficients"),
        );
        let body = values.convolution("body");
        let correction = head.after(&body);
        let mut around = head.after(&encoder);
        for ((around, correction), own) in
            (around.bias.iter_mut().zip(&correction.bias)).zip(&head.bias)
        {
            // Both have the head's own.
            *around += correction - own;
        }
        let correction = Convolution {
            bias: vec![0.0; correction.outputs],
            ..correction
        };
        let outputs = ratio.outputs() * ratio.outputs();
        Ok(Self {
            ratio,
            border: 2 + 3 * config.blocks,
            encoder,
            blocks,
            correction,
            around,
            luma: luma(outputs),
            spread: (ratio.inputs() > 1).then(|| spread(&periods, ratio)),
            enlarge: separable(&periods.enlarge, ratio.inputs()),
            shrink: separable(&periods.shrink, ratio.outputs()),
            shrink_reach: periods.shrink_reach,
            anchor: origin.anchor(),
        })
    }

    /// [`Folded::enlarge`] times the share of the anchor.
    pub fn anchored(&self) -> Convolution {
        let mut layer = self.enlarge.clone();
        for weight in &mut layer.weights {
            *weight *= self.anchor;
        }
        layer
    }

    /// How far [`Folded::enlarge`] looks, in inputs.
    pub fn enlarge_reach(&self) -> usize {
        BICUBIC_REACH
    }
}

/// Pixels → red, green, blue, R − G and B − G, and the same negated, so that a maximum over
/// neighbours gives their minimum, too.
pub(crate) fn extremes() -> Convolution {
    let planes = [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [1.0, -1.0, 0.0],
        [0.0, -1.0, 1.0],
    ];
    let negated = planes.map(|plane| plane.map(|weight| 0.0 - weight));
    Convolution::pointwise(&[planes, negated].concat())
}

/// Maxima of [`extremes`] → the ranges of the three channels, in units of a full gate.
pub(crate) fn colour_ranges() -> Convolution {
    ranges(0..COLOURS, FULL_RANGE)
}

/// Maxima of [`extremes`] → the ranges of the two differences, in units of a full gate.
pub(crate) fn chroma_ranges() -> Convolution {
    ranges(COLOURS..PLANES, FULL_CHROMA_RANGE)
}

/// Planes of [`extremes`] before they are negated.
const PLANES: usize = COLOURS + 2;

fn ranges(planes: std::ops::Range<usize>, full: f32) -> Convolution {
    let row = |plane: usize| {
        let mut row = [0.0; 2 * PLANES];
        row[plane] = MAX_CODE_VALUE / full;
        row[PLANES + plane] = MAX_CODE_VALUE / full;
        row
    };
    let mut made = Convolution::pointwise(&planes.map(row).collect::<Vec<_>>());
    made.bias.fill(-casr_kernels::guard::FLAT_RANGE / full);
    made
}

/// A network's parameters by name.
struct Values<'a>(HashMap<&'a str, &'a Parameter>);

impl Values<'_> {
    /// # Panics
    /// If there is none of this name: a model has all of its configuration's.
    fn of(&self, name: &str) -> &Parameter {
        self.0[name]
    }

    fn convolution(&self, name: &str) -> Convolution {
        let weights = self.of(&format!("{name}.weights"));
        let bias = self.of(&format!("{name}.bias"));
        Convolution::of_engine(&weights.shape, &weights.values, &bias.values)
    }
}

/// The head at the outputs of a period: a linear map from the features of the inputs that they lie
/// in.
struct Head {
    ratio_inputs: usize,
    /// For each output of a period, down and across, the input that it lies in.
    cells: Vec<usize>,
    features: usize,
    /// `[colours, outputs, outputs, features]`.
    weights: Vec<f64>,
    /// `[colours, outputs, outputs]`.
    bias: Vec<f32>,
}

impl Head {
    /// `coefficients` is the head's layer, frequencies and their decay are the field's.
    fn new(
        config: NetworkConfig,
        periods: &Periods,
        frequencies: &[f32],
        decay: &[f32],
        coefficients: &Convolution,
    ) -> Self {
        let (count, features) = (config.frequencies, coefficients.inputs);
        let (pairs, _) = frequencies.as_chunks::<2>();
        let mut weights = Vec::new();
        let mut bias = Vec::new();
        for colour in 0..COLOURS {
            for (_, down) in &periods.cells {
                for (_, across) in &periods.cells {
                    let mut waves = vec![0.0; 2 * count + 1];
                    for (wave, ([y, x], decay)) in pairs.iter().zip(decay).enumerate() {
                        let angle =
                            f64::from(*y) * f64::from(*down) + f64::from(*x) * f64::from(*across);
                        waves[wave] = f64::from(*decay) * angle.cos();
                        waves[count + wave] = f64::from(*decay) * angle.sin();
                    }
                    waves[2 * count] = 1.0;
                    let mut row = vec![0.0; features];
                    let mut constant = 0.0;
                    for (index, wave) in waves.iter().enumerate() {
                        let output = index * COLOURS + colour;
                        let layer = &coefficients.weights[output * features..][..features];
                        for (sum, weight) in row.iter_mut().zip(layer) {
                            *sum += wave * f64::from(*weight);
                        }
                        constant += wave * f64::from(coefficients.bias[output]);
                    }
                    weights.extend(row);
                    bias.push(constant as f32);
                }
            }
        }
        Self {
            ratio_inputs: periods.shrink.len(),
            cells: periods.cells.iter().map(|(cell, _)| *cell).collect(),
            features,
            weights,
            bias,
        }
    }

    /// The head after a convolution that makes features, as one.
    fn after(&self, layer: &Convolution) -> Convolution {
        let period = self.ratio_inputs;
        let outputs = self.cells.len();
        let reach = layer.kernel / 2;
        let shape = [self.bias.len(), layer.inputs, period + 2 * reach, period];
        let mut made = Convolution::zero(shape);
        let taps = layer.inputs * layer.kernel * layer.kernel;
        for (output, weights) in self.weights.chunks_exact(self.features).enumerate() {
            let mut sums = vec![0.0; taps];
            let mut bias = f64::from(self.bias[output]);
            for (feature, weight) in weights.iter().enumerate() {
                let layer_weights = &layer.weights[feature * taps..][..taps];
                for (sum, own) in sums.iter_mut().zip(layer_weights) {
                    *sum += weight * f64::from(*own);
                }
                bias += weight * f64::from(layer.bias[feature]);
            }
            made.bias[output] = bias as f32;
            let (row, column) = (output / outputs % outputs, output % outputs);
            let (top, left) = (self.cells[row], self.cells[column]);
            for (tap, sum) in sums.iter().enumerate() {
                let (input, tap) = (tap / layer.kernel.pow(2), tap % layer.kernel.pow(2));
                let (y, x) = (top + tap / layer.kernel, left + tap % layer.kernel);
                *made.at(output, input, y, x) = *sum as f32;
            }
        }
        made
    }
}

/// The luma of each of `outputs` pixels, once for each colour.
fn luma(outputs: usize) -> Convolution {
    let channels = COLOURS * outputs;
    let mut made = Convolution::zero([channels, channels, 1, 1]);
    for output in 0..channels {
        for (colour, weight) in LUMA.iter().enumerate() {
            *made.at(output, colour * outputs + output % outputs, 0, 0) = *weight;
        }
    }
    made
}

/// A value of every input → that of the input that each output of a period lies in.
fn spread(periods: &Periods, ratio: Ratio) -> Convolution {
    let (outputs, inputs) = (ratio.outputs(), ratio.inputs());
    let mut made = Convolution::zero([COLOURS * outputs * outputs, 1, inputs, inputs]);
    for output in 0..made.outputs {
        let (row, column) = (output / outputs % outputs, output % outputs);
        let (row, column) = (periods.cells[row].0, periods.cells[column].0);
        *made.at(output, 0, row, column) = 1.0;
    }
    made
}

/// A resampling of each colour by `taps` of a period, down and across.
fn separable(taps: &[Vec<f32>], stride: usize) -> Convolution {
    let (outputs, kernel) = (taps.len(), taps[0].len());
    let mut made = Convolution::zero([COLOURS * outputs * outputs, COLOURS, kernel, stride]);
    for colour in 0..COLOURS {
        for (row, down) in taps.iter().enumerate() {
            for (column, across) in taps.iter().enumerate() {
                let output = (colour * outputs + row) * outputs + column;
                for (y, down) in down.iter().enumerate() {
                    for (x, across) in across.iter().enumerate() {
                        *made.at(output, colour, y, x) = down * across;
                    }
                }
            }
        }
    }
    made
}

#[cfg(test)]
mod tests;
