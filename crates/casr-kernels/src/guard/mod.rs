//! Gates: how much of the network's correction, and of its colour, a pixel lets through.
//!
//! The correction is what the heat field adds to the bicubic enlargement. Where the input is flat there is nothing to
//! correct, and where it is grey nothing to colour: so a flat area stays flat and a grey one grey, exactly, for any weights.
//!
//! - gate `g = (r − 1/64) / 2` within 0 and 1, with `r` the largest range (maximum less minimum) of a channel over the 5×5 neighbours,
//!   in 8-bit code values;
//! - chroma gate `c = (q − 1/64) / 4` within 0 and 1, with `q` the same of the differences R − G and B − G.
//!
//! A correction (d_R, d_G, d_B) becomes `g · (y + c · (d − y))`, with y its luma (BT.601). Gates are computed from pixels alone and
//! taken as given: no gradient goes through them.

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

/// Gates of a pixel: of the whole correction, of its chroma.
pub const GATES: usize = 2;

/// How far around a pixel its gates look.
pub const GATE_REACH: usize = 2;

/// Code values of 8 bits in the range of a sample.
pub const CODE_VALUES: f32 = 255.0;

/// The range, in code values, up to which pixels count as equal: far above what rounding in single precision leaves of a flat area, which a
/// loop would otherwise enlarge from step to step.
pub const EQUAL: f32 = 1.0 / 64.0;

/// The range of a channel, in code values, beyond [`EQUAL`] from which on the whole correction passes.
pub const FULL_RANGE: f32 = 2.0;

/// The range of a colour difference, in code values, beyond [`EQUAL`] from which on the whole chroma passes.
pub const FULL_CHROMA_RANGE: f32 = 4.0;

/// Luma of BT.601, from red, green and blue.
pub const LUMA: [f32; COLOURS] = [0.299, 0.587, 0.114];

/// The gate of a range in [0, 1], open from `full` code values on.
fn gate(range: f32, full: f32) -> f32 {
    ((range * CODE_VALUES - EQUAL) * (1.0 / full)).clamp(0.0, 1.0)
}
