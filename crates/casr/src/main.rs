//! `casr`: enlarge an image by any factor.

#![forbid(unsafe_code)]

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Tiles take and give back the same large buffers over and over: a tenth less processor time than
/// with glibc's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    casr::run(std::env::args_os()).into()
}
