//! The GPUs of this machine.

use crate::context::Context;
use crate::error::GpuError;
use crate::wait::wait;
use std::{cmp::Ordering, fmt, path::Path, sync::Arc};

/// A GPU that a driver reaches, not opened yet.
#[derive(Clone, Debug)]
pub struct Gpu {
    adapter: wgpu::Adapter,
    info: wgpu::AdapterInfo,
}

impl Gpu {
    /// All GPUs that Vulkan, Metal or DirectX 12 reaches: discrete ones first, then integrated
    /// ones, then those that the processor simulates. A card that two of them reach is listed once.
    /// Without any driver there are none.
    pub fn all() -> Vec<Self> {
        let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends,
            // No layers for debugging: they print.
            flags: wgpu::InstanceFlags::empty(),
            // A driver that lends more memory than there is makes everything slow instead of saying
            // so.
            memory_budget_thresholds: wgpu::MemoryBudgetThresholds {
                for_resource_creation: Some(95),
                for_device_loss: None,
            },
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapters = wait(instance.enumerate_adapters(backends));
        let mut gpus: Vec<Self> = adapters
            .into_iter()
            .map(|adapter| Self {
                info: adapter.get_info(),
                adapter,
            })
            .filter(Self::can_compute)
            .collect();
        let all: Vec<_> = gpus.iter().map(|gpu| gpu.info.clone()).collect();
        let mut index = 0..;
        gpus.retain(|_| index.next().is_some_and(|index| is_first_way(&all, index)));
        gpus.sort_by_key(|gpu| match gpu.info.device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::VirtualGpu | wgpu::DeviceType::Other => 1,
            wgpu::DeviceType::IntegratedGpu => 2,
            wgpu::DeviceType::Cpu => 3,
        });
        gpus
    }

    /// The name that the driver gives it.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// The interface that reaches it, such as `vulkan`.
    pub fn backend(&self) -> &'static str {
        self.info.backend.to_str()
    }

    /// Whether the processor simulates it: slower than the processor itself, but good for tests.
    pub fn is_simulated(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// Whether it stores and multiplies in half precision.
    pub fn has_half(&self) -> bool {
        self.adapter.features().contains(wgpu::Features::SHADER_F16)
    }

    /// Opens the GPU. Networks on it share what is opened once.
    ///
    /// `cache` is a folder for compiled kernels, made where it is missing; what cannot be read or
    /// written there is compiled anew.
    ///
    /// # Errors
    /// [`GpuError::Failed`] if the driver does not open it.
    pub fn open(&self, cache: Option<&Path>) -> Result<OpenGpu, GpuError> {
        let context = Context::new(&self.adapter, self.info.clone(), cache)?;
        Ok(OpenGpu {
            context: Arc::new(context),
        })
    }

    fn can_compute(&self) -> bool {
        let compute = wgpu::DownlevelFlags::COMPUTE_SHADERS;
        let flags = self.adapter.get_downlevel_capabilities().flags;
        flags.contains(compute) && self.adapter.limits().max_storage_buffers_per_shader_stage >= 8
    }
}

impl fmt::Display for Gpu {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.info.name)
    }
}

/// A GPU ready for networks; clones are the same one.
#[derive(Clone, Debug)]
pub struct OpenGpu {
    context: Arc<Context>,
}

impl OpenGpu {
    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The name that the driver gives it.
    pub fn name(&self) -> &str {
        self.context.name()
    }

    /// Whether it stores and multiplies in half precision.
    pub fn has_half(&self) -> bool {
        self.context.has(wgpu::Features::SHADER_F16)
    }

    /// Whether the device is lost; then every step fails at once, and opening the GPU again may
    /// help.
    pub fn is_lost(&self) -> bool {
        self.context.lost().is_some()
    }
}

/// Whether an adapter is the best way to its card: of some interfaces the one that is preferred,
/// and of an interface's drivers the first.
fn is_first_way(all: &[wgpu::AdapterInfo], index: usize) -> bool {
    let rank = |info: &wgpu::AdapterInfo| match info.backend {
        wgpu::Backend::Vulkan => 0,
        wgpu::Backend::Metal => 1,
        _ => 2,
    };
    let own = &all[index];
    !all.iter().enumerate().any(|(other_index, other)| {
        let same_model = (other.vendor, other.device, other.device_type)
            == (own.vendor, own.device, own.device_type);
        match rank(other).cmp(&rank(own)) {
            // Every interface lists all cards of a model.
            Ordering::Less => same_model,
            Ordering::Equal => {
                let place = &own.device_pci_bus_id;
                let same_place = !place.is_empty() && other.device_pci_bus_id == *place;
                same_model && same_place && other_index < index
            }
            Ordering::Greater => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::is_first_way;
    use wgpu::{AdapterInfo, Backend, DeviceType};

    #[test]
    fn cards_are_listed_once() {
        let card = |device, backend, place: &str| AdapterInfo {
            device,
            device_pci_bus_id: place.to_owned(),
            ..AdapterInfo::new(DeviceType::DiscreteGpu, backend)
        };
        // Two cards of a model, one of them with two drivers, through two interfaces; a card that
        // only the second one reaches.
        let all = [
            card(1, Backend::Dx12, ""),
            card(1, Backend::Dx12, ""),
            card(1, Backend::Vulkan, "0000:01:00.0"),
            card(1, Backend::Vulkan, "0000:02:00.0"),
            card(1, Backend::Vulkan, "0000:02:00.0"),
            card(2, Backend::Dx12, ""),
        ];
        let listed: Vec<usize> = (0..all.len())
            .filter(|index| is_first_way(&all, *index))
            .collect();
        assert_eq!(listed, [2, 3, 5]);
    }
}
