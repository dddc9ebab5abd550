//! A training that was stopped and resumed ends with the same weights, bit for bit, as one that was
//! not.

use casr_net::NetworkConfig;
use casr_train::{Dataset, Optimizer, Outcome, Schedule, TrainError, TrainOptions, Trainer, run};
use std::cell::Cell;
use std::path::{Path, PathBuf};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

fn options() -> TrainOptions {
    TrainOptions {
        network: NetworkConfig {
            channels: 8,
            blocks: 1,
            frequencies: 4,
            alignment: true,
            similarity: true,
        },
        batch: 3,
        patch: 12,
        unroll: 0.5,
        schedule: Schedule {
            steps: 12,
            warm_up: 2,
            ..Schedule::default()
        },
        ..TrainOptions::default()
    }
}

/// [`options`] with channels enough for Muon to have something to do.
fn wide_options() -> TrainOptions {
    let mut options = options();
    options.network.channels = 16;
    options
}

/// All weights as bits.
fn bits(trainer: &Trainer) -> Vec<u32> {
    let parameters = trainer.average().parameters();
    parameters
        .iter()
        .flat_map(|p| p.values.iter().map(|v| v.to_bits()))
        .collect()
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    resumed_equals_unbroken(options());
}

#[test]
fn a_resumed_run_equals_an_unbroken_one_with_every_optimizer() {
    for optimizer in [Optimizer::Adam, Optimizer::Muon] {
        resumed_equals_unbroken(TrainOptions {
            optimizer,
            ..wide_options()
        });
    }
}

fn resumed_equals_unbroken(options: TrainOptions) {
    let folder = tempfile::tempdir().unwrap();
    let data = Dataset::open(&samples(), &options).unwrap();

    let mut whole = Trainer::new(options.clone(), None).unwrap();
    let outcome = run(
        &mut whole,
        &data,
        &folder.path().join("whole"),
        None,
        || false,
        |_| (),
    )
    .unwrap();
    assert_eq!(outcome, Outcome::Finished);

    let parts = folder.path().join("parts");
    let mut first = Trainer::new(options, None).unwrap();
    let steps = Cell::new(0);
    let stop = || steps.get() >= 5;
    let outcome = run(&mut first, &data, &parts, None, stop, |p| steps.set(p.step)).unwrap();
    assert_eq!(outcome, Outcome::Interrupted);
    assert_eq!(first.steps_done(), 5);
    assert_ne!(bits(&first), bits(&whole));

    let mut second = Trainer::load(&parts.join("checkpoint.safetensors")).unwrap();
    assert_eq!(bits(&second), bits(&first));
    let outcome = run(&mut second, &data, &parts, None, || false, |_| ()).unwrap();
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!(bits(&second), bits(&whole));

    let log = std::fs::read_to_string(parts.join("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 1 + 12, "{log}");
}

#[test]
fn the_weights_do_not_depend_on_threads() {
    weights_do_not_depend_on_threads(options());
    weights_do_not_depend_on_threads(wide_options());
}

fn weights_do_not_depend_on_threads(options: TrainOptions) {
    let data = Dataset::open(&samples(), &options).unwrap();
    let train = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut trainer = Trainer::new(options.clone(), None).unwrap();
            for step in 0..4 {
                trainer
                    .step(&casr_train::batch(&data, &options, step).unwrap())
                    .unwrap();
            }
            bits(&trainer)
        })
    };
    let one = train(1);
    assert_eq!(one, train(2));
    assert_eq!(one, train(3));
}

#[test]
fn the_loss_falls() {
    let mut options = options();
    options.schedule.steps = 120;
    options.unroll = 0.0;
    let data = Dataset::open(&samples(), &options).unwrap();
    let mut trainer = Trainer::new(options.clone(), None).unwrap();
    let fixed = casr_train::batch(&data, &options, 0).unwrap();
    let first = trainer.step(&fixed).unwrap().loss;
    let mut last = first;
    for _ in 1..120 {
        last = trainer.step(&fixed).unwrap().loss;
    }
    assert!(last < 0.8 * first, "{first} -> {last}");
}

#[test]
fn what_is_no_checkpoint_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let missing = Trainer::load(&path).err().unwrap();
    assert!(matches!(missing, TrainError::File { .. }), "{missing}");
    let data = Dataset::open(&samples(), &options()).unwrap();
    run(
        &mut Trainer::new(options(), None).unwrap(),
        &data,
        folder.path(),
        None,
        || true,
        |_| (),
    )
    .unwrap();
    let whole = std::fs::read(&path).unwrap();
    let weights = std::fs::read(folder.path().join("weights.safetensors")).unwrap();
    for wrong in [&whole[..whole.len() / 2], b"text", &weights] {
        std::fs::write(&path, wrong).unwrap();
        let error = Trainer::load(&path).err().unwrap();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
        assert!(
            error.to_string().contains("checkpoint.safetensors"),
            "{error}"
        );
    }
}

#[test]
fn a_folder_without_enough_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Dataset::open(folder.path(), &options()).is_err());
    let mut large = options();
    large.patch = 200;
    let error = Dataset::open(&samples(), &large).unwrap_err();
    assert!(
        matches!(error, TrainError::TooFewImages { found: 0, .. }),
        "{error}"
    );
}
