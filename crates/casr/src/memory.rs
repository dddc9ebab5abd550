//! What an enlargement takes of the machine's memory, and whether that is there.

use crate::keep;
use anyhow::bail;
use casr_codec::{Format, Header, Info, Options, Writer, shown};
use casr_zoom::{Enlarger, Rectangle, ScalePlan};
use clap::Args;
use std::path::Path;
use sysinfo::System;

/// What the program takes by itself, weights and threads included, in bytes.
pub const PROGRAM: u64 = 32 << 20;

/// What it takes to get a network ready, in bytes.
pub const NETWORK: u64 = 30 << 20;

/// How much more the work takes than it holds: the allocator keeps blocks of every size for the
/// next tile. Measured from ×1.5 to ×64.
const KEPT: f64 = 1.25;

/// Bytes for each pixel that noise and compression are estimated from, and how many these are at
/// most: the middle of a large image.
const LOOK: u64 = 20;
const LOOKED_AT: u64 = 2048 * 2048;

/// Bytes of a pixel while colours that hardly show are filled.
const FILLING: u64 = 1;

/// A megabyte.
pub const MEGABYTE: u64 = 1_000_000;

/// The most memory that an enlargement takes, in bytes, as `/usr/bin/time` measures it: within a
/// quarter. The image is read, in the depth of its file; then it is there with what the estimate
/// takes, or with rows of all levels and a tile's features, and with what the writer of the result
/// holds: rows of tiles, or the whole of it.
pub fn foretell(
    info: &Info,
    format: Format,
    plan: &ScalePlan,
    window: Rectangle,
    enlarger: &Enlarger,
    writing: &Options,
) -> u64 {
    let pixels = info.width as u64 * info.height as u64;
    let layers = info.held_bytes;
    let filling = u64::from(info.alpha) * FILLING * pixels;

    let cost = enlarger.window_cost(plan, window);
    // Colours and alpha are enlarged side by side, a tile at a time.
    let peak = cost.peak_bytes + u64::from(info.alpha) * cost.held_bytes;
    let output = window.size();
    let work = if keep::is_large(output) {
        // Tiles of the result go to the disk, and come back row by row when all are there.
        let row = (1 + u64::from(info.alpha)) * cost.row_bytes;
        (peak - row).max(row)
    } else {
        peak
    };
    let (network, looked) = if plan.levels().is_empty() {
        (0, 0)
    } else {
        (NETWORK, LOOK * pixels.min(LOOKED_AT))
    };
    let header = Header {
        colour: info.colour,
        depth: info.depth,
        alpha: info.alpha,
        ..Header::rgb(output.width, output.height)
    };
    let held = Writer::held_bytes(format, &header, writing);
    let enlarged = layers + network + ((work as f64 * KEPT) as u64).max(looked) + held;
    PROGRAM + info.reading_bytes.max(layers + filling).max(enlarged)
}

/// How much memory the user allows.
#[derive(Clone, Copy, Debug, Args)]
pub struct MemoryOptions {
    /// How much memory an image may take, such as 512M or 2G [default: what the system can give]:
    /// tiles are as small as that asks for, and what does not fit even so is refused before the
    /// work
    #[arg(long = "memory", value_name = "SIZE", value_parser = parse)]
    pub bytes: Option<u64>,
}

/// What the user says of memory, as it is written on the command line: `512M`, `2G`, or a bare
/// number of megabytes.
pub fn parse(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.trim().strip_suffix(['M', 'm', 'G', 'g']) {
        Some(number) if text.trim().ends_with(['G', 'g']) => (number, 1000 * MEGABYTE),
        Some(number) => (number, MEGABYTE),
        None => (text.trim(), MEGABYTE),
    };
    match number.trim().parse::<f64>() {
        Ok(count) if count > 0.0 && count.is_finite() => Ok((count * unit as f64) as u64),
        _ => Err("write it as 512M or 2G; a bare number is megabytes".to_owned()),
    }
}

/// An enlarger for work that takes no more memory than there is. `foretell` says what one takes.
/// `room` is how much there is, in bytes, where the user says so: then tiles are as small as that
/// asks for. `name` is for the message.
///
/// # Errors
/// There is too little.
pub fn fitted(
    name: &Path,
    enlarger: &Enlarger,
    room: Option<u64>,
    foretell: impl Fn(&Enlarger) -> u64,
) -> anyhow::Result<Enlarger> {
    if let Some(room) = room
        && let Some(fitted) = enlarger.within(|enlarger| foretell(enlarger) <= room)
    {
        return Ok(fitted);
    }
    let bytes = foretell(enlarger);
    let more = bytes.saturating_sub(PROGRAM);
    let (there, remedy) = match room {
        Some(room) => (
            format!(
                "in the smallest tiles, too, more than {} MB",
                room / MEGABYTE
            ),
            "allow more (--memory), or enlarge by less",
        ),
        None => {
            let free = free();
            let there = if more > free {
                format!("and there are {} MB for it", free / MEGABYTE)
            } else if Vec::<u8>::new().try_reserve_exact(more as usize).is_err() {
                "which the system does not give".to_owned()
            } else {
                return Ok(enlarger.clone());
            };
            (
                there,
                "close other programs, enlarge by less, or say how much there is (--memory): tiles are smaller then",
            )
        }
    };
    bail!(
        "{}: this takes about {} MB of memory, {there}; {remedy}",
        shown(name),
        bytes.div_ceil(MEGABYTE)
    )
}

/// What the system can give, swap included, in bytes; what a container is limited to, if it is.
fn free() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let whole = system.available_memory() + system.free_swap();
    let limits = system.cgroup_limits();
    let limited = limits.filter(|limits| limits.total_memory < system.total_memory());
    limited.map_or(whole, |limits| {
        whole.min(limits.free_memory + limits.free_swap)
    })
}
