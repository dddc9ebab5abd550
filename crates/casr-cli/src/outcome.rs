//! How a program ends.

use crate::{console, interrupt};

/// How a command that did not fail as a whole ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Some files failed, each with its message; the others are done.
    SomeFailed,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// The exit code of success, and of failures.
const SUCCESS: u8 = 0;
const FAILURE: u8 = 1;

/// The exit code for a command line that nothing can satisfy: that of clap.
const WRONG_USAGE: u8 = 2;

/// The exit code of a command; says why it failed, if it did.
pub fn conclude(outcome: anyhow::Result<Outcome>) -> u8 {
    match outcome {
        Ok(Outcome::Done) => SUCCESS,
        Ok(Outcome::SomeFailed) => FAILURE,
        Ok(Outcome::Interrupted) => {
            console::remark("interrupted");
            interrupt::EXIT_CODE
        }
        Err(error) => {
            console::failure(&error);
            match error.downcast_ref::<console::Usage>() {
                Some(_) => WRONG_USAGE,
                None => FAILURE,
            }
        }
    }
}
