//! Work in the order in which it is done, handed to the device in portions.

use crate::context::{Context, Kernel};
use crate::error::GpuError;
use std::num::NonZeroU64;
use std::time::Duration;

/// Operations after which a portion is handed over: systems reset a GPU that is busy with one for
/// seconds, and a slow one does 10¹¹ in a second.
const PORTION: f64 = 6e10;

/// What one kernel did in a step.
#[derive(Clone, Debug)]
pub struct KernelTime {
    /// The kernel.
    pub kernel: &'static str,
    /// How long it took, by the device's clock.
    pub time: Duration,
    /// Floating point operations; a multiplication and an addition count as two.
    pub operations: f64,
}

/// Records work on a device.
pub(crate) struct Recorder<'a> {
    context: &'a Context,
    encoder: wgpu::CommandEncoder,
    /// Operations since a portion was handed over.
    operations: f64,
    clock: Option<Clock>,
}

/// A device's clock, read before and after every kernel.
struct Clock {
    queries: wgpu::QuerySet,
    kernels: Vec<(&'static str, f64)>,
}

/// How long the answer of a device that has finished may take.
const PASSED_ON: Duration = Duration::from_secs(10);

/// Kernels of a step that a clock has room for.
const CLOCKED: usize = 128;

impl<'a> Recorder<'a> {
    pub fn new(context: &'a Context) -> Self {
        Self {
            context,
            encoder: context.device.create_command_encoder(&Default::default()),
            operations: 0.0,
            clock: None,
        }
    }

    /// One that measures its kernels, where the device has a clock.
    pub fn clocked(context: &'a Context) -> Self {
        let clock = context.has(wgpu::Features::TIMESTAMP_QUERY).then(|| Clock {
            queries: context.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count: 2 * CLOCKED as u32,
            }),
            kernels: Vec::new(),
        });
        Self {
            clock,
            ..Self::new(context)
        }
    }

    /// Runs a kernel on a grid of workgroups; `what` and `operations` are for messages and
    /// portions.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`] if the device cannot count as many workgroups.
    pub fn run(
        &mut self,
        kernel: &Kernel,
        bindings: &[wgpu::BufferBinding],
        grid: [usize; 3],
        operations: f64,
    ) -> Result<(), GpuError> {
        let most = self.context.limits.max_compute_workgroups_per_dimension as usize;
        if grid.iter().any(|count| *count > most) {
            let reason = format!("{grid:?} workgroups are more than {most} along an axis");
            return Err(self.context.out_of_memory("the window", reason));
        }
        let entries: Vec<_> = (0..)
            .zip(bindings)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: wgpu::BindingResource::Buffer(buffer.clone()),
            })
            .collect();
        let group = (self.context.device).create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name),
            layout: &kernel.layout,
            entries: &entries,
        });
        let clock = self.clock.as_mut();
        let clock = clock.filter(|clock| clock.kernels.len() < CLOCKED);
        let writes = clock.map(|clock| {
            let first = 2 * clock.kernels.len() as u32;
            clock.kernels.push((kernel.name, operations));
            wgpu::ComputePassTimestampWrites {
                query_set: &clock.queries,
                beginning_of_pass_write_index: Some(first),
                end_of_pass_write_index: Some(first + 1),
            }
        });
        let mut pass = (self.encoder).begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some(kernel.name),
            timestamp_writes: writes,
        });
        pass.set_pipeline(&kernel.pipeline);
        pass.set_bind_group(0, &group, &[]);
        let [x, y, z] = grid.map(|count| count as u32);
        pass.dispatch_workgroups(x, y, z);
        drop(pass);
        self.operations += operations;
        if self.operations > PORTION {
            self.hand_over();
        }
        Ok(())
    }

    /// Copies the first bytes of a buffer to another one.
    pub fn copy(&mut self, from: &wgpu::Buffer, to: &wgpu::Buffer, place: u64, bytes: u64) {
        self.encoder
            .copy_buffer_to_buffer(from, 0, to, place, bytes);
    }

    /// Hands over what is recorded, and begins anew.
    fn hand_over(&mut self) -> wgpu::SubmissionIndex {
        let next = (self.context.device).create_command_encoder(&Default::default());
        let recorded = std::mem::replace(&mut self.encoder, next);
        self.operations = 0.0;
        self.context.queue.submit([recorded.finish()])
    }

    /// Hands over the last portion and waits for it. The first `bytes` of `buffer`, which the
    /// device has written for the host, are given to `read`.
    ///
    /// # Errors
    /// [`GpuError::Lost`], [`GpuError::Failed`]; where errors are guarded, what has happened may be
    /// found there.
    pub fn finish<T>(
        mut self,
        buffer: &wgpu::Buffer,
        bytes: u64,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<(T, Vec<KernelTime>), GpuError> {
        let context = self.context;
        let times = self.read_clock()?;
        let last = self.hand_over();
        let result = mapped(context, &last, buffer, bytes, read)?;
        let times = match times {
            Some((buffer, kernels)) => {
                let bytes = 16 * kernels.len() as u64;
                let nanoseconds = f64::from(context.queue.get_timestamp_period());
                mapped(context, &last, &buffer, bytes, |ticks| {
                    durations(&kernels, ticks, nanoseconds)
                })?
            }
            None => Vec::new(),
        };
        Ok((result, times))
    }

    /// Records that the clock's readings are copied to a buffer for the host.
    #[expect(
        clippy::type_complexity,
        reason = "the buffer, and what its numbers are"
    )]
    fn read_clock(&mut self) -> Result<Option<(wgpu::Buffer, Vec<(&'static str, f64)>)>, GpuError> {
        let Some(Clock { queries, kernels }) = self.clock.take() else {
            return Ok(None);
        };
        let (count, bytes) = (2 * kernels.len() as u32, 16 * kernels.len() as u64);
        let buffer = |usage| self.context.buffer("the clock", bytes, usage);
        let resolved = buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC)?;
        let readable = buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)?;
        (self.encoder).resolve_query_set(&queries, 0..count, &resolved, 0);
        self.copy(&resolved, &readable, 0, bytes);
        Ok(Some((readable, kernels)))
    }
}

fn durations(kernels: &[(&'static str, f64)], ticks: &[u8], nanoseconds: f64) -> Vec<KernelTime> {
    let (ticks, _) = ticks.as_chunks::<8>();
    let (pairs, _) = ticks.as_chunks::<2>();
    let time = |[start, end]: &[[u8; 8]; 2]| {
        let [start, end] = [start, end].map(|ticks| u64::from_le_bytes(*ticks));
        let seconds = end.saturating_sub(start) as f64 * nanoseconds * 1e-9;
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    };
    let kernels = kernels.iter().zip(pairs);
    kernels
        .map(|(&(kernel, operations), pair)| KernelTime {
            kernel,
            time: time(pair),
            operations,
        })
        .collect()
}

/// Waits until the device has done `last` and so has written a buffer, and reads its first bytes.
fn mapped<T>(
    context: &Context,
    last: &wgpu::SubmissionIndex,
    buffer: &wgpu::Buffer,
    bytes: u64,
    read: impl FnOnce(&[u8]) -> T,
) -> Result<T, GpuError> {
    let slice = buffer.slice(..bytes);
    let (sender, receiver) = std::sync::mpsc::channel();
    slice.map_async(wgpu::MapMode::Read, move |result| {
        // Nobody listens any more where waiting has failed.
        sender.send(result).ok();
    });
    let waited = context.device.poll(wgpu::PollType::Wait {
        submission_index: Some(last.clone()),
        timeout: None,
    });
    context.check()?;
    waited.map_err(|error| context.failed(error.to_string()))?;
    // Another thread that waits for its own work may be the one that passes the answer on.
    match receiver.recv_timeout(PASSED_ON) {
        Ok(Ok(())) => {}
        _ => return Err(context.failed("the result cannot be read")),
    }
    let view = slice.get_mapped_range();
    let view = view.map_err(|error| context.failed(error.to_string()))?;
    let result = read(&view);
    drop(view);
    buffer.unmap();
    Ok(result)
}

/// All of a buffer.
pub(crate) fn whole(buffer: &wgpu::Buffer) -> wgpu::BufferBinding<'_> {
    buffer.as_entire_buffer_binding()
}

/// A part of a buffer, in bytes.
pub(crate) fn part(buffer: &wgpu::Buffer, offset: u64, bytes: u64) -> wgpu::BufferBinding<'_> {
    wgpu::BufferBinding {
        buffer,
        offset,
        size: NonZeroU64::new(bytes),
    }
}
