//! Converts an image to the format that the new name ends in, with its metadata:
//! `cargo run --example convert -- FROM TO`

use std::env;
use std::path::Path;
use std::process::ExitCode;

use casr_codec::{CodecError, Format, Header, Limits, Options, Writer, read};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [from, to] = &arguments[..] else {
        eprintln!("usage: convert FROM TO");
        return ExitCode::FAILURE;
    };
    match convert(from.as_ref(), to.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn convert(from: &Path, to: &Path) -> Result<(), CodecError> {
    let format = Format::from_path(to)?;
    let picture = read(from, &Limits::default())?;
    // The picture's size, depth and metadata. Another size would mean an enlargement, and be
    // corrected in the metadata.
    let header = Header::of(&picture, picture.width, picture.height, format);
    let mut writer = Writer::create(to, format, header, Options::default())?;
    for loss in picture.losses.iter().chain(writer.losses()) {
        eprintln!("remark: {loss}");
    }
    writer.write_picture(&picture)?;
    writer.finish()
}
