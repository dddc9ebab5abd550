//! Between files and the network: what the program, the service and the Python package do with a
//! [`Picture`](casr_codec::Picture) to enlarge it.
//!
//! [`layers`] takes colours and alpha apart. [`Pyramids`] enlarges both side by side and puts them
//! together again, for any window of any level; [`Work`] is a window of the result. [`plan`],
//! [`header`] and [`mark`] say how large the result is and what its file holds beside pixels.
//!
//! ```
//! use casr_codec::{Limits, read};
//! use casr_picture::{Pyramids, layers, plan};
//! use casr_zoom::{Enlarger, Model, Rectangle, Size, Target, ZoomError};
//! use std::ops::ControlFlow;
//!
//! # let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../casr-codec/tests/jpegs/quality-100.jpg");
//! let mut picture = read(file, &Limits::default())?;
//! let size = Size { width: picture.width, height: picture.height };
//! let enlarger = Enlarger::new(Model::embedded()?);
//! let plan = plan(&enlarger, size, Target::Factor(1.5), false)?;
//!
//! let (layers, colour) = (layers(&mut picture, false)?, picture.colour);
//! let pyramids = Pyramids::new(&layers, &enlarger, &plan, colour)?;
//! let window = Rectangle { x: 3, y: 2, width: 5, height: 4 };
//! let mut samples = Vec::new();
//! pyramids.stream(plan.levels().len(), window, &|_, _| ControlFlow::Continue(()), |rows| {
//!     samples.extend_from_slice(rows);
//!     Ok::<(), ZoomError>(())
//! })?;
//! assert_eq!(samples.len(), 5 * 4 * colour.channels());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod layers;
mod pyramids;
mod result;
mod work;

pub use layers::{AlphaRows, grey, interleave, layers};
pub use pyramids::{Pyramids, Watch};
pub use result::{describe, header, mark, plan, treated, untrained};
pub use work::Work;
