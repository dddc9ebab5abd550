//! Services in a hurry: what there is no time for is answered by less, and the best follows.

mod support;

use std::time::Duration;
use support::{Answer, Service, folder, image};

const QUICK: &str = "casr_quick_total";

fn best(answer: &Answer) -> bool {
    match answer.header("cache-control") {
        Some("public, max-age=60") => true,
        Some("public, max-age=2") => false,
        other => panic!("{other:?}"),
    }
}

/// How far two pictures are apart on average.
fn distance(one: &Answer, other: &Answer) -> f32 {
    let (one, other) = (one.picture().pixels, other.picture().pixels);
    let sum: f32 = one.iter().zip(&other).map(|(a, b)| (a - b).abs()).sum();
    sum / one.len() as f32
}

#[test]
fn who_cannot_wait_gets_less_and_the_best_follows() {
    let folder = folder();
    image(folder.path(), "a.png", 48, 40);
    let path = |factor: usize| {
        let (width, height) = (20 * factor, 16 * factor);
        format!("/iiif/a.png/10,8,20,16/^{width},{height}/0/default.png")
    };
    let patient = Service::of(folder.path(), |_| ());
    let expected = patient.get(&path(8));
    assert!(best(&expected));
    assert_eq!(patient.metric(QUICK), 0.0);

    // No time for anything.
    let hurried = Service::of(folder.path(), |settings| {
        settings.latency = Some(Duration::from_nanos(1));
    });
    let first = hurried.get(&path(8));
    assert!(!best(&first));
    assert_ne!(first.header("etag"), expected.header("etag"));
    assert_ne!(first.body, expected.body);
    assert!(distance(&first, &expected) < 0.1);
    assert_eq!(hurried.metric(QUICK), 1.0);
    // HEAD tells the version of the best.
    let head = hurried.ask("HEAD", &path(8), &[]);
    assert_eq!(head.header("etag"), expected.header("etag"));
    // The best follows by itself, and has the same bytes as elsewhere.
    hurried.until("the best is there", |service| best(&service.get(&path(8))));
    let second = hurried.get(&path(8));
    assert_eq!(second.header("etag"), expected.header("etag"));
    assert_eq!(second.body, expected.body);
    // Who has the quick one only is sent the best.
    let known = [("If-None-Match", first.header("etag").unwrap())];
    assert_eq!(hurried.ask("GET", &path(8), &known).status, 200);

    // What is there already is better than the image: the levels up to eight.
    let far = hurried.get(&path(16));
    assert!(!best(&far));
    let fresh = Service::of(folder.path(), |settings| {
        settings.latency = Some(Duration::from_nanos(1));
    });
    let interpolated = fresh.get(&path(16));
    assert!(!best(&interpolated));
    let expected = patient.get(&path(16));
    let (near, off) = (
        distance(&far, &expected),
        distance(&interpolated, &expected),
    );
    assert!(near < 0.7 * off, "{near} and {off}");
}

#[test]
fn who_has_time_gets_the_best_at_once() {
    let folder = folder();
    image(folder.path(), "a.png", 32, 24);
    let path = "/iiif/a.png/full/^128,96/0/default.png";
    let patient = Service::of(folder.path(), |_| ()).get(path);
    let service = Service::of(folder.path(), |settings| {
        settings.latency = Some(Duration::from_secs(3600));
    });
    // The pace is known before there was any work.
    assert!(service.metric("casr_network_pace") > 0.0);
    let answer = service.get(path);
    assert!(best(&answer));
    assert_eq!(answer.body, patient.body);
    assert_eq!(service.metric(QUICK), 0.0);
}

#[test]
fn transparency_takes_the_same_ways() {
    let folder = folder();
    let header = casr_codec::Header {
        alpha: true,
        ..casr_codec::Header::rgb(32, 24)
    };
    support::write(folder.path(), "a.png", header, |x, y| {
        vec![0.2, 0.5, 0.8, ((x + y) % 9) as f32 / 8.0]
    });
    let service = Service::of(folder.path(), |settings| {
        settings.latency = Some(Duration::from_nanos(1));
    });
    let path = "/iiif/a.png/full/^128,96/0/default.png";
    let answer = service.get(path);
    assert!(!best(&answer));
    assert_eq!(
        answer.picture().alpha.map(|alpha| alpha.len()),
        Some(128 * 96)
    );
    service.until("the best is there", |service| best(&service.get(path)));
}
