//! SIMD kernels of CASR, an image upscaler, on plain slices: 3×3 and 1×1 convolutions, bicubic
//! resampling, soft superpixels, self-similarity, and the heat field that renders an image at any
//! resolution.
//!
//! ```
//! use casr_kernels::InstructionSet;
//! use casr_kernels::conv::{Activation, Layer};
//!
//! // A 3×3 box blur of an image of 4×5 pixels with one channel, zero-padded.
//! let blur = Layer::new(InstructionSet::best(), 3, vec![1.0 / 9.0; 9], vec![0.0]);
//! let mut blurred = vec![0.0; 4 * 5];
//! blur.rows((4, 5), 0..4, &[1.0; 4 * 5], Activation::None, None, &mut blurred);
//! assert!((blurred[6] - 1.0).abs() < 1e-6 && (blurred[0] - 4.0 / 9.0).abs() < 1e-6);
//! ```
//!
//! Every kernel is implemented once over portable SIMD types, compiled for each [`InstructionSet`]
//! and selected at run time, and once in scalar code as its reference. Results are bit-identical on
//! all instruction sets: every value is computed by one fixed order of operations, which depends
//! neither on the number of threads nor on how an image is cropped, as long as crops are aligned to
//! [`conv::GRID`]. Kernels run on the threads of the current Rayon pool.
//!
//! The feature `backward` adds the gradients of the kernels, for training.

mod activation;
mod buffer;
pub mod conv;
mod dispatch;
pub mod earlier;
pub mod guard;
pub mod heat;
pub mod resample;
pub mod similarity;
pub mod superpixel;

pub use buffer::zeros;
pub use dispatch::InstructionSet;
