//! Prints what the headers of image files say, without decoding a pixel:
//! `cargo run --example header -- FILE...`

use std::env;
use std::process::ExitCode;

use casr_codec::{Limits, pages, probe, shown};

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in env::args_os().skip(1) {
        let info = probe(&file, &Limits::default());
        match info.and_then(|info| Ok((info, pages(&file)?))) {
            Ok((info, pages)) => println!(
                "{}: {} of {}x{} pixels, {:?}{}, {} bits, pages: {pages}",
                shown(file.as_ref()),
                info.format,
                info.width,
                info.height,
                info.colour,
                if info.alpha { " with alpha" } else { "" },
                info.depth.bits(),
            ),
            Err(error) => {
                eprintln!("{error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
