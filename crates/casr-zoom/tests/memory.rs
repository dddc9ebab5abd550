//! Memory follows the estimate and does not grow with the height of the result. One test, because
//! it counts the allocations of the whole process.

mod support;

use casr_net::NetworkConfig;
use casr_zoom::{Enlarger, Target};
use peak_alloc::PeakAlloc;
use support::{image, model};

#[global_allocator]
static ALLOCATIONS: PeakAlloc = PeakAlloc;

/// Bytes at the peak of enlarging an image of this size in bands, over what was held before, and
/// the estimate.
fn peak(enlarger: &Enlarger, width: usize, height: usize, factor: f64) -> (f64, f64) {
    let image = image(width, height);
    let before = ALLOCATIONS.current_usage();
    let plan = enlarger.plan(image.size(), Target::Factor(factor)).unwrap();
    ALLOCATIONS.reset_peak_usage();
    for band in enlarger.bands(&image, &plan).unwrap() {
        assert!(!band.unwrap().pixels.is_empty());
    }
    let measured = ALLOCATIONS.peak_usage() - before;
    (measured as f64, enlarger.cost(&plan).peak_bytes as f64)
}

#[test]
fn memory_is_bounded_and_foretold() {
    let config = NetworkConfig {
        channels: 16,
        blocks: 1,
        frequencies: 8,
        alignment: true,
        similarity: true,
    };
    let enlarger = Enlarger::new(model(config)).tile(64);
    let mut measured = Vec::new();
    for (width, height, factor) in [
        (150, 640, 3.9),
        (150, 2560, 3.9),
        (40, 60, 11.0),
        (90, 600, 2.0),
    ] {
        let (peak, estimate) = peak(&enlarger, width, height, factor);
        let case = format!("{width}×{height} by {factor}: {peak} bytes, estimated {estimate}");
        println!("{case}");
        assert!((0.6..1.1).contains(&(peak / estimate)), "{case}");
        measured.push(peak);
    }
    let image_growth = (150 * (2560 - 640) * 3 * size_of::<f32>()) as f64;
    let growth = measured[1] - measured[0];
    // The axes' geometry grows too, by some hundred bytes for a row of either level; the result
    // would by fifteen times the image.
    let level_rows = (2560.0 - 640.0) * (3.9_f64.sqrt() + 3.9);
    assert!(
        growth < image_growth + 150.0 * level_rows,
        "more than the image itself grows with its height: {growth} bytes"
    );
}
