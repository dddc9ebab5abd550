//! What a step is told of its input beside the pixels.

/// How worn an image is: noise and traces of JPEG, each from 0, none, to 1, the worst of training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wear {
    /// White noise.
    pub noise: f32,
    /// Compression.
    pub compression: f32,
}

impl Wear {
    /// The noise of a standard deviation in 8-bit levels: 10 is the worst.
    pub fn of_deviation(deviation: f32) -> f32 {
        (deviation / 10.0).clamp(0.0, 1.0)
    }

    /// The compression of a JPEG file of this quality: 50 is the worst.
    pub fn of_quality(quality: u8) -> f32 {
        (100.0 - f32::from(quality)).clamp(0.0, 50.0) / 50.0
    }
}

/// Where the input of a step comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// It is the user's image, so worn.
    Image(Wear),
    /// It is a level that the step before has made, and restored.
    Step,
}

impl Origin {
    /// Numbers that say it: noise, compression, and whether a step made the input.
    pub(crate) const COUNT: usize = 3;

    /// See [`Origin::COUNT`].
    pub(crate) fn values(self) -> [f32; Self::COUNT] {
        match self {
            Self::Image(wear) => [wear.noise, wear.compression, 0.0],
            Self::Step => [0.0, 0.0, 1.0],
        }
    }
}

/// What a step is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// Where its input comes from.
    pub origin: Origin,
    /// Where it shall go between the least error, 0, and the best look, 1: finer textures that may not be the true ones (the
    /// perception-distortion trade-off; Blau and Michaeli, CVPR 2018). A network without
    /// [`NetworkConfig::perception`](crate::NetworkConfig::perception) does not hear it.
    pub perception: f32,
}

impl Condition {
    /// With the least error.
    pub fn faithful(origin: Origin) -> Self {
        Self {
            origin,
            perception: 0.0,
        }
    }
}
