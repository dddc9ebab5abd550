//! The extensions of a GIF (GIF89a, sections 23 to 26): its decoder skips comments and what
//! programs have added.

use std::io::{self, Read, Seek, SeekFrom};

use crate::limits::METADATA_BYTES;

/// How many blocks are searched for extensions; a file with more is searched in part.
const MAX_BLOCKS: usize = 1 << 20;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const PLAIN_TEXT: u8 = 0x01;
const COMMENT: u8 = 0xfe;
const APPLICATION: u8 = 0xff;

/// Applications whose extensions are about the animation, or are read by the decoder.
const KNOWN: [&[u8]; 4] = [
    b"NETSCAPE2.0",
    b"ANIMEXTS1.0",
    b"XMP DataXMP",
    b"ICCRGBG1012",
];

/// What extensions there are.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) comments: Vec<Vec<u8>>,
    /// Whether there are some that this crate does not recognise.
    pub(super) unknown: bool,
}

/// Collects the extensions of a file and goes back to its start. A file that is cut off is an error
/// of the decoder later.
pub(super) fn of(file: &mut (impl Read + Seek)) -> io::Result<Extensions> {
    let mut extensions = Extensions::default();
    match walk(file, &mut extensions) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        _ => {}
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(extensions)
}

fn walk(file: &mut (impl Read + Seek), extensions: &mut Extensions) -> io::Result<()> {
    let head = bytes::<13>(file)?;
    skip_palette(file, head[10])?;
    let mut room = METADATA_BYTES;
    for _ in 0..MAX_BLOCKS {
        match bytes::<1>(file)? {
            [EXTENSION] => {
                let [label] = bytes::<1>(file)?;
                let content = sub_blocks(file, label, &mut room)?;
                match label {
                    COMMENT => extensions.comments.push(content),
                    APPLICATION => extensions.unknown |= !KNOWN.contains(&&content[..]),
                    PLAIN_TEXT => extensions.unknown = true,
                    _ => {}
                }
            }
            [IMAGE] => {
                let descriptor = bytes::<9>(file)?;
                skip_palette(file, descriptor[8])?;
                let _code_size = bytes::<1>(file)?;
                sub_blocks(file, IMAGE, &mut room)?;
            }
            _ => break,
        }
    }
    Ok(())
}

fn bytes<const COUNT: usize>(file: &mut impl Read) -> io::Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Skips a palette, if the flags before it announce one.
fn skip_palette(file: &mut impl Seek, flags: u8) -> io::Result<()> {
    if flags & 0x80 != 0 {
        file.seek_relative(3 << ((flags & 7) + 1))?;
    }
    Ok(())
}

/// Skips the parts of a block. Returns all parts of a comment, and the first part of an
/// application's, which is its name.
fn sub_blocks(file: &mut (impl Read + Seek), label: u8, room: &mut usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let [length] = bytes::<1>(file)?;
        if length == 0 {
            return Ok(content);
        }
        let wanted = label == COMMENT || (label == APPLICATION && content.is_empty());
        match room.checked_sub(length.into()) {
            Some(left) if wanted => {
                *room = left;
                let at = content.len();
                content.resize(at + usize::from(length), 0);
                file.read_exact(&mut content[at..])?;
            }
            _ => file.seek_relative(length.into())?,
        }
    }
}
