//! What a step knows of its input beside the pixels.

/// How degraded an image is: strengths of noise and of JPEG compression, each from 0, none, to 1,
/// the strongest of training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Degradation {
    /// White noise.
    pub noise: f32,
    /// Compression.
    pub compression: f32,
}

impl Degradation {
    /// The strength of noise of a standard deviation, in 8-bit code values: 10 is the strongest.
    pub fn of_deviation(deviation: f32) -> f32 {
        (deviation / 10.0).clamp(0.0, 1.0)
    }

    /// The strength of compression of a JPEG file of this quality, 1 to 100: 50 is the strongest.
    pub fn of_quality(quality: u8) -> f32 {
        (100.0 - f32::from(quality)).clamp(0.0, 50.0) / 50.0
    }
}

/// The condition of a step: where its input comes from, and how degraded it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// It is the user's image, so degraded.
    Image(Degradation),
    /// It is a level that the step before has made, and restored.
    Step,
}

impl Origin {
    /// Number of [`Origin::values`].
    pub const COUNT: usize = 3;

    /// The condition as numbers: strength of noise, strength of compression, and 1 where a step
    /// made the input.
    pub fn values(self) -> [f32; Self::COUNT] {
        match self {
            Self::Image(degradation) => [degradation.noise, degradation.compression, 0.0],
            Self::Step => [0.0, 0.0, 1.0],
        }
    }

    /// The share of the anchor: how much of what the result, shrunk again, differs from the input
    /// is taken out of the result (back-projection; Irani and Peleg, 1991). Less for a degraded
    /// image, whose noise would come back.
    pub fn anchor(self) -> f32 {
        match self {
            Self::Image(degradation) => {
                let strongest = degradation.noise.max(degradation.compression);
                ANCHOR * (1.0 - 2.0 * strongest).max(0.0)
            }
            Self::Step => ANCHOR,
        }
    }
}

/// [`Origin::anchor`] of a clean input: the whole difference rings on hard edges.
const ANCHOR: f32 = 0.5;
