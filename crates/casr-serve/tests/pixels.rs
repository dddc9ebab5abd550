//! The pixels of answers: those of the pyramid, without seams, with the colours and the alpha of
//! the image.

mod support;

use casr_codec::{Colour, Depth, Header};
use casr_zoom::{Enlarger, ImageView, Look, Model, Rectangle, ScalePlan, Size, Strength, Target};
use support::{Service, difference, folder, greys, image, read, size, window, write};

/// A step of 8 bits.
const CODE: f32 = 1.0 / 255.0;

#[test]
fn an_answer_is_a_window_of_the_pyramid() {
    let folder = folder();
    image(folder.path(), "a.png", 40, 30);
    let service = Service::of(folder.path(), |settings| settings.look = Strength::HALF);
    let picture = read(&folder.path().join("a.png"));
    let view = ImageView::rgb(40, 30, &picture.pixels).unwrap();
    let original = Size {
        width: 40,
        height: 30,
    };
    let plan = ScalePlan::doubling(original, Target::Factor(64.0)).unwrap();
    let enlarger = Enlarger::new(Model::embedded().unwrap()).look(Look::BALANCED);
    let pyramid = enlarger.pyramid(view, &plan).unwrap();
    let place = Rectangle {
        x: 33,
        y: 50,
        width: 70,
        height: 60,
    };
    let expected = pyramid.samples(3, place).unwrap();
    let path = "/iiif/a.png~8/33,50,70,60/max/0/default.png";
    let found = service.picture(path);
    assert_eq!(found.depth, Depth::Sixteen);
    let samples = found
        .pixels
        .iter()
        .map(|value| (value * 65_535.0).round() as u16);
    assert!(samples.eq(expected));
    // The same pixels of the image at another scale, and of the image itself.
    let other = service.picture("/iiif/a.png~16/66,100,140,120/70,60/0/default.png");
    assert_eq!(other.pixels, found.pixels);
    let zoomed = service.picture("/iiif/a.png/0,0,20,15/^160,120/0/default.png");
    let same = service.picture("/iiif/a.png~8/0,0,160,120/max/0/default.png");
    assert_eq!(zoomed.pixels, same.pixels);
    let own = service.picture("/iiif/a.png/full/max/0/default.png");
    assert_eq!(own.pixels, picture.pixels);
}

#[test]
fn neighbouring_tiles_are_one_larger_answer() {
    let folder = folder();
    image(folder.path(), "large.png", 256, 192);
    image(folder.path(), "small.png", 32, 24);
    let service = Service::of(folder.path(), |_| ());
    // Shrunk by whole numbers, as it is, and enlarged by powers of two: the same bits. By other
    // numbers, positions are rounded.
    for (name, (width, height), shrink, most) in [
        ("large.png", (256, 192), 1, 0.0),
        ("large.png", (256, 192), 2, 0.0),
        ("large.png", (256, 192), 8, 0.0),
        ("small.png~8", (256, 192), 1, 0.0),
        ("small.png~16", (512, 384), 4, 0.0),
        ("small.png~6", (192, 144), 1, CODE),
        ("small.png~12", (384, 288), 2, CODE),
    ] {
        let size = (width / shrink, height / shrink);
        let path = format!("/iiif/{name}/full/{},{}/0/default.png", size.0, size.1);
        let whole = service.picture(&path);
        for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (across, down) = (width / 2, height / 2);
            let (x, y) = (column * across, row * down);
            let (w, h) = (size.0 / 2, size.1 / 2);
            let path = format!("/iiif/{name}/{x},{y},{across},{down}/{w},{h}/0/default.png");
            let tile = service.picture(&path);
            let expected = window(&whole, column * w, row * h, w, h);
            let found = difference(&tile.pixels, &expected);
            assert!(found <= most, "{path}: {found}");
        }
    }
}

#[test]
fn shrinking_keeps_the_mean() {
    let folder = folder();
    let header = Header::rgb(90, 60);
    write(folder.path(), "a.png", header, |x, y| {
        let on = f32::from(u8::from((x + y) % 2 == 0));
        vec![on, 0.25, 1.0 - on]
    });
    let service = Service::of(folder.path(), |_| ());
    for size in ["45,30", "30,20", "7,5", "!10,10"] {
        let path = format!("/iiif/a.png/full/{size}/0/default.png");
        for pixel in service.picture(&path).pixels.chunks(3) {
            let expected = [0.5, 0.25, 0.5];
            assert!(difference(pixel, &expected) < 0.08, "{size}: {pixel:?}");
        }
    }
}

#[test]
fn greys_stay_grey() {
    let folder = folder();
    write(folder.path(), "a.png", greys(20, 10), |x, y| {
        vec![(x + y) as f32 / 30.0]
    });
    let service = Service::of(folder.path(), |_| ());
    for path in ["full/max/0/default.png", "full/^40,/0/color.png"] {
        let picture = service.picture(&format!("/iiif/a.png/{path}"));
        assert_eq!(picture.colour, Colour::Grey, "{path}");
    }
    let info = service.get("/iiif/a.png/info.json").json();
    assert_eq!(
        info["extraQualities"],
        serde_json::json!(["gray", "bitonal"])
    );
}

#[test]
fn alpha_is_kept_or_laid_on_white() {
    let folder = folder();
    let header = Header {
        alpha: true,
        ..Header::rgb(24, 16)
    };
    // Red on the left, and nothing, black, on the right.
    write(folder.path(), "a.png", header.clone(), |x, _| {
        match x < 12 {
            true => vec![1.0, 0.0, 0.0, 1.0],
            false => vec![0.0; 4],
        }
    });
    write(folder.path(), "glass.png", header, |_, _| {
        vec![0.0, 0.0, 1.0, 0.5]
    });
    let service = Service::of(folder.path(), |_| ());
    for size in ["max", "12,", "^48,"] {
        for format in ["png", "webp", "tif"] {
            let picture = service.picture(&format!("/iiif/a.png/full/{size}/0/default.{format}"));
            let alpha = picture.alpha.as_ref().expect(format);
            assert!(
                alpha[0] > 0.99 && alpha[picture.width - 1] < 0.01,
                "{size} {format}"
            );
        }
        let picture = service.picture(&format!("/iiif/a.png/full/{size}/0/default.jpg"));
        assert!(picture.alpha.is_none());
        let corner = |x: usize| window(&picture, x, 0, 1, 1);
        assert!(difference(&corner(0), &[1.0, 0.0, 0.0]) < 0.02, "{size}");
        assert!(
            difference(&corner(picture.width - 1), &[1.0; 3]) < 0.02,
            "{size}"
        );
        // No dark fringe between them.
        let line = window(&picture, 0, 8.min(picture.height - 1), picture.width, 1);
        assert!(
            line.chunks(3).all(|pixel| pixel[0] > 0.95),
            "{size}: {line:?}"
        );
    }
    let glass = service.picture("/iiif/glass.png/full/max/0/default.png");
    assert!(
        glass
            .alpha
            .unwrap()
            .iter()
            .all(|alpha| (alpha - 0.5).abs() < CODE)
    );
    let white = service.picture("/iiif/glass.png/full/max/0/default.jpg");
    assert!(difference(&window(&white, 5, 5, 1, 1), &[0.5, 0.5, 1.0]) < 0.02);
}

#[test]
fn profiles_are_kept_and_descriptions_are_not() {
    let folder = folder();
    let mut header = Header::rgb(8, 8);
    // The head of a profile is all that formats look at.
    let mut profile = vec![0; 132];
    profile[..4].copy_from_slice(&132_u32.to_be_bytes());
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    header.metadata.icc = Some(profile.clone());
    header.metadata.comments = vec![b"taken at home".to_vec()];
    write(folder.path(), "a.jpg", header, |_, _| vec![0.5, 0.25, 0.75]);
    let service = Service::of(folder.path(), |_| ());
    for format in ["jpg", "png", "webp", "tif"] {
        let picture = service.picture(&format!("/iiif/a.jpg/full/max/0/default.{format}"));
        assert_eq!(picture.metadata.icc.as_ref(), Some(&profile), "{format}");
        assert!(picture.metadata.comments.is_empty(), "{format}");
    }
    // Not beside greys, whose profile it is not.
    let picture = service.picture("/iiif/a.jpg/full/max/0/gray.png");
    assert_eq!(picture.metadata.icc, None);
}

#[test]
fn deep_zoom_has_the_tiles_of_the_same_image() {
    let folder = folder();
    image(folder.path(), "sub/a.png", 40, 30);
    let service = Service::of(folder.path(), |_| ());
    let answer = service.get("/dzi/sub%2Fa.png~16.dzi");
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    let text = answer.text();
    for part in [
        "Width=\"640\"",
        "Height=\"480\"",
        "TileSize=\"254\"",
        "Overlap=\"1\"",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // 640 pixels are between 2⁹ and 2¹⁰.
    let tile = |level: usize, name: &str| {
        service.picture(&format!("/dzi/sub%2Fa.png~16_files/{level}/{name}.png"))
    };
    let whole = service.picture("/iiif/sub%2Fa.png~16/full/max/0/default.png");
    for (name, x, y, width, height) in [
        ("0_0", 0, 0, 255, 255),
        ("1_0", 253, 0, 256, 255),
        ("2_1", 507, 253, 133, 227),
    ] {
        let found = tile(10, name);
        assert_eq!(size(&found), (width, height), "{name}");
        assert_eq!(found.pixels, window(&whole, x, y, width, height), "{name}");
    }
    assert_eq!(size(&tile(9, "1_0")), (67, 240));
    assert_eq!(size(&tile(0, "0_0")), (1, 1));
    for missing in [
        "11/0_0.jpg",
        "10/3_0.jpg",
        "10/0_2.jpg",
        "10/0_0.gif",
        "10/a_0.jpg",
        "x/0_0.jpg",
    ] {
        let answer = service.get(&format!("/dzi/sub%2Fa.png~16_files/{missing}"));
        assert_eq!(answer.status, 404, "{missing}");
    }
    assert_eq!(service.get("/dzi/b.png.dzi").status, 404);
}

#[test]
fn tiny_and_long_images() {
    let folder = folder();
    for (name, width, height) in [
        ("dot.png", 1, 1),
        ("line.png", 300, 1),
        ("pole.png", 2, 200),
    ] {
        image(folder.path(), name, width, height);
        let info = read(&folder.path().join(name));
        assert_eq!(size(&info), (width, height));
    }
    let service = Service::of(folder.path(), |_| ());
    for path in [
        "dot.png/full/^64,64/0/default.png",
        "dot.png~64/full/max/90/default.jpg",
        "dot.png~64/63,63,1,1/max/0/default.png",
        "line.png/full/!10,10/0/default.png",
        "line.png/full/7,1/0/default.png",
        "line.png~2/full/max/0/default.png",
        "pole.png/full/1,199/0/default.png",
        "pole.png/full/^3,200/0/default.png",
        "pole.png/square/^max/0/default.png",
    ] {
        service.picture(&format!("/iiif/{path}"));
    }
    for name in ["dot.png", "line.png", "pole.png"] {
        let info = service.get(&format!("/iiif/{name}~64/info.json"));
        assert_eq!(info.status, 200);
        assert_eq!(
            service.get(&format!("/dzi/{name}_files/0/0_0.jpg")).status,
            200
        );
    }
}
