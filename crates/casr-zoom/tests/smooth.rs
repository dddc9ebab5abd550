//! Tiles that are interpolated alone: few of them, by less than half a code value, and never of
//! other networks than the one that was measured.

mod support;

use casr_zoom::{Enlarger, Image, ImageView, Look, Model, Restoration, Strength, Target};
use support::{SMALL, model};

/// A sky: a gradient, with a wall below.
fn landscape() -> Image {
    let (width, height) = (96, 96);
    let pixel = |index: usize| {
        let (row, column) = (index / width, index % width);
        if row < 64 {
            let sky = 0.5 + row as f32 / 1000.0;
            [sky - 0.2, sky, sky + 0.2]
        } else {
            let stone = ((row / 3 * 7 + column / 5 * 13) % 11) as f32 / 11.0;
            [stone, 0.8 * stone, 0.6 * stone]
        }
    };
    let pixels: Vec<f32> = (0..width * height).flat_map(pixel).collect();
    Image::new(width, height, pixels).unwrap()
}

#[test]
fn smooth_tiles_differ_by_less_than_half_a_code_value() {
    let image = landscape();
    for look in [0.0, 0.5, 1.0] {
        let enlarger = Enlarger::new(Model::embedded().unwrap())
            .tile(48)
            .restoration(Restoration::Fixed(Strength::NONE))
            .look(Look::Fixed(Strength::new(look).unwrap()));
        let plan = enlarger.plan(image.size(), Target::Factor(8.0)).unwrap();
        let of = |exact: bool| {
            let pyramid = enlarger.clone().exact(exact);
            let pyramid = pyramid.pyramid(ImageView::from(&image), &plan).unwrap();
            let whole = pyramid.rows(3).unwrap().into_image().unwrap();
            (whole, pyramid.made())
        };
        let ((fast, (made, interpolated)), (exact, all)) = (of(false), of(true));
        assert_eq!((made + interpolated, 0), all);
        assert!(
            interpolated * 10 > made,
            "{interpolated} and {made} at look {look}"
        );
        let pairs = fast.pixels().iter().zip(exact.pixels());
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!(
            "look {look}: {interpolated} of {} tiles, {}",
            all.0,
            worst * 255.0
        );
        // What the steps below were spared is passed on by those above.
        assert!(worst * 255.0 < 0.5, "{} at look {look}", worst * 255.0);
    }
}

#[test]
fn other_networks_are_exact() {
    let image = landscape();
    let enlarger = Enlarger::new(model(SMALL)).tile(48);
    let plan = enlarger.plan(image.size(), Target::Factor(8.0)).unwrap();
    let pyramid = enlarger.pyramid(ImageView::from(&image), &plan).unwrap();
    pyramid.rows(3).unwrap().into_image().unwrap();
    assert_eq!(pyramid.made().1, 0);
}
