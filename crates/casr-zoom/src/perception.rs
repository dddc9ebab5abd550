//! Where an enlargement goes between the least error and the best look.

use crate::plan::Size;

/// Where all steps go between the least error, 0, and the best look, 1, which invents fine textures; see
/// [`Condition::perception`](casr_net::Condition::perception). Networks that are not trained for it do not hear it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Perception {
    /// The least error up to four times the image's size, where much of the result is in the image. Beyond, where nobody can know
    /// the details and the least error is a blur, up to [`Perception::BEYOND`] from eight times on.
    #[default]
    Auto,
    /// This much.
    Strength(f32),
}

impl Perception {
    /// The most that [`Perception::Auto`] asks for.
    pub const BEYOND: f32 = 0.5;

    /// Up to so many times the image's size, along a side, the least error is wanted.
    const FAITHFUL: f64 = 4.0;

    /// What the steps are told in an enlargement from one size to another.
    pub fn strength(self, from: Size, to: Size) -> f32 {
        match self {
            Self::Strength(strength) => strength,
            Self::Auto => {
                let area = |size: Size| size.width as f64 * size.height as f64;
                let factor = (area(to) / area(from)).sqrt();
                Self::BEYOND * (factor / Self::FAITHFUL).log2().clamp(0.0, 1.0) as f32
            }
        }
    }
}
