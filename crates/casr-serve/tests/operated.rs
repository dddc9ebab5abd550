//! For whoever runs the service: the list of images, health, metrics, tokens, kept answers, and
//! the end.

mod support;

use std::{fs, path::Path, thread, time::Duration};
use support::{Service, folder, image};

#[test]
fn images_are_listed_page_by_page() {
    let folder = folder();
    for name in [
        "b.png",
        "a b.png",
        "sub/c.png",
        "sub/.d.png",
        ".e.png",
        "z.jpg",
    ] {
        image(folder.path(), name, 6, 4);
    }
    fs::write(folder.path().join("notes.txt"), "a note").unwrap();
    fs::write(folder.path().join("broken.png"), "no image").unwrap();
    let service = Service::of(folder.path(), |settings| settings.max_factor = 32.0);
    let list = service.get("/api/images").json();
    let names = |list: &serde_json::Value| -> Vec<String> {
        let images = list["images"].as_array().unwrap().iter();
        images
            .map(|image| image["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&list), ["a b.png", "b.png", "sub/c.png", "z.jpg"]);
    assert_eq!(list["next"], serde_json::Value::Null);
    assert_eq!(list["max_factor"], 32.0);
    assert_eq!(
        list["looks"],
        serde_json::json!(["faithful", "balanced", "vivid"])
    );
    assert_eq!(list["default_look"], "vivid");
    let third =
        serde_json::json!({"id": "sub%2Fc.png", "name": "sub/c.png", "width": 6, "height": 4});
    assert_eq!(list["images"][2], third);

    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = service
            .get(&format!("/api/images?limit=1&after={after}"))
            .json();
        all.extend(names(&page));
        match page["next"].as_str() {
            Some(next) => after = next.replace(' ', "%20").replace('/', "%2F"),
            None => break,
        }
    }
    assert_eq!(all, names(&list));
    for query in ["limit=0", "limit=x", "limit=1001", "after=%ff"] {
        assert_eq!(
            service.get(&format!("/api/images?{query}")).status,
            400,
            "{query}"
        );
    }
}

#[test]
fn the_viewer_is_in_the_program() {
    let folder = folder();
    let service = Service::of(folder.path(), |_| ());
    let index = service.get("/");
    let content_type = index.header("content-type");
    assert_eq!(content_type, Some("text/html; charset=utf-8"));
    let policy = "default-src 'self'; img-src 'self' data: blob:";
    assert_eq!(index.header("content-security-policy"), Some(policy));
    assert_eq!(service.get("/viewer/index.html").body, index.body);
    assert_eq!(service.get("/viewer/none.js").status, 404);
    assert_eq!(service.get("/nothing").status, 404);
    // All that lies beside the page is served, but for what is said to developers.
    let viewer = Path::new(env!("CARGO_MANIFEST_DIR")).join("viewer");
    for entry in fs::read_dir(viewer).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let answer = service.get(&format!("/viewer/{name}"));
        if name == "README.md" {
            assert_eq!(answer.status, 404);
            continue;
        }
        assert_eq!(
            (answer.status, answer.body),
            (200, fs::read(&path).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn downloads_have_good_names() {
    let folder = folder();
    image(folder.path(), "sub/dög \"1\".png", 20, 10);
    let service = Service::of(folder.path(), |_| ());
    let identifier = "sub%2Fd%C3%B6g%20%221%22.png~4~vivid";
    let path = format!("/iiif/{identifier}/8,4,40,20/40,20/0/default.png?download");
    let answer = service.get(&path);
    let expected = "attachment; filename=\"d_g _1_-x4-vivid-8,4-40x20.png\"; filename*=UTF-8''d%C3%B6g%20%221%22%2Dx4%2Dvivid%2D8%2C4%2D40x20%2Epng";
    assert_eq!(answer.header("content-disposition"), Some(expected));
    let shown = service.get(path.trim_end_matches("?download"));
    assert_eq!(shown.header("content-disposition"), None);
    assert_eq!(shown.body, answer.body);
}

#[test]
fn health_and_metrics() {
    let folder = folder();
    image(folder.path(), "a.png", 24, 16);
    let service = Service::of(folder.path(), |_| ());
    assert_eq!(service.get("/health").text(), "ok\n");
    service.picture("/iiif/a.png/full/^48,/0/default.png");
    service.get("/iiif/a.png/full/0,/0/default.png");
    let requests = |status: u16| {
        let name = format!("casr_requests_total{{route=\"iiif\",status=\"{status}\"}}");
        service.metric(&name)
    };
    assert_eq!((requests(200), requests(400)), (1.0, 1.0));
    assert!(service.metric("casr_network_pixels_total") >= 24.0 * 16.0);
    assert!(service.metric("casr_cache_bytes{cache=\"memory\"}") > 0.0);
    assert_eq!(
        service.metric("casr_work_seconds_count{lane=\"heavy\"}"),
        1.0
    );
    // Those before may be closing still.
    service.until("all others are closed", |service| {
        service.metric("casr_connections") == 1.0
    });
    assert!(service.get("/metrics").text().ends_with("# EOF\n"));
}

#[test]
fn a_token_keeps_others_out() {
    let folder = folder();
    image(folder.path(), "a.png", 6, 4);
    let service = Service::of(folder.path(), |settings| {
        settings.token = Some("open sesame".to_owned());
    });
    let paths = [
        "/",
        "/api/images",
        "/iiif/a.png/info.json",
        "/dzi/a.png.dzi",
        "/metrics",
        "/x",
    ];
    for path in paths {
        for sent in [
            None,
            Some("Bearer open"),
            Some("open sesame"),
            Some("Bearer open sesame "),
        ] {
            let headers: Vec<_> = sent
                .map(|sent| ("Authorization", sent))
                .into_iter()
                .collect();
            let answer = service.ask("GET", path, &headers);
            // Spaces at the end of a header are none of it.
            let expected = if sent.is_some_and(|sent| sent.ends_with(' ')) {
                200
            } else {
                401
            };
            let expected = if path == "/x" && expected == 200 {
                404
            } else {
                expected
            };
            assert_eq!(answer.status, expected, "{path} {sent:?}");
            if expected == 401 {
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
    }
    assert_eq!(service.get("/health").status, 200);
    assert_eq!(
        service
            .ask(
                "OPTIONS",
                "/iiif/a.png/info.json",
                &[
                    ("Origin", "http://a.test"),
                    ("Access-Control-Request-Method", "GET")
                ]
            )
            .status,
        200
    );
    let headers = [("Authorization", "Bearer open sesame")];
    let answer = service.ask("GET", "/iiif/a.png/full/max/0/default.png", &headers);
    assert_eq!(answer.header("cache-control"), Some("private, max-age=60"));
}

#[test]
fn answers_are_kept_between_runs() {
    let (images, kept) = (folder(), folder());
    image(images.path(), "a.png", 48, 32);
    let run = || {
        Service::of(images.path(), |settings| {
            settings.cache = Some(kept.path().join("answers"));
        })
    };
    let path = "/iiif/a.png/full/^192,/0/default.png";
    let first = {
        let service = run();
        let first = service.get(path);
        assert!(service.metric("casr_cache_bytes{cache=\"disk\"}") > 0.0);
        first
    };
    let service = run();
    assert_eq!(service.get(path).body, first.body);
    assert_eq!(service.metric("casr_network_pixels_total"), 0.0);
    assert_eq!(service.metric("casr_cache_hits_total{cache=\"disk\"}"), 1.0);
    drop(service);

    // A damaged one is made anew.
    let files = files(kept.path());
    assert_eq!(files.len(), 1);
    let mut bytes = fs::read(&files[0]).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&files[0], bytes).unwrap();
    let service = run();
    assert_eq!(service.get(path).body, first.body);
    assert!(service.metric("casr_network_pixels_total") > 0.0);
}

#[test]
fn kept_answers_are_bounded() {
    let (images, kept) = (folder(), folder());
    image(images.path(), "a.png", 64, 64);
    // What is not the service's stays.
    fs::write(kept.path().join("notes.txt"), "a note").unwrap();
    let service = Service::of(images.path(), |settings| {
        settings.cache = Some(kept.path().to_owned());
        settings.cache_size = 20_000;
    });
    for x in 0..20 {
        service.picture(&format!("/iiif/a.png/{x},0,30,30/max/0/default.png"));
        assert!(service.metric("casr_cache_bytes{cache=\"disk\"}") <= 20_000.0);
    }
    let bytes: u64 = (files(kept.path()).iter())
        .map(|file| fs::metadata(file).unwrap().len())
        .sum();
    assert!(bytes > 5_000 && bytes <= 20_006, "{bytes}");
    assert!(kept.path().join("notes.txt").exists());
}

#[test]
fn what_has_begun_is_finished_at_the_end() {
    let folder = folder();
    image(folder.path(), "a.png", 96, 96);
    let service = Service::of(folder.path(), |_| ());
    let mut connection = service.send("GET", "/iiif/a.png/full/^300,/0/default.png", &[]);
    thread::sleep(Duration::from_millis(100));
    drop(service);
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut connection, &mut bytes).unwrap();
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn what_keeps_a_service_from_starting_is_said() {
    use casr_serve::{ServeError, Settings, serve};
    use casr_zoom::Model;
    let start = |settings| serve(Model::embedded().unwrap(), settings, |_| (), || true);
    let missing = start(Settings::new("no/such/folder")).unwrap_err();
    assert!(matches!(missing, ServeError::Folder { .. }));
    let images = folder();
    let taken = Service::of(images.path(), |_| ());
    let mut settings = Settings::new(images.path());
    settings.listen = taken.address;
    assert!(matches!(
        start(settings).unwrap_err(),
        ServeError::Listen { .. }
    ));
    let mut settings = Settings::new(images.path());
    let file = images.path().join("file");
    fs::write(&file, "").unwrap();
    settings.cache = Some(file);
    assert!(matches!(
        start(settings).unwrap_err(),
        ServeError::Cache { .. }
    ));
}

/// All files in the folders of a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_none() {
            files.push(path);
        }
    }
    files
}
