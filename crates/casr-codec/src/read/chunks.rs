//! Which chunks a PNG or WebP file holds: decoders pass over those they do not know without a word.

use std::io::{self, Read, Seek, SeekFrom};

/// Chunks beyond which nobody looks.
const MOST: usize = 1 << 20;

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
    /// Some that are not known here.
    pub(super) unknown: bool,
    /// An ICC profile.
    pub(super) profile: bool,
}

/// Looks over a PNG and goes back to its start.
pub(super) fn of_png(file: &mut (impl Read + Seek)) -> io::Result<Chunks> {
    walk(
        file,
        8,
        |head| {
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
            ([head[4], head[5], head[6], head[7]], u64::from(length) + 4)
        },
        &PNG,
    )
}

/// Looks over a WebP and goes back to its start.
pub(super) fn of_webp(file: &mut (impl Read + Seek)) -> io::Result<Chunks> {
    walk(
        file,
        12,
        |head| {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            (
                [head[0], head[1], head[2], head[3]],
                u64::from(length).next_multiple_of(2),
            )
        },
        &WEBP,
    )
}

/// Walks from chunk to chunk; `read` tells a chunk's name and how far behind its head the next one begins.
fn walk(
    file: &mut (impl Read + Seek),
    mut at: u64,
    read: impl Fn([u8; 8]) -> ([u8; 4], u64),
    known: &[&[u8; 4]],
) -> io::Result<Chunks> {
    let mut chunks = Chunks::default();
    for _ in 0..MOST {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        // The decoder will find what is cut off.
        if file.read_exact(&mut head).is_err() {
            break;
        }
        let (name, length) = read(head);
        let plausible = name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ');
        if !plausible || name == *b"IEND" {
            break;
        }
        chunks.unknown |= !known.contains(&&name);
        chunks.profile |= matches!(&name, b"iCCP" | b"ICCP");
        at += 8 + length;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(chunks)
}
