//! The same pixels whoever asks, in whatever order; nothing made that is not needed, and nothing
//! twice.

mod support;

use casr_net::{Cpu, Device, Model, NetError, NetworkConfig, Parameter, Stepper};
use casr_net::{StepGeometry, StepResult, StepWindow};
use casr_zoom::{Enlarger, Image, Pyramid, Rectangle, ScalePlan, Size, Target, ZoomError};
use std::{
    fmt,
    ops::ControlFlow,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};
use support::{MODULES, SMALL, image, model};

/// Small tiles, so that small images have many.
fn enlarger(config: NetworkConfig) -> Enlarger {
    Enlarger::new(model(config)).tile(16).max_step(2.0)
}

fn plan(enlarger: &Enlarger, image: &Image, factor: f64) -> ScalePlan {
    (enlarger.plan(image.size(), Target::Factor(factor))).unwrap()
}

/// Numbers that look random, always the same.
struct Numbers(u64);

impl Numbers {
    /// One below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = (self.0.wrapping_mul(6_364_136_223_846_793_005)).wrapping_add(1_442_695_040_888);
        ((self.0 >> 33) % end as u64) as usize
    }

    /// A window of a level.
    fn window(&mut self, Size { width, height }: Size) -> Rectangle {
        let (x, y) = (self.below(width), self.below(height));
        Rectangle {
            x,
            y,
            width: 1 + self.below(width - x),
            height: 1 + self.below(height - y),
        }
    }
}

/// The samples of a window of a whole level.
fn cut(whole: &[u16], size: Size, window: Rectangle) -> Vec<u16> {
    let rows = window.y..window.y + window.height;
    rows.flat_map(|row| {
        let start = (row * size.width + window.x) * 3;
        whole[start..start + window.width * 3].iter().copied()
    })
    .collect()
}

/// Every level, by rows.
fn levels(pyramid: &Pyramid) -> Vec<(Size, Vec<u16>)> {
    (0..pyramid.levels())
        .map(|level| {
            let whole = pyramid.rows(level).unwrap().into_image().unwrap();
            (pyramid.size(level).unwrap(), whole.to_u16())
        })
        .collect()
}

#[test]
fn any_window_of_any_level_in_any_order_on_any_threads_has_the_same_pixels() {
    for (config, rounds) in [(SMALL, 18), (MODULES, 9)] {
        let image = image(45, 37);
        for room in [0, 100_000, usize::MAX / 2] {
            let enlarger = enlarger(config).room(room);
            let plan = plan(&enlarger, &image, 4.7);
            let expected = levels(&enlarger.pyramid(&image, &plan).unwrap());
            let pyramid = enlarger.pyramid(&image, &plan).unwrap();
            thread::scope(|scope| {
                for seed in 0..3 {
                    let (pyramid, expected) = (pyramid.clone(), &expected);
                    scope.spawn(move || {
                        let mut numbers = Numbers(seed);
                        for _ in 0..rounds / 3 {
                            let level = numbers.below(expected.len());
                            let (size, whole) = &expected[level];
                            let window = numbers.window(*size);
                            let samples = pyramid.samples(level, window).unwrap();
                            let same = samples == cut(whole, *size, window);
                            assert!(same, "level {level}, {window}, room {room}");
                        }
                    });
                }
            });
        }
    }
}

#[test]
fn tiles_cover_every_level_once() {
    let (enlarger, image) = (enlarger(SMALL), image(61, 53));
    let plan = plan(&enlarger, &image, 3.7);
    let pyramid = enlarger.pyramid(image, &plan).unwrap();
    for (level, (size, whole)) in levels(&pyramid).into_iter().enumerate() {
        let (across, down) = pyramid.tiles(level).unwrap();
        assert!(level == 0 || across * down > 4);
        let mut pixels = 0;
        for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
            let place = pyramid.place(level, x, y).unwrap();
            let tile = pyramid.tile(level, x, y).unwrap();
            assert!(tile == cut(&whole, size, place), "level {level}, {place}");
            pixels += place.width * place.height;
        }
        assert_eq!(pixels, size.width * size.height);
    }
}

#[test]
fn what_is_outside_is_refused() {
    let (enlarger, image) = (enlarger(SMALL), image(20, 10));
    let plan = plan(&enlarger, &image, 2.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    let window = |x, y, width, height| Rectangle {
        x,
        y,
        width,
        height,
    };
    for outside in [
        window(0, 0, 41, 1),
        window(40, 0, 1, 1),
        window(0, 0, 0, 5),
        window(usize::MAX, 0, 2, 1),
        window(0, 19, 1, 2),
    ] {
        let error = pyramid.region(1, outside).unwrap_err();
        assert!(matches!(error, ZoomError::Outside { .. }), "{error}");
    }
    let error = pyramid.region(2, window(0, 0, 1, 1)).unwrap_err();
    assert!(matches!(error, ZoomError::NoLevel { .. }), "{error}");
    let error = pyramid.tile(1, 9, 0).unwrap_err();
    assert!(matches!(error, ZoomError::NoTile { .. }), "{error}");
}

/// The processor, which counts its steps.
#[derive(Debug)]
struct Counting(Arc<AtomicUsize>);

#[derive(Debug)]
struct CountingStepper(Arc<AtomicUsize>, Arc<dyn Stepper>);

impl Device for Counting {
    fn load(
        &self,
        config: NetworkConfig,
        parameters: &[Parameter],
    ) -> Result<Arc<dyn Stepper>, NetError> {
        let inner = Cpu::single().load(config, parameters)?;
        Ok(Arc::new(CountingStepper(self.0.clone(), inner)))
    }

    fn is_gpu(&self) -> bool {
        false
    }

    fn precision(&self) -> &'static str {
        Cpu::single().precision()
    }
}

impl fmt::Display for Counting {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        Cpu::single().fmt(formatter)
    }
}

impl Stepper for CountingStepper {
    fn step(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<StepResult, NetError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.step(window, geometry)
    }
}

/// An enlarger and the number of its steps so far.
fn counting(config: NetworkConfig) -> (Enlarger, Arc<AtomicUsize>) {
    let steps = Arc::new(AtomicUsize::new(0));
    let model: Model = model(config).on(Arc::new(Counting(steps.clone())));
    (Enlarger::new(model).tile(16).max_step(2.0), steps)
}

/// How many tiles a pyramid has above the image.
fn all_tiles(pyramid: &Pyramid) -> usize {
    let tiles = (1..pyramid.levels()).map(|level| pyramid.tiles(level).unwrap());
    tiles.map(|(across, down)| across * down).sum()
}

#[test]
fn rows_and_regions_make_every_tile_once_however_little_is_kept() {
    for config in [SMALL, MODULES] {
        let (enlarger, steps) = counting(config);
        let image = image(41, 60);
        let plan = plan(&enlarger, &image, 7.5);
        for whole in [true, false] {
            let pyramid = enlarger.clone().room(0).pyramid(&image, &plan).unwrap();
            let before = steps.load(Ordering::Relaxed);
            if whole {
                let rectangle = Rectangle::whole(plan.output());
                pyramid.region(3, rectangle).unwrap();
            } else {
                pyramid.rows(3).unwrap().for_each(|band| {
                    band.unwrap();
                });
            }
            let made = steps.load(Ordering::Relaxed) - before;
            assert_eq!(made, all_tiles(&pyramid));
        }
    }
}

#[test]
fn a_tile_costs_no_more_than_those_under_it_and_nothing_the_second_time() {
    let (enlarger, steps) = counting(SMALL);
    let image = image(150, 140);
    let plan = plan(&enlarger, &image, 64.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    assert_eq!(pyramid.levels(), 7);
    let place = pyramid.place(6, 150, 120).unwrap();
    let work = pyramid.work(6, place).unwrap();
    let observed = Arc::new(AtomicU64::new(0));
    let watched = {
        let observed = observed.clone();
        pyramid.observe(move |progress| {
            observed.store(progress.done, Ordering::Relaxed);
            ControlFlow::Continue(())
        })
    };
    let tile = watched.tile(6, 150, 120).unwrap();
    assert_eq!(observed.load(Ordering::Relaxed), work);
    // A tile of 16 with a halo of 8 on either side reads at most three tiles of 32 across.
    let made = steps.load(Ordering::Relaxed);
    assert!((6..=1 + 5 * 9).contains(&made), "{made} tiles");
    assert_eq!(pyramid.work(6, place).unwrap(), 0);
    assert!(pyramid.tile(6, 150, 120).unwrap() == tile);
    assert_eq!(steps.load(Ordering::Relaxed), made);
}

#[test]
fn every_tile_of_an_ensemble_is_eight_steps_of_work() {
    let (enlarger, steps) = counting(SMALL);
    let image = image(61, 47);
    let plan = plan(&enlarger, &image, 4.0);
    let window = Rectangle::whole(plan.output());
    let single = enlarger.pyramid(&image, &plan).unwrap();
    let model = enlarger.model().with_ensemble().unwrap();
    let ensemble = enlarger.clone().with_model(model);
    let ensemble = ensemble.pyramid(&image, &plan).unwrap();
    let work = ensemble.work(2, window).unwrap();
    assert_eq!(work, 8 * single.work(2, window).unwrap());
    let done = Arc::new(AtomicU64::new(0));
    let watched = {
        let done = done.clone();
        ensemble.observe(move |progress| {
            assert_eq!(progress.total, work);
            done.store(progress.done, Ordering::Relaxed);
            ControlFlow::Continue(())
        })
    };
    watched.region(2, window).unwrap();
    assert_eq!(done.load(Ordering::Relaxed), work);
    assert_eq!(steps.load(Ordering::Relaxed), 8 * all_tiles(&ensemble));
}

#[test]
fn callers_at_the_same_time_share_their_work() {
    let (enlarger, steps) = counting(SMALL);
    let image = image(61, 90);
    let plan = plan(&enlarger, &image, 4.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    let whole = Rectangle::whole(plan.output());
    let start = Barrier::new(4);
    let results: Vec<_> = thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    pyramid.samples(2, whole).unwrap()
                })
            })
            .collect();
        (callers.into_iter())
            .map(|caller| caller.join().unwrap())
            .collect()
    });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(steps.load(Ordering::Relaxed), all_tiles(&pyramid));
}

/// Threads of a pool that wait may be given the very work they wait for.
#[test]
fn callers_within_a_pool_do_not_wait_for_themselves() {
    use rayon::prelude::*;
    let (enlarger, image) = (enlarger(SMALL), image(61, 53));
    let plan = plan(&enlarger, &image, 4.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    let whole = Rectangle::whole(plan.output());
    let results: Vec<_> = (0..16)
        .into_par_iter()
        .map(|_| pyramid.samples(2, whole).unwrap())
        .collect();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn who_cancels_stops_and_others_go_on() {
    let (enlarger, image) = (enlarger(SMALL), image(61, 53));
    let plan = plan(&enlarger, &image, 4.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    let whole = Rectangle::whole(plan.output());
    let calls = AtomicUsize::new(0);
    let cancelled = pyramid.observe(|_| match calls.fetch_add(1, Ordering::Relaxed) {
        0..5 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    thread::scope(|scope| {
        let other = scope.spawn(|| pyramid.samples(2, whole).unwrap());
        let error = cancelled.samples(2, whole).unwrap_err();
        assert!(matches!(error, ZoomError::Cancelled), "{error}");
        let expected = enlarger.enlarge(&image, Target::Factor(4.0)).unwrap();
        assert!(other.join().unwrap() == expected.to_u16());
    });
}

#[test]
fn a_window_in_bands_is_the_window() {
    let (enlarger, image) = (enlarger(SMALL), image(61, 153));
    let plan = plan(&enlarger, &image, 3.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    let mut numbers = Numbers(3);
    for level in [0, 1, 2] {
        let window = numbers.window(pyramid.size(level).unwrap());
        let mut next = window.y;
        let mut pixels = Vec::new();
        for band in pyramid.window_rows(level, window).unwrap() {
            let band = band.unwrap();
            assert_eq!(band.rows.start, next);
            next = band.rows.end;
            pixels.extend(band.pixels);
        }
        assert_eq!(next, window.y + window.height);
        assert!(pixels == pyramid.region(level, window).unwrap().into_pixels());
    }
}

#[test]
fn each_wanted_tile_comes_once_as_far_as_it_lies_in_the_window() {
    let (enlarger, steps) = counting(SMALL);
    let image = image(61, 90);
    let plan = plan(&enlarger, &image, 3.0);
    let pyramid = enlarger.clone().room(0).pyramid(&image, &plan).unwrap();
    let window = Rectangle {
        x: 21,
        y: 50,
        width: 140,
        height: 180,
    };
    let whole = pyramid.region(2, Rectangle::whole(plan.output())).unwrap();
    let before = steps.load(Ordering::Relaxed);
    let (columns, rows) = pyramid.tiles_of(2, window).unwrap();
    let wanted = |x: usize, y: usize| !(x + y).is_multiple_of(3);
    let mut seen = Vec::new();
    let mut work = 0;
    let tiles = pyramid.each_tile(2, window, wanted).unwrap();
    for tile in tiles.observe(|progress| {
        work = progress.total - progress.done;
        ControlFlow::Continue(())
    }) {
        let tile = tile.unwrap();
        let expected = pyramid.region(2, tile.place).unwrap().into_pixels();
        assert!(tile.pixels == expected);
        seen.push((tile.y, tile.x));
    }
    assert!(work < 20_000, "{work} pixels were foretold and not needed");
    let all = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
    let all: Vec<_> = all.filter(|&(y, x)| wanted(x, y)).collect();
    assert_eq!(seen, all);
    assert!(whole.size() == plan.output() && steps.load(Ordering::Relaxed) > before);
    assert!(pyramid.each_tile(0, window, wanted).is_err());
}

/// What a viewer waits for who looks at the last level first: nothing is computed here.
#[test]
fn a_tile_at_64_times_costs_few_tiles_under_it() {
    let enlarger = Enlarger::new(model(NetworkConfig::default()));
    let image = image(512, 512);
    let plan = plan(&enlarger, &image, 64.0);
    let pyramid = enlarger.pyramid(&image, &plan).unwrap();
    let (across, down) = pyramid.tiles(6).unwrap();
    let mut numbers = Numbers(5);
    let mut works = Vec::new();
    for _ in 0..200 {
        let place = pyramid.place(6, numbers.below(across), numbers.below(down));
        works.push(pyramid.work(6, place.unwrap()).unwrap());
    }
    works.sort_unstable();
    // A tile with its halo, in the middle of a level.
    let side = (enlarger.tile_of(&plan) + 2 * NetworkConfig::default().reach()) as u64;
    let tiles = |work: u64| work as f64 / (side * side) as f64;
    let (median, most) = (tiles(works[100]), tiles(works[199]));
    println!(
        "{across}×{down} tiles: {median:.1} tiles' work for one in the median, {most:.1} at most"
    );
    assert!(median < 30.0 && most < 42.0, "{median} and {most}");
}

#[test]
fn another_plan_shares_the_levels_that_are_the_same() {
    let image = image(37, 29);
    for config in [SMALL, MODULES] {
        let enlarger = enlarger(config);
        let doubling = ScalePlan::doubling(image.size(), Target::Factor(8.0)).unwrap();
        let pyramid = enlarger.pyramid(&image, &doubling).unwrap();
        let levels = doubling.levels();
        let leaping = ScalePlan::through(image.size(), &[levels[0], levels[2]]).unwrap();
        let alone = enlarger.pyramid(&image, &leaping).unwrap();
        let window = Rectangle {
            x: 100,
            y: 60,
            width: 40,
            height: 30,
        };
        let expected = alone.samples(2, window).unwrap();
        let branch = pyramid.along(&leaping, 16, 1 << 20).unwrap();
        assert_eq!(branch.levels(), 3);
        // Nothing is there yet.
        let work = branch.work(2, window).unwrap();
        assert_eq!(
            work,
            enlarger
                .pyramid(&image, &leaping)
                .unwrap()
                .work(2, window)
                .unwrap()
        );
        // What lies under it of the first level serves both.
        let whole = Rectangle::whole(levels[0]);
        pyramid.samples(1, whole).unwrap();
        let left = branch.work(2, window).unwrap();
        assert!(left < work, "{left} of {work}");
        assert!(left < pyramid.work(3, window).unwrap());
        assert_eq!(branch.samples(2, window).unwrap(), expected);
        assert_eq!(branch.work(2, window).unwrap(), 0);
        // Two levels of the one are not one level of the other.
        assert_ne!(pyramid.samples(3, window).unwrap(), expected);

        let elsewhere = ScalePlan::through(levels[0], &levels[2..]).unwrap();
        let refused = pyramid.along(&elsewhere, 16, 0);
        assert!(matches!(refused, Err(ZoomError::OtherPlan { .. })));
    }
}

#[test]
fn plans_through_given_levels_are_checked() {
    let size = |width, height| Size { width, height };
    let plan = |levels: &[Size]| ScalePlan::through(size(10, 20), levels);
    assert_eq!(
        plan(&[size(40, 80), size(41, 99)]).unwrap().levels().len(),
        2
    );
    assert!(matches!(
        plan(&[size(41, 20)]),
        Err(ZoomError::MaxStep { .. })
    ));
    assert!(matches!(
        plan(&[size(20, 19)]),
        Err(ZoomError::Smaller { .. })
    ));
    assert!(matches!(
        plan(&[size(20, 20); 65]),
        Err(ZoomError::TooManyLevels { .. })
    ));
    let empty = ScalePlan::through(size(0, 1), &[]);
    assert!(matches!(empty, Err(ZoomError::EmptyImage { .. })));
}
