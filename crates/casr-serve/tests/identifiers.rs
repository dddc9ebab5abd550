//! What identifiers lead to: images below the folder, and nothing else.

mod support;

use std::fs;
use support::{Service, folder, image, size};

#[test]
fn folders_and_letters_are_written_out() {
    let folder = folder();
    for name in [
        "a b.png",
        "sub/dog.png",
        "sub/deep/ü 100%.png",
        "a?b#c.png",
        "x~y.png",
    ] {
        image(folder.path(), name, 6, 4);
    }
    let service = Service::of(folder.path(), |_| ());
    for identifier in [
        "a%20b.png",
        "sub%2Fdog.png",
        "sub%2fdog.png",
        "sub%2Fdeep%2F%C3%BC%20100%25.png",
        "a%3Fb%23c.png",
        "x~y.png",
        "x%7Ey.png",
        "%61%20b.png",
    ] {
        let answer = service.get(&format!("/iiif/{identifier}/info.json"));
        assert_eq!(answer.status, 200, "{identifier}: {}", answer.text());
    }
    // Slashes that are not written out part the path.
    assert_eq!(service.get("/iiif/sub/dog.png/info.json").status, 404);
    // What is written out twice is another name.
    assert_eq!(service.get("/iiif/sub%252Fdog.png/info.json").status, 404);
}

#[test]
fn nothing_outside_of_the_folder_is_served() {
    let around = folder();
    let inside = around.path().join("images");
    image(around.path(), "secret.png", 6, 4);
    image(around.path(), "elsewhere/secret.png", 6, 4);
    image(&inside, "a.png", 6, 4);
    image(&inside, ".hidden.png", 6, 4);
    image(&inside, ".git/a.png", 6, 4);
    fs::write(inside.join("notes.txt"), "a note").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink("../secret.png", inside.join("out.png")).unwrap();
        symlink("../elsewhere", inside.join("out")).unwrap();
        symlink(".hidden.png", inside.join("shown.png")).unwrap();
        symlink("a.png", inside.join("linked.png")).unwrap();
        symlink("loop.png", inside.join("loop.png")).unwrap();
    }
    let service = Service::of(&inside, |_| ());
    let secret = around.path().join("secret.png");
    let absolute = secret.to_str().unwrap().replace('/', "%2F");
    for identifier in [
        "..%2Fsecret.png",
        "%2e%2e%2Fsecret.png",
        "%2E%2E%2fsecret.png",
        "a.png%2F..%2F..%2Fsecret.png",
        ".%2F..%2Fsecret.png",
        ".%2Fa.png",
        "%2Fa.png",
        "a.png%2F",
        "..%5Csecret.png",
        "..%252Fsecret.png",
        "%c0%ae%c0%ae%2Fsecret.png",
        "a.png%00",
        "a.png%00.png",
        ".hidden.png",
        ".git%2Fa.png",
        "out.png",
        "out%2Fsecret.png",
        "shown.png",
        "loop.png",
        "notes.txt",
        "",
        ".",
        "..",
        "...",
        &absolute,
        "a.png~",
        "a.png~0.5",
        "a.png~-2",
        "a.png~2~loud",
        "a.png~NaN",
        "a.png~inf",
        "..%2Fsecret.png~2",
    ] {
        for rest in ["info.json", "full/max/0/default.png"] {
            let answer = service.get(&format!("/iiif/{identifier}/{rest}"));
            let refused = [400, 404].contains(&answer.status);
            assert!(refused, "{identifier}: {}", answer.status);
            let told = answer.text().contains(around.path().to_str().unwrap());
            assert!(!told || identifier == absolute, "{}", answer.text());
        }
    }
    for path in [
        "/iiif/../secret.png/info.json",
        "/../secret.png",
        "/viewer/../Cargo.toml",
    ] {
        assert_eq!(service.get(path).status, 404, "{path}");
    }
    if cfg!(unix) {
        assert_eq!(service.get("/iiif/linked.png/info.json").status, 200);
    }
    assert_eq!(service.get("/iiif/a.png/info.json").status, 200);
}

#[test]
fn virtual_identifiers_are_enlarged() {
    let folder = folder();
    image(folder.path(), "a.png", 6, 4);
    let service = Service::of(folder.path(), |settings| settings.max_factor = 20.0);
    for (identifier, expected) in [
        ("a.png", (6, 4)),
        ("a.png~1", (6, 4)),
        ("a.png~2.5", (15, 10)),
        ("a.png~20~vivid", (120, 80)),
        ("a.png~3~0.25", (18, 12)),
    ] {
        let info = service.get(&format!("/iiif/{identifier}/info.json")).json();
        let stated = (info["width"].as_u64(), info["height"].as_u64());
        assert_eq!(stated, (Some(expected.0), Some(expected.1)), "{identifier}");
        let path = format!("/iiif/{identifier}/full/max/0/default.png");
        let (width, height) = size(&service.picture(&path));
        assert_eq!((width as u64, height as u64), expected, "{identifier}");
    }
    let answer = service.get("/iiif/a.png~21/info.json");
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("up to 20"), "{}", answer.text());
    // Whoever zooms into an enlargement gets no farther.
    let path = |size: &str| format!("/iiif/a.png~10/full/{size}/0/default.png");
    assert_eq!(service.ask("HEAD", &path("^120,"), &[]).status, 200);
    assert_eq!(service.ask("HEAD", &path("^121,"), &[]).status, 400);
}

#[test]
fn a_files_own_name_comes_first() {
    let folder = folder();
    image(folder.path(), "a.png", 6, 4);
    fs::rename(folder.path().join("a.png"), folder.path().join("a")).unwrap();
    fs::copy(folder.path().join("a"), folder.path().join("a~2")).unwrap();
    let service = Service::of(folder.path(), |_| ());
    let width = |identifier: &str| {
        let info = service.get(&format!("/iiif/{identifier}/info.json")).json();
        info["width"].as_u64().unwrap()
    };
    assert_eq!(width("a~2"), 6);
    assert_eq!(width("a~3"), 18);
    assert_eq!(width("a~2~3"), 18);
    // A file `a~2` is nearer than a look of `a`.
    assert_eq!(width("a~2~1"), 6);
    assert_eq!(width("a~4~1"), 24);
}

#[test]
fn looks_differ_and_have_their_versions() {
    let folder = folder();
    image(folder.path(), "a.png", 24, 16);
    let service = Service::of(folder.path(), |_| ());
    let ask = |look: &str| service.get(&format!("/iiif/a.png~4~{look}/full/max/0/default.png"));
    let (faithful, vivid, number) = (ask("faithful"), ask("vivid"), ask("1"));
    assert_ne!(faithful.body, vivid.body);
    assert_ne!(faithful.header("etag"), vivid.header("etag"));
    assert_eq!(number.header("etag"), vivid.header("etag"));
    let default = service.get("/iiif/a.png~4/full/max/0/default.png");
    assert_eq!(default.body, vivid.body);
}
