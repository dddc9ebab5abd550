//! Whole pictures given to a writer: as their rows, interleaved with alpha where the header has it.
#![cfg(feature = "formats")]

mod common;

use std::path::Path;

use casr_codec::{CodecError, Colour, Depth, Format, Header, Options, Picture, Writer};
use common::{encoded, header, read_bytes};

fn written(picture: &Picture, header: Header) -> Result<Picture, CodecError> {
    let (mut bytes, name) = (Vec::new(), Path::new("a picture"));
    let mut writer = Writer::to_stream(&mut bytes, name, Format::Png, header, Options::default())?;
    writer.write_picture(picture)?;
    writer.finish()?;
    read_bytes(&bytes)
}

#[test]
fn every_kind_comes_back() {
    for colour in [Colour::Grey, Colour::Rgb] {
        for alpha in [false, true] {
            let header = header(5, 4, colour, Depth::Sixteen, alpha);
            let picture = read_bytes(&encoded(Format::Png, &header)).unwrap();
            assert_eq!(picture.alpha.is_some(), alpha);
            assert_eq!(written(&picture, header).unwrap(), picture);
        }
    }
}

#[test]
fn alpha_is_left_out_or_opaque_as_the_header_says() {
    let [with, without] = [true, false].map(|alpha| header(5, 4, Colour::Rgb, Depth::Eight, alpha));
    let picture = read_bytes(&encoded(Format::Png, &with)).unwrap();
    let bare = written(&picture, without.clone()).unwrap();
    assert_eq!((&bare.pixels, &bare.alpha), (&picture.pixels, &None));
    let opaque = written(&bare, with).unwrap();
    assert_eq!(
        (&opaque.pixels, opaque.alpha),
        (&picture.pixels, Some(vec![255_u8; 20].into()))
    );
}

#[test]
fn another_picture_is_refused() {
    let picture = read_bytes(&encoded(
        Format::Png,
        &header(4, 4, Colour::Grey, Depth::Eight, false),
    ))
    .unwrap();
    for other in [
        header(4, 3, Colour::Grey, Depth::Eight, false),
        header(2, 8, Colour::Grey, Depth::Eight, false),
        header(4, 4, Colour::Rgb, Depth::Eight, false),
    ] {
        let error = written(&picture, other).unwrap_err();
        assert!(matches!(error, CodecError::WrongRows { .. }), "{error}");
    }
    // As many samples in a row, and another image.
    let picture = Picture {
        alpha: Some(vec![1.0; 16].into()),
        ..picture
    };
    let other = header(2, 4, Colour::Rgb, Depth::Eight, true);
    assert!(written(&picture, other).is_err());
    // Fewer samples than the size says.
    let short = Picture {
        alpha: Some(vec![1.0; 15].into()),
        ..picture.clone()
    };
    let with_alpha = header(4, 4, Colour::Grey, Depth::Eight, true);
    assert!(written(&short, with_alpha.clone()).is_err());
    assert!(written(&picture, with_alpha).is_ok());
}
