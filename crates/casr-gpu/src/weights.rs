//! A network's values: found by name, and brought to the device once.

use crate::context::Context;
use crate::error::GpuError;
use crate::layout::{Channels, halves};
use casr_net::{NetworkConfig, Parameter};
use std::collections::HashMap;

/// Values by name.
pub(crate) struct Weights<'a>(HashMap<&'a str, &'a [f32]>);

impl<'a> Weights<'a> {
    /// Those of a network of this configuration.
    ///
    /// # Errors
    /// Which one is missing or has another length.
    pub fn new(config: NetworkConfig, parameters: &'a [Parameter]) -> Result<Self, String> {
        let named = |parameter: &'a Parameter| (&*parameter.name, &*parameter.values);
        let values: HashMap<_, _> = parameters.iter().map(named).collect();
        for (name, shape) in config.shapes() {
            let length = shape.iter().product();
            if values.get(&*name).map(|values| values.len()) != Some(length) {
                return Err(format!("{name} is not {shape:?}"));
            }
        }
        Ok(Self(values))
    }

    /// A parameter's values.
    ///
    /// # Errors
    /// That there are none.
    pub fn values(&self, name: &str) -> Result<&'a [f32], String> {
        (self.0.get(name).copied()).ok_or_else(|| format!("{name} is missing"))
    }

    /// Some parameters one after the other.
    fn together(&self, names: &[String]) -> Result<Vec<f32>, String> {
        let mut values = Vec::new();
        for name in names {
            values.extend_from_slice(self.values(name)?);
        }
        Ok(values)
    }
}

/// A convolution's weights and bias on the device.
#[derive(Debug)]
pub(crate) struct Layer {
    pub weights: wgpu::Buffer,
    pub bias: wgpu::Buffer,
}

/// Brings values to a device in the layouts of its kernels.
pub(crate) struct Upload<'a> {
    pub context: &'a Context,
    pub weights: &'a Weights<'a>,
    pub channels: Channels,
    pub half: bool,
}

impl Upload<'_> {
    /// A 3×3 convolution between maps.
    pub fn convolution(&self, name: &str) -> Result<Layer, GpuError> {
        let packed = (self.channels).convolution(self.values(&format!("{name}.weights"))?);
        let weights = match self.half {
            true => (self.context).constants(bytemuck::cast_slice(&halves(&packed)))?,
            false => self.constants(&packed)?,
        };
        Ok(Layer {
            weights,
            bias: self.constants(&self.channels.bias(self.values(&format!("{name}.bias"))?))?,
        })
    }

    /// A 3×3 convolution from few channels.
    pub fn few_channels(&self, name: &str) -> Result<Layer, GpuError> {
        let packed = (self.channels).encoder(self.values(&format!("{name}.weights"))?);
        Ok(Layer {
            weights: self.constants(&packed)?,
            bias: self.constants(&self.channels.bias(self.values(&format!("{name}.bias"))?))?,
        })
    }

    /// The head's convolution.
    pub fn head(&self) -> Result<wgpu::Buffer, GpuError> {
        let weights = self.values("head.coefficients.weights")?;
        let bias = self.values("head.coefficients.bias")?;
        self.constants(&self.channels.head(weights, bias))
    }

    /// The two layers of a module.
    pub fn module(&self, name: &str) -> Result<wgpu::Buffer, GpuError> {
        let names = ["inner.weights", "inner.bias", "outer.weights", "outer.bias"];
        let names = names.map(|part| format!("{name}.{part}"));
        let values = self.weights.together(&names);
        self.constants(&values.map_err(|reason| self.context.failed(reason))?)
    }

    /// Sharpness and compactness of superpixels.
    pub fn temperatures(&self) -> Result<wgpu::Buffer, GpuError> {
        let logarithms = self.values("superpixels.temperatures")?.iter();
        self.constants(&logarithms.map(|value| value.exp()).collect::<Vec<_>>())
    }

    fn values(&self, name: &str) -> Result<&[f32], GpuError> {
        (self.weights.values(name)).map_err(|reason| self.context.failed(reason))
    }

    fn constants(&self, values: &[f32]) -> Result<wgpu::Buffer, GpuError> {
        self.context.constants(bytemuck::cast_slice(values))
    }
}
