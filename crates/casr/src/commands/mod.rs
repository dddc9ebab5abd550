//! The subcommands, a file each.

mod completions;
mod devices;
mod export;
mod plan;
#[cfg(feature = "serve")]
mod serve;
mod upscale;
mod zoom;

use casr_cli::Outcome;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "casr",
    version,
    about = "Enlarge images by any factor with one small network, in modest steps",
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Example: casr upscale photo.jpg -s 6.5 -o big.png\n`casr COMMAND --help` has more examples."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Reads the command line.
///
/// # Errors
/// The exit code where help is wanted or it is wrong, after what is to be said.
pub fn read_arguments(line: impl IntoIterator<Item = OsString>) -> Result<Arguments, u8> {
    let command = Arguments::command();
    // A subcommand's version is the program's.
    let command = command.mut_subcommands(|subcommand| subcommand.display_name("casr"));
    let matches = command.try_get_matches_from(line);
    matches
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| {
            // Where the stream is closed, nothing can be said.
            let _ = error.print();
            error.exit_code() as u8
        })
}

/// What `casr` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Enlarge images
    Upscale(upscale::UpscaleArguments),
    /// Put the shares of an enlargement together that `casr upscale --shard` made, with the same
    /// arguments
    Join(upscale::UpscaleArguments),
    /// Print levels, sizes, expected time and memory of an enlargement without doing it
    Plan(plan::PlanArguments),
    /// Render a film that zooms into an image
    Zoom(zoom::ZoomArguments),
    /// Serve a folder of images at any zoom, by IIIF and Deep Zoom
    #[cfg(feature = "serve")]
    Serve(serve::ServeArguments),
    /// List the devices that can do the work
    Devices(devices::DevicesArguments),
    /// Write one step of the network as a model for other engines, by ONNX or
    /// ncnn
    Export(export::ExportArguments),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArguments),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What kept the command as a whole from its work, as a message for the user. Failures of
    /// single files are printed as they happen.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Upscale(arguments) => upscale::run(&arguments),
            Self::Join(arguments) => upscale::join(&arguments),
            Self::Plan(arguments) => plan::run(&arguments),
            Self::Zoom(arguments) => zoom::run(&arguments),
            #[cfg(feature = "serve")]
            Self::Serve(arguments) => serve::run(&arguments),
            Self::Devices(arguments) => devices::run(&arguments),
            Self::Export(arguments) => export::run(&arguments),
            Self::Completions(arguments) => completions::run(&arguments),
        }
    }
}
