//! What a step is told of its input beside the pixels.

/// How much is to be restored, beside enlarging: noise, JPEG blocks, a light blur.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Restoration {
    /// As much as the network itself finds necessary.
    #[default]
    Auto,
    /// A strength from 0, for a clean image, to 1, for the worst that the network was trained on.
    Strength(f32),
}

/// Where the input of a step comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// It is the user's image.
    Image(Restoration),
    /// It is a level that the step before has made, and restored.
    Step,
}

impl Origin {
    /// Numbers that say it: the strength of restoration, whether that is left to the network, and whether a step made the
    /// input.
    pub(crate) const COUNT: usize = 3;

    /// See [`Origin::COUNT`].
    pub(crate) fn values(self) -> [f32; Self::COUNT] {
        match self {
            Self::Image(Restoration::Auto) => [0.0, 1.0, 0.0],
            Self::Image(Restoration::Strength(strength)) => [strength, 0.0, 0.0],
            Self::Step => [0.0, 0.0, 1.0],
        }
    }
}
