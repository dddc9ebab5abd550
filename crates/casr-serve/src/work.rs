//! Work on answers: on threads of its own, behind bounded queues, once for all who want the same,
//! and only as long as somebody waits.
//!
//! These threads are neither the asynchronous ones, which must not be kept, nor those of the pool
//! that the network runs on, where a thread that waits for a tile may be handed other work.

use crate::{ServeError, answers::Fingerprint, metrics::Metrics};
use axum::body::Bytes;
use casr_zoom::Progress;
use std::{
    collections::{HashMap, VecDeque},
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// When somebody who finds a full queue should try again.
const RETRY: Duration = Duration::from_secs(2);

/// Threads for work without the network: it never waits for the other.
const LIGHT_THREADS: usize = 2;

/// Which threads do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Shrinking originals.
    Light,
    /// Enlarging.
    Heavy,
}

/// What work makes.
#[derive(Clone, Debug, Default)]
pub struct Made {
    pub bytes: Bytes,
    /// What whoever gets it should know; empty where there is nothing.
    pub remarks: String,
}

impl From<Bytes> for Made {
    fn from(bytes: Bytes) -> Self {
        let remarks = String::new();
        Self { bytes, remarks }
    }
}

/// What became of work.
pub type Outcome = Result<Made, Arc<ServeError>>;

type Task = Box<dyn FnOnce(&Watch) -> Result<Made, ServeError> + Send>;

/// The threads and what waits for them.
pub struct Work {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    deadline: Duration,
}

struct Shared {
    state: Mutex<State>,
    /// There is work, or no more will come.
    changed: Condvar,
    /// The most that may wait in a lane.
    most: usize,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct State {
    light: VecDeque<Job>,
    heavy: VecDeque<Job>,
    flights: HashMap<Fingerprint, Arc<Flight>>,
    stopped: bool,
}

struct Job {
    key: Fingerprint,
    flight: Arc<Flight>,
    task: Task,
}

/// Work that is waited for.
struct Flight {
    /// Who waits; changed under the lock of the state.
    waiters: AtomicU64,
    cancelled: AtomicBool,
    outcome: watch::Sender<Option<Outcome>>,
}

/// Somebody who waits.
struct Waiter {
    shared: Arc<Shared>,
    key: Fingerprint,
    flight: Arc<Flight>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// Looks whether work is still waited for.
#[derive(Clone)]
pub struct Watch {
    flight: Arc<Flight>,
    metrics: Arc<Metrics>,
}

impl Watch {
    /// Whether to go on.
    ///
    /// # Errors
    /// [`ServeError::Cancelled`] if not.
    pub fn check(&self) -> Result<(), ServeError> {
        match self.flight.cancelled.load(Ordering::Relaxed) {
            true => Err(ServeError::Cancelled),
            false => Ok(()),
        }
    }

    /// The same for a pyramid, whose pixels are counted.
    pub fn observer(&self) -> impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static {
        let counter = self.counter();
        move |progress| counter(progress.done, progress.total)
    }

    /// The same for several pyramids that are one work: pixels done, and in all.
    pub fn counter(&self) -> impl Fn(u64, u64) -> ControlFlow<()> + Send + Sync + 'static {
        let watch = self.clone();
        let counted = AtomicU64::new(0);
        move |done, _| {
            let before = counted.swap(done, Ordering::Relaxed);
            watch.metrics.computed(done.saturating_sub(before));
            match watch.check() {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        }
    }
}

impl Work {
    /// Starts `workers` threads for enlargements, and some for the rest. In each lane up to `most`
    /// wait; nobody longer than `deadline`.
    ///
    /// # Errors
    /// [`ServeError::Threads`].
    pub fn start(
        workers: usize,
        most: usize,
        deadline: Duration,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ServeError> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            most,
            metrics,
        });
        let work = Self {
            shared: shared.clone(),
            threads: Mutex::default(),
            deadline,
        };
        let lanes = [(Lane::Heavy, workers.max(1)), (Lane::Light, LIGHT_THREADS)];
        for (lane, count) in lanes {
            for _ in 0..count {
                let shared = shared.clone();
                let thread = thread::Builder::new().name(format!("{lane:?}").to_lowercase());
                let thread = thread.spawn(move || shared.work(lane));
                let thread = thread.map_err(ServeError::Threads)?;
                let threads = work.threads.lock();
                threads.unwrap_or_else(PoisonError::into_inner).push(thread);
            }
        }
        Ok(work)
    }

    /// What `task` makes, or what somebody else's task makes for the same key. A caller
    /// that is dropped waits no more; a task that nobody waits for ends.
    ///
    /// # Errors
    /// Those of the task, [`ServeError::Busy`] and [`ServeError::Late`].
    pub async fn run(
        &self,
        key: Fingerprint,
        lane: Lane,
        task: impl FnOnce(&Watch) -> Result<Made, ServeError> + Send + 'static,
    ) -> Outcome {
        let mut waiter = self.shared.join(key, lane, Box::new(task))?;
        let outcome = waiter.outcome.wait_for(Option::is_some);
        match tokio::time::timeout(self.deadline, outcome).await {
            Ok(Ok(outcome)) => {
                (outcome.clone()).unwrap_or_else(|| Err(ServeError::Internal.into()))
            }
            Ok(Err(_)) => Err(ServeError::Internal.into()),
            Err(_) => Err(Arc::new(ServeError::Late {
                deadline: self.deadline,
            })),
        }
    }

    /// How many wait in a lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        self.shared.lock().lane(lane).len()
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        for flight in state.flights.values() {
            flight.cancelled.store(true, Ordering::Relaxed);
        }
        drop(state);
        self.shared.changed.notify_all();
        let threads = self.threads.lock();
        for thread in threads.unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A task that panicked has been answered.
            let _ = thread.join();
        }
    }
}

impl State {
    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Job> {
        match lane {
            Lane::Light => &mut self.light,
            Lane::Heavy => &mut self.heavy,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work that is under way, or puts a task into the queue.
    fn join(
        self: &Arc<Self>,
        key: Fingerprint,
        lane: Lane,
        task: Task,
    ) -> Result<Waiter, ServeError> {
        let waiter = |flight: Arc<Flight>| Waiter {
            shared: self.clone(),
            key,
            outcome: flight.outcome.subscribe(),
            flight,
        };
        let mut state = self.lock();
        if let Some(flight) = state.flights.get(&key) {
            flight.waiters.fetch_add(1, Ordering::Relaxed);
            self.metrics.shared();
            return Ok(waiter(flight.clone()));
        }
        let queue = state.lane(lane);
        if queue.len() >= self.most {
            // Those who have gone make room.
            queue.retain(|job| !job.flight.cancelled.load(Ordering::Relaxed));
        }
        if queue.len() >= self.most {
            return Err(ServeError::Busy { retry: RETRY });
        }
        let flight = Arc::new(Flight {
            waiters: AtomicU64::new(1),
            cancelled: AtomicBool::new(false),
            outcome: watch::Sender::new(None),
        });
        queue.push_back(Job {
            key,
            flight: flight.clone(),
            task,
        });
        state.flights.insert(key, flight.clone());
        drop(state);
        // Threads of both lanes wait for this.
        self.changed.notify_all();
        Ok(waiter(flight))
    }

    /// What a thread does.
    fn work(&self, lane: Lane) {
        while let Some(job) = self.next(lane) {
            let begun = Instant::now();
            let watch = Watch {
                flight: job.flight.clone(),
                metrics: self.metrics.clone(),
            };
            let task = job.task;
            let outcome = watch.check().and_then(|()| {
                let done = catch_unwind(AssertUnwindSafe(|| task(&watch)));
                done.unwrap_or(Err(ServeError::Internal))
            });
            self.metrics.worked(lane, begun.elapsed());
            self.forget(job.key, &job.flight);
            // It is there for those, too, who begin to wait only now.
            let outcome = outcome.map_err(Arc::new);
            job.flight.outcome.send_replace(Some(outcome));
        }
    }

    /// The next task of a lane, as soon as there is one; none at the end.
    fn next(&self, lane: Lane) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(job) = state.lane(lane).pop_front() {
                return Some(job);
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets nobody join work that ends.
    fn forget(&self, key: Fingerprint, flight: &Arc<Flight>) {
        let mut state = self.lock();
        let is_it = (state.flights.get(&key)).is_some_and(|other| Arc::ptr_eq(other, flight));
        if is_it {
            state.flights.remove(&key);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if self.flight.waiters.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        self.flight.cancelled.store(true, Ordering::Relaxed);
        let own = state.flights.get(&self.key);
        if own.is_some_and(|other| Arc::ptr_eq(other, &self.flight)) {
            state.flights.remove(&self.key);
        }
    }
}
