//! The subcommands, a file each.

mod eval;
mod inspect;
mod train;

use casr_cli::Outcome;
use clap::{Parser, Subcommand};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "casr-lab",
    version,
    about = "Measure ways to enlarge images, train networks, and see what their modules see",
    arg_required_else_help = true,
    after_help = "`casr-lab COMMAND --help` has examples."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `casr-lab` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare ways to enlarge benchmark images: fidelity, perception, drift and texture
    Eval(eval::EvalArguments),
    /// Train a network on a folder of images
    Train(train::TrainArguments),
    /// Picture what the network's modules see in an image
    Inspect(inspect::InspectArguments),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What kept the command as a whole from its work, as a message for the user.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Self::Eval(arguments) => eval::run(&arguments),
            Self::Train(arguments) => train::run(&arguments),
            Self::Inspect(arguments) => inspect::run(&arguments),
        }
    }
}
