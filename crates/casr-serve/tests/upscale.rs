//! Images that others send to be enlarged.

mod support;

use casr_codec::{Depth, Header, Metadata, Resolution, Unit};
use casr_serve::UploadSettings;
use casr_zoom::{Enlarger, ImageView, Look, Model, Restoration, Strength, Target};
use std::{
    fs,
    io::{Read, Write},
    time::Duration,
};
use support::{Service, file, folder, form, greys, read, size, window, write};

const PIXELS: &str = "casr_network_pixels_total";

fn service(change: impl FnOnce(&mut casr_serve::Settings)) -> (tempfile::TempDir, Service) {
    let images = folder();
    let service = Service::of(images.path(), |settings| {
        settings.uploads = Some(UploadSettings::default());
        change(settings);
    });
    (images, service)
}

#[test]
fn the_result_is_that_of_the_library() {
    let (_images, service) = service(|_| ());
    let bytes = file("a.png", 24, 16);
    let path = "/upscale?factor=2.5&look=0.3&restore=0.2";
    let answer = service.post(path, &[], &bytes);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("image/png"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("casr-remarks"), None);
    let result = answer.picture();
    assert_eq!((size(&result), result.depth), ((60, 40), Depth::Sixteen));
    let own = folder();
    fs::write(own.path().join("a.png"), &bytes).unwrap();
    let image = read(own.path().join("a.png").as_path());
    let enlarger = Enlarger::new(Model::embedded().unwrap())
        .look(Look::Fixed(Strength::new(0.3).unwrap()))
        .restoration(Restoration::Fixed(Strength::new(0.2).unwrap()));
    let view = ImageView::rgb(24, 16, &image.pixels).unwrap();
    let expected = enlarger.enlarge(view, Target::Factor(2.5)).unwrap();
    let worst = support::difference(&result.pixels, expected.pixels());
    assert!(worst <= 0.5 / 65535.0 + 1e-6, "{worst}");
    // A form does as well.
    let (content_type, body) = form(&[("image", None, &bytes)]);
    let same = service.post(path, &[("Content-Type", &content_type)], &body);
    assert_eq!(same.body, answer.body);
}

#[test]
fn metadata_travel_along() {
    let (_images, service) = service(|_| ());
    let own = folder();
    let header = Header {
        metadata: Metadata {
            resolution: Some(Resolution {
                x: 300.0,
                y: 300.0,
                unit: Unit::Inch,
            }),
            ..Metadata::default()
        },
        ..Header::rgb(20, 12)
    };
    write(own.path(), "a.jpg", header, |x, y| {
        vec![x as f32 / 20.0, y as f32 / 12.0, 0.5]
    });
    let bytes = fs::read(own.path().join("a.jpg")).unwrap();
    let answer = service.post("/upscale?width=50", &[], &bytes);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("image/jpeg"));
    let result = answer.picture();
    assert_eq!(size(&result), (50, 30));
    let resolution = result.metadata.resolution.unwrap();
    assert!((resolution.x - 300.0).abs() < 0.01, "{resolution:?}");
    let xmp = String::from_utf8(result.metadata.xmp.unwrap()).unwrap();
    for words in [
        "algorithmicallyEnhanced",
        "enlarged 2.500 times, 20×12 to 50×30",
    ] {
        assert!(xmp.contains(words), "{xmp}");
    }
    // What the wanted format does not hold is said.
    let deep = service.post("/upscale?factor=2&format=jpg", &[], &file("a.png", 20, 12));
    assert_eq!(deep.header("content-type"), Some("image/jpeg"));
    let remarks = deep.header("casr-remarks").unwrap();
    assert!(remarks.contains("16-bit samples were rounded"), "{remarks}");
}

#[test]
fn grey_and_alpha_stay() {
    let (_images, service) = service(|_| ());
    let own = folder();
    let header = Header {
        alpha: true,
        ..greys(20, 12)
    };
    write(own.path(), "a.png", header, |x, y| {
        vec![x as f32 / 20.0, f32::from(u8::from(x + y > 14))]
    });
    let bytes = fs::read(own.path().join("a.png")).unwrap();
    let result = service.post("/upscale?height=24", &[], &bytes).picture();
    assert_eq!((size(&result), result.pixels.len()), ((40, 24), 960));
    let alpha = result.alpha.unwrap();
    assert!(alpha[0] < 0.05 && alpha[959] > 0.95);
    // Those of the same size stay as they are, unless something is to be restored.
    let same = service.post("/upscale?factor=1", &[], &bytes).picture();
    let image = read(own.path().join("a.png").as_path());
    // But for colours that do not show.
    let shows = |(index, _): &(usize, &f32)| image.alpha.as_ref().unwrap()[*index] > 0.0;
    let seen = |pixels: &[f32]| -> Vec<f32> {
        let pixels = pixels.iter().enumerate().filter(shows);
        pixels.map(|(_, value)| *value).collect()
    };
    assert_eq!(seen(&same.pixels), seen(&image.pixels));
    assert_eq!(same.alpha, image.alpha);
    assert_eq!(
        service
            .post("/upscale?factor=2&format=jpg", &[], &bytes)
            .status,
        400
    );
    let webp = service.post("/upscale?factor=2&format=webp", &[], &bytes);
    assert_eq!(webp.header("content-type"), Some("image/webp"));
    let rounded = file("a.png", 20, 12);
    let restored = service
        .post("/upscale?factor=1&restore=1", &[], &rounded)
        .picture();
    let kept = service
        .post("/upscale?factor=1&restore=0", &[], &rounded)
        .picture();
    assert_eq!(size(&restored), size(&kept));
    assert_ne!(window(&restored, 0, 0, 20, 12), window(&kept, 0, 0, 20, 12));
}

#[test]
fn what_does_not_make_sense_is_said() {
    let (_images, service) = service(|settings| {
        settings.max_factor = 16.0;
        settings.max_area = 512 * 512;
        if let Some(uploads) = &mut settings.uploads {
            uploads.max_pixels = 10_000;
        }
    });
    let bytes = file("a.png", 60, 40);
    for (query, words) in [
        ("", "say how large"),
        ("?factor=2&width=100", "say how large"),
        ("?factor=0.5", "number from 1 up"),
        ("?factor=x", "factor \"x\""),
        ("?factor=nan", "number from 1 up"),
        ("?factor=inf", ""),
        ("?factor=17", "factors go up to 16"),
        ("?factor=12", "beyond the limit of 262144 pixels"),
        ("?width=59", "only enlarges"),
        ("?width=-4", "width \"-4\""),
        ("?width=99999999999999999999", "width"),
        ("?factor=2&look=lively", "look \"lively\""),
        ("?factor=2&restore=2", "restore \"2\""),
        ("?factor=2&format=gif", "format \"gif\""),
        ("?factor=2&colour=red", "no parameter \"colour\""),
        ("?factor=2&factor=3", "factor is there twice"),
        ("?factor=%ff", "not UTF-8"),
    ] {
        let answer = service.post(&format!("/upscale{query}"), &[], &bytes);
        let text = answer.text();
        assert_eq!(answer.status, 400, "{query}: {text}");
        assert!(text.contains(words), "{query}: {text}");
    }
    let cut = &bytes[..bytes.len() - 20];
    let large = file("a.png", 120, 90);
    for (body, status) in [(&b"words"[..], 415), (b"", 422), (cut, 422), (&large, 413)] {
        let answer = service.post("/upscale?factor=2", &[], body);
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    assert_eq!(service.get("/upscale?factor=2").status, 405);
    assert_eq!(service.metric(PIXELS), 0.0);
}

#[test]
fn work_ends_when_its_client_has_gone() {
    let (_images, service) = service(|settings| settings.workers = 1);
    let bytes = file("a.png", 200, 200);
    let mut stream = service.begin_post("/upscale?factor=20", &[], bytes.len());
    stream.write_all(&bytes).unwrap();
    service.until("work begins", |service| service.metric(PIXELS) > 0.0);
    drop(stream);
    let gone = "casr_requests_total{route=\"upscale\",status=\"499\"}";
    service.until("the request is over", |service| service.metric(gone) == 1.0);
    let ended = "casr_work_seconds_count{lane=\"heavy\"}";
    service.until("the work is over", |service| service.metric(ended) == 1.0);
    // The whole would be 16 million pixels of the result, four million of the level below.
    assert!(service.metric(PIXELS) < 3e6);
}

#[test]
fn work_is_bounded_in_time_and_number() {
    let (_images, service) = service(|settings| {
        settings.deadline = Duration::from_secs(4);
        settings.workers = 1;
        if let Some(uploads) = &mut settings.uploads {
            uploads.at_once = 1;
        }
    });
    let bytes = file("a.png", 200, 200);
    let mut stream = service.begin_post("/upscale?factor=20", &[], bytes.len());
    stream.write_all(&bytes).unwrap();
    service.until("work begins", |service| service.metric(PIXELS) > 0.0);
    let second = service.post("/upscale?factor=2", &[], &bytes);
    assert_eq!(second.status, 503, "{}", second.text());
    assert!(second.text().contains("too many requests"));
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("enlarge by less"), "{answer}");
    // Its place is free again.
    service.until("there is a place", |service| {
        service.post("/upscale?factor=1", &[], &bytes).status == 200
    });
}

#[test]
fn a_result_comes_while_it_is_made() {
    let (_images, service) = service(|_| ());
    let bytes = file("a.png", 300, 300);
    let path = "/upscale?factor=6";
    let mut stream = service.begin_post(path, &[], bytes.len());
    stream.write_all(&bytes).unwrap();
    let mut first = [0; 4096];
    stream.read_exact(&mut first).unwrap();
    let first = String::from_utf8_lossy(&first);
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    assert!(first.contains("transfer-encoding: chunked"), "{first}");
    let ended = "casr_work_seconds_count{lane=\"heavy\"}";
    assert_eq!(service.metric(ended), 0.0);
    drop(stream);
    service.until("the work is over", |service| service.metric(ended) == 1.0);
    // The whole would be 1.9 million: 300², 600² and 1,200² of three steps, and what overlaps.
    assert!(service.metric(PIXELS) < 1.5e6, "{}", service.metric(PIXELS));
}

#[test]
fn equal_work_is_done_once() {
    let (_images, service) = service(|_| ());
    let bytes = file("a.png", 64, 64);
    let path = "/upscale?factor=4";
    let alone = service.post(path, &[], &bytes);
    let once = service.metric(PIXELS);
    let bodies: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let ask = || scope.spawn(|| service.post(path, &[], &bytes).body);
        let asked: Vec<_> = (0..4).map(|_| ask()).collect();
        asked.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(bodies.iter().all(|body| *body == alone.body));
    let shared = service.metric("casr_shared_total");
    assert!(shared > 0.0);
    assert_eq!(service.metric(PIXELS), once * (5.0 - shared));
}
