//! A device that is gone.

use super::{gpu, numbers};
use crate::{GpuError, GpuNetwork};
use casr_net::{NetworkConfig, Origin, StepGeometry, StepWindow};

#[test]
fn a_lost_device_stays_lost() {
    let Some(gpu) = gpu() else { return };
    let config = NetworkConfig {
        channels: 4,
        blocks: 1,
        frequencies: 2,
        alignment: false,
        similarity: false,
    };
    let parameters = config.initial_parameters(1);
    let network = GpuNetwork::new(&gpu, config, &parameters, false).unwrap();
    let window = StepWindow {
        pixels: numbers(9 * 9 * 3, 1),
        origin: Origin::Step,
        prior: None,
        before: None,
    };
    let geometry = StepGeometry::new((9, 9), (18, 18));
    network.step(&window, &geometry).unwrap();
    gpu.context().device.destroy();
    for _ in 0..2 {
        let error = network.step(&window, &geometry).unwrap_err();
        println!("{error}");
        assert!(matches!(error, GpuError::Lost { .. }), "{error}");
        assert!(gpu.is_lost());
    }
    let error = GpuNetwork::new(&gpu, config, &parameters, false).unwrap_err();
    assert!(matches!(error, GpuError::Lost { .. }), "{error}");
}
