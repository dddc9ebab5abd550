//! Formats that were left out of a build: named, never read or written wrongly. Whatever features
//! there are, this holds.

use std::path::Path;

use casr_codec::{
    CodecError, ErrorKind, Format, Header, Limits, Options, Source, SourceFormat, Writer,
    contents_of, pages, probe, read,
};

/// How a file of each format begins.
fn beginning(format: SourceFormat) -> Vec<u8> {
    let head: &[u8] = match format {
        SourceFormat::Png => b"\x89PNG\r\n\x1a\n",
        SourceFormat::Jpeg => b"\xff\xd8\xff\xe0",
        SourceFormat::WebP => b"RIFF\x1a\0\0\0WEBP",
        SourceFormat::Tiff => b"II*\0\x08\0\0\0",
        SourceFormat::Bmp => b"BM\0\0\0\0\0\0\0\0\x1a\0\0\0\x28\0\0\0",
        SourceFormat::Gif => b"GIF89a",
    };
    head.to_vec()
}

fn is_built(format: SourceFormat) -> bool {
    match format {
        SourceFormat::Png => cfg!(feature = "png"),
        SourceFormat::Jpeg => cfg!(feature = "jpeg"),
        SourceFormat::WebP => cfg!(feature = "webp"),
        SourceFormat::Tiff => cfg!(feature = "tiff"),
        SourceFormat::Bmp => cfg!(feature = "bmp"),
        SourceFormat::Gif => cfg!(feature = "gif"),
    }
}

#[test]
fn a_format_is_read_or_named() {
    for format in SourceFormat::ALL {
        assert_eq!(format.can_read(), is_built(format), "{format}");
        let bytes = beginning(format);
        let source = || Source::Bytes {
            name: Path::new("an image"),
            bytes: &bytes,
        };
        let limits = Limits::default();
        let errors = [
            read(source(), &limits).err(),
            probe(source(), &limits).err(),
            pages(source()).err(),
        ];
        for error in errors {
            let left_out = matches!(
                &error,
                Some(CodecError::NotReadInThisBuild { format: named, .. }) if *named == format
            );
            assert_eq!(left_out, !format.can_read(), "{format}: {error:?}");
            if let Some(error) = error.filter(|_| left_out) {
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                let start = format!("an image: this build of CASR does not read {format};");
                assert!(error.to_string().starts_with(&start), "{error}");
            }
        }
    }
}

#[test]
fn a_format_is_written_or_named() {
    for format in Format::ALL {
        let mut bytes = Vec::new();
        let (name, header) = (Path::new("an image"), Header::rgb(2, 1));
        if format.is_tiles() {
            assert_eq!(format.can_write(), cfg!(feature = "tiles"), "{format}");
            continue;
        }
        let result = Writer::to_stream(&mut bytes, name, format, header, Options::default())
            .and_then(|mut writer| {
                writer.write_rows(&[0.0, 0.5, 1.0, 1.0, 0.5, 0.0])?;
                writer.finish()
            });
        match result {
            Ok(()) => assert!(format.can_write() && !bytes.is_empty(), "{format}"),
            Err(error) => {
                assert!(!format.can_write() && bytes.is_empty(), "{error}");
                assert_eq!(error.kind(), ErrorKind::Unsupported);
                let start = format!("an image: this build of CASR does not write {format};");
                assert!(error.to_string().starts_with(&start), "{error}");
            }
        }
        let name = format!("image.{}", format.extension());
        let read = SourceFormat::from_extension(Path::new(&name)).map(SourceFormat::can_read);
        assert_eq!(Some(format.can_write()), read, "{format}");
    }
}

#[test]
fn a_message_lists_what_this_build_reads() {
    let bytes = b"no image at all";
    let name = Path::new("a letter");
    let error = read(Source::Bytes { name, bytes }, &Limits::default()).unwrap_err();
    for format in SourceFormat::ALL {
        let listed = error.to_string().contains(&format.to_string());
        assert_eq!(listed, format.can_read(), "{error}");
    }
}

#[test]
fn a_folder_tells_images_from_those_of_formats_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gif");
    std::fs::write(&path, b"content does not matter").unwrap();
    let contents = contents_of(folder.path()).unwrap();
    let (images, foreign) = match SourceFormat::Gif.can_read() {
        true => (vec![path], vec![]),
        false => (vec![], vec![path]),
    };
    assert_eq!((contents.images, contents.foreign), (images, foreign));
}
