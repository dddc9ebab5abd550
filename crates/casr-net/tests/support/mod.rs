//! What tests share.

use casr_net::ComputeDevice;

/// The first GPU, even a simulated one; without any a remark, or a failure where `CASR_REQUIRE_GPU` is set.
pub fn gpu() -> Option<ComputeDevice> {
    let gpu = ComputeDevice::gpus().into_iter().next();
    match &gpu {
        Some(gpu) => println!("on {gpu}"),
        None if std::env::var_os("CASR_REQUIRE_GPU").is_some() => panic!("there is no GPU"),
        None => println!("skipped: there is no GPU with a Vulkan driver"),
    }
    gpu
}
