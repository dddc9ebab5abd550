//! Fixed networks, trained to classify photographs, whose features differ between images about as
//! people see it: AlexNet and VGG16.

use crate::weights::WeightsFile;
use crate::{MetricsError, RgbImage};
use burn::tensor::{
    Device, Tensor, TensorData,
    activation::relu,
    module::{conv2d, max_pool2d},
    ops::{ConvOptions, MaxPoolOptions},
};
use casr_burn::ops::convolution;
use casr_net::Activation;
use std::path::Path;

/// Maps of features that a network gives, one for each stage.
pub const STAGES: usize = 5;

/// Colours, and so channels of the input.
const COLOURS: usize = 3;

/// What LPIPS subtracts from colours in [−1, 1], and divides them by (Zhang et al., CVPR 2018).
const SHIFT: [f32; COLOURS] = [-0.030, -0.088, -0.188];
const SCALE: [f32; COLOURS] = [0.458, 0.448, 0.450];

/// A network for features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// The convolutions of AlexNet (Krizhevsky, 2014, as in torchvision): features after each of
    /// the five.
    AlexNet,
    /// The convolutions of VGG16 (Simonyan and Zisserman, 2015): features after relu1_2, 2_2, 3_3,
    /// 4_3 and 5_3.
    Vgg16,
}

/// Convolutions up to one map of features.
struct Stage {
    /// Side of the maximum pooling with stride 2 that comes first; none before the first stage.
    pool: Option<usize>,
    convolutions: &'static [Shape],
}

/// Shape of a convolution; its stride is 1 but for AlexNet's first one.
struct Shape {
    kernel: usize,
    stride: usize,
    inputs: usize,
    outputs: usize,
}

const fn three(inputs: usize, outputs: usize) -> Shape {
    Shape {
        kernel: 3,
        stride: 1,
        inputs,
        outputs,
    }
}

const ALEXNET: [Stage; STAGES] = [
    Stage {
        pool: None,
        convolutions: &[Shape {
            kernel: 11,
            stride: 4,
            inputs: COLOURS,
            outputs: 64,
        }],
    },
    Stage {
        pool: Some(3),
        convolutions: &[Shape {
            kernel: 5,
            stride: 1,
            inputs: 64,
            outputs: 192,
        }],
    },
    Stage {
        pool: Some(3),
        convolutions: &[three(192, 384)],
    },
    Stage {
        pool: None,
        convolutions: &[three(384, 256)],
    },
    Stage {
        pool: None,
        convolutions: &[three(256, 256)],
    },
];

const VGG16: [Stage; STAGES] = [
    Stage {
        pool: None,
        convolutions: &[three(COLOURS, 64), three(64, 64)],
    },
    Stage {
        pool: Some(2),
        convolutions: &[three(64, 128), three(128, 128)],
    },
    Stage {
        pool: Some(2),
        convolutions: &[three(128, 256), three(256, 256), three(256, 256)],
    },
    Stage {
        pool: Some(2),
        convolutions: &[three(256, 512), three(512, 512), three(512, 512)],
    },
    Stage {
        pool: Some(2),
        convolutions: &[three(512, 512), three(512, 512), three(512, 512)],
    },
];

impl Architecture {
    fn stages(self) -> &'static [Stage; STAGES] {
        match self {
            Self::AlexNet => &ALEXNET,
            Self::Vgg16 => &VGG16,
        }
    }

    /// Channels of the features of every stage.
    pub fn channels(self) -> [usize; STAGES] {
        self.stages().each_ref().map(|stage| {
            let last = stage.convolutions.last();
            last.map_or(0, |shape| shape.outputs)
        })
    }

    /// The shortest side of an image that leaves a pixel in every stage.
    pub fn smallest(self) -> usize {
        match self {
            Self::AlexNet => 31,
            Self::Vgg16 => 16,
        }
    }
}

/// Features of an image at one stage of a network, after the rectifier.
#[derive(Clone, Debug)]
pub struct FeatureMap {
    /// Number of features of a location.
    pub channels: usize,
    /// Values, `[locations, channels]`, locations row by row.
    pub values: Vec<f32>,
}

impl FeatureMap {
    /// Number of locations.
    pub fn locations(&self) -> usize {
        self.values.len() / self.channels
    }
}

/// A network for features with its weights, on a device.
#[derive(Clone, Debug)]
pub struct FeatureNetwork {
    architecture: Architecture,
    layers: Vec<Layer>,
    device: Device,
}

#[derive(Clone, Debug)]
struct Layer {
    /// `[k, k, in, out]` where our kernels do the work, `[out, in, k, k]` for other shapes.
    weights: Tensor<4>,
    bias: Tensor<1>,
}

/// Whether the convolution is one of those that `casr-net` is made of.
fn is_ours(shape: &Shape) -> bool {
    shape.kernel == 3
}

impl FeatureNetwork {
    /// Reads `conv0.weight` `[out, in, k, k]`, `conv0.bias`, `conv1.weight` … from a safetensors
    /// file.
    pub(crate) fn from_file(
        architecture: Architecture,
        file: &WeightsFile,
        device: &Device,
    ) -> Result<Self, MetricsError> {
        let shapes = architecture.stages().iter().flat_map(|s| s.convolutions);
        let layers = shapes.enumerate().map(|(index, shape)| {
            let size = [shape.outputs, shape.inputs, shape.kernel, shape.kernel];
            let weights = single(file.values(&format!("conv{index}.weight"), &size)?);
            let bias = single(file.values(&format!("conv{index}.bias"), &[shape.outputs])?);
            let weights = Tensor::<4>::from_data(TensorData::new(weights, size), device);
            Ok(Layer {
                weights: if is_ours(shape) {
                    // The op reads its weights in memory order.
                    let data = weights.permute([2, 3, 1, 0]).into_data();
                    Tensor::from_data(data, device)
                } else {
                    weights
                },
                bias: Tensor::from_data(TensorData::new(bias, [shape.outputs]), device),
            })
        });
        Ok(Self {
            architecture,
            layers: layers.collect::<Result<_, MetricsError>>()?,
            device: device.clone(),
        })
    }

    /// Reads the network alone from a file of [`Lpips`](crate::Lpips) weights.
    ///
    /// # Errors
    /// [`MetricsError::Weights`] when the file cannot be read, is truncated, or is not of this
    /// network.
    pub fn load(
        architecture: Architecture,
        path: &Path,
        device: &Device,
    ) -> Result<Self, MetricsError> {
        Self::from_file(architecture, &WeightsFile::open(path)?, device)
    }

    /// The network's name and shape.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The features of images `[n, h, w, 3]` in [0, 1] after the first `count` stages,
    /// `[n, h', w', channels]`; differentiable.
    pub fn stages(&self, images: Tensor<4>, count: usize) -> Vec<Tensor<4>> {
        let constant = |values: [f32; COLOURS]| {
            let data = TensorData::new(values.to_vec(), [1, 1, 1, COLOURS]);
            Tensor::<4>::from_data(data, &images.device())
        };
        let mut x = (images.clone() * 2.0 - 1.0 - constant(SHIFT)) / constant(SCALE);
        let mut layers = self.layers.iter();
        let stages = self.architecture.stages().iter().take(count);
        let maps = stages.map(|stage| {
            if let Some(side) = stage.pool {
                x = pooled(x.clone(), side);
            }
            for (shape, layer) in stage.convolutions.iter().zip(layers.by_ref()) {
                x = relu(layer.forward(x.clone(), shape));
            }
            x.clone()
        });
        maps.collect()
    }

    /// The features of one image, rounded to 8 bits, after the first `count` stages.
    ///
    /// # Errors
    /// [`MetricsError::TooSmall`] when the image is shorter than [`Architecture::smallest`],
    /// [`MetricsError::Features`] when the device fails.
    pub fn features(
        &self,
        image: &RgbImage,
        count: usize,
    ) -> Result<Vec<FeatureMap>, MetricsError> {
        let image = image
            .without_border(0, self.architecture.smallest())?
            .rounded_to_8_bits();
        let shape = [1, image.height(), image.width(), COLOURS];
        let data = TensorData::new(image.into_values(), shape);
        let maps = self.stages(Tensor::from_data(data, &self.device), count);
        let maps = maps.into_iter().map(|map| {
            let channels = map.dims()[3];
            let values = map
                .try_into_vec_as::<f32>()
                .map_err(|error| MetricsError::Features(error.to_string()))?;
            Ok(FeatureMap { channels, values })
        });
        maps.collect()
    }
}

impl Layer {
    fn forward(&self, x: Tensor<4>, shape: &Shape) -> Tensor<4> {
        let (weights, bias) = (self.weights.clone(), self.bias.clone());
        if is_ours(shape) {
            return convolution(x, weights, bias, None, Activation::None);
        }
        // AlexNet's padding is 2, for both of its large kernels.
        let options = ConvOptions::new([shape.stride; 2], [2; 2], [1; 2], 1);
        let x = x.permute([0, 3, 1, 2]);
        conv2d(x, weights, Some(bias), options).permute([0, 2, 3, 1])
    }
}

/// The largest values of windows of `side` pixels a side, two pixels from one to the next,
/// `[n, h, w, c]`.
fn pooled(x: Tensor<4>, side: usize) -> Tensor<4> {
    if side != 2 {
        let options = MaxPoolOptions::new([side; 2]).with_stride([2; 2]);
        return max_pool2d(x.permute([0, 3, 1, 2]), options).permute([0, 2, 3, 1]);
    }
    // Windows that do not overlap need no other order of values, whose copies would take longer
    // than the maxima.
    let [n, h, w, c] = x.dims();
    let (h, w) = (h / 2, w / 2);
    let larger = |pairs: Tensor<4>| {
        let one = |index| pairs.clone().narrow(2, index, 1);
        one(0).max_pair(one(1))
    };
    let x = x.narrow(1, 0, 2 * h).narrow(2, 0, 2 * w);
    let rows = larger(x.reshape([n * h, 1, 2, 2 * w * c]));
    larger(rows.reshape([n * h, w, 2, c])).reshape([n, h, w, c])
}

fn single(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|value| value as f32).collect()
}
