//! `casr-lab`: measure ways to enlarge images, train networks, and see what their modules see.

#![forbid(unsafe_code)]

mod commands;
mod evaluation;
mod superpixels;

use casr_cli::{conclude, console, interrupt};
use clap::Parser;
use mimalloc::MiMalloc;
use peakmem_alloc::PeakMemAlloc;
use std::process::ExitCode;

/// `casr-lab eval` reads how much is taken at a time.
#[global_allocator]
static ALLOCATOR: PeakMemAlloc<MiMalloc> = PeakMemAlloc::new(MiMalloc);

fn main() -> ExitCode {
    console::begin("casr-lab");
    let arguments = commands::Arguments::parse();
    let listening = interrupt::listen().map_err(anyhow::Error::from);
    conclude(listening.and_then(|()| arguments.command.run())).into()
}
