//! Devices with little memory, and devices that fail: smaller tiles, then the processor.

mod support;

use casr_net::{
    Cpu, Device, Model, NetError, NetworkConfig, Parameter, StepGeometry, StepResult, StepWindow,
    Stepper,
};
use casr_zoom::{Band, DeviceChoice, Enlarger, Image, Precision, Target, place};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{MODULES, SMALL, image, model};

/// A GPU that the processor stands for.
#[derive(Debug)]
struct Weak {
    /// The largest window that fits, in pixels.
    memory: usize,
    /// The number of steps after which it fails for good.
    life: usize,
    steps: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Loaded {
    inner: Arc<dyn Stepper>,
    memory: usize,
    life: usize,
    steps: Arc<AtomicUsize>,
}

impl Device for Weak {
    fn load(
        &self,
        config: NetworkConfig,
        parameters: &[Parameter],
    ) -> Result<Arc<dyn Stepper>, NetError> {
        Ok(Arc::new(Loaded {
            inner: Cpu::single().load(config, parameters)?,
            memory: self.memory,
            life: self.life,
            steps: self.steps.clone(),
        }))
    }

    fn is_gpu(&self) -> bool {
        true
    }

    fn precision(&self) -> &'static str {
        Cpu::single().precision()
    }
}

impl fmt::Display for Weak {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a weak GPU")
    }
}

impl Stepper for Loaded {
    fn step(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<StepResult, NetError> {
        let device = "a weak GPU".to_owned();
        if window.pixels.len() / 3 > self.memory {
            let source = "the window is too large".into();
            return Err(NetError::OutOfMemory { device, source });
        }
        if self.steps.fetch_add(1, Ordering::Relaxed) >= self.life {
            let source = "it is lost".into();
            return Err(NetError::Device { device, source });
        }
        self.inner.step(window, geometry)
    }
}

/// What a weak GPU makes, how many steps it made, and why it gave up.
fn enlarged(model: Model, memory: usize, life: usize) -> (Image, usize, Option<String>) {
    let steps = Arc::new(AtomicUsize::new(0));
    let device = Weak {
        memory,
        life,
        steps: steps.clone(),
    };
    let enlarger = Enlarger::new(model.on(Arc::new(device)));
    let image = image(150, 130);
    let plan = enlarger.plan(image.size(), Target::Factor(2.0)).unwrap();
    let mut bands = enlarger.bands(&image, &plan).unwrap();
    let mut pixels = Vec::new();
    for band in bands.by_ref() {
        let Band { pixels: more, .. } = band.unwrap();
        pixels.extend(more);
    }
    let why = bands.fallback().map(ToString::to_string);
    let size = plan.output();
    let result = Image::new(size.width, size.height, pixels).unwrap();
    (result, steps.load(Ordering::Relaxed), why)
}

fn difference(a: &Image, b: &Image) -> f32 {
    let pairs = a.pixels().iter().zip(b.pixels());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn tiles_are_cut_until_they_fit() {
    for config in [SMALL, MODULES] {
        let (whole, steps, why) = enlarged(model(config), usize::MAX, usize::MAX);
        assert_eq!((steps, why), (1, None));
        let (cut, steps, why) = enlarged(model(config), 14_000, usize::MAX);
        assert!(steps > 1 && why.is_none(), "{steps} {why:?}");
        assert!(difference(&whole, &cut) < 5e-5);
    }
}

#[test]
fn the_processor_goes_on_where_a_gpu_cannot() {
    let (whole, ..) = enlarged(model(SMALL), usize::MAX, usize::MAX);
    // Nothing fits.
    let (result, steps, why) = enlarged(model(SMALL), 100, usize::MAX);
    assert_eq!(steps, 0);
    assert!(why.is_some_and(|why| why.contains("too little memory")));
    assert!(difference(&whole, &result) < 5e-5);
    // It is lost after the second of several tiles.
    let (result, steps, why) = enlarged(model(SMALL), 14_000, 2);
    assert_eq!(steps, 3);
    assert!(why.is_some_and(|why| why.contains("a weak GPU failed (it is lost)")));
    assert!(difference(&whole, &result) < 5e-5);
}

#[test]
fn ensembles_are_cut_and_go_on_as_well() {
    let ensemble = || model(SMALL).with_ensemble().unwrap();
    let (whole, steps, why) = enlarged(ensemble(), usize::MAX, usize::MAX);
    assert_eq!((steps, why), (8, None));
    let (cut, steps, why) = enlarged(ensemble(), 14_000, usize::MAX);
    assert!(steps > 8 && why.is_none(), "{steps} {why:?}");
    assert!(difference(&whole, &cut) < 5e-5);
    // It is lost in the middle of the first tile, which the processor begins anew.
    let (result, steps, why) = enlarged(ensemble(), usize::MAX, 3);
    assert_eq!(steps, 4);
    assert!(why.is_some_and(|why| why.contains("a weak GPU failed (it is lost)")));
    assert!(difference(&whole, &result) == 0.0);
}

#[test]
fn the_processor_is_always_there() {
    let placed = place(model(SMALL), DeviceChoice::Cpu, Precision::Auto, None).unwrap();
    assert!(!placed.device().is_gpu());
    assert_eq!(placed.device().to_string(), "the processor");
}

#[test]
fn the_processor_has_both_precisions() {
    for (wanted, precision) in [
        (Precision::Auto, "single"),
        (Precision::Single, "single"),
        (Precision::Half, "half"),
    ] {
        let placed = place(model(SMALL), DeviceChoice::Cpu, wanted, None).unwrap();
        assert_eq!(placed.device().precision(), precision);
    }
}
