//! `casr completions`: shell completion scripts, made from the command line's own definition.

use super::Arguments;
use casr_cli::Outcome;
use casr_cli::console;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// The arguments of `casr completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr completions bash > ~/.local/share/bash-completion/completions/casr
  casr completions zsh  > ~/.zfunc/_casr
  casr completions fish > ~/.config/fish/completions/casr.fish")]
pub struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &CompletionsArguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "casr",
        &mut script,
    );
    console::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
