//! EXIF as directories of tagged values, the structure that a TIFF file has as well (TIFF 6.0,
//! section 2).

use super::{
    ByteOrder, EXIF_DIRECTORY, LONG, ORIENTATION, RATIONAL, RESOLUTION_UNIT, X_RESOLUTION,
    Y_RESOLUTION, fraction,
};
use crate::metadata::{Resolution, Unit};

const GPS_DIRECTORY: u16 = 0x8825;
const INTEROPERABILITY_DIRECTORY: u16 = 0xa005;
const MAKER_NOTE: u16 = 0x927c;
const UNDEFINED: u16 = 7;

/// The largest offset at which a maker's note may end: a JPEG segment holds 64 KiB, the rest of the
/// EXIF included.
const MAX_NOTE_END: u64 = 60_000;

/// The offset type of BigTIFF.
const LONG8: u16 = 16;

/// One tag and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) tag: u16,
    kind: u16,
    /// Numbers in little-endian order.
    value: Vec<u8>,
    /// Where the value lies in the file, if it is written apart from the directory.
    place: Option<u64>,
}

/// A maker's note: a block in the camera maker's own format. Its offsets mostly count from the
/// beginning of the file or of the EXIF block, so it must keep its place to stay readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MakerNote {
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
}

impl MakerNote {
    /// A note found at an offset. `little` is the byte order of a note that does not state its own.
    /// `None` if the note ends beyond [`MAX_NOTE_END`] and could not be written at the same offset.
    pub(crate) fn new(at: u64, bytes: Vec<u8>, little: bool) -> Option<Self> {
        let kept = little || has_own_order(&bytes);
        let end = at.checked_add(bytes.len() as u64)?;
        (kept && at >= 16 && end <= MAX_NOTE_END).then_some(Self { at, bytes })
    }

    /// Where the note ends, on a word.
    pub(crate) fn end(&self) -> u64 {
        (self.at + self.bytes.len() as u64).next_multiple_of(2)
    }
}

/// Whether a note begins like those that hold a header with a byte order.
fn has_own_order(note: &[u8]) -> bool {
    let names: [&[u8]; 6] = [
        b"Nikon\0\x02",
        b"OLYMPUS\0",
        b"OM SYSTEM\0",
        b"FUJIFILM",
        b"Apple iOS\0",
        b"PENTAX \0",
    ];
    names.iter().any(|name| note.starts_with(name))
}

impl Field {
    /// A field of a TIFF type with its little-endian value; `None` if the type is unknown or the
    /// value no whole number of its elements.
    pub(crate) fn new(tag: u16, kind: u16, value: Vec<u8>) -> Option<Self> {
        let size = element_bytes(kind)?;
        (!value.is_empty() && value.len().is_multiple_of(size)).then_some(Self {
            tag,
            kind,
            value,
            place: None,
        })
    }

    pub(crate) fn shorts(tag: u16, values: &[u16]) -> Self {
        Self {
            tag,
            kind: super::SHORT,
            value: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            place: None,
        }
    }

    pub(crate) fn longs(tag: u16, values: &[u32]) -> Self {
        Self {
            tag,
            kind: LONG,
            value: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            place: None,
        }
    }

    /// File offsets or lengths, in BigTIFF of 64 bits.
    pub(crate) fn offsets(tag: u16, values: &[u64], big: bool) -> Self {
        if big {
            Self {
                tag,
                kind: LONG8,
                value: values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
                place: None,
            }
        } else {
            Self {
                tag,
                kind: LONG,
                value: values
                    .iter()
                    .flat_map(|&value| (value as u32).to_le_bytes())
                    .collect(),
                place: None,
            }
        }
    }

    pub(crate) fn bytes(tag: u16, kind: u16, value: Vec<u8>) -> Self {
        Self {
            tag,
            kind,
            value,
            place: None,
        }
    }
}

/// Bytes of one element of a TIFF type; `None` for a type that EXIF does not use.
pub(crate) fn element_bytes(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 => Some(8),
        LONG8 => Some(8),
        _ => None,
    }
}

/// Whether a tag of the main directory is about the photograph and not about how its pixels are
/// stored: description, make and model, names of document and page, page number, resolution,
/// software, date, artist, host, white point and primaries, rating, copyright, Windows' own texts
/// and Adobe's names and numbers of cameras.
pub(crate) fn kept_in_main(tag: u16) -> bool {
    matches!(
        tag,
        0x000b | 0x010d..=0x0110 | 0x011a | 0x011b | 0x011d | 0x0128 | 0x0129 | 0x0131 | 0x0132 | 0x013b | 0x013c
            | 0x013e | 0x013f | 0x4746 | 0x4749 | 0x8298 | 0x9c9b..=0x9c9f | 0xc614 | 0xc615 | 0xc62f | 0xc7a1
    )
}

/// Whether a tag says how pixels are stored (TIFF 6.0 and its supplements).
pub(crate) fn describes_pixels(tag: u16) -> bool {
    matches!(tag, 254..=266 | 273 | 274 | 277..=284 | 288..=297 | 301 | 317..=347 | 512..=532 | 559)
}

/// Whether a tag of the main directory is neither about pixels (TIFF 6.0 and its supplements) nor
/// carried over: what programs have added, such as where on earth a map lies, or layers.
pub(crate) fn is_private(tag: u16) -> bool {
    let carried = matches!(tag, 700 | 33_723 | 34_377 | 34_665 | 34_675 | 34_853);
    // The version of the writing program's format, and a printer's settings.
    let of_no_concern = matches!(tag, 34_016..=34_031 | 40_965 | 50_341);
    !(describes_pixels(tag) || carried || of_no_concern || kept_in_main(tag))
}

/// The directories that make up a photograph's EXIF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directories {
    pub(crate) main: Vec<Field>,
    pub(crate) exif: Vec<Field>,
    pub(crate) gps: Vec<Field>,
    /// The interoperability directory, which the second one points to.
    pub(crate) interoperability: Vec<Field>,
    /// The maker's note, which belongs to the second of them.
    pub(crate) note: Option<MakerNote>,
    /// Whether there was a maker's note that could not be kept.
    pub(crate) note_lost: bool,
    /// Whether the main directory held tags that are not carried over.
    pub(crate) private_lost: bool,
}

impl Directories {
    /// Parses an EXIF block; entries that are not valid are left out.
    pub(crate) fn from_exif(exif: &[u8]) -> Option<Self> {
        let order = ByteOrder::of(exif)?;
        let main = order.main(exif)?;
        let place = |directory, tag| {
            let entry = order.find(exif, directory, tag)?;
            Some(order.scalar(exif, entry)? as usize)
        };
        let sub = |place: Option<usize>| {
            place.map_or_else(Vec::new, |offset| fields(exif, order, offset))
        };
        let photo = place(main, EXIF_DIRECTORY);
        let interoperability =
            photo.and_then(|directory| place(directory, INTEROPERABILITY_DIRECTORY));
        let mut directories = Self {
            main: fields(exif, order, main),
            exif: sub(photo),
            gps: sub(place(main, GPS_DIRECTORY)),
            interoperability: sub(interoperability),
            ..Self::default()
        };
        directories.private_lost = directories.main.iter().any(|field| is_private(field.tag));
        directories.main.retain(|field| kept_in_main(field.tag));
        let note_at = photo
            .and_then(|directory| order.find(exif, directory, MAKER_NOTE))
            .and_then(|entry| order.long(exif, entry + 8));
        directories.set_note(note_at.map(u64::from), matches!(order, ByteOrder::Little));
        Some(directories)
    }

    /// Moves the maker's note from the fields to `note`, so that it is written at its old offset.
    pub(crate) fn set_note(&mut self, at: Option<u64>, little: bool) {
        let index = self.exif.iter().position(|field| field.tag == MAKER_NOTE);
        let Some(field) = index.map(|index| self.exif.remove(index)) else {
            return;
        };
        // A value of up to four bytes lies in its entry and holds no offsets.
        if field.value.len() <= 4 {
            self.exif.push(field);
            return;
        }
        self.note = at.and_then(|at| MakerNote::new(at, field.value, little));
        self.note_lost = self.note.is_none();
    }

    /// Replaces the resolution.
    pub(crate) fn set_resolution(&mut self, resolution: Resolution) {
        let unit = match resolution.unit {
            Unit::Ratio => 1,
            Unit::Centimetre => 3,
            Unit::Inch | Unit::Metre => 2,
        };
        let (x, y) = match resolution.unit {
            Unit::Metre => resolution.per_inch(),
            _ => (resolution.x, resolution.y),
        };
        self.main
            .retain(|field| !matches!(field.tag, X_RESOLUTION | Y_RESOLUTION | RESOLUTION_UNIT));
        for (tag, value) in [(X_RESOLUTION, x), (Y_RESOLUTION, y)] {
            let (number, parts) = fraction(value);
            let bytes = [number.to_le_bytes(), parts.to_le_bytes()].concat();
            self.main.push(Field::bytes(tag, RATIONAL, bytes));
        }
        self.main.push(Field::shorts(RESOLUTION_UNIT, &[unit]));
    }

    /// Whether both numbers of a resolution are there.
    pub(crate) fn has_resolution(&self) -> bool {
        [X_RESOLUTION, Y_RESOLUTION]
            .iter()
            .all(|&tag| self.main.iter().any(|field| field.tag == tag))
    }

    /// An EXIF block of its own, upright and little-endian; `None` if there are no fields.
    pub(crate) fn to_exif(&self) -> Option<Vec<u8>> {
        if self.main.is_empty()
            && self.exif.is_empty()
            && self.gps.is_empty()
            && self.interoperability.is_empty()
            && self.note.is_none()
        {
            return None;
        }
        let mut directories = self.clone();
        directories.main.push(Field::shorts(ORIENTATION, &[1]));
        let at = directories.note.as_ref().map_or(8, MakerNote::end);
        let mut exif = b"II*\0".to_vec();
        exif.extend((at as u32).to_le_bytes());
        if let Some(note) = &directories.note {
            exif.resize(note.at as usize, 0);
            exif.extend(&note.bytes);
            exif.resize(at as usize, 0);
        }
        exif.extend(directories.encode(at, false));
        Some(exif)
    }

    /// The bytes of the main directory, to be placed at offset `at` of the file, followed by the
    /// others. The maker's note must lie where it was.
    pub(crate) fn encode(&self, at: u64, big: bool) -> Vec<u8> {
        self.encode_with(&[], at, big)
    }

    /// [`Directories::encode`], with further images' directories in the chain behind the main one.
    pub(crate) fn encode_with(&self, further: &[Vec<Field>], at: u64, big: bool) -> Vec<u8> {
        let (mut main, mut exif) = (self.main.clone(), self.exif.clone());
        if let Some(note) = &self.note {
            exif.push(Field {
                place: Some(note.at),
                ..Field::bytes(MAKER_NOTE, UNDEFINED, note.bytes.clone())
            });
        }
        exif.retain(|field| field.tag != INTEROPERABILITY_DIRECTORY);
        if !self.interoperability.is_empty() {
            exif.push(Field::offsets(INTEROPERABILITY_DIRECTORY, &[0], big));
        }
        let mut others = vec![(EXIF_DIRECTORY, exif), (GPS_DIRECTORY, self.gps.clone())];
        others.retain(|(_, fields)| !fields.is_empty());
        // The main directory's length must be known before it can point past itself.
        main.extend(
            others
                .iter()
                .map(|(tag, _)| Field::offsets(*tag, &[0], big)),
        );
        main.sort_by_key(|field| field.tag);
        let mut bytes = encode(&main, at, big, 0);
        let mut rest = Vec::new();
        let point = |fields: &mut [Field], tag: u16, place: u64| {
            for pointer in fields.iter_mut().filter(|field| field.tag == tag) {
                *pointer = Field::offsets(tag, &[place], big);
            }
        };
        for (tag, mut fields) in others {
            let place = at + (bytes.len() + rest.len()) as u64;
            point(&mut main, tag, place);
            fields.sort_by_key(|field| field.tag);
            let below = place + encode(&fields, place, big, 0).len() as u64;
            point(&mut fields, INTEROPERABILITY_DIRECTORY, below);
            rest.extend(encode(&fields, place, big, 0));
            if tag == EXIF_DIRECTORY && !self.interoperability.is_empty() {
                let mut fields = self.interoperability.clone();
                fields.sort_by_key(|field| field.tag);
                rest.extend(encode(&fields, below, big, 0));
            }
        }
        let end = at + (bytes.len() + rest.len()) as u64;
        bytes = encode(&main, at, big, if further.is_empty() { 0 } else { end });
        bytes.extend(rest);
        for (index, fields) in further.iter().enumerate() {
            let mut fields = fields.clone();
            fields.sort_by_key(|field| field.tag);
            let place = at + bytes.len() as u64;
            let is_last = index + 1 == further.len();
            let end = place + encode(&fields, place, big, 0).len() as u64;
            bytes.extend(encode(&fields, place, big, if is_last { 0 } else { end }));
        }
        bytes
    }
}

fn fields(exif: &[u8], order: ByteOrder, directory: usize) -> Vec<Field> {
    let entries = order.short(exif, directory).map_or(0, usize::from);
    // Values may overlap in a hostile block; together they may be as long as the block.
    let mut room = exif.len();
    let mut fields = Vec::new();
    for entry in (0..entries).map(|index| directory + 2 + 12 * index) {
        let Some((field, length)) = field(exif, order, entry) else {
            continue;
        };
        match room.checked_sub(length) {
            Some(left) => room = left,
            None => break,
        }
        fields.push(field);
    }
    fields
}

fn field(exif: &[u8], order: ByteOrder, entry: usize) -> Option<(Field, usize)> {
    let (tag, kind) = (order.short(exif, entry)?, order.short(exif, entry + 2)?);
    let length = element_bytes(kind)?.checked_mul(order.long(exif, entry + 4)? as usize)?;
    let start = if length <= 4 {
        entry + 8
    } else {
        order.long(exif, entry + 8)? as usize
    };
    let mut value = exif.get(start..start.checked_add(length)?)?.to_vec();
    if let ByteOrder::Big = order {
        // A rational is two longs.
        let number = if matches!(kind, 5 | 10) {
            4
        } else {
            element_bytes(kind)?
        };
        value.chunks_exact_mut(number).for_each(<[u8]>::reverse);
    }
    Some((Field::new(tag, kind, value)?, length))
}

/// One directory and the values that do not fit into its entries, for offset `at` of a file;
/// `next` is the offset of the directory that follows in the chain.
fn encode(fields: &[Field], at: u64, big: bool, next: u64) -> Vec<u8> {
    let (count_bytes, entry_bytes, inline) = if big { (8, 20, 8) } else { (2, 12, 4) };
    let offset = |value: u64, bytes: &mut Vec<u8>| bytes.extend(&value.to_le_bytes()[..inline]);
    let values_at = at + (count_bytes + fields.len() * entry_bytes + inline) as u64;
    let (mut bytes, mut values) = (
        (fields.len() as u64).to_le_bytes()[..count_bytes].to_vec(),
        Vec::new(),
    );
    for field in fields {
        bytes.extend(field.tag.to_le_bytes());
        bytes.extend(field.kind.to_le_bytes());
        // Every field was made with a known kind.
        let size = element_bytes(field.kind).unwrap_or(1);
        offset((field.value.len() / size) as u64, &mut bytes);
        if let Some(place) = field.place {
            offset(place, &mut bytes);
        } else if field.value.len() <= inline {
            bytes.extend(&field.value);
            bytes.resize(bytes.len() + inline - field.value.len(), 0);
        } else {
            offset(values_at + values.len() as u64, &mut bytes);
            values.extend(&field.value);
            // Values begin on a word.
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    offset(next, &mut bytes);
    bytes.extend(values);
    bytes
}
