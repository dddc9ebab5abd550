//! What a step knows of its input beside the pixels.

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

/// The condition of a step: where its input comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// It is the user's image, as worn as this.
    Image(Wear),
    /// It is a level that the step before has made, and restored.
    Step,
}

impl Origin {
    /// Numbers that say it: noise, compression, and whether a step made the input.
    pub const COUNT: usize = 3;

    /// See [`Origin::COUNT`].
    pub fn values(self) -> [f32; Self::COUNT] {
        match self {
            Self::Image(wear) => [wear.noise, wear.compression, 0.0],
            Self::Step => [0.0, 0.0, 1.0],
        }
    }

    /// The share of what the result, shrunk again, differs from the input that is taken out of the result: back-projection (Irani
    /// and Peleg, 1991). Half of it, and less for a degraded image, whose noise would come back.
    pub fn anchor(self) -> f32 {
        match self {
            Self::Image(wear) => ANCHOR * (1.0 - 2.0 * wear.noise.max(wear.compression)).max(0.0),
            Self::Step => ANCHOR,
        }
    }
}

/// See [`Origin::anchor`]: the whole of it rings on hard edges.
const ANCHOR: f32 = 0.5;
