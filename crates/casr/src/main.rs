//! `casr`: enlarge an image by any factor.
//!
//! This file reads the command line and gives the exit code; [`commands`] holds a file for each
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
mod picture;
mod region;
mod sink;
mod video;
mod work;

use casr_cli::{conclude, console, interrupt};
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Tiles take and give back the same large buffers over and over: a tenth less processor time than
/// with glibc's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    console::begin("casr");
    let arguments = commands::read_arguments();
    let listening = interrupt::listen().map_err(anyhow::Error::from);
    conclude(listening.and_then(|()| arguments.command.run()))
}
