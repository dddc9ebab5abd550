//! The readers: any bytes are a picture that is sound in itself, or an error.

use casr_codec::{CodecError, Picture, Source, SourceFormat, pages, probe, read, read_page};

use super::{LIMITS, check_error, check_samples, memory};

/// Pages that are read of one file.
const MAX_PAGES: usize = 4;

/// Reads a file of these bytes in every way there is, and holds the ways against each other.
pub(crate) fn check(bytes: &[u8]) {
    let source = || memory::source(bytes);
    let whole = read(source(), &LIMITS);
    match &whole {
        Ok(picture) => {
            check_samples(picture);
            check_probe(source(), picture);
        }
        Err(error) => {
            check_error(error);
            // A header may be right and the pixels behind it wrong.
            let _ = probe(source(), &LIMITS);
        }
    }
    let Ok(count) = pages(source()) else {
        assert!(whole.is_err(), "a picture of a file that has no pages");
        return;
    };
    for page in 1..=count.min(MAX_PAGES) {
        match (read_page(source(), &LIMITS, page), &whole) {
            (Ok(picture), Ok(whole)) if page == 1 => {
                // The remark that there are other pages is missing where a page was chosen.
                assert_eq!(
                    (picture.pixels, picture.alpha, picture.metadata),
                    (
                        whole.pixels.clone(),
                        whole.alpha.clone(),
                        whole.metadata.clone()
                    )
                );
            }
            (Ok(picture), _) => check_samples(&picture),
            (Err(error), whole) => {
                check_error(&error);
                assert!(page > 1 || whole.is_err(), "{error}");
            }
        }
    }
    let beyond = read_page(source(), &LIMITS, count + 1);
    assert!(beyond.is_err(), "a page behind the last");
    if whole.is_ok() {
        assert!(matches!(beyond, Err(CodecError::NoSuchPage { pages, .. }) if pages == count));
    }
}

/// What the header promises is what comes.
fn check_probe(source: Source<'_>, picture: &Picture) {
    let info = probe(source, &LIMITS).expect("a header of what was read");
    assert_eq!(
        (info.format, info.colour, info.depth, info.alpha),
        (
            picture.format,
            picture.colour,
            picture.depth,
            picture.alpha.is_some()
        )
    );
    let size = (picture.width, picture.height);
    let turned = (picture.height, picture.width);
    let promised = (info.width, info.height);
    // A PNG may keep its orientation behind the pixels.
    assert!(
        promised == size || (promised == turned && info.format == SourceFormat::Png),
        "{promised:?} promised, {size:?} read"
    );
}
