//! The program `casr`: enlarge an image by any factor.
//!
//! It is a library so that the Python package, too, can hold it, beside the same network, in one
//! file. [`run`] reads the command line and gives the exit code; `commands` holds a file for each
//! subcommand.

#![forbid(unsafe_code)]

mod commands;
mod destination;
mod disk;
mod enlarge;
mod film;
mod inputs;
mod keep;
mod kept;
mod layout;
mod memory;
mod region;
mod sink;
mod video;

use casr_cli::{conclude, console, interrupt};
use std::ffi::OsString;

/// Does what a command line says, the program's name first, and returns the exit code.
///
/// It is the whole program: it listens to the signals that end programs, and the second one ends
/// the process. Call it once.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    console::begin("casr");
    let arguments = match commands::read_arguments(arguments) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let listening = interrupt::listen().map_err(anyhow::Error::from);
    conclude(listening.and_then(|()| arguments.command.run()))
}
