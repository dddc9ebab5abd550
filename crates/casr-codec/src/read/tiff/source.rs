//! Presents a file to the decoder with some bytes replaced, so that it reads what it does not
//! support by itself.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// A file with bytes replaced, with ranges whose bytes hold their bits in the other order, and with
/// more bytes after its end.
pub(super) struct Patched<S> {
    inner: S,
    at: u64,
    /// Replacements: where and what.
    patches: Vec<(u64, Vec<u8>)>,
    /// Ranges in order, apart from each other.
    reversed: Vec<Range<u64>>,
    /// Pieces after the end, each with its offset.
    behind: Vec<(u64, Piece)>,
    /// The offset of the next piece to be appended.
    end: u64,
}

/// Bytes after the end of a file.
pub(super) enum Piece {
    /// The same bytes as in a range of the file.
    Part(Range<u64>),
    /// Other bytes.
    Bytes(Cow<'static, [u8]>),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Part(range) => range.end - range.start,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl<S: Read + Seek> Patched<S> {
    /// A file of so many bytes, as it is.
    pub(super) fn new(inner: S, length: u64) -> Self {
        Self {
            inner,
            at: 0,
            patches: Vec::new(),
            reversed: Vec::new(),
            behind: Vec::new(),
            end: length,
        }
    }

    /// Replaces the bytes at offset `at`.
    pub(super) fn replace(&mut self, at: u64, bytes: Vec<u8>) {
        self.patches.push((at, bytes));
    }

    /// Reverses the bits of every byte in these ranges.
    pub(super) fn reverse_bits(&mut self, mut ranges: Vec<Range<u64>>) {
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        for range in ranges {
            match self.reversed.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => self.reversed.push(range),
            }
        }
    }

    /// Appends a piece and returns its offset.
    pub(super) fn append(&mut self, piece: Piece) -> u64 {
        let place = self.end;
        self.end = place.saturating_add(piece.length());
        self.behind.push((place, piece));
        place
    }

    /// The offset of the next piece to be appended.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Reads from the file's own bytes.
    fn read_own(&mut self, start: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.inner.seek(SeekFrom::Start(start))?;
        let count = self.inner.read(bytes)?;
        let (bytes, here) = (&mut bytes[..count], start..start + count as u64);
        for (at, patch) in &self.patches {
            for (place, &byte) in (*at..).zip(patch) {
                if here.contains(&place) {
                    bytes[(place - here.start) as usize] = byte;
                }
            }
        }
        let first = self
            .reversed
            .partition_point(|range| range.end <= here.start);
        for range in self.reversed[first..]
            .iter()
            .take_while(|range| range.start < here.end)
        {
            let start = range.start.max(here.start) - here.start;
            let end = range.end.min(here.end) - here.start;
            for byte in &mut bytes[start as usize..end as usize] {
                *byte = byte.reverse_bits();
            }
        }
        Ok(count)
    }

    /// Reads from the piece that the place lies in.
    fn read_behind(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let index = self.behind.partition_point(|(place, _)| *place <= self.at);
        let Some((place, piece)) = index.checked_sub(1).map(|index| &self.behind[index]) else {
            return self.read_own(self.at, bytes);
        };
        let offset = self.at - place;
        let left = piece.length().saturating_sub(offset);
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes = &mut bytes[..count];
        match piece {
            Piece::Part(range) => {
                let start = range.start + offset;
                self.read_own(start, bytes)
            }
            Piece::Bytes(piece) => {
                let offset = (offset as usize).min(piece.len());
                bytes.copy_from_slice(&piece[offset..offset + count]);
                Ok(count)
            }
        }
    }
}

impl<S: Read + Seek> Read for Patched<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.read_behind(bytes)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<S: Read + Seek> Seek for Patched<S> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.at = match position {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self
                .at
                .checked_add_signed(by)
                .ok_or(io::ErrorKind::InvalidInput)?,
            end => self.inner.seek(end)?,
        };
        Ok(self.at)
    }
}
