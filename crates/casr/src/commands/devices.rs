//! `casr devices`: what `--device` can name.

use casr_cli::options::automatic;
use casr_cli::{Outcome, console};
use casr_net::{HalfInstructions, InstructionSet};
use casr_zoom::{DeviceChoice, GPU_SUPPORT, gpus};
use clap::Args;

/// The arguments of `casr devices`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr devices
  casr upscale photo.jpg -s 4 -o big.png --device gpu:1")]
pub struct DevicesArguments {}

/// Prints a line for each.
pub fn run(_: &DevicesArguments) -> anyhow::Result<Outcome> {
    let gpus = gpus();
    // Which one is faster is measured, so there has to be something to choose from.
    let first = gpus.iter().position(|gpu| !gpu.simulated);
    let chosen = match first {
        Some(_) => automatic()?.device().is_gpu(),
        None => false,
    };
    let mark = |chosen: bool| if chosen { "  [auto]" } else { "" };
    let half = match HalfInstructions::best() {
        HalfInstructions::Amx => "half precision by AMX",
        HalfInstructions::Vectors(_) => "half precision, but slower than single",
    };
    console::print(&format!(
        "{:<6} the processor: {} threads, {}, {half}{}\n",
        DeviceChoice::Cpu.to_string(),
        rayon::current_num_threads(),
        InstructionSet::best(),
        mark(!chosen)
    ))?;
    for (index, gpu) in gpus.iter().enumerate() {
        console::print(&format!(
            "{:<6} {}{}{}{}\n",
            DeviceChoice::Gpu(index).to_string(),
            gpu.name,
            if gpu.half { ", half precision" } else { "" },
            if gpu.simulated {
                ", simulated by the processor"
            } else {
                ""
            },
            mark(chosen && first == Some(index))
        ))?;
    }
    if !GPU_SUPPORT {
        console::print("This program was built without GPU support (the feature `gpu`).\n")?;
    } else if gpus.is_empty() {
        console::print("No GPU was found, or no driver for it.\n")?;
    }
    Ok(Outcome::Done)
}
