//! Bounded and fair: equal work once, work that nobody waits for not at all, and limits that hold.

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};
use support::{Service, folder, image};

const PIXELS: &str = "casr_network_pixels_total";

#[test]
fn equal_requests_are_computed_once() {
    let folder = folder();
    image(folder.path(), "a.png", 96, 96);
    let path = "/iiif/a.png/full/^384,/0/default.png";
    let alone = {
        let service = Service::of(folder.path(), |_| ());
        service.picture(path);
        service.metric(PIXELS)
    };
    let service = Service::of(folder.path(), |_| ());
    let bodies: Vec<Vec<u8>> = thread::scope(|scope| {
        let ask = || scope.spawn(|| service.get(path).body);
        let asked: Vec<_> = (0..6).map(|_| ask()).collect();
        asked.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(service.metric(PIXELS), alone);
    let shared = service.metric("casr_shared_total");
    let found = service.metric("casr_cache_hits_total{cache=\"memory\"}");
    assert_eq!(shared + found, 5.0);
    // From then on it is in memory.
    service.picture(path);
    assert_eq!(service.metric(PIXELS), alone);
}

#[test]
fn work_ends_when_its_client_has_gone() {
    let folder = folder();
    image(folder.path(), "a.png", 256, 256);
    let service = Service::of(folder.path(), |settings| settings.workers = 1);
    let path = "/iiif/a.png~64/8000,8000,4096,4096/max/0/default.jpg";
    let connection = service.send("GET", path, &[]);
    service.until("work begins", |service| service.metric(PIXELS) > 0.0);
    drop(connection);
    let gone = "casr_requests_total{route=\"iiif\",status=\"499\"}";
    service.until("the request is over", |service| service.metric(gone) == 1.0);
    let ended = "casr_work_seconds_count{lane=\"heavy\"}";
    service.until("the work is over", |service| service.metric(ended) == 1.0);
    // The whole would be 16 million pixels of the result, four million of the level below.
    assert!(service.metric(PIXELS) < 3e6);
}

#[test]
fn a_full_queue_sends_away_and_shrinking_goes_on() {
    let folder = folder();
    image(folder.path(), "a.png", 256, 256);
    let service = Service::of(folder.path(), |settings| {
        settings.workers = 1;
        settings.queue = 2;
    });
    let path = |x: usize| format!("/iiif/a.png~64/{x},8000,4096,4096/max/0/default.jpg");
    let begun = Instant::now();
    let waiting: Vec<TcpStream> = (0..3)
        .map(|index| {
            let connection = service.send("GET", &path(index), &[]);
            service.until("it waits or is worked on", |service| {
                let waits = service.metric("casr_queue{lane=\"heavy\"}");
                waits >= index as f64 || begun.elapsed() > Duration::from_secs(30)
            });
            connection
        })
        .collect();
    service.until("two wait", |service| {
        service.metric("casr_queue{lane=\"heavy\"}") == 2.0
    });
    let answer = service.get(&path(9));
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("2"));
    // Small pictures of the original do not wait for enlargements, nor do health and lists.
    service.picture("/iiif/a.png/full/!32,32/0/default.jpg");
    assert_eq!(service.get("/health").status, 200);
    // Those who have gone make room.
    drop(waiting);
    service.until("there is room", |service| {
        service.ask("HEAD", &path(9), &[]).status == 200
            && service.get("/iiif/a.png/0,0,8,8/^16,/0/default.png").status == 200
    });
}

#[test]
fn what_takes_too_long_is_given_up() {
    let folder = folder();
    image(folder.path(), "a.png", 256, 256);
    let service = Service::of(folder.path(), |settings| {
        settings.deadline = Duration::from_millis(200);
    });
    let answer = service.get("/iiif/a.png~64/8000,8000,4096,4096/max/0/default.jpg");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn connections_are_bounded_in_number_and_patience() {
    let folder = folder();
    image(folder.path(), "a.png", 8, 8);
    let service = Service::of(folder.path(), |settings| {
        settings.connections = 4;
        settings.idle = Duration::from_millis(500);
    });
    // These send no request, one of them half a head.
    let mut idle: Vec<TcpStream> = (0..4)
        .map(|_| TcpStream::connect(service.address).unwrap())
        .collect();
    idle[0]
        .write_all(b"GET /health HTTP/1.1\r\nHost: ")
        .unwrap();
    // The next one waits until they are closed.
    let begun = Instant::now();
    assert_eq!(service.get("/health").status, 200);
    assert!(begun.elapsed() > Duration::from_millis(200));
    for connection in &mut idle {
        connection
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut rest = Vec::new();
        // Closed, whether or not with a word.
        assert!(connection.read_to_end(&mut rest).is_ok());
    }
    // One that stays open after its answer is closed as well.
    let mut kept = TcpStream::connect(service.address).unwrap();
    kept.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    kept.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut rest = Vec::new();
    kept.read_to_end(&mut rest).unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 200"));
    // A head without an end.
    let mut endless = TcpStream::connect(service.address).unwrap();
    let _ = endless.write_all(&vec![b'a'; 1 << 20]);
    let mut rest = Vec::new();
    let _ = endless.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    assert_eq!(service.get("/health").status, 200);
}

#[test]
fn images_that_change_are_noticed() {
    let folder = folder();
    image(folder.path(), "a.png", 24, 16);
    let service = Service::of(folder.path(), |_| ());
    let path = "/iiif/a.png/full/^48,/0/default.png";
    let before = service.get(path);
    image(folder.path(), "a.png", 30, 20);
    let after = service.get(path);
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(after.picture().height, 32);
    let info = service.get("/iiif/a.png/info.json").json();
    assert_eq!(info["width"], 30);
    let known = [("If-None-Match", before.header("etag").unwrap())];
    assert_eq!(service.ask("GET", path, &known).status, 200);
    fs::remove_file(folder.path().join("a.png")).unwrap();
    assert_eq!(service.get(path).status, 404);
    assert_eq!(service.get("/iiif/a.png/info.json").status, 404);
}

#[test]
fn images_that_are_damaged_or_too_large_are_refused() {
    let folder = folder();
    image(folder.path(), "a.png", 64, 64);
    let whole = fs::read(folder.path().join("a.png")).unwrap();
    fs::write(folder.path().join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path().join("empty.png"), []).unwrap();
    fs::write(folder.path().join("text.png"), "no image").unwrap();
    image(folder.path(), "large.png", 200, 200);
    let service = Service::of(folder.path(), |settings| {
        settings.limits.max_pixels = 10_000;
    });
    for (name, status) in [
        ("cut.png", 500),
        ("empty.png", 500),
        ("text.png", 404),
        ("large.png", 403),
    ] {
        let answer = service.get(&format!("/iiif/{name}/full/max/0/default.png"));
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(answer.text().starts_with(name), "{}", answer.text());
    }
    // And the service goes on.
    service.picture("/iiif/a.png/full/max/0/default.png");
}
