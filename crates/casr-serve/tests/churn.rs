//! All at once: images that change and vanish, clients that go, and a cache on the disk that is
//! too small for what is asked.

mod support;

use casr_codec::Colour;
use casr_serve::Settings;
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};
use support::{Service, folder, greys, write};

const NAMES: [&str; 3] = ["a.png", "b.png", "c.png"];

/// Bytes of answers on the disk: some of those that are asked for.
const ROOM: u64 = 6_000;

/// The image's file in its `version`, a flat grey that tells it.
fn save(folder: &Path, name: &str, version: u64) {
    let shade = (version % 256) as f32 / 255.0;
    write(folder, name, greys(20, 16), |_, _| vec![shade]);
}

/// Bytes of all files below a folder.
fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        // It has just gone.
        Err(_) => 0,
    };
    entries.map(of).sum()
}

/// Numbers that look random, always the same for a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = (self.0.wrapping_mul(6_364_136_223_846_793_005)).wrapping_add(1_442_695_040_888);
        (self.0 >> 33) % end
    }

    fn path(&mut self) -> (usize, String) {
        let image = self.below(NAMES.len() as u64) as usize;
        // Shrunk, as it is, and enlarged.
        let size = ["10,8", "max", "^40,32", "^25,20"][self.below(4) as usize];
        let x = 2 * self.below(3);
        let path = format!("/iiif/{}/{x},0,10,8/{size}/0/gray.png", NAMES[image]);
        (image, path)
    }
}

#[test]
fn every_answer_is_of_an_image_that_was_there_meanwhile() {
    let (folder, cache) = (folder(), support::folder());
    let versions: [AtomicU64; 3] = Default::default();
    for name in NAMES {
        save(folder.path(), name, 0);
    }
    let small = |settings: &mut Settings| {
        settings.cache = Some(cache.path().to_owned());
        settings.cache_size = ROOM;
        // Next to nothing stays in memory.
        settings.memory = 1 << 16;
        settings.queue = 4;
    };
    let service = Service::of(folder.path(), small);
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let begun = Instant::now();
    thread::scope(|scope| {
        for seed in 0..6 {
            let (service, versions, over, answered) = (&service, &versions, &over, &answered);
            scope.spawn(move || {
                let mut numbers = Numbers(seed);
                while !over.load(Ordering::Relaxed) {
                    let (image, path) = numbers.path();
                    if numbers.below(4) == 0 {
                        // Gone before the answer.
                        drop(service.send("GET", &path, &[]));
                        continue;
                    }
                    let before = versions[image].load(Ordering::SeqCst);
                    let answer = service.get(&path);
                    let after = versions[image].load(Ordering::SeqCst) + 1;
                    assert!(
                        [200, 404, 503].contains(&answer.status),
                        "{}",
                        answer.text()
                    );
                    if answer.status != 200 {
                        continue;
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    let seen = answer.picture();
                    assert_eq!(seen.colour, Colour::Grey);
                    let shade = (seen.pixels[0] * 255.0).round() as u64;
                    let there = (before..=after).any(|version| version % 256 == shade);
                    assert!(there, "{path}: {shade}, and not {before} to {after}");
                    assert!(seen.pixels.iter().all(|value| *value == seen.pixels[0]));
                }
            });
        }
        let mut numbers = Numbers(99);
        let mut most = 0;
        while begun.elapsed() < Duration::from_secs(4) {
            let image = numbers.below(3) as usize;
            let next = versions[image].load(Ordering::SeqCst) + 1;
            if numbers.below(3) == 0 {
                fs::remove_file(folder.path().join(NAMES[image])).unwrap();
                thread::sleep(Duration::from_millis(20));
            }
            save(folder.path(), NAMES[image], next);
            versions[image].store(next, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(30));
            most = most.max(bytes(cache.path()));
        }
        over.store(true, Ordering::Relaxed);
        // What threads are writing comes on top.
        assert!(most <= ROOM + 4_000 && most > ROOM / 2, "{most}");
    });
    assert!(answered.load(Ordering::Relaxed) > 20, "{answered:?}");
    service.until("nothing is left", |service| {
        ["light", "heavy"]
            .iter()
            .all(|lane| service.metric(&format!("casr_queue{{lane=\"{lane}\"}}")) == 0.0)
    });
    let held = service.metric("casr_cache_bytes{cache=\"disk\"}");
    assert!(held <= ROOM as f64, "{held}");
    drop(service);
    assert_eq!(bytes(cache.path()) as f64, held);

    // A service after it finds what is there.
    let service = Service::of(folder.path(), small);
    assert_eq!(service.metric("casr_cache_bytes{cache=\"disk\"}"), held);
    let last = versions[0].load(Ordering::SeqCst) % 256;
    let seen = service.picture("/iiif/a.png/0,0,10,8/^40,32/0/gray.png");
    assert_eq!((seen.pixels[0] * 255.0).round() as u64, last);
}
