//! An open device: its limits, its errors, its buffers and its pipelines.

use crate::cache::DiskCache;
use crate::error::GpuError;
use crate::template::{self, Values};
use crate::wait::wait;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What an error says when one is caught where none was expected.
type Report = Arc<Mutex<Option<String>>>;

/// An open device.
#[derive(Debug)]
pub(crate) struct Context {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: wgpu::Limits,
    info: wgpu::AdapterInfo,
    cache: Option<DiskCache>,
    lost: Report,
    uncaught: Report,
}

/// A kernel's text, and what the names in it mean.
#[derive(Debug)]
pub(crate) struct KernelSource {
    pub name: &'static str,
    pub template: &'static str,
    pub values: Values,
}

/// A kernel, ready to run.
#[derive(Debug)]
pub(crate) struct Kernel {
    pub name: &'static str,
    pub pipeline: wgpu::ComputePipeline,
    pub layout: wgpu::BindGroupLayout,
}

impl Context {
    pub fn new(
        adapter: &wgpu::Adapter,
        info: wgpu::AdapterInfo,
        cache: Option<&Path>,
    ) -> Result<Self, GpuError> {
        let wanted = wgpu::Features::SHADER_F16
            | wgpu::Features::PIPELINE_CACHE
            | wgpu::Features::TIMESTAMP_QUERY;
        let descriptor = wgpu::DeviceDescriptor {
            label: None,
            required_features: adapter.features() & wanted,
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = wait(adapter.request_device(&descriptor));
        let (device, queue) = opened.map_err(|error| GpuError::Failed {
            gpu: info.name.clone(),
            reason: sentence(&error),
        })?;
        let (lost, uncaught) = (Report::default(), Report::default());
        let report = lost.clone();
        device.set_device_lost_callback(move |_, message| {
            let message = plain(&message);
            let silent = message.is_empty();
            keep(
                &report,
                if silent {
                    "its driver let it go".to_owned()
                } else {
                    message
                },
            );
        });
        let report = uncaught.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            keep(&report, sentence(&error));
        }));
        let cache = cache.and_then(|folder| DiskCache::open(&device, &info, folder));
        Ok(Self {
            limits: device.limits(),
            device,
            queue,
            info,
            cache,
            lost,
            uncaught,
        })
    }

    /// The device's name.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Whether it is a part of the processor.
    pub fn is_integrated(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::IntegratedGpu
    }

    pub fn has(&self, feature: wgpu::Features) -> bool {
        self.device.features().contains(feature)
    }

    /// Why the device was lost, once it is.
    pub fn lost(&self) -> Option<String> {
        peek(&self.lost)
    }

    /// An error of the kind that no smaller work would avoid.
    pub fn failed(&self, reason: impl Into<String>) -> GpuError {
        GpuError::Failed {
            gpu: self.name().to_owned(),
            reason: reason.into(),
        }
    }

    /// An error of work that does not fit.
    pub fn out_of_memory(&self, what: &str, reason: impl Into<String>) -> GpuError {
        GpuError::OutOfMemory {
            gpu: self.name().to_owned(),
            what: what.to_owned(),
            reason: reason.into(),
        }
    }

    /// Fails where the device is lost, or has failed where nobody was asked.
    ///
    /// # Errors
    /// [`GpuError::Lost`], [`GpuError::Failed`].
    pub fn check(&self) -> Result<(), GpuError> {
        if let Some(reason) = self.lost() {
            return Err(GpuError::Lost {
                gpu: self.name().to_owned(),
                reason,
            });
        }
        let uncaught = self.uncaught.lock();
        match uncaught.unwrap_or_else(PoisonError::into_inner).take() {
            Some(reason) => Err(self.failed(reason)),
            None => Ok(()),
        }
    }

    /// Does some work on the device, `what` for messages, and gives what it made, or the error that
    /// the device has met meanwhile on this thread.
    ///
    /// # Errors
    /// The work's own, else any [`GpuError`].
    pub fn guarded<T>(
        &self,
        what: &str,
        work: impl FnOnce() -> Result<T, GpuError>,
    ) -> Result<T, GpuError> {
        let [memory, validation, internal] = [
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::Internal,
        ]
        .map(|filter| self.device.push_error_scope(filter));
        // wgpu has places where it can only panic: waiting for a device that is lost is one.
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let text = (panic.downcast_ref::<String>().map(String::as_str))
                .or(panic.downcast_ref::<&str>().copied());
            keep(&self.lost, plain(text.unwrap_or("its driver gave up")));
            self.check().and(Err(self.failed("its driver gave up")))
        });
        let [internal, validation, memory] =
            [internal, validation, memory].map(|scope| wait(scope.pop()));
        if result.is_err() {
            // That the device is lost is told by a poll, and by none that fails.
            catch_unwind(AssertUnwindSafe(|| self.device.poll(wgpu::PollType::Poll))).ok();
        }
        if self.lost().is_none() {
            // Where memory was short, what followed from it failed, too.
            if let Some(error) = memory {
                return Err(self.out_of_memory(what, sentence(&error)));
            }
            if let Err(error @ GpuError::OutOfMemory { .. }) = result {
                return Err(error);
            }
        }
        self.check()?;
        match validation.or(internal) {
            Some(error) => Err(self.failed(sentence(&error))),
            None => result,
        }
    }

    /// A buffer of a size in bytes, of the size of a vector at least, for a piece of `what`.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`] if no buffer may be as large, or there is no memory for it.
    pub fn buffer(
        &self,
        what: &str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, GpuError> {
        let size = bytes.max(16).next_multiple_of(16);
        let binding = self.limits.max_storage_buffer_binding_size;
        let limit = match usage.contains(wgpu::BufferUsages::STORAGE) {
            true => self.limits.max_buffer_size.min(binding),
            false => self.limits.max_buffer_size,
        };
        if size > limit {
            let reason = format!("it needs {size} bytes in one piece, and {limit} is the most");
            return Err(self.out_of_memory(what, reason));
        }
        // Asked at once: whatever a buffer that is none is given to would fail, too.
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage,
            mapped_at_creation: false,
        });
        match wait(scope.pop()) {
            Some(error) => Err(self.out_of_memory(what, sentence(&error))),
            None => Ok(buffer),
        }
    }

    /// A buffer that holds some values for good.
    ///
    /// # Errors
    /// As [`Context::buffer`].
    pub fn constants(&self, bytes: &[u8]) -> Result<wgpu::Buffer, GpuError> {
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::UNIFORM
            | wgpu::BufferUsages::COPY_DST;
        let buffer = self.buffer("the network", bytes.len() as u64, usage)?;
        self.queue.write_buffer(&buffer, 0, bytes);
        Ok(buffer)
    }

    /// Compiles kernels, each on a thread of its own, since drivers take a fifth of a second for
    /// some.
    ///
    /// # Errors
    /// [`GpuError::Failed`] if the driver refuses one.
    pub fn compile(&self, sources: &[KernelSource]) -> Result<Vec<Kernel>, GpuError> {
        let kernels: Result<Vec<_>, _> = std::thread::scope(|scope| {
            let threads: Vec<_> = sources
                .iter()
                .map(|source| scope.spawn(|| self.kernel(source)))
                .collect();
            (threads.into_iter())
                .map(|thread| {
                    let kernel = thread.join();
                    kernel.unwrap_or_else(|_| Err(self.failed("a kernel was not compiled")))
                })
                .collect()
        });
        if let Some(cache) = &self.cache {
            cache.store();
        }
        kernels
    }

    fn kernel(&self, source: &KernelSource) -> Result<Kernel, GpuError> {
        let text = template::expand(source.template, &source.values)
            .map_err(|error| self.failed(format!("{}: {error}", source.name)))?;
        self.guarded("the network", || {
            let module = (self.device).create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(source.name),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            });
            let descriptor = wgpu::ComputePipelineDescriptor {
                label: Some(source.name),
                layout: None,
                module: &module,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &[],
                    // The kernels write workgroup memory before they read it.
                    zero_initialize_workgroup_memory: false,
                },
                cache: self.cache.as_ref().map(DiskCache::pipelines),
            };
            let pipeline = self.device.create_compute_pipeline(&descriptor);
            Ok(Kernel {
                name: source.name,
                layout: pipeline.get_bind_group_layout(0),
                pipeline,
            })
        })
    }
}

/// Keeps the first of some messages.
fn keep(report: &Report, message: String) {
    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
    report.get_or_insert(message);
}

fn peek(report: &Report) -> Option<String> {
    report
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// An error and its causes in one line.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = plain(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = plain(&error.to_string());
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}

/// A report of many lines in one, without the point at its end.
fn plain(report: &str) -> String {
    let words: Vec<&str> = report.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').to_owned()
}
