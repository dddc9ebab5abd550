//! Every kernel against `casr-kernels`, on the first GPU that is there, even a simulated one.
//! Without any the tests say so; where `CASR_REQUIRE_GPU` is set they fail instead.

mod field;
mod loss;
mod maps;
mod regions;

use crate::context::{Context, Kernel, KernelSource};
use crate::kernels::Texts;
use crate::layout::Channels;
use crate::recorder::Recorder;
use crate::{Gpu, OpenGpu};

/// The first GPU, ready for kernels.
pub(crate) fn gpu() -> Option<OpenGpu> {
    let gpus = Gpu::all();
    let Some(gpu) = gpus.first() else {
        let required = std::env::var_os("CASR_REQUIRE_GPU").is_some();
        assert!(!required, "there is no GPU");
        println!("skipped: there is no GPU with a driver");
        return None;
    };
    println!("on {gpu}");
    Some(gpu.open(None).unwrap())
}

/// Numbers from −1 to 1 without a pattern.
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// Pixels from 0 to 1: flat, sloping and noisy ones, with an edge.
pub(crate) fn pixels(height: usize, width: usize, seed: u64) -> Vec<f32> {
    let noise = numbers(height * width * 3, seed);
    let value = |index: usize| {
        let (row, column, colour) = (index / 3 / width, index / 3 % width, index % 3);
        let slope = 0.3 + 0.3 * (row as f32 * 0.21 + colour as f32).sin();
        match (row / 7 + column / 5) % 3 {
            0 => 0.5,
            1 => slope,
            _ => (slope + 0.3 * noise[index]).clamp(0.0, 1.0),
        }
    };
    (0..height * width * 3).map(value).collect()
}

/// Asserts that numbers differ by no more than a share of the largest.
pub(crate) fn assert_near(made: &[f32], expected: &[f32], share: f32, case: &str) {
    assert_eq!(made.len(), expected.len(), "{case}");
    let scale = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let pairs = made.iter().zip(expected);
    let worst = pairs
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |most: f32, error| {
            if error > most || error.is_nan() {
                error
            } else {
                most
            }
        });
    assert!(worst <= share * scale, "{case}: off by {worst} of {scale}");
}

/// The texts of kernels for some channels.
pub(crate) fn texts(channels: usize, half: bool, rows: usize) -> Texts {
    Texts {
        channels: Channels::new(channels),
        half,
        rows,
        frequencies: 7,
    }
}

/// A map `[pixels, channels]` as it lies on the device.
pub(crate) fn planes(channels: Channels, pixels: usize, values: &[f32]) -> Vec<f32> {
    let mut planes = vec![0.0; 4 * channels.planes * pixels];
    for (index, value) in values.iter().enumerate() {
        let (pixel, channel) = (index / channels.count, index % channels.count);
        planes[(channel / 4 * pixels + pixel) * 4 + channel % 4] = *value;
    }
    planes
}

/// A map `[pixels, channels]` from how it lies on the device.
pub(crate) fn channels_last(channels: Channels, pixels: usize, planes: &[f32]) -> Vec<f32> {
    let at = |index: usize| {
        let (pixel, channel) = (index / channels.count, index % channels.count);
        planes[(channel / 4 * pixels + pixel) * 4 + channel % 4]
    };
    (0..pixels * channels.count).map(at).collect()
}

/// One kernel with its buffers.
pub(crate) struct Run<'a> {
    context: &'a Context,
    kernel: Kernel,
    buffers: Vec<wgpu::Buffer>,
}

impl<'a> Run<'a> {
    pub fn new(context: &'a Context, source: KernelSource) -> Self {
        let mut kernels = context.compile(&[source]).unwrap();
        Self {
            context,
            kernel: kernels.remove(0),
            buffers: Vec::new(),
        }
    }

    /// With one buffer more.
    pub fn bind<T: bytemuck::Pod>(mut self, values: &[T]) -> Self {
        let bytes = bytemuck::cast_slice(values);
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_DST
            | wgpu::BufferUsages::COPY_SRC;
        let usage = match self.buffers.is_empty() {
            true => wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            false => usage | wgpu::BufferUsages::UNIFORM,
        };
        let buffer = (self.context).buffer("a test", bytes.len() as u64, usage);
        let buffer = buffer.unwrap();
        self.context.queue.write_buffer(&buffer, 0, bytes);
        self.buffers.push(buffer);
        self
    }

    /// Runs the kernel, and reads the buffer of a place.
    pub fn read<T: bytemuck::Pod>(&self, grid: [usize; 3], place: usize) -> Vec<T> {
        self.context
            .guarded("a test", || {
                let mut recorder = Recorder::new(self.context);
                let bindings: Vec<_> = (self.buffers.iter())
                    .map(wgpu::Buffer::as_entire_buffer_binding)
                    .collect();
                recorder.run(&self.kernel, &bindings, grid, 0.0)?;
                let bytes = self.buffers[place].size();
                let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
                let readable = self.context.buffer("a test", bytes, usage)?;
                recorder.copy(&self.buffers[place], &readable, 0, bytes);
                let read = |bytes: &[u8]| bytemuck::pod_collect_to_vec(bytes);
                Ok(recorder.finish(&readable, bytes, read)?.0)
            })
            .unwrap()
    }
}
