//! A service of its own for each test, a folder of small images, and a client.

#![allow(dead_code)]

use casr_codec::{Colour, Depth, Format, Header, Limits, Metadata, Options, Source, Writer};
use casr_serve::{Settings, serve};
use casr_zoom::{Model, Strength};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A service that runs until it is dropped.
pub struct Service {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    /// Of a folder, by its default settings but for what is changed.
    pub fn of(folder: &Path, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(folder);
        settings.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        settings.look = Strength::FULL;
        change(&mut settings);
        let stop = Arc::new(AtomicBool::new(false));
        let (send, receive) = mpsc::channel();
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let ready = |address| send.send(address).unwrap();
            let model = Model::embedded().unwrap();
            serve(model, settings, ready, || stopped.load(Ordering::Relaxed)).unwrap();
        });
        Self {
            address: receive.recv().unwrap(),
            stop,
            thread: Some(thread),
        }
    }

    /// What is at a path.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// The same with headers.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = self.send(method, path, headers);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    /// Sends a request and leaves its answer in the connection.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let timeout = Duration::from_secs(120);
        stream.set_read_timeout(Some(timeout)).unwrap();
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: images.test\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("Connection: close\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    /// Sends a body and reads what comes back, whatever becomes of the connection.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.begin_post(path, headers, body.len());
        let mut reader = stream.try_clone().unwrap();
        thread::scope(|scope| {
            // A service that has answered may take no more.
            scope.spawn(move || drop(stream.write_all(body)));
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            Answer::parse(&bytes)
        })
    }

    /// Sends the head of a request whose body is so long.
    pub fn begin_post(&self, path: &str, headers: &[(&str, &str)], length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let timeout = Duration::from_secs(120);
        stream.set_read_timeout(Some(timeout)).unwrap();
        let mut text = format!("POST {path} HTTP/1.1\r\nHost: images.test\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!(
            "Content-Length: {length}\r\nConnection: close\r\n\r\n"
        ));
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    /// A picture at a path.
    pub fn picture(&self, path: &str) -> Seen {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.picture()
    }

    /// The number of a line of the metrics; 0 where it is not there.
    pub fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.parse().unwrap())
    }

    /// Waits until something holds, some seconds at most.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        });
        let mut answer = Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: bytes[end + 4..].to_vec(),
        };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunked(&answer.body).expect("a whole body");
        }
        answer
    }

    /// A header, which is there once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice");
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn picture(&self) -> Seen {
        let name = Path::new("an answer");
        let bytes = &self.body;
        read(Source::Bytes { name, bytes })
    }
}

/// What is sent in chunks; none if it breaks off.
pub fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&bytes[..end]).ok()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        let chunk = &bytes[end + 2..];
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk.get(..length)?);
        bytes = chunk.get(length + 2..)?;
    }
}

/// The bytes of an image file as [`image`] writes it.
pub fn file(name: &str, width: usize, height: usize) -> Vec<u8> {
    let folder = folder();
    image(folder.path(), name, width, height);
    std::fs::read(folder.path().join(name)).unwrap()
}

/// A form with these parts, each a name, a file's name if it is one, and bytes; and its type.
pub fn form(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        let head =
            format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--border--\r\n");
    ("multipart/form-data; boundary=border".to_owned(), body)
}

/// A folder that is removed at the end.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes an image of so many pixels: slopes and edges of all colours, with 16 bits.
pub fn image(folder: &Path, name: &str, width: usize, height: usize) {
    let header = Header {
        depth: Depth::Sixteen,
        ..Header::rgb(width, height)
    };
    write(folder, name, header, |x, y| {
        let stripe = f32::from(u8::from((x / 5 + y / 7) % 2 == 0));
        vec![
            x as f32 / width as f32,
            y as f32 / height as f32,
            0.2 + 0.5 * stripe,
        ]
    });
}

/// Writes an image of a header, pixel by pixel.
pub fn write(folder: &Path, name: &str, header: Header, pixel: impl Fn(usize, usize) -> Vec<f32>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let format = Format::from_path(&path).unwrap();
    let (width, height) = (header.width, header.height);
    let options = Options {
        overwrite: true,
        ..Options::default()
    };
    let mut writer = Writer::create(&path, format, header, options).unwrap();
    for y in 0..height {
        let row: Vec<f32> = (0..width).flat_map(|x| pixel(x, y)).collect();
        writer.write_rows(&row).unwrap();
    }
    writer.finish().unwrap();
}

/// A picture as tests look at it: all samples in `[0, 1]`.
pub struct Seen {
    pub width: usize,
    pub height: usize,
    pub colour: Colour,
    pub depth: Depth,
    pub pixels: Vec<f32>,
    pub alpha: Option<Vec<f32>>,
    pub metadata: Metadata,
}

/// Reads an image.
pub fn read<'a>(source: impl Into<Source<'a>>) -> Seen {
    let picture = casr_codec::read(source, &Limits::default()).unwrap();
    Seen {
        width: picture.width,
        height: picture.height,
        colour: picture.colour,
        depth: picture.depth,
        pixels: picture.pixels.into_f32(),
        alpha: picture.alpha.map(|alpha| alpha.into_f32()),
        metadata: picture.metadata,
    }
}

/// The size of a picture.
pub fn size(picture: &Seen) -> (usize, usize) {
    (picture.width, picture.height)
}

/// The samples of a window of a picture.
pub fn window(picture: &Seen, x: usize, y: usize, width: usize, height: usize) -> Vec<f32> {
    let channels = picture.colour.channels();
    let row = |row: usize| {
        let start = (row * picture.width + x) * channels;
        picture.pixels[start..start + width * channels].to_vec()
    };
    (y..y + height).flat_map(row).collect()
}

/// The largest difference of samples.
pub fn difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    let differences = one.iter().zip(other).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

/// A header of greys.
pub fn greys(width: usize, height: usize) -> Header {
    Header {
        colour: Colour::Grey,
        ..Header::rgb(width, height)
    }
}
