//! A file that is read as if some of its bytes were others: what the decoder does not know is put right below it.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// A file with bytes replaced, and with ranges whose bytes hold their bits in the other order.
pub(super) struct Patched<S> {
    inner: S,
    at: u64,
    /// Replacements: where and what.
    patches: Vec<(u64, Vec<u8>)>,
    /// Ranges in order, apart from each other.
    reversed: Vec<Range<u64>>,
}

impl<S: Read + Seek> Patched<S> {
    pub(super) fn new(inner: S) -> Self {
        Self {
            inner,
            at: 0,
            patches: Vec::new(),
            reversed: Vec::new(),
        }
    }

    /// Lets `bytes` stand at offset `at`.
    pub(super) fn replace(&mut self, at: u64, bytes: Vec<u8>) {
        self.patches.push((at, bytes));
    }

    /// Lets the bits of every byte in these ranges stand the other way round.
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
}

impl<S: Read + Seek> Read for Patched<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.inner.seek(SeekFrom::Start(self.at))?;
        let count = self.inner.read(bytes)?;
        let (bytes, here) = (&mut bytes[..count], self.at..self.at + count as u64);
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
        self.at = here.end;
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
