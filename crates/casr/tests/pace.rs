//! How long work takes, and how soon that is known.

use casr_net::Model;
use casr_zoom::{Enlarger, Image, Look, Rectangle, Size, Target};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where even the third of three tries is disturbed by something else, the machine is at fault.
const TRIES: usize = 3;

/// An image that is nowhere smooth.
fn image(width: usize, height: usize) -> Image {
    let value = |index: usize| {
        let place = (index / 3) as f32;
        0.5 + 0.4 * (place * 0.37).sin() * (place / width as f32 * 0.61).cos()
    };
    let pixels = (0..width * height * 3).map(value).collect();
    Image::new(width, height, pixels).expect("an image")
}

/// How long a work took, and how long it seemed to take when a tenth was done.
fn seen(enlarger: &Enlarger, image: &Image) -> (Duration, Duration) {
    let start = Instant::now();
    let foretold = Mutex::new(None);
    let plan = (enlarger.plan(image.size(), Target::Factor(12.0))).expect("a plan");
    let pyramid = enlarger.pyramid(image, &plan).expect("a pyramid");
    let rows = pyramid.rows(plan.levels().len()).expect("rows");
    let rows = rows.observe(|now| {
        let mut foretold = foretold.lock().expect("one thread at a time");
        if foretold.is_none() && now.done * 10 >= now.total {
            *foretold = Some(start.elapsed().mul_f64(now.total as f64 / now.done as f64));
        }
        ControlFlow::Continue(())
    });
    for band in rows {
        band.expect("rows");
    }
    let foretold = foretold.lock().expect("nobody panicked");
    (start.elapsed(), foretold.expect("progress was told"))
}

#[test]
fn after_a_tenth_the_time_left_is_right() {
    let model = Model::embedded().expect("the weights that ship");
    // Many tiles, as large results have.
    let enlarger = Enlarger::new(model).look(Look::VIVID).tile(64);
    let image = image(96, 72);
    let mut tries = Vec::new();
    for _ in 0..TRIES {
        let (took, foretold) = seen(&enlarger, &image);
        let off = foretold.as_secs_f64() / took.as_secs_f64() - 1.0;
        if off.abs() <= 0.2 {
            return;
        }
        tries.push((took, foretold));
    }
    panic!("took, and foretold after a tenth: {tries:?}");
}

#[test]
fn all_levels_take_little_more_than_the_last() {
    let model = Model::embedded().expect("the weights that ship");
    let enlarger = Enlarger::new(model);
    for (side, factor) in [(512, 64.0), (2048, 16.0), (300, 64.0)] {
        let size = Size {
            width: side,
            height: side,
        };
        let plan = enlarger.plan(size, Target::Factor(factor)).expect("a plan");
        let cost = enlarger.window_cost(&plan, Rectangle::whole(plan.output()));
        let last = cost.levels.last().expect("levels").flops;
        let share = cost.flops() / last;
        assert!(share <= 1.35, "×{factor} of {side}²: {share:.3}");
    }
}
