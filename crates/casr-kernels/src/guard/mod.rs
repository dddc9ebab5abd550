//! Gates: factors that suppress the network's correction of a pixel, and the chroma of that
//! correction.
//!
//! The correction is the part that the network adds to a bicubic enlargement. Where the input is
//! flat there is nothing to correct, and where it is grey there is no colour to add: with gates,
//! flat areas stay exactly flat and grey areas exactly grey, whatever the network's weights.
//!
//! - gate `g = (r − 1/64) / 2` clamped to [0, 1], where `r` is the largest range (maximum minus
//!   minimum) of a channel over the 5×5 neighbours, in 8-bit code values;
//! - chroma gate `c = (q − 1/64) / 4` clamped to [0, 1], where `q` is the largest range of the
//!   differences R − G and B − G over the same neighbours.
//!
//! A correction d = (d_R, d_G, d_B) becomes `g · (y + c · (d − y))`, where y is its BT.601 luma.
//! Gates depend on the input pixels alone and are treated as constants: no gradient passes through
//! them.

mod apply;
#[cfg(feature = "backward")]
mod backward;
mod gates;

pub use apply::apply;
#[cfg(feature = "backward")]
pub use backward::apply_gradient;
pub use gates::gates;

/// Colours per pixel: red, green, blue.
const COLOURS: usize = 3;

/// Number of gates of a pixel: one for the whole correction, one for its chroma.
pub const GATES: usize = 2;

/// Radius of the neighbourhood that a pixel's gates depend on, in pixels.
pub const GATE_REACH: usize = 2;

/// The 8-bit code value of a sample of 1.
pub const MAX_CODE_VALUE: f32 = 255.0;

/// The largest range, in code values, at which pixels count as equal. It is far above the rounding
/// error of single precision in a flat area, which repeated enlargement would otherwise amplify.
pub const FLAT_RANGE: f32 = 1.0 / 64.0;

/// The range of a channel in excess of [`FLAT_RANGE`], in code values, from which the correction
/// passes unchanged.
pub const FULL_RANGE: f32 = 2.0;

/// The range of a colour difference in excess of [`FLAT_RANGE`], in code values, from which the
/// chroma of the correction passes unchanged.
pub const FULL_CHROMA_RANGE: f32 = 4.0;

/// BT.601 luma weights of red, green and blue.
pub const LUMA: [f32; COLOURS] = [0.299, 0.587, 0.114];

/// The gate for a range of samples in [0, 1]; it is 1 from `full` code values on.
fn gate(range: f32, full: f32) -> f32 {
    ((range * MAX_CODE_VALUE - FLAT_RANGE) * (1.0 / full)).clamp(0.0, 1.0)
}
