//! Parts of levels at other sizes, and what those who zoom in order need: what lies under a window,
//! and tiles let go.

mod support;

use casr_kernels::resample::{Taps, forward};
use casr_zoom::{Enlarger, Image, Progress, Pyramid, Rectangle, ScalePlan, Size, Span, Target};
use casr_zoom::{Strength, ZoomError};
use std::ops::ControlFlow;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use support::{SMALL, bits, image, model};

/// Three levels over an image, in small tiles.
fn pyramid(image: &Image) -> Pyramid<'_> {
    let enlarger = Enlarger::new(model(SMALL)).tile(16).room(usize::MAX);
    let plan = ScalePlan::doubling(image.size(), Target::Factor(8.0)).unwrap();
    let restoration = casr_zoom::Restoration::Fixed(Strength::NONE);
    enlarger
        .restoration(restoration)
        .pyramid(image, &plan)
        .unwrap()
}

fn size(width: usize, height: usize) -> Size {
    Size { width, height }
}

#[test]
fn a_part_is_that_of_the_whole_level() {
    let image = image(37, 29);
    let pyramid = pyramid(&image);
    for (level, part, to) in [
        (
            0,
            Span {
                columns: (0.0, 37.0),
                rows: (0.0, 29.0),
            },
            size(37, 29),
        ),
        (
            0,
            Span {
                columns: (3.3, 20.1),
                rows: (7.0, 28.9),
            },
            size(11, 40),
        ),
        (
            1,
            Span {
                columns: (0.0, 74.0),
                rows: (0.0, 58.0),
            },
            size(20, 31),
        ),
        (
            2,
            Span {
                columns: (101.7, 102.4),
                rows: (1.0, 115.9),
            },
            size(5, 9),
        ),
        (
            3,
            Span {
                columns: (0.25, 290.0),
                rows: (60.0, 200.5),
            },
            size(33, 70),
        ),
    ] {
        let whole = pyramid.rows(level).unwrap().into_image().unwrap();
        let rows = Taps::bicubic_span(whole.height(), part.rows, to.height);
        let columns = Taps::bicubic_span(whole.width(), part.columns, to.width);
        let mut expected = vec![0.0; to.width * to.height * 3];
        forward(1, 3, &rows, &columns, whole.pixels(), &mut expected);
        expected
            .iter_mut()
            .for_each(|value| *value = value.clamp(0.0, 1.0));
        let resized = pyramid.resized(level, part, to).unwrap();
        let expected = Image::new(to.width, to.height, expected).unwrap();
        assert_eq!(bits(&resized), bits(&expected), "{level} {part:?}");
        let read = pyramid.read_for(level, part, to).unwrap();
        assert!(read.lies_in(whole.size()));
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let image = image(20, 20);
    let pyramid = pyramid(&image);
    let part = |start: f64, end: f64| Span {
        columns: (0.0, 20.0),
        rows: (start, end),
    };
    for (start, end) in [
        (-0.1, 5.0),
        (5.0, 40.1),
        (5.0, 5.0),
        (6.0, 5.0),
        (f64::NAN, 5.0),
        (0.0, f64::INFINITY),
    ] {
        let result = pyramid.resized(1, part(start, end), size(4, 4));
        assert!(
            matches!(result, Err(ZoomError::Outside { .. })),
            "{start} {end}"
        );
    }
    let empty = pyramid.resized(1, part(0.0, 5.0), size(4, 0));
    assert!(matches!(empty, Err(ZoomError::EmptyImage { .. })));
    let none = pyramid.resized(4, part(0.0, 5.0), size(4, 4));
    assert!(matches!(none, Err(ZoomError::NoLevel { .. })));
    // Of the image as well, where no tile is made.
    let stopped = pyramid.observe(|_| ControlFlow::Break(()));
    for level in [0, 2] {
        let result = stopped.resized(level, part(0.0, 5.0), size(4, 4));
        assert!(matches!(result, Err(ZoomError::Cancelled)), "{level}");
    }
}

/// Once what lies under a window is made, its own tiles are all that is missing.
#[test]
fn nothing_is_missing_under_what_was_made_in_order() {
    let image = image(40, 40);
    let pyramid = pyramid(&image);
    let window = Rectangle {
        x: 130,
        y: 70,
        width: 60,
        height: 50,
    };
    let mut windows = vec![window];
    for level in [3, 2] {
        let above = *windows.last().unwrap();
        let under = pyramid.under(level, above).unwrap();
        assert!(under.lies_in(pyramid.size(level - 1).unwrap()));
        windows.push(under);
    }
    assert_eq!(
        pyramid.under(1, windows[2]).unwrap(),
        Rectangle::whole(size(40, 40))
    );
    assert!(pyramid.under(0, Rectangle::whole(size(40, 40))).is_err());
    for (level, window) in (1..).zip(windows.iter().rev()) {
        let foretold = pyramid.work(level, *window).unwrap();
        let heard = Arc::new(AtomicU64::new(0));
        let most = heard.clone();
        let observed = pyramid.observe(move |progress: Progress| {
            most.fetch_max(progress.done, Ordering::Relaxed);
            ControlFlow::Continue(())
        });
        let before = pyramid.made().0;
        let tiles = observed.each_tile(level, *window, |_, _| true).unwrap();
        let own = tiles.map(Result::unwrap).count();
        assert_eq!(
            pyramid.made().0 - before,
            own,
            "tiles of level {level} alone"
        );
        assert_eq!(heard.load(Ordering::Relaxed), foretold);
        assert_eq!(pyramid.work(level, *window).unwrap(), 0);
    }
}

#[test]
fn forgotten_tiles_are_made_anew_and_others_are_not() {
    let image = image(40, 40);
    let pyramid = pyramid(&image);
    let window = Rectangle {
        x: 20,
        y: 20,
        width: 30,
        height: 30,
    };
    let first = pyramid.region(2, window).unwrap();
    let made = pyramid.made().0;
    assert_eq!(pyramid.work(2, window).unwrap(), 0);
    pyramid.forget(2);
    pyramid.forget(9);
    let (columns, rows) = pyramid.tiles_of(2, window).unwrap();
    assert!(pyramid.work(2, window).unwrap() > 0);
    let again = pyramid.region(2, window).unwrap();
    assert_eq!(pyramid.made().0 - made, columns.len() * rows.len());
    assert_eq!(bits(&first), bits(&again));
}
