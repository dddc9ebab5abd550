//! The IIIF Image API 3.0 (<https://iiif.io/api/image/3.0/>), section by section.

mod support;

use casr_codec::Colour;
use support::{Service, folder, image, size};

/// A service of one image of 60 × 40 pixels.
fn service() -> (tempfile::TempDir, Service) {
    let folder = folder();
    image(folder.path(), "a.png", 60, 40);
    let service = Service::of(folder.path(), |settings| {
        settings.max_area = 1 << 18;
    });
    (folder, service)
}

#[test]
fn regions() {
    let (_folder, service) = service();
    for (region, expected) in [
        ("full", (60, 40)),
        ("square", (40, 40)),
        ("10,20,30,15", (30, 15)),
        ("50,30,100,100", (10, 10)),
        ("pct:50,25,25,50", (15, 20)),
        ("pct:0,0,100,12.5", (60, 5)),
        ("0,0,99999999999999,1", (60, 1)),
    ] {
        let path = format!("/iiif/a.png/{region}/max/0/default.png");
        assert_eq!(size(&service.picture(&path)), expected, "{region}");
    }
    for region in [
        "60,0,1,1",
        "0,0,0,5",
        "0,0,5,0",
        "pct:0,0,0,10",
        "pct:100,0,10,10",
        "1,2,3",
        "1,2,3,4,5",
        "-1,0,5,5",
        "+1,0,5,5",
        "1.5,0,5,5",
        "pct:1e1,0,5,5",
        "pct:,,,",
        ",,,",
        "FULL",
        "",
        "0,0,999999999999999999999999,1",
    ] {
        let answer = service.get(&format!("/iiif/a.png/{region}/max/0/default.png"));
        assert_eq!(answer.status, 400, "{region}: {}", answer.text());
    }
}

#[test]
fn sizes() {
    let (_folder, service) = service();
    for (asked, expected) in [
        ("max", (60, 40)),
        ("30,", (30, 20)),
        (",10", (15, 10)),
        ("pct:50", (30, 20)),
        ("pct:1", (1, 0)),
        ("60,10", (60, 10)),
        ("!30,30", (30, 20)),
        ("!20,10", (15, 10)),
        ("^30,", (30, 20)),
        ("^120,", (120, 80)),
        ("^,60", (90, 60)),
        ("^pct:150", (90, 60)),
        ("^60,80", (60, 80)),
        ("^!90,90", (90, 60)),
    ] {
        let path = format!("/iiif/a.png/full/{asked}/0/default.png");
        if expected.1 == 0 {
            // Less than a pixel.
            assert_eq!(service.get(&path).status, 400, "{asked}");
        } else {
            assert_eq!(size(&service.picture(&path)), expected, "{asked}");
        }
    }
    for asked in [
        "", "max,", "0,0", "0,", "!0,5", "^", "5", "full", "1e2,", "-5,", "!5,", "5,5,5",
    ] {
        let answer = service.get(&format!("/iiif/a.png/full/{asked}/0/default.png"));
        assert_eq!(answer.status, 400, "{asked}: {}", answer.text());
    }
}

#[test]
fn enlarging_wants_a_caret() {
    let (_folder, service) = service();
    for asked in ["61,", ",41", "pct:101", "61,40", "60,41"] {
        let answer = service.get(&format!("/iiif/a.png/full/{asked}/0/default.png"));
        assert_eq!(answer.status, 400, "{asked}");
        assert!(answer.text().contains('^'), "{asked}: {}", answer.text());
    }
}

/// "The returned image MUST be as large as possible but not larger than the extracted region": no
/// error, though both validators want one.
#[test]
fn a_confined_size_is_the_regions_at_most() {
    let (_folder, service) = service();
    let picture = service.picture("/iiif/a.png/full/!2000,3000/0/default.png");
    assert_eq!(size(&picture), (60, 40));
}

/// "The extracted region is scaled to the maximum size permitted by maxWidth, maxHeight, or
/// maxArea", though both validators want the size of the region.
#[test]
fn the_largest_size_is_bounded_by_the_limits_alone() {
    let (_folder, service) = service();
    let answer = service.ask("HEAD", "/iiif/a.png/full/^max/0/default.png", &[]);
    assert_eq!(answer.status, 200);
    assert!(answer.header("link").unwrap().contains("/full/^max/0/"));
    let (width, height) = (627, 418);
    assert!(width * height <= 1 << 18 && (width + 1) * (height + 1) > 1 << 18);
    let same = format!("/iiif/a.png/full/^{width},{height}/0/default.png");
    let same = service.ask("HEAD", &same, &[]);
    assert_eq!(answer.header("etag"), same.header("etag"));
}

#[test]
fn limits_are_named_and_those_of_the_information() {
    let (_folder, service) = service();
    let info = service.get("/iiif/a.png/info.json").json();
    assert_eq!(info["maxArea"], 1 << 18);
    assert_eq!(info["maxWidth"], 60 * 64);
    assert_eq!(info["maxHeight"], 40 * 64);
    for (asked, limit) in [
        ("full/^3841,1", "maxWidth is 3840"),
        ("full/^1,2561", "maxHeight is 2560"),
        ("full/^1000,", "maxArea is 262144"),
        ("0,0,2,2/^200,", "128×128"),
        ("full/^99999999999999999999,", "not understood"),
    ] {
        let answer = service.get(&format!("/iiif/a.png/{asked}/0/default.png"));
        assert_eq!(answer.status, 400, "{asked}");
        assert!(answer.text().contains(limit), "{asked}: {}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
    // Two rows of the image, and of each the most pixels: the level is 64 times as wide and high.
    let uneven = service.get("/iiif/a.png~64/full/3840,68/0/default.png");
    assert_eq!(uneven.status, 400);
    assert!(uneven.text().contains("unevenly"), "{}", uneven.text());
}

#[test]
fn rotations() {
    let (_folder, service) = service();
    let path = |rotation: &str| format!("/iiif/a.png/full/max/{rotation}/default.png");
    let upright = service.picture(&path("0"));
    let pixel = |picture: &support::Seen, x: usize, y: usize| support::window(picture, x, y, 1, 1);
    for (rotation, expected, place) in [
        ("90", (40, 60), (39, 0)),
        ("180", (60, 40), (59, 39)),
        ("270", (40, 60), (0, 59)),
        ("360", (60, 40), (0, 0)),
        ("!0", (60, 40), (59, 0)),
        ("!90", (40, 60), (39, 59)),
        ("!180", (60, 40), (0, 39)),
        ("90.0", (40, 60), (39, 0)),
    ] {
        let picture = service.picture(&path(rotation));
        assert_eq!(size(&picture), expected, "{rotation}");
        // Where the upper left pixel went.
        let found = pixel(&picture, place.0, place.1);
        assert_eq!(found, pixel(&upright, 0, 0), "{rotation}");
    }
    for (rotation, status) in [
        ("22.5", 501),
        ("361", 400),
        ("-90", 400),
        ("!", 400),
        ("a", 400),
    ] {
        assert_eq!(service.get(&path(rotation)).status, status, "{rotation}");
    }
}

#[test]
fn qualities_and_formats() {
    let (_folder, service) = service();
    let path = |last: &str| format!("/iiif/a.png/full/30,/0/{last}");
    for (format, content_type) in [
        ("jpg", "image/jpeg"),
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("tif", "image/tiff"),
    ] {
        let answer = service.get(&path(&format!("default.{format}")));
        assert_eq!(answer.header("content-type"), Some(content_type));
        assert_eq!(size(&answer.picture()), (30, 20), "{format}");
    }
    assert_eq!(service.picture(&path("color.png")).colour, Colour::Rgb);
    assert_eq!(service.picture(&path("gray.png")).colour, Colour::Grey);
    let bitonal = service.picture(&path("bitonal.png"));
    assert!(
        bitonal
            .pixels
            .iter()
            .all(|value| [0.0, 1.0].contains(value))
    );
    assert!(bitonal.pixels.contains(&0.0) && bitonal.pixels.contains(&1.0));
    for last in [
        "grey.png",
        "default.gif",
        "default",
        "default.jp2",
        ".png",
        "default.",
    ] {
        assert_eq!(service.get(&path(last)).status, 400, "{last}");
    }
}

#[test]
fn canonical_links() {
    let (_folder, service) = service();
    for (asked, canonical) in [
        ("full/max/0/default.png", "full/max/0/default.png"),
        ("0,0,60,40/60,/0/color.png", "full/max/0/default.png"),
        (
            "pct:0,0,50,50/15,/360/gray.jpg",
            "0,0,30,20/15,10/0/gray.jpg",
        ),
        (
            "square/^80,/!90.0/default.png",
            "10,0,40,40/^80,80/!90/default.png",
        ),
        ("full/!60,60/0/default.png", "full/max/0/default.png"),
        ("full/^60,/0/default.png", "full/max/0/default.png"),
    ] {
        let answer = service.ask("HEAD", &format!("/iiif/a.png/{asked}"), &[]);
        let expected = format!(
            "<http://images.test/iiif/a.png/{canonical}>;rel=\"canonical\", <http://iiif.io/api/image/3/level2.json>;rel=\"profile\""
        );
        assert_eq!(answer.header("link"), Some(&*expected), "{asked}");
        // The same image is the same version.
        let same = service.ask("HEAD", &format!("/iiif/a.png/{canonical}"), &[]);
        assert_eq!(answer.header("etag"), same.header("etag"));
    }
}

#[test]
fn information() {
    let (_folder, service) = service();
    let answer = service.get("/iiif/a.png~6.5~faithful/info.json");
    let info = answer.json();
    assert_eq!(info["id"], "http://images.test/iiif/a.png~6.5~faithful");
    assert_eq!(info["type"], "ImageService3");
    assert_eq!(info["profile"], "level2");
    assert_eq!(
        (&info["width"], &info["height"]),
        (&390.into(), &260.into())
    );
    assert_eq!(info["tiles"][0]["scaleFactors"], serde_json::json!([1]));
    let features = info["extraFeatures"].as_array().unwrap();
    assert!(features.contains(&"sizeUpscaling".into()));
    // What it promises is there.
    for size in info["sizes"].as_array().unwrap() {
        let path = format!(
            "/iiif/a.png~6.5~faithful/full/{},{}/0/default.jpg",
            size["width"], size["height"]
        );
        assert_eq!(service.ask("HEAD", &path, &[]).status, 200, "{path}");
    }
    let large = service.get("/iiif/a.png~64/info.json").json();
    assert_eq!(
        large["tiles"][0]["scaleFactors"],
        serde_json::json!([1, 2, 4, 8])
    );
}

#[test]
fn media_types_of_information_are_negotiated() {
    let (_folder, service) = service();
    let linked = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"";
    for (accept, expected) in [
        (None, linked),
        (Some("*/*"), linked),
        (Some("text/html, application/ld+json"), linked),
        (
            Some("application/ld+json;q=0.5, application/json;q=0.9"),
            "application/json",
        ),
        (Some("application/json;q=0.1, application/ld+json"), linked),
        (Some("application/json"), "application/json"),
    ] {
        let headers: Vec<_> = accept
            .map(|accept| ("Accept", accept))
            .into_iter()
            .collect();
        let answer = service.ask("GET", "/iiif/a.png/info.json", &headers);
        assert_eq!(answer.header("content-type"), Some(expected), "{accept:?}");
        assert_eq!(answer.header("vary"), Some("accept"));
    }
}

#[test]
fn the_base_uri_leads_to_the_information() {
    let (_folder, service) = service();
    let answer = service.get("/iiif/a.png~16");
    assert_eq!(answer.status, 303);
    let expected = "http://images.test/iiif/a.png~16/info.json";
    assert_eq!(answer.header("location"), Some(expected));
    let forwarded = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "zoom.test:8443"),
    ];
    let answer = service.ask("GET", "/iiif/a.png", &forwarded);
    let expected = "https://zoom.test:8443/iiif/a.png/info.json";
    assert_eq!(answer.header("location"), Some(expected));
    assert_eq!(service.get("/iiif/b.png").status, 404);
}

#[test]
fn answers_may_be_used_by_other_sites() {
    let (_folder, service) = service();
    for path in [
        "/iiif/a.png/info.json",
        "/iiif/a.png/full/max/0/default.png",
        "/iiif/x",
    ] {
        let answer = service.get(path);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
    let headers = [
        ("Origin", "http://viewer.test"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "accept"),
    ];
    let answer = service.ask("OPTIONS", "/iiif/a.png/info.json", &headers);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        service.ask("POST", "/iiif/a.png/info.json", &[]).status,
        405
    );
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let (_folder, service) = service();
    for path in [
        "/iiif/a.png/info.json",
        "/iiif/a.png/full/max/0/default.png",
        "/",
        "/dzi/a.png.dzi",
    ] {
        let answer = service.get(path);
        let tag = answer.header("etag").unwrap();
        assert!(tag.starts_with('"'), "{path}: strong");
        for sent in [tag, "*", &format!("\"other\", W/{tag}")] {
            let again = service.ask("GET", path, &[("If-None-Match", sent)]);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            assert_eq!(again.header("etag"), Some(tag));
        }
        let other = service.ask("GET", path, &[("If-None-Match", "\"other\"")]);
        assert_eq!(other.body, answer.body);
        let head = service.ask("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), Some(tag));
        assert_eq!(head.header("content-type"), answer.header("content-type"));
    }
}
