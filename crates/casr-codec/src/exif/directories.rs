//! EXIF as directories of tagged values: how a TIFF keeps it, and how a TIFF itself is told (TIFF 6.0, section 2).

use super::{ByteOrder, EXIF_DIRECTORY, LONG, ORIENTATION};

const GPS_DIRECTORY: u16 = 0x8825;
const INTEROPERABILITY_DIRECTORY: u16 = 0xa005;

/// The offset type of BigTIFF.
const LONG8: u16 = 16;

/// One tag and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) tag: u16,
    kind: u16,
    /// Numbers in little-endian order.
    value: Vec<u8>,
}

impl Field {
    /// A field of a TIFF type with its little-endian value; `None` if the type is unknown or the value no whole number
    /// of its elements.
    pub(crate) fn new(tag: u16, kind: u16, value: Vec<u8>) -> Option<Self> {
        let size = element_bytes(kind)?;
        (!value.is_empty() && value.len().is_multiple_of(size)).then_some(Self { tag, kind, value })
    }

    pub(crate) fn shorts(tag: u16, values: &[u16]) -> Self {
        Self {
            tag,
            kind: super::SHORT,
            value: values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
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
            }
        } else {
            Self {
                tag,
                kind: LONG,
                value: values
                    .iter()
                    .flat_map(|&value| (value as u32).to_le_bytes())
                    .collect(),
            }
        }
    }

    pub(crate) fn bytes(tag: u16, kind: u16, value: Vec<u8>) -> Self {
        Self { tag, kind, value }
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

/// Whether a tag of the main directory is about the photograph and not about how its pixels are stored: description,
/// make and model, resolution, software, date, artist, host, rating, copyright and Windows' own texts.
pub(crate) fn kept_in_main(tag: u16) -> bool {
    matches!(
        tag,
        0x010e..=0x0110 | 0x011a | 0x011b | 0x0128 | 0x0131 | 0x0132 | 0x013b | 0x013c | 0x4746 | 0x4749 | 0x8298
            | 0x9c9b..=0x9c9f
    )
}

/// The directories that make up a photograph's EXIF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directories {
    pub(crate) main: Vec<Field>,
    pub(crate) exif: Vec<Field>,
    pub(crate) gps: Vec<Field>,
}

impl Directories {
    /// Takes an EXIF block apart, as far as it can be understood.
    pub(crate) fn from_exif(exif: &[u8]) -> Option<Self> {
        let order = ByteOrder::of(exif)?;
        let main = order.main(exif)?;
        let sub = |tag| match order
            .find(exif, main, tag)
            .and_then(|entry| order.scalar(exif, entry))
        {
            Some(offset) => fields(exif, order, offset as usize),
            None => Vec::new(),
        };
        let mut directories = Self {
            main: fields(exif, order, main),
            exif: sub(EXIF_DIRECTORY),
            gps: sub(GPS_DIRECTORY),
        };
        directories.main.retain(|field| kept_in_main(field.tag));
        Some(directories)
    }

    /// An EXIF block of its own, upright and little-endian; `None` if there is nothing to tell.
    pub(crate) fn to_exif(&self) -> Option<Vec<u8>> {
        if self.main.is_empty() && self.exif.is_empty() && self.gps.is_empty() {
            return None;
        }
        let mut directories = self.clone();
        directories.main.push(Field::shorts(ORIENTATION, &[1]));
        let mut exif = b"II*\0\x08\0\0\0".to_vec();
        exif.extend(directories.encode(8, false));
        Some(exif)
    }

    /// The bytes of the main directory, to be placed at offset `at` of the file, followed by the others.
    pub(crate) fn encode(&self, at: u64, big: bool) -> Vec<u8> {
        let mut main = self.main.clone();
        let others: Vec<_> = [(EXIF_DIRECTORY, &self.exif), (GPS_DIRECTORY, &self.gps)]
            .into_iter()
            .filter(|(_, fields)| !fields.is_empty())
            .collect();
        // The main directory's length must be known before it can point past itself.
        main.extend(
            others
                .iter()
                .map(|(tag, _)| Field::offsets(*tag, &[0], big)),
        );
        main.sort_by_key(|field| field.tag);
        let mut bytes = encode(&main, at, big);
        let mut rest = Vec::new();
        for (tag, fields) in others {
            let place = at + (bytes.len() + rest.len()) as u64;
            let mut fields = fields.clone();
            fields.retain(|field| field.tag != INTEROPERABILITY_DIRECTORY);
            fields.sort_by_key(|field| field.tag);
            rest.extend(encode(&fields, place, big));
            for pointer in main.iter_mut().filter(|field| field.tag == tag) {
                *pointer = Field::offsets(tag, &[place], big);
            }
        }
        bytes = encode(&main, at, big);
        bytes.extend(rest);
        bytes
    }
}

fn fields(exif: &[u8], order: ByteOrder, directory: usize) -> Vec<Field> {
    let entries = order.short(exif, directory).map_or(0, usize::from);
    // Values may overlap in a hostile block; together they are held to the block's own length.
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

/// One directory and the values that do not fit into its entries, for offset `at` of a file.
fn encode(fields: &[Field], at: u64, big: bool) -> Vec<u8> {
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
        if field.value.len() <= inline {
            bytes.extend(&field.value);
            bytes.resize(bytes.len() + inline - field.value.len(), 0);
        } else {
            offset(values_at + values.len() as u64, &mut bytes);
            values.extend(&field.value);
            // Values begin on a word.
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    offset(0, &mut bytes);
    bytes.extend(values);
    bytes
}
