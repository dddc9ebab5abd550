//! Results that are put together from kept tiles: large ones, so that an end before the end loses
//! little, and those that several runs share.

use crate::destination::{Output, STANDARD_OUTPUT};
use crate::enlarge::{Done, Keeping, Writing, watch};
use crate::kept::{Identity, Kept};
use anyhow::bail;
use casr_cli::{Progress, interrupt};
use casr_codec::{Depth, Header, Picture, Samples, shown};
use casr_picture::Work;
use casr_zoom::{Enlarger, Size, Treatment, ZoomError};
use sha2::{Digest, Sha256};

/// Pixels from which on a result's tiles are kept until it is whole: what takes minutes.
const LARGE: usize = 64_000_000;

/// Whether a result's tiles are kept until it is whole, though nobody asks for that.
pub fn is_large(size: Size) -> bool {
    size.width.saturating_mul(size.height) >= LARGE
}

/// Whether the tiles of a result are kept until it is whole.
pub fn keeps(keeping: Keeping, output: &Output, size: Size) -> bool {
    keeping != Keeping::Whole || (is_large(size) && matches!(output, Output::File(_)))
}

/// Rows that are handed to the writer at a time.
const ROWS: usize = 64;

/// Samples that are added to a digest at a time.
const HASHED: usize = 4096;

/// The digest of all that a picture holds.
pub fn digest(picture: &Picture) -> String {
    let mut hash = Sha256::new();
    hash.update(format!(
        "{}x{} {:?} {:?} {:?}",
        picture.width, picture.height, picture.colour, picture.depth, picture.metadata
    ));
    for samples in std::iter::once(&picture.pixels).chain(&picture.alpha) {
        match samples {
            Samples::Eight(samples) => hash.update(samples),
            Samples::Sixteen(samples) => {
                hash_all(&mut hash, samples, |sample| sample.to_le_bytes());
            }
            Samples::Float(samples) => {
                hash_all(&mut hash, samples, |sample| sample.to_le_bytes());
            }
        }
    }
    hex(hash)
}

/// Adds samples in one order of bytes.
fn hash_all<S: Copy, const BYTES: usize>(
    hash: &mut Sha256,
    samples: &[S],
    bytes: impl Fn(S) -> [u8; BYTES],
) {
    let mut part = Vec::new();
    for samples in samples.chunks(HASHED) {
        part.clear();
        part.extend(samples.iter().flat_map(|&sample| bytes(sample)));
        hash.update(&part);
    }
}

fn hex(hash: Sha256) -> String {
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the side of tiles is called in a work's identity.
const TILE: &str = "tile";

/// An enlarger with the tiles of the work that an earlier run has left of a result, if it has and
/// this one goes on with it: on any device, in any memory.
pub fn cut_alike(enlarger: Enlarger, output: &Output, keeping: Keeping) -> Enlarger {
    let side = match output {
        Output::File(path) if keeping != Keeping::Whole => Kept::said(path, TILE),
        _ => None,
    };
    match side.and_then(|side| side.parse().ok()) {
        Some(side) => enlarger.tile(side),
        None => enlarger,
    }
}

/// The kept tiles of a result, where there are to be some: `image` is the picture's digest then.
///
/// # Errors
/// What an earlier run has left is of other work, or is not to be gone on with; or it cannot be
/// kept.
pub fn open(
    writing: &Writing,
    work: &Work,
    image: Option<String>,
    enlarger: &Enlarger,
    treatment: Treatment,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Option<Kept>> {
    let keeping = writing.settings.keeping;
    let path = match &writing.job.output {
        Output::File(path) => path,
        Output::Standard if keeping == Keeping::Whole => return Ok(None),
        Output::Standard => {
            bail!("{STANDARD_OUTPUT}: tiles are kept beside a file; name one")
        }
    };
    if keeping == Keeping::Whole && Kept::is_there(path) {
        if !writing.settings.writing.overwrite {
            let folder = Kept::folder_of(path);
            bail!(
                "{}: an earlier run has left its finished tiles in {}; go on with them (--resume), or remove that folder",
                shown(path),
                shown(&folder)
            );
        }
        Kept::discard(path)?;
        remarks.push("begun anew: what an earlier run had left of it is removed".to_owned());
    }
    let Some(image) = image else {
        return Ok(None);
    };
    if keeping == Keeping::Joined && !Kept::is_there(path) {
        bail!(
            "{}: there is no {}; compute all shares first",
            shown(path),
            shown(&Kept::folder_of(path))
        );
    }
    let mut identity = identity(writing, work, image, enlarger, treatment);
    if keeping == Keeping::Joined {
        // Nothing is computed, so it does not matter by what.
        identity.retain(|(what, _)| !DEVICES.contains(what));
    }
    Kept::open(path, &identity).map(Some)
}

/// What says in an identity where a work is done.
const DEVICES: [&str; 2] = ["device", "precision"];

/// What must be the same for tiles to belong together.
fn identity(
    writing: &Writing,
    work: &Work,
    image: String,
    enlarger: &Enlarger,
    treatment: Treatment,
) -> Identity {
    let model = enlarger.model();
    let mut hash = Sha256::new();
    for parameter in model.with_look(treatment.look.value()).parameters() {
        hash.update(&parameter.name);
        for value in &parameter.values {
            hash.update(value.to_le_bytes());
        }
    }
    let device = if model.device().is_gpu() {
        "a GPU"
    } else {
        "the processor"
    };
    let tile = tile_header(writing);
    let levels: Vec<String> = work.levels().map(|size| size.to_string()).collect();
    vec![
        ("program", env!("CARGO_PKG_VERSION").to_owned()),
        ("image", image),
        ("levels", levels.join(" ")),
        ("window", work.window.to_string()),
        ("network", hex(hash)),
        (DEVICES[0], device.to_owned()),
        (DEVICES[1], model.device().precision().to_owned()),
        (
            "effort",
            if model.passes() > 1 { "best" } else { "normal" }.to_owned(),
        ),
        ("look", treatment.look.value().to_string()),
        ("noise removed", treatment.degradation.noise.to_string()),
        (
            "compression removed",
            treatment.degradation.compression.to_string(),
        ),
        (
            "samples",
            format!("{:?}, {:?}, alpha {}", tile.colour, tile.depth, tile.alpha),
        ),
        (
            "hidden colours",
            if writing.settings.keep_hidden {
                "kept"
            } else {
                "filled"
            }
            .to_owned(),
        ),
        ("exact", writing.settings.exact.to_string()),
        (TILE, work.tile.to_string()),
        ("tiles", work.cut()),
    ]
}

/// The header of kept tiles, but for their size.
fn tile_header(writing: &Writing) -> Header {
    let header = &writing.header;
    // No deeper than the result, so that values are rounded once.
    let depth = if writing.settings.writing.holds_sixteen(writing.job.format) {
        header.depth
    } else {
        Depth::Eight
    };
    Header {
        colour: header.colour,
        depth,
        alpha: header.alpha,
        ..Header::rgb(0, 0)
    }
}

/// Makes the tiles that are missing, and the result once none is.
///
/// # Errors
/// Whatever keeps the result, or the share, from being finished.
pub fn work(
    kept: &Kept,
    writing: &Writing,
    work: &Work,
    progress: &Progress,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Done> {
    let tiles = work.tiles();
    // What can be said against the result is said before the work.
    drop(writing.begin()?);
    let before = kept.share(&tiles);
    let finished = finish(kept, writing, work, &tiles, progress, remarks);
    match (&finished, writing.settings.keeping) {
        (Ok(Done::Whole { .. }), Keeping::Resumed) if before.done > 0 => {
            remarks.push(format!("went on at {} %", before.percent()));
        }
        (Ok(_), _) | (Err(_), Keeping::Joined) => {}
        (Err(_), keeping) => {
            let (percent, folder) = (kept.share(&tiles).percent(), shown(kept.folder()));
            let how = if keeping.is_shared() {
                ""
            } else {
                " with --resume"
            };
            remarks.push(format!(
                "{percent} % is kept in {folder}; the same command{how} goes on"
            ));
        }
    }
    finished
}

/// Makes the missing tiles of this run's share, and the result where that is all of them.
fn finish(
    kept: &Kept,
    writing: &Writing,
    work: &Work,
    tiles: &[(usize, usize)],
    progress: &Progress,
    remarks: &mut Vec<String>,
) -> anyhow::Result<Done> {
    make(kept, writing, work, tiles, progress)?;
    if let Keeping::Shared { .. } = writing.settings.keeping {
        let share = kept.share(tiles);
        return Ok(Done::Part { share });
    }
    let mut writer = writing.begin()?;
    remarks.extend(writer.losses().iter().map(ToString::to_string));
    progress.begin("putting its tiles together");
    join(kept, work, tiles, progress, |rows| {
        Ok(writer.write_rows(rows)?)
    })?;
    writer.finish()?;
    // The result is there, whatever becomes of what it was made from.
    if let Err(error) = kept.remove() {
        remarks.push(format!("{error:#}"));
    }
    Ok(Done::Whole {
        from: work.input(),
        to: work.window.size(),
    })
}

/// Makes the tiles that are missing of this run's share.
fn make(
    kept: &Kept,
    writing: &Writing,
    work: &Work,
    tiles: &[(usize, usize)],
    progress: &Progress,
) -> anyhow::Result<()> {
    let share = match writing.settings.keeping {
        Keeping::Whole | Keeping::Resumed => 0..tiles.len(),
        // Tiles that follow each other share the most of what lies under them.
        Keeping::Shared { index, count } => {
            let bound =
                |index: usize| (tiles.len() as u128 * index as u128 / count as u128) as usize;
            bound(index - 1)..bound(index)
        }
        Keeping::Joined => {
            let missing = kept.missing(tiles);
            if let Some((column, row)) = missing.first() {
                bail!(
                    "{}: {} of {} tiles are missing, the first in column {column} and row {row}; compute their shares first",
                    shown(kept.folder()),
                    missing.len(),
                    tiles.len()
                );
            }
            return Ok(());
        }
    };
    // Looked for once: colours and alpha are made in lockstep, while others may finish some.
    let missing = kept.missing(&tiles[share]);
    let header = tile_header(writing);
    work.each_tile(
        |tile| {
            (missing.binary_search_by_key(&(tile.1, tile.0), |other| (other.1, other.0))).is_ok()
        },
        &watch(progress),
        |tile, place, samples| {
            let header = Header {
                width: place.width,
                height: place.height,
                ..header.clone()
            };
            kept.put(tile, header, samples)
        },
    )
}

/// Hands on the rows of a result from its kept tiles.
fn join(
    kept: &Kept,
    work: &Work,
    tiles: &[(usize, usize)],
    progress: &Progress,
    mut write: impl FnMut(&[f32]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let channels = work.channels();
    let (mut written, all) = (0, work.window.height as u64);
    for row in tiles.chunk_by(|one, other| one.1 == other.1) {
        if interrupt::requested() {
            return Err(ZoomError::Cancelled.into());
        }
        let mut places = Vec::new();
        for &tile in row {
            let place = work.place(tile)?;
            places.push((place, kept.take(tile, place, channels)?));
        }
        let height = places.first().map_or(0, |(place, _)| place.height);
        let mut rows = Vec::new();
        for y in 0..height {
            for (place, samples) in &places {
                let line = &samples[y * place.width * channels..][..place.width * channels];
                rows.extend(
                    line.iter()
                        .map(|sample| f32::from(*sample) / f32::from(u16::MAX)),
                );
            }
            if (y + 1) % ROWS == 0 || y + 1 == height {
                write(&rows)?;
                rows.clear();
                progress.update(written + y as u64 + 1, all);
            }
        }
        written += height as u64;
    }
    Ok(())
}
