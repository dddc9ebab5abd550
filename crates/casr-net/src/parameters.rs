//! The network's parameters: their names, shapes and first values, and which of a file's are whose.

use crate::condition::Origin;
use crate::config::{COLOURS, NetworkConfig};
use crate::error::NetError;
use crate::prior::DETAILS;
use casr_kernels::similarity::LAGS;
use std::collections::HashMap;
use std::f64::consts::PI;

/// One parameter tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its path in the network, such as `blocks.0.first.weights`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

/// How strongly colours, in [0, 1], draw pixels to superpixels at first, and how strongly places
/// do, in cells.
pub const FIRST_TEMPERATURES: [f32; 2] = [100.0, 1.0];

/// How far a gate of SDAM is open at first: σ(−2) = 0.12.
const FIRST_GATE: f32 = -2.0;

/// The largest factor of one step: the edge of the network's training. The heat field's first
/// frequencies go up to its Nyquist frequency.
pub const LARGEST_STEP: f64 = 4.0;

/// A parameter of a configuration.
struct Slot {
    name: String,
    shape: Vec<usize>,
    initial: Initial,
}

/// What training starts from.
enum Initial {
    /// Normal numbers of this standard deviation.
    Normal(f64),
    /// These values.
    Values(Vec<f32>),
}

impl NetworkConfig {
    /// Name and shape of every parameter, in the network's own order.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let slots = self.slots().into_iter();
        slots.map(|slot| (slot.name, slot.shape)).collect()
    }

    /// Number of values of all parameters.
    pub fn parameter_count(&self) -> usize {
        let sizes = self.shapes().into_iter();
        sizes
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }

    /// What training starts from: parameters that `seed` decides, in the network's own order. The
    /// first ones are the same, whichever modules follow.
    pub fn initial_parameters(&self, seed: u64) -> Vec<Parameter> {
        let slots = self.slots().into_iter().map(|slot| {
            let count = slot.shape.iter().product();
            let values = match slot.initial {
                Initial::Values(values) => values,
                Initial::Normal(deviation) => {
                    // By its name, so that it does not depend on the parameters before it.
                    let mut normal = Normal::new(seed, &slot.name);
                    (0..count)
                        .map(|_| (deviation * normal.next()) as f32)
                        .collect()
                }
            };
            Parameter {
                name: slot.name,
                shape: slot.shape,
                values,
            }
        });
        slots.collect()
    }

    fn slots(&self) -> Vec<Slot> {
        let channels = self.channels;
        let mut slots = Slots(Vec::new());
        slots.normal("embedding.scales", &[2, channels], 1.0);
        let origin = vec![0.0; Origin::COUNT * channels];
        slots.values("embedding.origin", &[Origin::COUNT, channels], origin);
        slots.normal("embedding.bias", &[1, channels], 1.0);
        let output = 0.1 / (channels as f64).sqrt();
        slots.normal("embedding.output", &[channels, channels], output);
        slots.convolution("encoder", [3, COLOURS, channels], 1.0);
        if self.alignment || self.similarity {
            let logarithms = FIRST_TEMPERATURES.map(f32::ln).to_vec();
            slots.values("superpixels.temperatures", &[2], logarithms);
        }
        if self.similarity {
            slots.convolution("similarity.matches", [3, DETAILS + 1, channels], 0.2);
            slots.convolution("similarity.inner", [1, LAGS, channels], 1.0);
            slots.convolution("similarity.outer", [1, channels, 2 * channels], 0.02);
        }
        for block in 0..self.blocks {
            for (name, gain) in [("first", 1.0), ("second", 1.0), ("third", 0.1)] {
                slots.convolution(
                    &format!("blocks.{block}.{name}"),
                    [3, channels, channels],
                    gain,
                );
            }
        }
        if self.alignment {
            slots.convolution("alignment.inner", [1, 4 * channels, channels], 0.5);
            // Gates, then what is done at a first step.
            let mut bias = vec![FIRST_GATE; channels];
            bias.resize(3 * channels, 0.0);
            slots.weights("alignment.outer", [1, channels, 3 * channels], 0.02);
            slots.values("alignment.outer.bias", &[3 * channels], bias);
        }
        slots.convolution("body", [3, channels, channels], 0.1);
        slots.convolution(
            "head.coefficients",
            [1, channels, self.head_channels()],
            0.05,
        );
        slots.values(
            "head.frequencies",
            &[self.frequencies, 2],
            self.first_frequencies(),
        );
        let kappa = 4f64.ln().sqrt() / (2.0 * PI * PI);
        slots.values("head.kappa", &[1], vec![kappa as f32]);
        slots.0
    }

    /// Frequencies of the heat field (ω_y, ω_x), in radians per input pixel: spread evenly over the
    /// half disc up to the Nyquist frequency of the largest step, by the golden angle.
    fn first_frequencies(&self) -> Vec<f32> {
        let count = self.frequencies as f64;
        let pair = |index: usize| {
            let radius = PI * LARGEST_STEP * ((index as f64 + 0.5) / count).sqrt();
            let angle = PI * (index as f64 * 0.618_034).fract();
            [(radius * angle.sin()) as f32, (radius * angle.cos()) as f32]
        };
        (0..self.frequencies).flat_map(pair).collect()
    }

    /// These values in the network's own order; `name` is that of their file, for messages.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter is missing, has another shape, or is one too many.
    pub fn arrange(&self, name: &str, values: &[Parameter]) -> Result<Vec<Parameter>, NetError> {
        self.fill(name, values, None)
    }

    /// [`NetworkConfig::arrange`], with parameters of `fresh` where there are none of their name.
    ///
    /// # Errors
    /// [`NetError::Foreign`] if a parameter has another shape, or is one too many.
    pub fn extend(
        &self,
        name: &str,
        values: &[Parameter],
        fresh: Vec<Parameter>,
    ) -> Result<Vec<Parameter>, NetError> {
        self.fill(name, values, Some(fresh))
    }

    fn fill(
        &self,
        name: &str,
        values: &[Parameter],
        fresh: Option<Vec<Parameter>>,
    ) -> Result<Vec<Parameter>, NetError> {
        let foreign = |reason: String| NetError::Foreign {
            name: name.to_owned(),
            reason,
        };
        let by_name = |parameter| -> (&str, &Parameter) {
            let parameter: &Parameter = parameter;
            (&parameter.name, parameter)
        };
        let mut left: HashMap<&str, &Parameter> = values.iter().map(by_name).collect();
        let fresh = fresh.unwrap_or_default();
        let fresh: HashMap<&str, &Parameter> = fresh.iter().map(by_name).collect();
        let mut parameters = Vec::new();
        for (path, shape) in self.shapes() {
            let parameter = left
                .remove(path.as_str())
                .or(fresh.get(path.as_str()).copied());
            let parameter = parameter.ok_or_else(|| foreign(format!("{path} is missing")))?;
            if parameter.shape != shape {
                let reason = format!("{path} has shape {:?}, not {shape:?}", parameter.shape);
                return Err(foreign(reason));
            }
            parameters.push(parameter.clone());
        }
        match left.keys().next() {
            Some(extra) => Err(foreign(format!(
                "{extra} is not a parameter of this network"
            ))),
            None => Ok(parameters),
        }
    }
}

/// Parameters as they are listed.
struct Slots(Vec<Slot>);

impl Slots {
    fn push(&mut self, name: &str, shape: &[usize], initial: Initial) {
        self.0.push(Slot {
            name: name.to_owned(),
            shape: shape.to_vec(),
            initial,
        });
    }

    fn normal(&mut self, name: &str, shape: &[usize], deviation: f64) {
        self.push(name, shape, Initial::Normal(deviation));
    }

    fn values(&mut self, name: &str, shape: &[usize], values: Vec<f32>) {
        self.push(name, shape, Initial::Values(values));
    }

    /// The weights of a convolution, by He initialisation times `gain`.
    fn weights(&mut self, name: &str, [kernel, inputs, outputs]: [usize; 3], gain: f64) {
        let deviation = gain * (2.0 / (kernel * kernel * inputs) as f64).sqrt();
        let name = format!("{name}.weights");
        self.normal(&name, &[kernel, kernel, inputs, outputs], deviation);
    }

    /// A convolution whose bias starts at zero.
    fn convolution(&mut self, name: &str, shape: [usize; 3], gain: f64) {
        self.weights(name, shape, gain);
        let outputs = shape[2];
        self.values(&format!("{name}.bias"), &[outputs], vec![0.0; outputs]);
    }
}

/// Normal numbers: SplitMix64 (Steele, Lea and Flood, 2014) and Box–Muller.
struct Normal {
    state: u64,
}

impl Normal {
    /// Numbers of a seed, other ones for each name (FNV-1a).
    fn new(seed: u64, name: &str) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        let bytes = seed.to_le_bytes().into_iter().chain(name.bytes());
        Self {
            state: bytes.fold(OFFSET, hash),
        }
    }

    /// A number above 0 and at most 1.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((mixed >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn next(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (2.0 * PI * self.uniform()).cos()
    }
}
