//! Images of others: every kind of sample gives what the same values in floating point give.

mod support;

use casr_zoom::{Bands, Enlarger, Image, ImageView, Target, ZoomError, estimate};
use support::{MODULES, SMALL, bits, image, model};

const SIZE: (usize, usize) = (29, 23);

fn enlarged(view: ImageView) -> Vec<Vec<u32>> {
    let results = [SMALL, MODULES].map(|config| {
        let enlarger = Enlarger::new(model(config)).max_step(2.0);
        bits(&enlarger.enlarge(view, Target::Factor(2.7)).unwrap())
    });
    results.into()
}

#[test]
fn all_samples_are_the_same_image() {
    let (width, height) = SIZE;
    let eight = image(width, height).to_u8();
    let sixteen: Vec<u16> = eight.iter().map(|value| u16::from(*value) * 257).collect();
    let float: Vec<f32> = eight
        .iter()
        .map(|value| f32::from(*value) / 255.0)
        .collect();
    let expected = enlarged(ImageView::rgb(width, height, &float).unwrap());
    assert!(expected == enlarged(ImageView::rgb(width, height, &eight).unwrap()));
    assert!(expected == enlarged(ImageView::rgb(width, height, &sixteen).unwrap()));
    let owned = Image::new(width, height, float).unwrap();
    assert!(expected == enlarged((&owned).into()));
    assert_eq!(owned.to_u8(), eight);
    assert_eq!(owned.to_u16(), sixteen);
}

#[test]
fn grey_stays_grey() {
    let (width, height) = SIZE;
    let grey: Vec<u8> = image(width, height)
        .to_u8()
        .into_iter()
        .step_by(3)
        .collect();
    let colours: Vec<u8> = grey.iter().flat_map(|value| [*value; 3]).collect();
    let view = ImageView::grey(width, height, &grey).unwrap();
    assert!(view.is_grey());
    let like = ImageView::rgb(width, height, &colours).unwrap();
    assert!(enlarged(view) == enlarged(like));
    assert_eq!(Image::from(view), Image::from(like));
    assert_eq!(estimate(view), estimate(like));
    let large = Enlarger::new(model(SMALL))
        .enlarge(view, Target::Factor(3.0))
        .unwrap();
    assert!(large.pixels().chunks(3).all(|pixel| pixel == [pixel[0]; 3]));
    let values: Vec<f32> = large.pixels().iter().step_by(3).copied().collect();
    assert_eq!(large.to_grey(), values);
}

#[test]
fn wrong_numbers_of_samples_are_refused() {
    let bytes = [0_u8; 12];
    assert!(ImageView::rgb(2, 2, &bytes).is_ok());
    assert!(ImageView::grey(4, 3, &bytes).is_ok());
    for (wrong, channels) in [
        (ImageView::rgb(3, 2, &bytes), 3),
        (ImageView::grey(2, 2, &bytes), 1),
        (ImageView::rgb(usize::MAX, 2, &bytes), 3),
    ] {
        let error = wrong.unwrap_err();
        assert!(
            matches!(error, ZoomError::PixelCount { channels: c, .. } if c == channels),
            "{error}"
        );
        assert!(error.to_string().contains(&format!("Give {channels}")));
    }
    let empty = ImageView::grey(0, 3, &bytes[..0]).unwrap_err();
    assert!(matches!(empty, ZoomError::EmptyImage { .. }), "{empty}");
}

/// Models, enlargers and enlargements under way may go to other threads.
#[test]
fn all_may_be_sent() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Enlarger>();
    shared::<casr_zoom::Model>();
    sent::<Bands>();
}
