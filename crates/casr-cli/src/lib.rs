//! What the programs `casr` and `casr-lab` share: options, messages, progress and signals.

#![forbid(unsafe_code)]

pub mod console;
pub mod interrupt;
pub mod options;
mod outcome;
mod progress;

pub use outcome::{Outcome, conclude};
pub use progress::{Progress, duration};
