//! The learning rate rises, then falls along a cosine to its floor.

use casr_train::Schedule;

#[test]
fn warms_up_and_falls_to_the_floor() {
    let schedule = Schedule {
        steps: 1000,
        peak: 1e-3,
        floor: 1e-6,
        warm_up: 100,
    };
    assert!((schedule.rate(0) - 1e-5).abs() < 1e-12);
    assert!((schedule.rate(99) - 1e-3).abs() < 1e-12);
    assert!((schedule.rate(550) - (1e-6 + 0.5 * (1e-3 - 1e-6))).abs() < 1e-9);
    assert!((schedule.rate(1000) - 1e-6).abs() < 1e-12);
    let rates: Vec<f64> = (100..1000).map(|step| schedule.rate(step)).collect();
    assert!(rates.windows(2).all(|pair| pair[1] <= pair[0]));
}
