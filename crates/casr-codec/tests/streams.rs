//! Images that come out of memory and go into streams: the same as from and into files.

mod common;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use casr_codec::{CodecError, Colour, Depth, Limits, Options, Writer, pages, probe, read};
use common::{FORMATS, encoded, folder, header, samples, source};

/// What was written, or nothing but failures.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<u8>>>, bool);

impl Write for Taken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn bytes_are_read_as_files_are() {
    for format in FORMATS {
        let bytes = encoded(format, &header(9, 7, Colour::Rgb, Depth::Eight, false));
        let folder = folder();
        let path = folder.path().join("image");
        fs::write(&path, &bytes).unwrap();
        let limits = Limits::default();
        assert_eq!(
            read(source(&bytes), &limits).unwrap(),
            read(&path, &limits).unwrap()
        );
        assert_eq!(
            probe(source(&bytes), &limits).unwrap(),
            probe(&path, &limits).unwrap()
        );
        assert_eq!(pages(source(&bytes)).unwrap(), 1);
        let error = read(source(&bytes[..bytes.len() / 2]), &limits).unwrap_err();
        assert!(error.to_string().starts_with("made up: "), "{error}");
    }
    let error = read(source(b""), &Limits::default()).unwrap_err();
    assert!(matches!(error, CodecError::EmptyFile { .. }), "{error}");
}

#[test]
fn a_stream_gets_what_a_file_would_hold_and_only_when_it_is_whole() {
    for format in FORMATS {
        let header = header(9, 7, Colour::Rgb, Depth::Eight, false);
        let taken = Taken::default();
        let name = Path::new("a stream");
        let begin = || {
            Writer::to_stream(
                taken.clone(),
                name,
                format,
                header.clone(),
                Options::default(),
            )
            .unwrap()
        };
        let mut writer = begin();
        writer.write_rows(&samples(&header)[..9 * 3]).unwrap();
        drop(writer);
        assert!(taken.0.lock().unwrap().is_empty(), "{format}");
        let mut writer = begin();
        writer.write_rows(&samples(&header)).unwrap();
        writer.finish().unwrap();
        assert_eq!(
            *taken.0.lock().unwrap(),
            encoded(format, &header),
            "{format}"
        );
    }
}

#[test]
fn a_reader_that_has_gone_is_told() {
    let header = header(9, 7, Colour::Rgb, Depth::Eight, false);
    let taken = Taken(Arc::default(), true);
    let name = Path::new("a stream");
    let options = Options::default();
    let mut writer = Writer::to_stream(taken, name, FORMATS[0], header.clone(), options).unwrap();
    writer.write_rows(&samples(&header)).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(matches!(error, CodecError::ReaderGone { .. }), "{error}");
}
