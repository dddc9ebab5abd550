//! What a plan is said to take.

mod support;

use casr_net::NetworkConfig;
use casr_zoom::{Enlarger, Size, Target, measure_throughput};
use std::time::{Duration, Instant};
use support::{SMALL, model};

const INPUT: Size = Size {
    width: 300,
    height: 200,
};

#[test]
fn operations_are_those_of_the_convolutions() {
    let config = NetworkConfig::default();
    let enlarger = Enlarger::new(model(config)).tile(1000);
    let plan = enlarger.plan(INPUT, Target::Factor(2.0)).unwrap();
    let cost = enlarger.cost(&plan);
    // With 20 mirrored pixels on every side.
    let pixels = 340.0 * 240.0;
    let convolutions = 2.0 * (9.0 * 3.0 * 48.0 + 19.0 * 9.0 * 48.0 * 48.0 + 48.0 * 195.0);
    assert_eq!(cost.levels.len(), 1);
    assert_eq!(cost.levels[0].computed_pixels, 340 * 240);
    let ratio = cost.flops() / (pixels * convolutions);
    assert!((1.0..1.01).contains(&ratio), "{ratio}");
}

#[test]
fn halos_cost_and_small_tiles_cost_more() {
    let enlarger = Enlarger::new(model(SMALL)).max_step(4.0);
    let plan = enlarger.plan(INPUT, Target::Factor(8.0)).unwrap();
    let cost = |tile| enlarger.clone().tile(tile).cost(&plan);
    let costs = [16, 64, 256, 4000].map(cost);
    assert!(costs.is_sorted_by(|a, b| a.flops() > b.flops()));
    assert!(costs.is_sorted_by(|a, b| a.peak_bytes < b.peak_bytes));
    assert_eq!(costs[0].levels[0].input, INPUT);
    assert_eq!(costs[0].levels[1].output, plan.output());
}

#[test]
fn an_ensemble_costs_eight_passes_in_the_memory_of_about_one() {
    for config in [SMALL, NetworkConfig::default()] {
        let single = model(config);
        let ensemble = Enlarger::new(single.with_ensemble().unwrap());
        let single = Enlarger::new(single);
        for factor in [2.0, 6.5] {
            let plan = single.plan(INPUT, Target::Factor(factor)).unwrap();
            let (one, eight) = (single.cost(&plan), ensemble.cost(&plan));
            assert_eq!(eight.flops(), 8.0 * one.flops());
            for (one, eight) in one.levels.iter().zip(&eight.levels) {
                assert_eq!(eight.computed_pixels, 8 * one.computed_pixels);
            }
            let more = eight.peak_bytes as f64 / one.peak_bytes as f64;
            assert!((1.0..1.5).contains(&more), "{more}");
        }
    }
}

#[test]
fn no_levels_cost_nothing() {
    let enlarger = Enlarger::new(model(SMALL));
    let plan = enlarger.plan(INPUT, Target::Factor(1.0)).unwrap();
    let cost = enlarger.cost(&plan);
    assert_eq!(cost.flops(), 0.0);
    assert_eq!(cost.peak_bytes, 0);
    assert_eq!(cost.time(1e9), Duration::ZERO);
}

#[test]
fn throughput_is_measured_quickly() {
    let model = model(SMALL);
    let start = Instant::now();
    let throughput = measure_throughput(&model).unwrap();
    assert!(throughput.is_finite() && throughput > 1e6, "{throughput}");
    assert!(start.elapsed() < Duration::from_secs(5));
    let enlarger = Enlarger::new(model);
    let plan = enlarger.plan(INPUT, Target::Factor(2.0)).unwrap();
    let cost = enlarger.cost(&plan);
    let expected = cost.flops() / throughput;
    assert!((cost.time(throughput).as_secs_f64() - expected).abs() <= 1e-6);
    assert_eq!(cost.time(0.0), Duration::ZERO);
}
