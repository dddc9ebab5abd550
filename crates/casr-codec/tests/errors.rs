//! What a program learns of an error beside its message: its kind, and the error that caused it.
#![cfg(feature = "formats")]

mod common;

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

use casr_codec::{
    CodecError, Colour, Depth, ErrorKind, Format, Header, Limits, Options, Writer, contents_of,
    images_in, read, read_page,
};
use common::{encoded, folder, header, read_bytes, read_default, source};

/// The error of a writer that is begun with these.
fn begun(path: &Path, format: Format, header: Header, options: Options) -> CodecError {
    match Writer::create(path, format, header, options) {
        Ok(_) => panic!("{} was begun", path.display()),
        Err(error) => error,
    }
}

#[test]
fn kinds_of_reading() {
    let folder = folder();
    let file = folder.path().join("a.png");
    let plain = header(4, 4, Colour::Grey, Depth::Eight, false);
    let png = encoded(Format::Png, &plain);
    fs::write(&file, &png).unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let limits = Limits { max_pixels: 15 };
    let cases = [
        (
            read_default(Path::new("missing.png")).unwrap_err(),
            ErrorKind::NotFound,
        ),
        (images_in(&empty).unwrap_err(), ErrorKind::NotFound),
        (
            read_page(&file, &Limits::default(), 2).unwrap_err(),
            ErrorKind::NotFound,
        ),
        (
            read_default(folder.path()).unwrap_err(),
            ErrorKind::InvalidRequest,
        ),
        (contents_of(&file).unwrap_err(), ErrorKind::InvalidRequest),
        (read_bytes(b"a letter").unwrap_err(), ErrorKind::Unsupported),
        (
            read_bytes(b"IIRO\x08\0\0\0").unwrap_err(),
            ErrorKind::Unsupported,
        ),
        (read_bytes(b"").unwrap_err(), ErrorKind::Damaged),
        (
            read_bytes(&png[..png.len() - 20]).unwrap_err(),
            ErrorKind::Damaged,
        ),
        (
            read(source(&png), &limits).unwrap_err(),
            ErrorKind::LimitExceeded,
        ),
    ];
    for (error, kind) in cases {
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn kinds_of_writing() {
    let folder = folder();
    let file = folder.path().join("a.png");
    fs::write(&file, b"").unwrap();
    let new = folder.path().join("b.png");
    let options = Options::default();
    let coarse = Options {
        quality: 0,
        ..options
    };
    let clear = header(4, 4, Colour::Rgb, Depth::Eight, true);
    let plain = || Header::rgb(4, 4);
    let in_no_folder = folder.path().join("none/b.png");
    let cases = [
        (
            begun(&file, Format::Png, plain(), options),
            ErrorKind::AlreadyExists,
        ),
        (
            begun(&in_no_folder, Format::Png, plain(), options),
            ErrorKind::NotFound,
        ),
        (
            begun(folder.path(), Format::Png, plain(), options),
            ErrorKind::InvalidRequest,
        ),
        (
            begun(&new, Format::Jpeg, clear, options),
            ErrorKind::InvalidRequest,
        ),
        (
            begun(&new, Format::Jpeg, plain(), coarse),
            ErrorKind::InvalidRequest,
        ),
        (
            begun(&new, Format::Png, Header::rgb(0, 4), options),
            ErrorKind::InvalidRequest,
        ),
        (
            begun(&new, Format::WebP, Header::rgb(1, 20_000), options),
            ErrorKind::InvalidRequest,
        ),
        (
            Format::from_path(Path::new("a.gif")).unwrap_err(),
            ErrorKind::Unsupported,
        ),
    ];
    for (error, kind) in cases {
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn a_decoders_error_is_the_source() {
    let plain = header(20, 10, Colour::Grey, Depth::Eight, false);
    // The checksum of the header.
    let mut damaged = encoded(Format::Png, &plain);
    damaged[29] ^= 0xff;
    let error = read_bytes(&damaged).unwrap_err();
    assert!(matches!(error, CodecError::Damaged { .. }), "{error}");
    let source = error.source().unwrap();
    assert!(source.is::<png::DecodingError>(), "{source}");
}

#[test]
fn what_this_crate_finds_itself_has_no_source() {
    let mut apple = encoded(
        Format::Png,
        &header(20, 10, Colour::Grey, Depth::Eight, false),
    );
    apple[12..16].copy_from_slice(b"CgBI");
    let error = read_bytes(&apple).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.source().is_none());
}

#[cfg(unix)]
#[test]
fn the_systems_error_is_the_source() {
    // A name of 300 bytes is more than file systems take.
    let name = "a".repeat(300);
    let error = read_default(Path::new(&name)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    assert_eq!(source.unwrap().kind(), io::ErrorKind::InvalidFilename);
}

#[test]
fn errors_can_be_sent_and_shared() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<CodecError>();
}
