//! Images that are held, of any kind of samples, and their alpha channels.

mod support;

use casr_zoom::{
    Alpha, Enlarger, ImageSource, ImageView, Layers, OwnedImage, OwnedSamples, Rectangle, Target,
    ZoomError, fill_hidden_colours,
};
use support::{SMALL, model};

const WIDTH: usize = 23;
const HEIGHT: usize = 17;

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * 7919 % 251) as u8).collect()
}

/// All pixels of all levels.
fn levels<'a>(image: impl Into<ImageSource<'a>>) -> Vec<Vec<f32>> {
    let image = image.into();
    let enlarger = Enlarger::new(model(SMALL)).tile(16).max_step(2.0);
    let plan = enlarger.plan(image.view().size(), Target::Factor(3.0));
    let pyramid = enlarger.pyramid(image, &plan.unwrap()).unwrap();
    (0..pyramid.levels())
        .map(|level| {
            let whole = Rectangle::whole(pyramid.size(level).unwrap());
            pyramid.region(level, whole).unwrap().into_pixels()
        })
        .collect()
}

#[test]
fn held_images_are_enlarged_like_borrowed_ones_to_the_same_bits() {
    let count = WIDTH * HEIGHT;
    let (colours, greys) = (bytes(3 * count), bytes(count));
    let fine =
        |samples: &[u8]| -> Vec<u16> { samples.iter().map(|&v| u16::from(v) * 256 + 3).collect() };
    let float =
        |samples: &[u8]| -> Vec<f32> { samples.iter().map(|&v| f32::from(v) / 255.0).collect() };
    let of_bytes = levels(ImageView::rgb(WIDTH, HEIGHT, &colours).unwrap());
    assert!(of_bytes.len() > 2);

    let held = OwnedImage::rgb(WIDTH, HEIGHT, colours.clone()).unwrap();
    assert_eq!(held.samples().bytes(), 3 * count);
    assert_eq!(levels(held), of_bytes);
    // What a byte is in floating point has the same bits, too.
    let held = OwnedImage::rgb(WIDTH, HEIGHT, float(&colours)).unwrap();
    assert_eq!(held.samples().bytes(), 12 * count);
    assert_eq!(levels(held), of_bytes);

    let borrowed = levels(ImageView::rgb(WIDTH, HEIGHT, &fine(&colours)).unwrap());
    let held = OwnedImage::rgb(WIDTH, HEIGHT, fine(&colours)).unwrap();
    assert_eq!(held.samples().bytes(), 6 * count);
    assert_eq!(levels(held), borrowed);
    assert_ne!(borrowed, of_bytes);

    let borrowed = levels(ImageView::grey(WIDTH, HEIGHT, &greys).unwrap());
    let held = OwnedImage::grey(WIDTH, HEIGHT, greys).unwrap();
    assert_eq!(held.samples().bytes(), count);
    assert_eq!(levels(held), borrowed);
}

#[test]
fn held_images_are_checked() {
    let few = OwnedImage::rgb(WIDTH, HEIGHT, bytes(WIDTH * HEIGHT));
    assert!(matches!(
        few,
        Err(ZoomError::PixelCount { channels: 3, .. })
    ));
    let none = OwnedImage::grey(0, HEIGHT, Vec::<u16>::new());
    assert!(matches!(none, Err(ZoomError::EmptyImage { .. })));
    let bright = OwnedImage::grey(2, 1, vec![0.5_f32, 1.5]);
    assert!(matches!(
        bright,
        Err(ZoomError::PixelValue { index: 1, .. })
    ));
}

#[test]
fn layers_fill_what_does_not_show_in_the_image_s_own_samples() {
    let size = (WIDTH, HEIGHT);
    let colours = bytes(3 * WIDTH * HEIGHT);
    let alpha: Vec<u8> = (0..WIDTH * HEIGHT)
        .map(|i| if i % WIDTH < 9 { 0 } else { 255 })
        .collect();
    let mut filled = OwnedSamples::from(colours.clone());
    fill_hidden_colours(filled.view_mut(), &alpha, WIDTH);
    assert_ne!(filled, colours.clone().into());

    let make = |alpha: Option<Vec<u8>>, keep_hidden| {
        let alpha = alpha.map(OwnedSamples::from);
        Layers::new(size, false, colours.clone().into(), alpha, keep_hidden).unwrap()
    };
    let layers = make(Some(alpha.clone()), false);
    assert_eq!(*layers.colours.samples(), filled);
    let Some(Alpha::Varying(mask)) = &layers.alpha else {
        panic!("{:?}", layers.alpha);
    };
    assert_eq!(*mask.samples(), alpha.clone().into());
    assert!(mask.view().is_grey());
    assert_eq!(
        *make(Some(alpha.clone()), true).colours.samples(),
        colours.clone().into()
    );
    let clear = make(Some(vec![51; WIDTH * HEIGHT]), false);
    assert_eq!(clear.alpha, Some(Alpha::Constant(0.2)));
    assert_eq!(*clear.colours.samples(), colours.clone().into());
    assert_eq!(make(None, false).alpha, None);

    let short = Layers::new(size, true, colours[..7].to_vec().into(), None, false);
    assert!(matches!(short, Err(ZoomError::PixelCount { .. })));
    let short = Layers::new(
        size,
        false,
        colours[..7].to_vec().into(),
        Some(alpha.clone().into()),
        false,
    );
    assert!(matches!(short, Err(ZoomError::PixelCount { .. })));
    // Alpha of another size: with colours it would be misread.
    let alpha = OwnedSamples::from(alpha[1..].to_vec());
    let short = Layers::new(size, false, colours.into(), Some(alpha), false);
    assert!(matches!(
        short,
        Err(ZoomError::PixelCount { channels: 1, .. })
    ));
}
