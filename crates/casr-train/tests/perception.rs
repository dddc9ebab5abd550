//! Batches that learn to look well: how many, and that nothing else changes.

use casr_net::Parameter;
use casr_train::{Dataset, Schedule, StepReport, TrainOptions, Trainer, batch};
use std::path::Path;

fn options(perception: bool) -> TrainOptions {
    let mut options = TrainOptions {
        batch: 2,
        patch: 24,
        perceptual: 0.3,
        schedule: Schedule {
            steps: 10,
            ..Schedule::default()
        },
        ..TrainOptions::default()
    };
    options.network.channels = 8;
    options.network.blocks = 1;
    options.network.frequencies = 4;
    options.network.perception = perception;
    options.losses.autocorrelation = 0.3;
    options
}

fn samples() -> Dataset {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    Dataset::open(&samples, &options(true)).unwrap()
}

#[test]
fn they_are_the_share_that_was_asked_for() {
    let data = samples();
    let told: Vec<f32> = (0..200)
        .map(|step| batch(&data, &options(true), step).unwrap().perception)
        .collect();
    assert!(told.iter().all(|told| (0.0..=1.0).contains(told)));
    let share = told.iter().filter(|told| **told > 0.0).count();
    assert!((40..=80).contains(&share), "{share} of 200");
}

#[test]
fn images_are_those_of_a_network_without() {
    let data = samples();
    for step in 0..10 {
        let with = batch(&data, &options(true), step).unwrap();
        let without = batch(&data, &options(false), step).unwrap();
        assert_eq!(with.input, without.input);
        assert_eq!(with.targets[0].pixels, without.targets[0].pixels);
        assert_eq!(without.perception, 0.0);
    }
}

/// What a step leaves behind of a fresh network, and what it reports.
fn stepped(told: f32) -> (Vec<Parameter>, StepReport) {
    let data = samples();
    let options = options(true);
    let mut batch = batch(&data, &options, 0).unwrap();
    batch.perception = told;
    let mut trainer = Trainer::new(options, None).unwrap();
    let report = trainer.step(&batch).unwrap();
    (trainer.average().parameters(), report)
}

#[test]
fn what_has_the_least_error_is_learnt_as_ever() {
    let (without, report) = stepped(0.0);
    assert_eq!(report.terms.autocorrelation, 0.0);
    let (with, its_report) = stepped(0.8);
    assert!(its_report.terms.autocorrelation > 0.0);
    assert_eq!(its_report.loss, report.loss);
    for (with, without) in with.iter().zip(&without) {
        let own = with.name.starts_with("perception.");
        assert_eq!(with.values != without.values, own, "{}", with.name);
    }
}

#[test]
fn a_frozen_network_learns_nothing_else() {
    let data = samples();
    let mut options = options(true);
    options.frozen = true;
    options.perceptual = 0.0;
    let mut trainer = Trainer::new(options.clone(), None).unwrap();
    let fresh = trainer.average().parameters();
    for step in 0..3 {
        let batch = batch(&data, &options, step).unwrap();
        assert!(batch.perception > 0.0);
        let report = trainer.step(&batch).unwrap();
        assert!(report.terms.l1 > 0.0 && report.terms.autocorrelation > 0.0);
        assert!(report.loss > report.terms.l1);
    }
    for (after, before) in trainer.average().parameters().iter().zip(&fresh) {
        let own = after.name.starts_with("perception.");
        assert_eq!(after.values != before.values, own, "{}", after.name);
    }

    options.network.perception = false;
    let refused = Trainer::new(options, None).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("frozen"), "{refused}");
}

#[test]
fn losses_count_for_a_network_that_is_not_told() {
    let data = samples();
    let options = options(false);
    let batch = batch(&data, &options, 0).unwrap();
    let mut trainer = Trainer::new(options, None).unwrap();
    let report = trainer.step(&batch).unwrap();
    let terms = report.terms;
    assert!(terms.autocorrelation > 0.0);
    let expected = terms.l1 + 0.1 * terms.frequency + 0.3 * terms.autocorrelation;
    assert!((report.loss - expected).abs() < 1e-5, "{report:?}");
}
