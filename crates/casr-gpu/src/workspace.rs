//! The memory of a step on the device, kept for the next one.

use crate::context::Context;
use crate::error::GpuError;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Steps that a network runs at once: while the device computes one, the next one is on its way up
/// and the last one on its way down. More would only take memory.
const AT_ONCE: usize = 2;

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Sizes,
    Tables,
    Phases,
    EncoderBias,
    Pixels,
    Encoded,
    Sums,
    FirstMap,
    SecondMap,
    Field,
    Missing,
    Output,
    Read,
    Means,
    Regions,
    Moments,
    Colours,
    Modulation,
    Autocorrelation,
    Matches,
    Earlier,
    Statistics,
    /// Bound where a kernel has no use for what it could write.
    Nothing,
}

/// The buffers of a step.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    buffers: Vec<(Place, wgpu::Buffer)>,
}

impl Workspace {
    /// The buffer of a place, for `bytes` at least; what it holds is left from an earlier step.
    /// `what` is for messages.
    ///
    /// # Errors
    /// [`GpuError::OutOfMemory`] if the device has none as large.
    pub fn buffer(
        &mut self,
        context: &Context,
        what: &str,
        place: Place,
        bytes: usize,
    ) -> Result<wgpu::Buffer, GpuError> {
        let bytes = bytes as u64;
        // Tiles of an enlargement differ little; what is much too large is another one's.
        let fits = |buffer: &wgpu::Buffer| (bytes..=2 * bytes + SMALL).contains(&buffer.size());
        let found = self.buffers.iter().position(|entry| entry.0 == place);
        if let Some(index) = found {
            if fits(&self.buffers[index].1) {
                return Ok(self.buffers[index].1.clone());
            }
            // Given back before the next one is asked for.
            self.buffers.swap_remove(index);
        }
        let usage = match place {
            Place::Read => wgpu::BufferUsages::MAP_READ,
            Place::Sizes => wgpu::BufferUsages::UNIFORM,
            _ => wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        };
        let buffer = context.buffer(what, bytes, usage | wgpu::BufferUsages::COPY_DST)?;
        self.buffers.push((place, buffer.clone()));
        Ok(buffer)
    }
}

/// Bytes by which a buffer may be too large in any case.
const SMALL: u64 = 1 << 16;

/// The workspaces of a network.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<Workspace>,
    lent: usize,
}

impl Pool {
    /// Does some work in a workspace, once there is one. After a failure its memory, and all that
    /// lies idle, is given back.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&mut Workspace) -> Result<T, GpuError>,
    ) -> Result<T, GpuError> {
        let mut state = self.lock();
        while state.lent >= AT_ONCE {
            let waited = self.returned.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.lent += 1;
        let mut loan = Loan {
            pool: self,
            workspace: state.free.pop().unwrap_or_default(),
            keep: false,
        };
        drop(state);
        let result = work(&mut loan.workspace);
        loan.keep = result.is_ok();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A workspace that goes back whatever happens to the work.
struct Loan<'a> {
    pool: &'a Pool,
    workspace: Workspace,
    keep: bool,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.lent -= 1;
        match self.keep {
            true => state.free.push(std::mem::take(&mut self.workspace)),
            false => state.free.clear(),
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}
