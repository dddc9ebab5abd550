//! The result in bands: whole, in order, observed, and stopped on request.

mod support;

use casr_zoom::{Enlarger, Image, Progress, Target, ZoomError};
use std::ops::ControlFlow;
use support::{SMALL, bits, image, model};

fn enlarger() -> Enlarger {
    Enlarger::new(model(SMALL)).max_step(2.5).tile(16)
}

#[test]
fn bands_follow_each_other_and_make_the_image() {
    let (enlarger, image) = (enlarger(), image(33, 90));
    let plan = enlarger.plan(image.size(), Target::Factor(5.0)).unwrap();
    assert_eq!(plan.levels().len(), 2);
    let mut rows = 0;
    let mut pixels = Vec::new();
    for band in enlarger.bands(&image, &plan).unwrap() {
        let band = band.unwrap();
        assert_eq!(band.rows.start, rows);
        assert_eq!(band.pixels.len(), band.rows.len() * plan.output().width * 3);
        rows = band.rows.end;
        pixels.extend(band.pixels);
    }
    assert_eq!(rows, plan.output().height);
    let joined = Image::new(plan.output().width, plan.output().height, pixels).unwrap();
    let whole = enlarger.enlarge(&image, Target::Factor(5.0)).unwrap();
    assert_eq!(bits(&joined), bits(&whole));
}

#[test]
fn two_images_with_one_plan_run_in_lockstep() {
    let (enlarger, colours) = (enlarger(), image(21, 70));
    let alpha = Image::new(21, 70, vec![0.25; 21 * 70 * 3]).unwrap();
    let plan = enlarger.plan(colours.size(), Target::Factor(4.1)).unwrap();
    let rows = |image| {
        let bands = enlarger.bands(image, &plan).unwrap();
        bands.map(|band| band.unwrap().rows).collect::<Vec<_>>()
    };
    assert!(rows(&colours).len() > 1);
    assert_eq!(rows(&colours), rows(&alpha));
}

#[test]
fn an_image_that_keeps_its_size_comes_back_as_it_was() {
    let (enlarger, image) = (enlarger(), image(5, 150));
    let same = enlarger.enlarge(&image, Target::Factor(1.0)).unwrap();
    assert_eq!(bits(&same), bits(&image));
}

#[test]
fn progress_rises_to_its_total() {
    let (enlarger, image) = (enlarger(), image(40, 50));
    let plan = enlarger.plan(image.size(), Target::Factor(5.0)).unwrap();
    let mut seen = Vec::new();
    let bands = enlarger.bands(&image, &plan).unwrap().observe(|progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    });
    let total = bands.progress().total;
    let levels = enlarger.cost(&plan).levels;
    let computed: u64 = levels.iter().map(|level| level.computed_pixels).sum();
    assert_eq!(total, computed);
    assert!(total > (40 * 50 + plan.levels()[0].width * plan.levels()[0].height) as u64);

    bands.into_image().unwrap();
    assert!(seen.is_sorted_by_key(|progress| progress.done));
    assert!(seen.iter().all(|progress| progress.total == total));
    assert_eq!(seen.last(), Some(&Progress { done: total, total }));
}

#[test]
fn an_observer_can_cancel() {
    let (enlarger, image) = (enlarger(), image(40, 50));
    let plan = enlarger.plan(image.size(), Target::Factor(5.0)).unwrap();
    let mut calls = 0;
    let mut bands = enlarger.bands(&image, &plan).unwrap().observe(|_| {
        calls += 1;
        if calls == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let error = bands.find_map(Result::err);
    assert!(matches!(error, Some(ZoomError::Cancelled)), "{error:?}");
    assert!(bands.next().is_none(), "nothing comes after an error");
    drop(bands);
    assert_eq!(calls, 3);
}

#[test]
fn a_plan_for_another_size_is_refused() {
    let (enlarger, image) = (enlarger(), image(4, 5));
    let other = casr_zoom::Size {
        width: 5,
        height: 4,
    };
    let plan = enlarger.plan(other, Target::Factor(2.0)).unwrap();
    let error = enlarger.bands(&image, &plan).unwrap_err();
    let sizes = (other, image.size());
    assert!(
        matches!(error, ZoomError::OtherPlan { planned, image } if (planned, image) == sizes),
        "{error}"
    );
}

#[test]
fn images_are_checked() {
    assert!(Image::new(2, 1, vec![0.0, 1.0, 0.5, 0.1, 0.2, 0.3]).is_ok());
    let empty = Image::new(0, 3, Vec::new()).unwrap_err();
    assert!(matches!(empty, ZoomError::EmptyImage { .. }));
    let short = Image::new(2, 2, vec![0.0; 11]).unwrap_err();
    assert!(matches!(short, ZoomError::PixelCount { values: 11, .. }));
    let huge = Image::new(usize::MAX, 2, vec![0.0; 6]).unwrap_err();
    assert!(matches!(huge, ZoomError::PixelCount { .. }));
    for value in [-0.001, 1.001, f32::NAN, f32::INFINITY] {
        let wrong = Image::new(1, 1, vec![0.5, value, 0.5]).unwrap_err();
        assert!(
            matches!(wrong, ZoomError::PixelValue { index: 1, .. }),
            "{value}"
        );
    }
}
