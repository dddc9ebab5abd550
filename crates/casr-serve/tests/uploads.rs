//! Images that others send to be looked at: what is taken, for how long, and what is left of what
//! is not.

mod support;

use casr_serve::{Settings, UploadSettings};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};
use support::{Answer, Service, file, folder, form, image, size};

/// A service with uploads, below a folder for answers.
fn service(images: &Path, cache: &Path, change: impl FnOnce(&mut UploadSettings)) -> Service {
    Service::of(images, |settings| with(settings, cache, change))
}

fn with(settings: &mut Settings, cache: &Path, change: impl FnOnce(&mut UploadSettings)) {
    settings.cache = Some(cache.to_owned());
    let mut uploads = UploadSettings::default();
    change(&mut uploads);
    settings.uploads = Some(uploads);
}

/// Sends an image that must be taken; its identifier.
fn send(service: &Service, bytes: &[u8]) -> String {
    let answer = service.post("/images", &[], bytes);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The files among uploads.
fn kept(cache: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(cache.join("uploads")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn an_image_that_was_sent_can_be_looked_at() {
    let (images, cache) = (folder(), folder());
    image(images.path(), "a.png", 6, 4);
    let service = service(images.path(), cache.path(), |_| ());
    let bytes = file("photo.png", 24, 16);
    // Neither names nor types are believed.
    let (content_type, body) = form(&[
        ("note", None, b"a note"),
        ("picture", Some("../../etc/passwd.txt"), &bytes),
    ]);
    let answer = service.post("/images", &[("Content-Type", &content_type)], &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let upload = answer.json();
    let id = upload["id"].as_str().unwrap();
    let random = id.strip_prefix("upload-").unwrap();
    assert_eq!(random.len(), 32);
    assert_eq!(upload["width"], 24);
    assert_eq!(upload["height"], 16);
    assert_eq!(upload["expires_in"], 3600);
    let base = "http://images.test";
    assert_eq!(upload["iiif"], format!("{base}/iiif/{id}/info.json"));
    assert_eq!(upload["deep_zoom"], format!("{base}/dzi/{id}.dzi"));
    assert_eq!(upload["viewer"], format!("{base}/#/{id}"));
    let location = format!("{base}/iiif/{id}");
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let info = service.get(&format!("/iiif/{id}~4/info.json"));
    assert_eq!(info.json()["width"], 96);
    let control = info.header("cache-control").unwrap();
    assert!(control.starts_with("private"), "{control}");
    let tile = service.picture(&format!("/iiif/{id}/full/^48,/0/default.png"));
    assert_eq!(size(&tile), (48, 32));
    let tile = service.get(&format!("/dzi/{id}_files/5/0_0.jpg"));
    assert_eq!(tile.status, 200);
    // The same as from the folder, and nothing of it stays on the disk but the image.
    fs::write(images.path().join("photo.png"), &bytes).unwrap();
    let own = service.picture("/iiif/photo.png/full/^48,/0/default.png");
    let sent = service.picture(&format!("/iiif/{id}/full/^48,/0/default.png"));
    assert_eq!(own.pixels, sent.pixels);
    assert!(service.metric("casr_cache_bytes{cache=\"disk\"}") > 0.0);
    let files: u64 = (fs::read_dir(cache.path()).unwrap())
        .map(|entry| fs::read_dir(entry.unwrap().path()).unwrap().count() as u64)
        .sum();
    assert_eq!(files, 2, "an answer of the folder's, and the image");
    // It is in no list, and not in the folder.
    let list = service.get("/api/images").text();
    assert!(!list.contains("upload-"), "{list}");
    assert_eq!(fs::read_dir(images.path()).unwrap().count(), 2);
}

#[test]
fn raw_bytes_are_taken_and_equal_images_are_two() {
    let (images, cache) = (folder(), folder());
    let service = service(images.path(), cache.path(), |_| ());
    let bytes = file("a.jpg", 10, 8);
    let json = [("Content-Type", "application/json")];
    let one = service.post("/images", &json, &bytes);
    assert_eq!(one.status, 201, "{}", one.text());
    let two = send(&service, &bytes);
    assert_ne!(one.json()["id"], two);
    assert_eq!(kept(cache.path()).len(), 2);
    assert_eq!(fs::read(&kept(cache.path())[0]).unwrap(), bytes);
}

#[test]
fn what_is_no_image_leaves_nothing() {
    let (images, cache) = (folder(), folder());
    let service = service(images.path(), cache.path(), |uploads| {
        uploads.max_bytes = 5000;
        uploads.max_pixels = 1000;
    });
    let good = file("a.png", 20, 10);
    assert!(good.len() < 5000);
    let cut = &good[..good.len() / 2];
    let large = file("a.png", 40, 30);
    let long = vec![0; 5001];
    let two = form(&[("a", Some("a"), &good), ("b", Some("b"), &good)]);
    let none = form(&[("note", None, b"a note")]);
    let long_form = form(&[("a", Some("a"), &long)]);
    let long_note = form(&[("note", None, &[0; 80_000]), ("a", Some("a"), &good)]);
    let open = (
        "multipart/form-data; boundary=border".to_owned(),
        two.1[..200].to_vec(),
    );
    let no_boundary = ("multipart/form-data".to_owned(), two.1.clone());
    let raw = |bytes: &[u8]| ("image/png".to_owned(), bytes.to_vec());
    for ((content_type, body), status, words) in [
        (raw(b""), 422, "the image: the file is empty"),
        (
            raw(b"no image, but a few words of text"),
            415,
            "not an image",
        ),
        (raw(cut), 422, "cut off"),
        (raw(&large), 413, "more than the 1000 allowed"),
        (raw(&long), 413, "more than the 0.005 MB"),
        (two, 400, "more than one file"),
        (none, 400, "no file"),
        (long_form, 413, "MB"),
        (long_note, 413, "MB"),
        (open, 400, "the form cannot be read"),
        (no_boundary, 400, "the form cannot be read"),
    ] {
        let answer = service.post("/images", &[("Content-Type", &content_type)], &body);
        let text = answer.text();
        assert_eq!(answer.status, status, "{words}: {text}");
        assert!(text.contains(words), "{text}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
    // Chunks do not tell how long they are in all.
    let mut stream = service.send("POST", "/images", &[("Transfer-Encoding", "chunked")]);
    for _ in 0..6 {
        stream.write_all(b"3e8\r\n").unwrap();
        stream.write_all(&[0; 1000]).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 413"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(kept(cache.path()).is_empty());
    let held = "casr_cache_bytes{cache=\"uploads\"}";
    assert_eq!(service.metric(held), 0.0);
    send(&service, &good);
    assert_eq!(kept(cache.path()).len(), 1);
    assert_eq!(service.metric(held), good.len() as f64);
}

#[test]
fn what_breaks_off_leaves_nothing() {
    let (images, cache) = (folder(), folder());
    let bytes = file("a.png", 64, 48);
    let service = Service::of(images.path(), |settings| {
        settings.idle = Duration::from_millis(400);
        with(settings, cache.path(), |uploads| {
            // Nothing of those that broke off may count.
            uploads.room = bytes.len() as u64 + 100;
            uploads.at_once = 2;
        });
    });
    // Their clients go in the middle.
    let half = bytes.len() / 2;
    for _ in 0..4 {
        let mut stream = service.begin_post("/images", &[], bytes.len());
        stream.write_all(&bytes[..half]).unwrap();
        service.until("it is being sent", |_| kept(cache.path()).len() == 1);
        drop(stream);
        service.until("nothing is left", |_| kept(cache.path()).is_empty());
    }
    // One that stops is told so.
    let mut slow = service.begin_post("/images", &[], bytes.len());
    slow.write_all(&bytes[..half]).unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    service.until("nothing is left", |_| kept(cache.path()).is_empty());
    // One that drips is given up in the end, and so are those that keep all places.
    let mut dripping: Vec<_> = (0..2)
        .map(|_| service.begin_post("/images", &[], bytes.len()))
        .collect();
    for stream in &mut dripping {
        stream.write_all(&bytes[..10]).unwrap();
    }
    service.until("both are being sent", |_| kept(cache.path()).len() == 2);
    let third = service.post("/images", &[], &bytes);
    assert_eq!(third.status, 503, "{}", third.text());
    assert!(third.header("retry-after").is_some());
    for index in 10..30 {
        for stream in &mut dripping {
            let _ = stream.write_all(&bytes[index..=index]);
        }
        thread::sleep(Duration::from_millis(50));
    }
    service.until("nothing is left", |_| kept(cache.path()).is_empty());
    send(&service, &bytes);
}

#[test]
fn images_go_when_their_time_is_over() {
    let (images, cache) = (folder(), folder());
    let bytes = file("a.png", 20, 10);
    let keep = Duration::from_millis(1500);
    let service = service(images.path(), cache.path(), |uploads| {
        uploads.keep = keep;
        uploads.room = bytes.len() as u64 + 100;
    });
    let id = send(&service, &bytes);
    let path = format!("/iiif/{id}/full/max/0/default.png");
    assert_eq!(service.get(&path).status, 200);
    // Meanwhile there is no room for another.
    let full = service.post("/images", &[], &bytes);
    assert_eq!(full.status, 503, "{}", full.text());
    assert_eq!(full.header("retry-after"), Some("2"));
    service.until("it goes", |_| kept(cache.path()).is_empty());
    for path in [
        &path,
        &format!("/iiif/{id}~4/info.json"),
        &format!("/dzi/{id}.dzi"),
    ] {
        assert_eq!(service.get(path).status, 404, "{path}");
    }
    send(&service, &bytes);
}

#[test]
fn uploads_outlive_a_run_but_not_their_time() {
    let (images, cache) = (folder(), folder());
    let bytes = file("a.png", 20, 10);
    let (young, old) = {
        let service = service(images.path(), cache.path(), |_| ());
        (send(&service, &bytes), send(&service, &bytes))
    };
    let store = cache.path().join("uploads");
    let hours = |hours: u64| SystemTime::now() - Duration::from_secs(3600 * hours);
    let file = fs::File::options()
        .append(true)
        .open(store.join(&old))
        .unwrap();
    file.set_modified(hours(2)).unwrap();
    // What a killed run did not finish.
    fs::write(store.join(".partial-abc"), "half").unwrap();
    // What is somebody else's.
    fs::write(store.join("notes.txt"), "a note").unwrap();
    let service = service(images.path(), cache.path(), |_| ());
    let status = |id: &str| service.get(&format!("/iiif/{id}/info.json")).status;
    assert_eq!((status(&young), status(&old)), (200, 404));
    let mut left = kept(cache.path());
    left.sort();
    assert_eq!(left, [store.join("notes.txt"), store.join(&young)]);
    drop(service);

    // Without a folder for answers nothing outlives a run.
    let service = Service::of(images.path(), |settings| {
        settings.uploads = Some(UploadSettings::default());
    });
    assert_eq!(status_of(&service, &young), 404);
    let id = send(&service, &bytes);
    assert_eq!(status_of(&service, &id), 200);
}

fn status_of(service: &Service, id: &str) -> u16 {
    service.get(&format!("/iiif/{id}/info.json")).status
}

#[test]
fn identifiers_lead_nowhere_else() {
    let (images, cache) = (folder(), folder());
    image(images.path(), "a.png", 6, 4);
    let service = service(images.path(), cache.path(), |_| ());
    let id = send(&service, &file("a.png", 20, 10));
    fs::write(cache.path().join("secret.png"), file("a.png", 9, 9)).unwrap();
    let store = cache.path().join("uploads");
    fs::write(store.join("other.png"), file("a.png", 9, 9)).unwrap();
    let stray = format!("upload-{}", "0".repeat(32));
    fs::write(store.join(&stray), file("a.png", 9, 9)).unwrap();
    for path in [
        format!("{id}%2F..%2Fsecret.png"),
        format!("..%2Fuploads%2F{id}"),
        id.to_uppercase(),
        id[..id.len() - 1].to_owned(),
        format!("{id}0"),
        format!("a.png%2F{id}"),
        "other.png".to_owned(),
        "upload-..%2Fsecret.png".to_owned(),
        "upload-other.png".to_owned(),
        // What was not sent is not there.
        stray,
    ] {
        let answer = service.get(&format!("/iiif/{path}/info.json"));
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    assert_eq!(status_of(&service, &id), 200);
}

#[test]
fn without_uploads_nothing_is_taken() {
    let images = folder();
    let service = Service::of(images.path(), |_| ());
    let bytes = file("a.png", 20, 10);
    for path in ["/images", "/upscale?factor=2"] {
        let answer = service.post(path, &[], &bytes);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("takes no images"));
    }
    let list = service.get("/api/images").json();
    assert_eq!(list["uploads"], serde_json::Value::Null);
    assert_eq!(service.get("/images").status, 405);
    assert_eq!(service.get("/images").header("allow"), Some("POST"));
}

#[test]
fn pages_of_other_sites_send_nothing() {
    let (images, cache) = (folder(), folder());
    let service = service(images.path(), cache.path(), |_| ());
    let bytes = file("a.png", 20, 10);
    let ask = |headers: &[(&str, &str)]| -> Answer { service.post("/images", headers, &bytes) };
    for headers in [
        &[("Origin", "http://elsewhere.test")][..],
        &[("Origin", "http://images.test:8080")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "http://images.test"),
        ],
    ] {
        let answer = ask(headers);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
        let answer = service.post("/upscale?factor=2", headers, &bytes);
        assert_eq!(answer.status, 403, "{headers:?}: {}", answer.text());
    }
    assert!(kept(cache.path()).is_empty());
    for headers in [
        &[("Origin", "http://images.test")][..],
        &[("Origin", "https://images.test")],
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Origin", "http://images.test"),
        ],
        &[("Sec-Fetch-Site", "none")],
        &[
            ("X-Forwarded-Host", "zoom.test"),
            ("Origin", "https://zoom.test"),
        ],
    ] {
        let answer = ask(headers);
        assert_eq!(answer.status, 201, "{headers:?}: {}", answer.text());
    }
    // Scripts of other sites are not allowed to ask for more than looking, either.
    let headers = [
        ("Origin", "http://elsewhere.test"),
        ("Access-Control-Request-Method", "POST"),
    ];
    let preflight = service.ask("OPTIONS", "/images", &headers);
    let methods = preflight.header("access-control-allow-methods").unwrap();
    assert!(!methods.contains("POST"), "{methods}");
}

#[test]
fn the_token_holds_for_what_is_sent() {
    let (images, cache) = (folder(), folder());
    let service = Service::of(images.path(), |settings| {
        settings.token = Some("open sesame".to_owned());
        with(settings, cache.path(), |_| ());
    });
    let bytes = file("a.png", 20, 10);
    for path in ["/images", "/upscale?factor=2"] {
        let answer = service.post(path, &[], &bytes);
        assert_eq!(answer.status, 401, "{path}");
    }
    assert!(kept(cache.path()).is_empty());
    let token = ("Authorization", "Bearer open sesame");
    let answer = service.post("/images", &[token], &bytes);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(status_of(&service, &id), 401);
    let description = service.ask("GET", "/openapi.json", &[token]).json();
    assert_eq!(
        description["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
}
