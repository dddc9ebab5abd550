//! SIMD inner loops of CASR on plain slices, forward and backward.
//!
//! Every kernel exists once over portable SIMD types, compiled for each instruction set and picked at run time, and once
//! as plain scalar code, its reference. All instruction sets give bit-identical results: every value is
//! a chain of operations in one fixed order, lanes mix only by one fixed tree, and that order depends neither on how an
//! image is cut into tiles, as long as cuts lie on the grid of [`conv::GRID`], nor on the number of threads.

mod activation;
mod buffer;
pub mod conv;
mod dispatch;
pub mod guard;
pub mod heat;
pub mod reference;
pub mod resample;
pub mod similarity;
pub mod superpixel;

pub use buffer::zeros;
pub use dispatch::InstructionSet;
