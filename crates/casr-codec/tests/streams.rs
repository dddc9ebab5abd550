//! Images that come out of memory and go into streams: the same as from and into files.
#![cfg(feature = "formats")]

mod common;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use casr_codec::{
    CodecError, Colour, Depth, ErrorKind, Format, Limits, Options, Source, Writer, pages, probe,
    read, read_page,
};
use common::{FORMATS, encoded, folder, header, samples, source};

/// A stream of a few bytes at a time, each read interrupted once, that fails at a place if it is
/// to.
struct Slow {
    bytes: Cursor<Vec<u8>>,
    interrupted: bool,
    fails: Option<(u64, io::ErrorKind)>,
}

impl Slow {
    fn new(bytes: &[u8], fails: Option<(u64, io::ErrorKind)>) -> Self {
        Self {
            bytes: Cursor::new(bytes.to_vec()),
            interrupted: false,
            fails,
        }
    }
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut room = buffer.len().min(7);
        if let Some((place, kind)) = self.fails {
            let left = place.saturating_sub(self.bytes.position());
            if left == 0 && room > 0 {
                return Err(io::Error::new(kind, "the line is dead"));
            }
            room = room.min(left as usize);
        }
        self.bytes.read(&mut buffer[..room])
    }
}

impl Seek for Slow {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(position)
    }
}

/// A stream that takes nothing.
struct Dead(io::ErrorKind);

impl Write for Dead {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, "the line is dead"))
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
fn a_stream_is_read_as_its_bytes_are() {
    for format in FORMATS {
        let bytes = encoded(format, &header(9, 7, Colour::Rgb, Depth::Eight, false));
        let (limits, name) = (Limits::default(), Path::new("a stream"));
        let expected = read(source(&bytes), &limits).unwrap();
        let mut slow = Slow::new(&bytes, None);
        // Where the stream stands does not matter, and it can be read from more than once.
        slow.seek(SeekFrom::Start(5)).unwrap();
        let again = |slow: &mut Slow| {
            let stream = slow;
            let info = probe(Source::Stream { name, stream }, &limits).unwrap();
            assert_eq!(
                (info.width, info.height, info.format),
                (9, 7, expected.format)
            );
            assert_eq!(pages(Source::Stream { name, stream }).unwrap(), 1);
            read(Source::Stream { name, stream }, &limits).unwrap()
        };
        assert_eq!(again(&mut slow), expected, "{format}");
        assert_eq!(again(&mut slow), expected, "{format}");

        let folder = folder();
        let path = folder.path().join("image");
        fs::write(&path, &bytes).unwrap();
        let stream = &mut File::open(&path).unwrap();
        assert_eq!(
            read(Source::Stream { name, stream }, &limits).unwrap(),
            expected
        );
        let stream = &mut Cursor::new(&bytes);
        let page = read_page(Source::Stream { name, stream }, &limits, 1).unwrap();
        assert_eq!(page, expected, "{format}");
        let stream = &mut Cursor::new(&bytes);
        let error = read_page(Source::Stream { name, stream }, &limits, 0).unwrap_err();
        assert!(
            matches!(error, CodecError::NoSuchPage { pages: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_stream_that_fails_is_no_damaged_file() {
    for format in FORMATS {
        let bytes = encoded(format, &header(90, 70, Colour::Rgb, Depth::Eight, false));
        // What decoders also say of damaged data, and what they never say.
        let kinds = [
            io::ErrorKind::Other,
            io::ErrorKind::InvalidData,
            io::ErrorKind::TimedOut,
            io::ErrorKind::NotFound,
        ];
        for kind in kinds {
            for place in [0, 3, 40, bytes.len() / 2, bytes.len() - 20] {
                let stream = &mut Slow::new(&bytes, Some((place as u64, kind)));
                let name = Path::new("a stream");
                let error = read(Source::Stream { name, stream }, &Limits::default()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Io, "{format} at {place}: {error}");
                assert!(error.to_string().contains("the line is dead"), "{error}");
                let source = error
                    .source()
                    .and_then(|source| source.downcast_ref::<io::Error>());
                assert_eq!(source.map(io::Error::kind), Some(kind), "{format}: {error}");
            }
        }
    }
}

#[test]
fn a_stream_gets_what_a_file_would_hold_and_only_when_it_is_whole() {
    for format in FORMATS {
        let header = header(9, 7, Colour::Rgb, Depth::Eight, false);
        let (name, options) = (Path::new("a stream"), Options::default());
        let mut taken = Vec::new();
        let mut writer =
            Writer::to_stream(&mut taken, name, format, header.clone(), options).unwrap();
        writer.write_rows(&samples(&header)[..9 * 3]).unwrap();
        drop(writer);
        assert!(taken.is_empty(), "{format}");
        let mut writer =
            Writer::to_stream(&mut taken, name, format, header.clone(), options).unwrap();
        writer.write_rows(&samples(&header)).unwrap();
        writer.finish().unwrap();
        assert_eq!(taken, encoded(format, &header), "{format}");
    }
}

/// A stream that can be looked into.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<u8>>>);

impl Taken {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Taken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_gets_early_what_is_written_from_front_to_back() {
    for format in FORMATS {
        // What does not shrink much: more than any buffer holds.
        let header = header(640, 800, Colour::Rgb, Depth::Eight, false);
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        let samples: Vec<f32> = (0..640 * 800 * 3).map(|_| noise()).collect();
        let (name, options) = (Path::new("a stream"), Options::default());
        let mut whole = Vec::new();
        let mut writer =
            Writer::to_stream(&mut whole, name, format, header.clone(), options).unwrap();
        writer.write_rows(&samples).unwrap();
        writer.finish().unwrap();
        let taken = Taken::default();
        let mut writer =
            Writer::to_stream_early(taken.clone(), name, format, header, options).unwrap();
        let (upper, lower) = samples.split_at(samples.len() / 2);
        // Some rows at a time: the encoder of JPEG lets a few parts wait.
        for rows in upper.chunks(8 * 640 * 3) {
            writer.write_rows(rows).unwrap();
        }
        let early = taken.bytes();
        let is_early = matches!(format, Format::Png | Format::Jpeg);
        assert_eq!(!early.is_empty(), is_early, "{format}");
        assert_eq!(early, whole[..early.len()], "{format}");
        writer.write_rows(lower).unwrap();
        writer.finish().unwrap();
        assert_eq!(taken.bytes(), whole, "{format}");
    }
}

#[test]
fn a_stream_that_fails_is_an_error_with_its_cause() {
    for kind in [io::ErrorKind::BrokenPipe, io::ErrorKind::Other] {
        let header = header(9, 7, Colour::Rgb, Depth::Eight, false);
        let (name, options) = (Path::new("a stream"), Options::default());
        let begun = [
            Writer::to_stream(Dead(kind), name, FORMATS[0], header.clone(), options),
            Writer::to_stream_early(Dead(kind), name, FORMATS[0], header.clone(), options),
        ];
        for writer in begun {
            let mut writer = writer.unwrap();
            writer.write_rows(&samples(&header)).unwrap();
            let error = writer.finish().unwrap_err();
            let closed = matches!(error, CodecError::ReaderGone { .. });
            assert_eq!(closed, kind == io::ErrorKind::BrokenPipe, "{error}");
            assert_eq!(error.kind(), ErrorKind::Io);
            let source = error
                .source()
                .and_then(|source| source.downcast_ref::<io::Error>());
            assert_eq!(source.map(io::Error::kind), Some(kind), "{error}");
        }
    }
}
