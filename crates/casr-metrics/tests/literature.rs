//! Bicubic enlargement must score what the literature says it does.
//!
//! Reads `shared/data` beside the repository, or the folder that `CASR_DATA` names.

mod support;

use casr_metrics::{Protocol, degrade, imresize, psnr_y, ssim_y};
use std::path::Path;
use support::{data, read};

/// Mean PSNR and SSIM of bicubic enlargement.
fn bicubic(folder: &Path, scale: f64) -> (f64, f64) {
    let mut scores = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let photograph = read(&entry.unwrap().path());
        let protocol = Protocol::new(photograph.size(), scale).unwrap();
        let truth = photograph.crop((0, 0), protocol.truth).unwrap();
        let input = degrade(&truth, protocol.input).unwrap();
        let enlarged = imresize(&input, truth.size()).unwrap();
        let psnr = psnr_y(&enlarged, &truth, protocol.border).unwrap();
        scores.push((psnr, ssim_y(&enlarged, &truth, protocol.border).unwrap()));
    }
    let mean =
        |part: fn(&(f64, f64)) -> f64| scores.iter().map(part).sum::<f64>() / scores.len() as f64;
    (mean(|score| score.0), mean(|score| score.1))
}

#[test]
fn set5() {
    let Some(folder) = data("benchmarks/Set5") else {
        return;
    };
    for (scale, psnr, ssim) in [
        (2.0, 33.66, 0.9299),
        (3.0, 30.39, 0.8682),
        (4.0, 28.42, 0.8104),
    ] {
        let measured = bicubic(&folder, scale);
        println!("Set5 ×{scale}: {measured:.4?}");
        assert!(
            (measured.0 - psnr).abs() < 0.03,
            "×{scale}: {} dB, not {psnr}",
            measured.0
        );
        assert!(
            (measured.1 - ssim).abs() < 0.001,
            "×{scale}: {}, not {ssim}",
            measured.1
        );
    }
}

#[test]
fn set14() {
    let Some(folder) = data("benchmarks/Set14") else {
        return;
    };
    let (psnr, ssim) = bicubic(&folder, 4.0);
    println!("Set14 ×4: {psnr:.4} {ssim:.4}");
    assert!((psnr - 26.00).abs() < 0.03, "{psnr} dB, not 26.00");
}

#[test]
fn b100() {
    let Some(folder) = data("benchmarks/B100") else {
        return;
    };
    let (psnr, ssim) = bicubic(&folder, 4.0);
    println!("B100 ×4: {psnr:.4} {ssim:.4}");
    assert!((psnr - 25.96).abs() < 0.03, "{psnr} dB, not 25.96");
}
