//! Strengths of what an enlargement does.

use crate::error::ZoomError;
use std::fmt;

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Strength(f32);

impl Strength {
    /// 0: not at all.
    pub const NONE: Self = Self(0.0);

    /// Half.
    pub const HALF: Self = Self(0.5);

    /// 1: all of it.
    pub const FULL: Self = Self(1.0);

    /// A strength.
    ///
    /// # Errors
    /// [`ZoomError::Strength`] for what is no number from 0 to 1.
    pub fn new(value: f32) -> Result<Self, ZoomError> {
        match value {
            0.0..=1.0 => Ok(Self(value)),
            _ => Err(ZoomError::Strength { value }),
        }
    }

    /// The nearest strength; none for what is no number.
    pub(crate) fn nearest(value: f32) -> Self {
        Self(value.clamp(0.0, 1.0).max(0.0))
    }

    /// Its number.
    pub fn value(self) -> f32 {
        self.0
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
