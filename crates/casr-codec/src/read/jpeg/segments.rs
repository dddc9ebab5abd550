//! The segments between scans: tables, the frame header, and what programs have added (ITU T.81,
//! annex B).

use std::ops::Range;

use super::frame::Frame;
use super::huffman::{Codes, next_marker};
use super::scan::{Part, Scan, Tables, ZIGZAG};
use super::{Fault, planes::Space};

/// The most scans that are read. A sensible progressive image has fewer; more would take time out
/// of proportion to the file.
const MAX_SCANS: usize = 256;

const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const LINES: u8 = 0xdc;
const COMMENT: u8 = 0xfe;

/// Reads a JPEG file from marker to marker.
pub(super) struct Reader {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
    pub(super) frame: Option<Frame>,
    pub(super) tables: Tables,
    pub(super) restart_interval: usize,
    steps: [Option<[u16; 64]>; 4],
    scans: usize,
    /// Application segments (0xe0 to 0xef) and comments (0xfe) with their content.
    pub(super) extras: Vec<(u8, Range<usize>)>,
    /// Whether there were bytes where none should be.
    pub(super) stray: bool,
    /// Whether the end-of-image marker has come.
    pub(super) ended: bool,
}

impl Reader {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            at: 2,
            frame: None,
            tables: Tables::default(),
            restart_interval: 0,
            steps: [None; 4],
            scans: 0,
            extras: Vec::new(),
            stray: false,
            ended: false,
        }
    }

    /// Continues to the next scan; `None` at the image's or the file's end.
    pub(super) fn next_scan(&mut self) -> Result<Option<Scan>, Fault> {
        while !self.ended {
            let Some((start, marker)) = next_marker(&self.bytes, self.at) else {
                return Ok(None);
            };
            // Bytes of 0xff before a marker are fill.
            self.stray |= self.bytes[self.at..start].iter().any(|&byte| byte != 0xff);
            self.at = start + 2;
            match marker {
                END_OF_IMAGE => self.ended = true,
                // Markers without content: a second start of image, restarts outside of a scan, and
                // one that is reserved.
                0xd0..=0xd8 | 0x01 => self.stray = true,
                _ => {
                    let content = self.content()?;
                    self.at = content.end;
                    if let Some(scan) = self.segment(marker, content)? {
                        return Ok(Some(scan));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The content of the segment whose length comes next.
    fn content(&self) -> Result<Range<usize>, Fault> {
        let length = self
            .bytes
            .get(self.at..self.at + 2)
            .ok_or(Fault::Truncated)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Err(wrong_length());
        }
        let content = self.at + 2..self.at + length;
        if content.end > self.bytes.len() {
            return Err(Fault::Truncated);
        }
        Ok(content)
    }

    fn segment(&mut self, marker: u8, range: Range<usize>) -> Result<Option<Scan>, Fault> {
        let content = &self.bytes[range.clone()];
        match marker {
            0xc4 => huffman_tables(content, &mut self.tables)?,
            0xdb => quantisation_tables(content, &mut self.steps)?,
            0xdd => {
                let interval = content.try_into().map_err(|_| wrong_length())?;
                self.restart_interval = u16::from_be_bytes(interval).into();
            }
            0xe0..=0xef | COMMENT => self.extras.push((marker, range)),
            0xc0..=0xc2 => {
                if self.frame.is_some() {
                    return Err(Fault::damaged("it has two frame headers"));
                }
                let lines = || lines_behind_first_scan(&self.bytes, range.end);
                self.frame = Some(Frame::new(marker == 0xc2, content, lines)?);
            }
            START_OF_SCAN => return self.scan(range).map(Some),
            0xc3 => return Err(Fault::unsupported("lossless coding")),
            0xc9 | 0xca => return Err(Fault::unsupported("arithmetic coding")),
            0xcb => return Err(Fault::unsupported("lossless arithmetic coding")),
            0xc5..=0xc7 | 0xcd..=0xcf | 0xde | 0xdf => {
                return Err(Fault::unsupported("hierarchical coding"));
            }
            0xf7 => return Err(Fault::unsupported("JPEG-LS, lossless coding")),
            // Parameters of arithmetic coding, and the number of lines, which was read before.
            0xcc | LINES => {}
            _ => return Err(Fault::damaged("it holds a segment without meaning")),
        }
        Ok(None)
    }

    fn scan(&mut self, range: Range<usize>) -> Result<Scan, Fault> {
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(Fault::damaged("it has more scans than any photograph"));
        }
        let content = &self.bytes[range.clone()];
        let frame = self
            .frame
            .as_mut()
            .ok_or_else(|| Fault::damaged("a scan comes before the frame header"))?;
        let (&count, rest) = content.split_first().ok_or_else(short)?;
        let count = usize::from(count);
        if !(1..=4).contains(&count) {
            return Err(Fault::damaged("a scan has no or too many components"));
        }
        if rest.len() != 2 * count + 3 {
            return Err(wrong_length());
        }
        let mut parts: Vec<Part> = Vec::new();
        for part in rest.chunks_exact(2).take(count) {
            let component = frame
                .components
                .iter()
                .position(|component| component.id == part[0]);
            let component = component
                .filter(|index| parts.iter().all(|other| other.component != *index))
                .ok_or_else(|| Fault::damaged("a scan names an unknown component"))?;
            let (first, others) = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            if first > 3 || others > 3 {
                return Err(Fault::damaged("a scan names an unknown table"));
            }
            // A component uses the table that was defined at its first scan.
            let chosen = &mut frame.components[component];
            if chosen.steps.is_none() {
                chosen.steps = self.steps.get(chosen.table).copied().flatten();
            }
            parts.push(Part {
                component,
                first,
                others,
            });
        }
        let tail = &rest[2 * count..];
        // A sequential scan always has all coefficients; these fields are ignored, but wrong ones
        // are remarked.
        self.stray |= !frame.progressive && tail != [0, 63, 0];
        Ok(Scan {
            parts,
            from: tail[0].into(),
            to: tail[1].into(),
            before: tail[2] >> 4,
            behind: tail[2] & 15,
            at: range.end,
        })
    }

    /// The colour space of the components, by the rules of the Independent JPEG Group's library:
    /// JFIF takes precedence over Adobe's segment, and that over the components' names.
    pub(super) fn space(&self, frame: &Frame) -> Space {
        let begins = |marker: u8, name: &[u8]| {
            let mut extras = self.extras.iter().filter(|(kind, _)| *kind == marker);
            extras.find_map(|(_, range)| self.bytes[range.clone()].strip_prefix(name))
        };
        let transform = begins(0xee, b"Adobe").and_then(|adobe| adobe.get(6));
        let names: Vec<u8> = frame
            .components
            .iter()
            .map(|component| component.id)
            .collect();
        match (&names[..], transform) {
            ([_], _) => Space::Grey,
            ([_, _, _], _) if begins(0xe0, b"JFIF\0").is_some() => Space::YCbCr,
            ([_, _, _], Some(0)) => Space::Rgb,
            (b"RGB", None) => Space::Rgb,
            ([_, _, _], _) => Space::YCbCr,
            (_, None | Some(0)) => Space::Cmyk,
            _ => Space::Ycck,
        }
    }
}

pub(super) fn wrong_length() -> Fault {
    Fault::damaged("a segment tells a wrong length")
}

fn short() -> Fault {
    Fault::damaged("a segment is too short")
}

fn huffman_tables(mut content: &[u8], tables: &mut Tables) -> Result<(), Fault> {
    while let Some((&head, rest)) = content.split_first() {
        let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
        let total = counts.iter().map(|&count| usize::from(count)).sum();
        let symbols = rest.get(..total).ok_or_else(short)?;
        // The symbols of a first coefficient are numbers of bits.
        if head >> 4 == 0 && symbols.iter().any(|&size| size > 15) {
            return Err(Fault::damaged("a Huffman table has impossible symbols"));
        }
        let table = match head >> 4 {
            0 => tables.first.get_mut(usize::from(head & 15)),
            1 => tables.others.get_mut(usize::from(head & 15)),
            _ => None,
        };
        let table = table.ok_or_else(|| Fault::damaged("a Huffman table has a wrong number"))?;
        *table = Some(Codes::new(counts, symbols)?);
        content = &rest[total..];
    }
    Ok(())
}

fn quantisation_tables(
    mut content: &[u8],
    tables: &mut [Option<[u16; 64]>; 4],
) -> Result<(), Fault> {
    while let Some((&head, rest)) = content.split_first() {
        let bytes = if head >> 4 == 0 { 1 } else { 2 };
        let values = rest.get(..64 * bytes).ok_or_else(short)?;
        let table = tables
            .get_mut(usize::from(head & 15))
            .ok_or_else(|| Fault::damaged("a quantisation table has a wrong number"))?;
        let mut steps = [0; 64];
        for (value, &place) in values.chunks_exact(bytes).zip(&ZIGZAG) {
            let wide = value
                .iter()
                .fold(0, |wide, &byte| wide << 8 | u16::from(byte));
            steps[usize::from(place)] = wide;
        }
        *table = Some(steps);
        content = &rest[64 * bytes..];
    }
    Ok(())
}

/// The height of an image whose frame header, which ends at `at`, leaves it open (DNL, B.2.5).
fn lines_behind_first_scan(bytes: &[u8], mut at: usize) -> Option<u16> {
    let mut scanned = false;
    loop {
        let (start, marker) = next_marker(bytes, at)?;
        at = start + 2;
        match marker {
            0xd0..=0xd8 | 0x01 => continue,
            LINES if scanned => {
                return bytes
                    .get(at + 2..)?
                    .first_chunk()
                    .map(|lines| u16::from_be_bytes(*lines));
            }
            END_OF_IMAGE => return None,
            _ if scanned => return None,
            _ => {}
        }
        scanned = marker == START_OF_SCAN;
        at += usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?)).max(2);
    }
}
