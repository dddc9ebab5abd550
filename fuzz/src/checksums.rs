//! A PNG's checksums are made right, so that a mutated file gets farther than to the first of them.

use flate2::Crc;

const SIGNATURE_BYTES: usize = 8;

/// The file with right checksums, as far as it consists of chunks.
pub(crate) fn mended(png: &[u8]) -> Vec<u8> {
    let mut png = png.to_vec();
    let mut rest = png.get_mut(SIGNATURE_BYTES..).unwrap_or_default();
    while let Some((&mut length, behind)) = rest.split_first_chunk_mut() {
        let named = (u32::from_be_bytes(length) as usize).saturating_add(4);
        let Some((named, behind)) = behind.split_at_mut_checked(named) else {
            break;
        };
        let Some((checksum, behind)) = behind.split_first_chunk_mut() else {
            break;
        };
        let mut crc = Crc::new();
        crc.update(named);
        *checksum = crc.sum().to_be_bytes();
        rest = behind;
    }
    png
}
