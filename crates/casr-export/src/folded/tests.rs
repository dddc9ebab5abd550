//! The folded step against the engine, by plain loops: every factor, without another engine.

use super::*;
use casr_net::{Degradation, StepAxis, StepWindow, mirror};

/// `[channels, height, width]`.
#[derive(Clone)]
struct Map {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Map {
    fn new(
        [channels, height, width]: [usize; 3],
        value: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let mut values = Vec::new();
        for channel in 0..channels {
            for row in 0..height {
                values.extend((0..width).map(|column| value(channel, row, column)));
            }
        }
        Self {
            channels,
            height,
            width,
            values,
        }
    }

    fn at(&self, channel: usize, row: usize, column: usize) -> f32 {
        self.values[(channel * self.height + row) * self.width + column]
    }

    fn mirrored(&self, margin: usize) -> Self {
        let size = [self.height, self.width].map(|side| side + 2 * margin);
        let place = |place: usize, side| mirror(place as i64 - margin as i64, side) as usize;
        Self::new([self.channels, size[0], size[1]], |channel, row, column| {
            self.at(channel, place(row, self.height), place(column, self.width))
        })
    }

    fn cropped(&self, margin: usize) -> Self {
        let size = [self.height, self.width].map(|side| side - 2 * margin);
        Self::new([self.channels, size[0], size[1]], |channel, row, column| {
            self.at(channel, row + margin, column + margin)
        })
    }

    fn convolved(&self, layer: &Convolution) -> Self {
        assert_eq!(self.channels, layer.inputs);
        let made = |side: usize| (side - layer.kernel) / layer.stride + 1;
        let shape = [layer.outputs, made(self.height), made(self.width)];
        let (kernel, stride) = (layer.kernel, layer.stride);
        Self::new(shape, |output, row, column| {
            let mut sum = f64::from(layer.bias[output]);
            for input in 0..layer.inputs {
                for y in 0..kernel {
                    for x in 0..kernel {
                        let place = ((output * layer.inputs + input) * kernel + y) * kernel + x;
                        let value = self.at(input, row * stride + y, column * stride + x);
                        sum += f64::from(layer.weights[place] * value);
                    }
                }
            }
            sum as f32
        })
    }

    fn with(&self, other: &Self, change: impl Fn(f32, f32) -> f32) -> Self {
        assert_eq!(self.values.len(), other.values.len());
        let values = self.values.iter().zip(&other.values);
        Self {
            values: values.map(|(a, b)| change(*a, *b)).collect(),
            ..self.clone()
        }
    }

    fn mapped(&self, change: impl Fn(f32) -> f32) -> Self {
        self.with(self, |value, _| change(value))
    }

    fn maximum(&self, reach: usize) -> Self {
        let inner = self.cropped(reach);
        Self::new(
            [self.channels, inner.height, inner.width],
            |channel, row, column| {
                let mut most = f32::NEG_INFINITY;
                for y in 0..=2 * reach {
                    for x in 0..=2 * reach {
                        most = most.max(self.at(channel, row + y, column + x));
                    }
                }
                most
            },
        )
    }

    /// The largest channel, clamped, for each of `channels`.
    fn gate(&self, channels: usize) -> Self {
        Self::new([channels, self.height, self.width], |_, row, column| {
            let values = (0..self.channels).map(|channel| self.at(channel, row, column));
            values.fold(f32::NEG_INFINITY, f32::max).clamp(0.0, 1.0)
        })
    }

    fn unfolded(&self, side: usize) -> Self {
        let channels = self.channels / (side * side);
        let size = [channels, self.height * side, self.width * side];
        Self::new(size, |channel, row, column| {
            let channel = (channel * side + row % side) * side + column % side;
            self.at(channel, row / side, column / side)
        })
    }
}

/// What the graphs of other engines compute.
fn taken(step: &Folded, level: &Map) -> Map {
    let silu = |value: f32| value / (1.0 + (-value).exp());
    let extended = level.mirrored(step.border);
    let mut features = extended.convolved(&step.encoder);
    for [first, second, third] in &step.blocks {
        let inner = features.convolved(first).mapped(silu);
        let inner = inner.convolved(second).mapped(silu).convolved(third);
        features = features.cropped(3).with(&inner, |a, b| a + b);
    }
    let around = extended.cropped(step.border - 1).convolved(&step.around);
    let correction = features
        .convolved(&step.correction)
        .with(&around, |a, b| a + b);

    let neighbours = extended.cropped(step.border - step.enlarge_reach());
    let extremes = neighbours.convolved(&extremes()).maximum(2);
    let gate = |ranges: Convolution| {
        let gate = extremes.convolved(&ranges);
        match &step.spread {
            Some(spread) => gate.gate(1).convolved(spread),
            None => gate.gate(correction.channels),
        }
    };
    let luma = correction.convolved(&step.luma);
    let chroma = correction.with(&luma, |a, b| a - b);
    let chroma = chroma.with(&gate(chroma_ranges()), |a, b| a * b);
    let sum = luma.with(&chroma, |a, b| a + b);
    let correction = sum.with(&gate(colour_ranges()), |a, b| a * b);
    let base = neighbours.convolved(&step.enlarge);
    let field = base
        .with(&correction, |a, b| a + b)
        .unfolded(step.ratio.outputs());

    let shrunk = field.mirrored(step.shrink_reach).convolved(&step.shrink);
    let missing = level.with(&shrunk.unfolded(step.ratio.inputs()), |a, b| a - b);
    let missing = missing
        .mirrored(step.enlarge_reach())
        .convolved(&step.enlarge);
    let missing = missing.unfolded(step.ratio.outputs());
    field.with(&missing, |made, missing| made + step.anchor * missing)
}

/// What the engine makes of a whole level, with its border.
fn stepped(model: &Model, level: &Map, made: [usize; 2], origin: Origin) -> Map {
    let border = model.config().border();
    let extended = level.mirrored(border);
    let mut pixels = Vec::new();
    for row in 0..extended.height {
        for column in 0..extended.width {
            pixels.extend((0..COLOURS).map(|colour| extended.at(colour, row, column)));
        }
    }
    let axis =
        |inputs, outputs| StepAxis::part((inputs, outputs), 0..inputs, 0..outputs, [border; 2]);
    let geometry = StepGeometry {
        rows: axis(level.height, made[0]),
        columns: axis(level.width, made[1]),
    };
    let window = StepWindow {
        pixels,
        origin,
        prior: None,
        before: None,
    };
    let result = model.step(&window, &geometry).unwrap().pixels;
    Map::new([COLOURS, made[0], made[1]], |colour, row, column| {
        result[(row * made[1] + column) * COLOURS + colour]
    })
}

#[test]
fn a_folded_step_is_the_engines() {
    let config = NetworkConfig {
        channels: 6,
        blocks: 2,
        frequencies: 5,
        ..NetworkConfig::default()
    };
    let mut parameters = config.initial_parameters(5);
    for (index, parameter) in parameters.iter_mut().enumerate() {
        if parameter.name.ends_with("bias") || parameter.name == "embedding.origin" {
            for (place, value) in parameter.values.iter_mut().enumerate() {
                *value += 0.05 * ((index + 3 * place) as f32).sin();
            }
        }
    }
    let model = Model::new(config, parameters).unwrap();
    // Flat, grey and coloured places; smaller than the border.
    let level = Map::new([COLOURS, 12, 12], |colour, row, column| {
        match (row, column) {
            (..4, ..6) => 0.25,
            (..6, _) => 0.5 + 0.02 * ((row * 7 + column * 3) as f32).sin(),
            _ => 0.5 + 0.4 * ((row * 5 + column * 3 + colour * 11) as f32).sin(),
        }
    });
    let origins = [
        Origin::Step,
        Origin::Image(Degradation {
            noise: 0.2,
            compression: 0.1,
        }),
    ];
    for factor in [1.0, 4.0 / 3.0, 1.5, 2.0, 2.25, 3.0, 11.0 / 3.0, 4.0] {
        for origin in origins {
            let ratio = Ratio::of(factor).unwrap();
            let made = 12 / ratio.inputs() * ratio.outputs();
            let engine = stepped(&model, &level, [made; 2], origin);
            let folded = taken(&Folded::new(&model, ratio, origin).unwrap(), &level);
            let off = |(a, b): (&f32, &f32)| (a - b).abs();
            let pairs = engine.values.iter().zip(&folded.values);
            let most = pairs.map(off).fold(0.0, f32::max);
            assert!(most < 2e-5, "×{ratio}, {origin:?}: {most}");
            // The network does something.
            let base = level
                .mirrored(2)
                .convolved(&separable(&Periods::new(ratio).enlarge, ratio.inputs()));
            let base = base.unfolded(ratio.outputs());
            let pairs = base.values.iter().zip(&folded.values);
            assert!(pairs.map(off).fold(0.0, f32::max) > 1e-3);
        }
    }
}
