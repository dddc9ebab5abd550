//! `casr serve`: it says where it listens, answers, ends when it is told to, and says what is wrong
//! with its options.

#![cfg(all(unix, feature = "serve"))]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use support::{casr, folder, program, sample};

#[test]
fn it_answers_until_a_signal() {
    let folder = folder();
    std::fs::copy(sample("dog.png"), folder.path().join("dog.png")).expect("a sample");
    let mut child = program(folder.path())
        .args(["serve", ".", "--listen", "127.0.0.1:0", "--device", "cpu"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut output = BufReader::new(child.stdout.take().expect("an output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    let address = line
        .trim()
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = "GET /iiif/dog.png~2/info.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"width\":1152"), "{answer}");
    let killed = Command::new("kill").arg(child.id().to_string()).status();
    assert!(killed.expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    let mut log = String::new();
    let mut errors = child.stderr.take().expect("a log");
    errors.read_to_string(&mut log).expect("text");
    assert!(
        log.contains("GET /iiif/dog.png~2/info.json status=200"),
        "{log}"
    );
}

#[test]
fn what_is_wrong_is_said() {
    let folder = folder();
    for (arguments, words) in [
        (&["serve", "missing"][..], "missing: No such file"),
        (&["serve", ".", "--token", ""], "--token"),
        (&["serve", ".", "--look", "auto"], "write faithful"),
        (&["serve", ".", "--max-factor", "65"], "from 1 to 64"),
        (&["serve", ".", "--listen", "here"], "--listen"),
        (&["serve", ".", "--max-area", "100"], "--max-area"),
        (&["serve", ".", "--uploads-keep", "1h"], "--uploads"),
        (
            &["serve", ".", "--uploads", "--uploads-keep", "soon"],
            "such as 90m",
        ),
        (
            &["serve", ".", "--uploads", "--max-upload", "0"],
            "--max-upload",
        ),
    ] {
        let run = casr(folder.path(), arguments);
        assert_ne!(run.code, Some(0), "{run:?}");
        assert!(run.errors.contains(words), "{run:?}");
    }
}
