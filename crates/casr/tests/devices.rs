//! Choosing a device: what a program without GPU support says, and what one with it says where
//! there is no GPU.

mod support;

use support::{Run, casr, folder, names, photograph, program, read, write};

/// Hides all Vulkan drivers.
fn without_drivers(folder: &std::path::Path, arguments: &[&str]) -> Run {
    let nowhere = folder.join("no-driver.json");
    let mut program = program(folder);
    let hidden = program
        .env("VK_ICD_FILENAMES", &nowhere)
        .env("VK_DRIVER_FILES", &nowhere);
    Run::of(hidden.args(arguments))
}

#[test]
fn the_processor_is_always_listed() {
    let folder = folder();
    let run = without_drivers(folder.path(), &["devices"]).succeeds();
    let first = run.output.lines().next().unwrap();
    assert!(first.starts_with("cpu "), "{run:?}");
    // Drivers for other interfaces than Vulkan may be left.
    if !run.output.contains("gpu:0") {
        assert!(first.ends_with("[auto]"), "{run:?}");
        assert_eq!(run.output.lines().count(), 2, "{run:?}");
    }
}

#[test]
fn a_missing_gpu_is_an_error_with_a_remedy() {
    let folder = folder();
    write(folder.path(), "small.png", &photograph(12, 9));
    for device in ["gpu:98", "gpu:99"] {
        let arguments = ["upscale", "small.png", "-o", "big.png", "--device", device];
        let run = without_drivers(folder.path(), &arguments);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(run.errors.lines().count(), 1, "{run:?}");
        let remedies: &[&str] = if casr_zoom::GPU_SUPPORT {
            &["install the driver", "there are fewer"]
        } else {
            &["without GPU support"]
        };
        let remedied = remedies.iter().any(|words| run.errors.contains(words));
        assert!(remedied && run.errors.contains("--device cpu"), "{run:?}");
    }
    assert_eq!(names(folder.path()), ["small.png"]);
}

#[test]
fn what_is_no_device_is_refused() {
    let folder = folder();
    for device in ["gpu:", "gpu:x", "gpu:-1", "cuda", ""] {
        let run = casr(folder.path(), &["plan", "small.png", "--device", device]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.errors.contains("gpu:N"), "{run:?}");
    }
}

#[test]
fn the_processor_works_in_half_precision() {
    let folder = folder();
    write(folder.path(), "small.png", &photograph(60, 45));
    for precision in ["half", "single", "auto"] {
        let output = format!("{precision}.png");
        let arguments = ["upscale", "small.png", "-o", &output];
        let options = ["--device", "cpu", "--precision", precision];
        casr(folder.path(), &[&arguments[..], &options].concat()).succeeds();
    }
    let [half, single, auto] =
        ["half", "single", "auto"].map(|name| read(&folder.path().join(format!("{name}.png"))));
    assert_eq!((half.width, half.height), (120, 90));
    assert_eq!(auto.pixels, single.pixels);
    assert_ne!(half.pixels, single.pixels);
    let pairs = half.pixels.iter().zip(single.pixels.iter());
    let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 3.5 / 255.0, "{largest}");
}

#[test]
fn what_the_processor_offers_is_listed() {
    let folder = folder();
    let run = without_drivers(folder.path(), &["devices"]).succeeds();
    assert!(run.output.contains("half precision"), "{run:?}");
}

#[test]
fn auto_falls_back_to_the_processor() {
    let folder = folder();
    write(folder.path(), "small.png", &photograph(12, 9));
    let arguments = ["upscale", "small.png", "-o", "big.png"];
    without_drivers(folder.path(), &arguments).succeeds();
}
