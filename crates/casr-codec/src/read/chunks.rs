//! Which chunks a PNG or WebP file holds: decoders skip those they do not recognise without
//! reporting them.

use std::io::{self, Read, Seek, SeekFrom};

/// The chunks of a PNG that are about pixels, or that are carried over.
const PNG: [&[u8; 4]; 28] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"hIST", b"sPLT", b"sBIT", b"tIME",
    b"acTL", b"fcTL", b"fdAT", b"iDOT", b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"mDCV",
    b"cLLI", b"tEXt", b"zTXt", b"iTXt", b"pHYs", b"eXIf", b"oFFs", b"vpAg",
];

/// Those of a WebP.
const WEBP: [&[u8; 4]; 9] = [
    b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ",
];

/// What chunks there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Chunks {
    /// Whether there are some that this crate does not recognise.
    pub(super) unknown: bool,
    /// Whether there is an ICC profile.
    pub(super) profile: bool,
    /// Where the content of a WebP's first lossy image begins.
    pub(super) lossy_at: Option<u64>,
    /// Where the content of a WebP's first frame begins.
    pub(super) frame_at: Option<u64>,
}

/// Lists the chunks of a PNG and goes back to its start.
pub(super) fn of_png(file: &mut (impl Read + Seek)) -> io::Result<Chunks> {
    let mut chunks = Chunks::default();
    let length = |head: [u8; 8]| {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        ([head[4], head[5], head[6], head[7]], u64::from(length) + 4)
    };
    walk(file, 8, length, |name, _| {
        if !is_plausible(name) || name == b"IEND" {
            return false;
        }
        chunks.unknown |= !PNG.contains(&name);
        chunks.profile |= name == b"iCCP";
        true
    })?;
    Ok(chunks)
}

/// Lists the chunks of a WebP and goes back to its start.
pub(super) fn of_webp(file: &mut (impl Read + Seek)) -> io::Result<Chunks> {
    let mut chunks = Chunks::default();
    let length = |head: [u8; 8]| {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        (
            [head[0], head[1], head[2], head[3]],
            u64::from(length).next_multiple_of(2),
        )
    };
    let mut plausible = true;
    walk(file, 12, length, |name, at| {
        // The decoder continues whatever the names are.
        plausible &= is_plausible(name);
        chunks.unknown |= plausible && !WEBP.contains(&name);
        match name {
            b"VP8 " => chunks.lossy_at = chunks.lossy_at.or(Some(at)),
            b"ANMF" => chunks.frame_at = chunks.frame_at.or(Some(at)),
            _ => {}
        }
        true
    })?;
    Ok(chunks)
}

fn is_plausible(name: &[u8; 4]) -> bool {
    name.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
}

/// Walks from chunk to chunk while `visit` returns true; it gets a chunk's name and the offset of
/// its content. `length` parses a chunk's head: its name, and the distance from there to the next
/// head.
fn walk(
    file: &mut (impl Read + Seek),
    mut at: u64,
    length: impl Fn([u8; 8]) -> ([u8; 4], u64),
    mut visit: impl FnMut(&[u8; 4], u64) -> bool,
) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    let mut head = [0; 8];
    // A file that is cut off is an error of the decoder later.
    while file.read_exact(&mut head).is_ok() {
        let (name, length) = length(head);
        if !visit(&name, at + 8) {
            break;
        }
        at += 8 + length;
        // Chunks are shorter than 2³² bytes.
        file.seek_relative(length as i64)?;
    }
    file.rewind()
}
