//! Where an enlargement goes between the least error and the best look.

use casr_net::Wear;

/// Where an enlargement goes between the two ends of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Look {
    /// What suits the factor and the image best; see [`Look::for_image`].
    #[default]
    Auto,
    /// So far from [`Look::FAITHFUL`], 0, towards [`Look::VIVID`], 1.
    Fixed(f32),
}

impl Look {
    /// The least error: nothing is invented, and where the image does not tell, the result is smooth.
    pub const FAITHFUL: Self = Self::Fixed(0.0);

    /// Half-way, by eye.
    pub const BALANCED: Self = Self::Fixed(0.5);

    /// The best look: crisp, with textures that are invented where the image does not tell.
    pub const VIVID: Self = Self::Fixed(1.0);

    /// The look of an enlargement by `factor` of an image as worn as this.
    pub fn for_image(self, factor: f64, wear: Wear) -> f32 {
        match self {
            Self::Auto => automatic(factor, wear),
            Self::Fixed(look) => look.clamp(0.0, 1.0),
        }
    }
}

fn automatic(_factor: f64, _wear: Wear) -> f32 {
    0.7
}
