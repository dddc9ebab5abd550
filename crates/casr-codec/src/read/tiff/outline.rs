//! Which images a TIFF holds: its chain of directories and those that hang from them, read before
//! one of them is decoded.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::exif::directories::{describes_pixels, element_bytes};

/// How many directories and entries are read at most; a file with more is read in part.
const MAX_DIRECTORIES: usize = 10_000;
const MAX_ENTRIES: usize = 500_000;
/// The most strips or tiles of an image; a longer list is taken for damaged.
const MAX_CHUNKS: u64 = 1 << 24;

const PALETTE: u64 = 3;
const LZW: u64 = 5;
const JPEG: u64 = 7;
const COLOUR_FILTER_ARRAY: u64 = 32_803;
const LINEAR_RAW: u64 = 34_892;
/// The types of offsets: 32 bits, and 64 in BigTIFF.
const LONG: u16 = 4;
const LONG8: u16 = 16;
const LEAST_BIT_FIRST: u64 = 2;

/// The parts of a directory that are needed before the image is decoded.
#[derive(Clone, Default)]
pub(super) struct Directory {
    at: u64,
    /// Whether it is a smaller copy of another image, or the mask of one.
    auxiliary: bool,
    photometric: Option<u64>,
    /// Where the value of the photometric interpretation lies.
    photometric_at: Option<u64>,
    compression: u64,
    least_bit_first: bool,
    digital_negative: bool,
    /// The number of rows: its offset in the file, its size in bytes, and its value.
    rows: Option<(u64, usize, u64)>,
    tile_rows: u64,
    separate_planes: bool,
    /// The lists of where strips or tiles lie and how long they are.
    pub(super) offsets: Option<List>,
    pub(super) lengths: Option<List>,
    children: Option<List>,
    /// Bytes of the longest value that the decoder reads by itself.
    longest: u64,
}

impl Directory {
    /// Whether strips or tiles are JPEG streams.
    pub(super) fn is_jpeg(&self) -> bool {
        self.compression == JPEG
    }

    /// Whether strips or tiles are coded by LZW.
    pub(super) fn is_lzw(&self) -> bool {
        self.compression == LZW
    }

    /// The number of rows, if tiles of separate planes extend beyond the last one, which the
    /// decoder supports in the first plane only. Also the number's offset in the file, its size in
    /// bytes, and its value for whole tiles.
    pub(super) fn rows_within_tiles(&self) -> Option<(u64, (u64, usize, u64))> {
        let (place, bytes, rows) = self.rows?;
        let stands_out = self.separate_planes && !self.is_jpeg() && self.tile_rows > 0;
        let whole = rows.checked_next_multiple_of(self.tile_rows.max(1))?;
        let fits = whole >> (8 * bytes) == 0;
        (stands_out && whole > rows && fits).then_some((rows, (place, bytes, whole)))
    }

    /// Whether a value that the decoder reads by itself is longer than a file of so many bytes. The
    /// decoder would allocate it before it notices.
    pub(super) fn is_longer_than(&self, bytes: u64) -> bool {
        self.longest > bytes
    }

    /// The offset of the value that says that samples are indices, if they are.
    pub(super) fn palette_at(&self) -> Option<u64> {
        self.photometric_at
            .filter(|_| self.photometric == Some(PALETTE))
    }
}

/// Whether a tag leads to another directory: of EXIF or of GPS.
fn leads_on(tag: u16) -> bool {
    matches!(tag, 34_665 | 34_853)
}

/// A list of unsigned numbers in the file.
#[derive(Clone, Copy)]
pub(super) struct List {
    /// Where its entry in the directory lies.
    pub(super) entry: u64,
    at: u64,
    count: u64,
    bytes: usize,
}

/// The directories of a file.
pub(super) struct Outline {
    little: bool,
    big: bool,
    /// Full-size images in the file's order; if there is none, whatever comes first.
    pub(super) pages: Vec<Directory>,
    /// Whether the photograph is there only as the readings of a camera's sensor.
    pub(super) camera_raw: bool,
}

impl Outline {
    /// Reads the directories of a file. What lies beyond its end or contradicts itself is skipped;
    /// it is an error of the decoder later.
    pub(super) fn of<S: Read + Seek>(source: &mut S) -> io::Result<Self> {
        let mut head = [0; 16];
        source.seek(SeekFrom::Start(0))?;
        let mut filled = 0;
        while filled < head.len() {
            match source.read(&mut head[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        let little = head.starts_with(b"II");
        let big = head[2..4].contains(&43);
        let mut walk = Walk {
            source,
            little,
            big,
            seen: HashSet::new(),
            entries: 0,
        };
        let first = if big {
            walk.number(&head[8..16])
        } else {
            walk.number(&head[4..8])
        };
        let chain = walk.chain(first);
        let mut children = Vec::new();
        for directory in &chain {
            for at in directory
                .children
                .map(|list| walk.numbers(list))
                .unwrap_or_default()
            {
                children.extend(walk.chain(at));
            }
        }
        let raw = |directory: &Directory| {
            directory.digital_negative
                || matches!(
                    directory.photometric,
                    Some(COLOUR_FILTER_ARRAY | LINEAR_RAW)
                )
        };
        let camera_raw = chain.iter().chain(&children).any(raw) || head[8..].starts_with(b"CR\x02");
        let full = |directories: &[Directory]| -> Vec<Directory> {
            let full = directories.iter().filter(|directory| !directory.auxiliary);
            full.cloned().collect()
        };
        let mut pages = full(&chain);
        if pages.is_empty() {
            pages = full(&children);
        }
        if pages.is_empty() {
            pages.extend(chain.into_iter().next());
        }
        Ok(Self {
            little,
            big,
            pages,
            camera_raw,
        })
    }

    /// The offset of the link to the first directory in the file's head, and the bytes that make it
    /// a link to this one.
    pub(super) fn first_link(&self, directory: &Directory) -> (u64, Vec<u8>) {
        if self.big {
            (8, self.bytes(directory.at, 8))
        } else {
            (4, self.bytes(directory.at, 4))
        }
    }

    /// Bytes of an offset.
    pub(super) fn offset_bytes(&self) -> usize {
        if self.big { 8 } else { 4 }
    }

    /// The type of an offset.
    pub(super) fn offset_kind(&self) -> u16 {
        if self.big { LONG8 } else { LONG }
    }

    /// The largest offset.
    pub(super) fn largest_offset(&self) -> u64 {
        if self.big { u64::MAX } else { u32::MAX.into() }
    }

    /// A number in the file's byte order.
    pub(super) fn bytes(&self, value: u64, count: usize) -> Vec<u8> {
        let mut bytes = value.to_le_bytes()[..count].to_vec();
        if !self.little {
            bytes.reverse();
        }
        bytes
    }

    /// Where the value of a tag lies, if it is not within its entry.
    pub(super) fn value_at<S: Read + Seek>(
        &self,
        directory: u64,
        tag: u16,
        source: &mut S,
    ) -> Option<u64> {
        let mut walk = self.walk(source);
        let (count_bytes, entry_bytes, inline) = walk.sizes();
        let count = walk.read_at(directory, count_bytes)?;
        let count = usize::try_from(walk.number(&count)).ok()?.min(1 << 16);
        let entries = walk.read_at(directory + count_bytes as u64, count * entry_bytes)?;
        let mut entries = entries.chunks_exact(entry_bytes);
        let entry = entries.find(|entry| walk.number(&entry[..2]) == u64::from(tag))?;
        Some(walk.number(&entry[entry_bytes - inline..]))
    }

    fn walk<'a, S: Read + Seek>(&self, source: &'a mut S) -> Walk<'a, S> {
        Walk {
            source,
            little: self.little,
            big: self.big,
            seen: HashSet::new(),
            entries: 0,
        }
    }

    /// The ranges of a directory's strips or tiles whose bits come lowest first (FillOrder 2).
    /// Those of JPEG never do.
    pub(super) fn reversed<S: Read + Seek>(
        &self,
        directory: &Directory,
        source: &mut S,
    ) -> Vec<Range<u64>> {
        if directory.least_bit_first && !matches!(directory.compression, 6 | JPEG) {
            self.chunks(directory, source)
        } else {
            Vec::new()
        }
    }

    /// The ranges of a directory's strips or tiles.
    pub(super) fn chunks<S: Read + Seek>(
        &self,
        directory: &Directory,
        source: &mut S,
    ) -> Vec<Range<u64>> {
        let (Some(offsets), Some(lengths)) = (directory.offsets, directory.lengths) else {
            return Vec::new();
        };
        let mut walk = self.walk(source);
        let (offsets, lengths) = (walk.numbers(offsets), walk.numbers(lengths));
        let ranges = offsets.into_iter().zip(lengths);
        ranges
            .map(|(at, length)| at..at.saturating_add(length))
            .collect()
    }
}

/// Reads directories.
struct Walk<'a, S> {
    source: &'a mut S,
    little: bool,
    big: bool,
    seen: HashSet<u64>,
    entries: usize,
}

impl<S: Read + Seek> Walk<'_, S> {
    /// Bytes of a directory's count, of an entry, and of what an entry holds itself.
    fn sizes(&self) -> (usize, usize, usize) {
        if self.big { (8, 20, 8) } else { (2, 12, 4) }
    }

    fn number(&self, bytes: &[u8]) -> u64 {
        let fold = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        if self.little {
            bytes.iter().rev().fold(0, fold)
        } else {
            bytes.iter().fold(0, fold)
        }
    }

    fn read_at(&mut self, at: u64, count: usize) -> Option<Vec<u8>> {
        self.source.seek(SeekFrom::Start(at)).ok()?;
        let mut bytes = Vec::new();
        let read = self
            .source
            .take(count as u64)
            .read_to_end(&mut bytes)
            .ok()?;
        (read == count).then_some(bytes)
    }

    /// The directories from one on, as far as there are any.
    fn chain(&mut self, mut at: u64) -> Vec<Directory> {
        let mut chain = Vec::new();
        while at != 0 && self.seen.len() < MAX_DIRECTORIES && self.seen.insert(at) {
            let Some((directory, next)) = self.directory(at) else {
                break;
            };
            chain.push(directory);
            at = next;
        }
        chain
    }

    fn directory(&mut self, at: u64) -> Option<(Directory, u64)> {
        let (count_bytes, entry_bytes, inline) = self.sizes();
        let count = self.read_at(at, count_bytes)?;
        let count = usize::try_from(self.number(&count)).ok()?;
        self.entries = self.entries.checked_add(count)?;
        if self.entries > MAX_ENTRIES {
            return None;
        }
        let start = at + count_bytes as u64;
        let entries = self.read_at(start, count * entry_bytes)?;
        let mut directory = Directory {
            at,
            compression: 1,
            ..Directory::default()
        };
        for (index, entry) in entries.chunks_exact(entry_bytes).enumerate() {
            let tag = self.number(&entry[..2]);
            let kind = self.number(&entry[2..4]) as u16;
            let values = self.number(&entry[4..entry_bytes - inline]);
            // BigTIFF has signed numbers and directories of 64 bits, too.
            let Some(bytes) = element_bytes(kind).or(matches!(kind, 17 | 18).then_some(8)) else {
                continue;
            };
            let place = start + (index * entry_bytes + entry_bytes - inline) as u64;
            let length = values.saturating_mul(bytes as u64);
            let list = List {
                entry: start + (index * entry_bytes) as u64,
                at: if length <= inline as u64 {
                    place
                } else {
                    self.number(&entry[entry_bytes - inline..])
                },
                count: values,
                bytes,
            };
            if describes_pixels(tag as u16) || leads_on(tag as u16) {
                directory.longest = directory.longest.max(length);
            }
            // All scalars of interest are stored within the entry.
            let scalar = self.number(&entry[entry_bytes - inline..][..bytes.min(inline)]);
            match tag {
                254 => directory.auxiliary |= scalar & 0b101 != 0,
                255 => directory.auxiliary |= scalar == 2,
                257 => directory.rows = Some((place, bytes.min(inline), scalar)),
                259 => directory.compression = scalar,
                262 => {
                    (directory.photometric, directory.photometric_at) = (Some(scalar), Some(place))
                }
                266 => directory.least_bit_first = scalar == LEAST_BIT_FIRST,
                284 => directory.separate_planes = scalar == 2,
                323 => directory.tile_rows = scalar,
                273 | 324 => directory.offsets = Some(list),
                279 | 325 => directory.lengths = Some(list),
                330 => directory.children = Some(list),
                50_706 => directory.digital_negative = true,
                _ => {}
            }
        }
        let next = self
            .read_at(start + entries.len() as u64, inline)
            .map_or(0, |next| self.number(&next));
        Some((directory, next))
    }

    /// The numbers of a list; none if they are beyond the file's end.
    fn numbers(&mut self, list: List) -> Vec<u64> {
        if list.count > MAX_CHUNKS || !matches!(list.bytes, 1 | 2 | 4 | 8) {
            return Vec::new();
        }
        let bytes = self
            .read_at(list.at, list.count as usize * list.bytes)
            .unwrap_or_default();
        bytes
            .chunks_exact(list.bytes)
            .map(|number| self.number(number))
            .collect()
    }
}
