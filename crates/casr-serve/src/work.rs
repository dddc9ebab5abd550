//! Work on answers: on threads of its own, behind bounded queues, once for all who want the same,
//! and only as long as somebody waits.
//!
//! These threads are neither the asynchronous ones, which must not be kept, nor those of the pool
//! that the network runs on, where a thread that waits for a tile may be handed other work.

use crate::{
    ServeError,
    answers::Fingerprint,
    growing::{Growing, Reader},
    metrics::Metrics,
    pace::Pace,
};
use axum::body::Bytes;
use casr_zoom::{Progress, ZoomError};
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
    /// Its version, where it is not the best that there could be.
    pub quick: Option<Fingerprint>,
}

impl From<Bytes> for Made {
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }
}

/// What became of work.
pub type Outcome = Result<Made, Arc<ServeError>>;

type Task = Box<dyn FnOnce(&Watch) -> Result<Made, ServeError> + Send>;

/// Work for when nothing else is to be done. It may be broken off and begun anew.
type Spare = Arc<dyn Fn(&Watch) -> Result<(), ServeError> + Send + Sync>;

/// How much of it may wait; more lets the oldest go.
const SPARES: usize = 256;

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
    pace: Mutex<Pace>,
    /// Whether somebody waits for an enlargement.
    wanted: AtomicBool,
}

#[derive(Default)]
struct State {
    light: VecDeque<Job>,
    heavy: VecDeque<Job>,
    spare: VecDeque<(Fingerprint, Spare)>,
    /// Whether a thread does spare work: one at a time, so that others are free.
    sparing: bool,
    flights: HashMap<Fingerprint, Arc<Flight>>,
    stopped: bool,
}

struct Job {
    key: Fingerprint,
    flight: Arc<Flight>,
    task: Task,
    begun: Instant,
}

/// What a thread finds to do.
enum Next {
    Job(Job),
    Spare(Fingerprint, Spare),
}

/// Work that is waited for.
struct Flight {
    /// Who waits; changed under the lock of the state.
    waiters: AtomicU64,
    cancelled: AtomicBool,
    outcome: watch::Sender<Option<Outcome>>,
    /// Where its result is while it is made, if it can be had before it is whole.
    growing: Option<Arc<Growing>>,
}

/// Somebody who waits. Dropped, it waits no more.
pub struct Waiter {
    shared: Arc<Shared>,
    key: Fingerprint,
    flight: Arc<Flight>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// Looks whether work is still waited for.
#[derive(Clone)]
pub struct Watch {
    shared: Arc<Shared>,
    /// None for spare work, which ends as soon as there is other.
    flight: Option<Arc<Flight>>,
    /// Since when it is waited for.
    begun: Instant,
}

impl Watch {
    /// Whether to go on.
    ///
    /// # Errors
    /// [`ServeError::Cancelled`] if not.
    pub fn check(&self) -> Result<(), ServeError> {
        let over = match &self.flight {
            Some(flight) => flight.cancelled.load(Ordering::Relaxed),
            None => self.shared.wanted.load(Ordering::Relaxed),
        };
        match over {
            true => Err(ServeError::Cancelled),
            false => Ok(()),
        }
    }

    /// How many pixels this work may send through the network to end so long after somebody began
    /// to wait for it, if all that is at work and waits gets as much; any number before anything
    /// was measured.
    pub fn affords(&self, latency: Duration) -> f64 {
        let waiting = self.shared.lock().heavy.len();
        let pace = self.shared.pace();
        let left = latency.saturating_sub(self.waited());
        let parts = (waiting + pace.working()).max(1) as f64;
        (pace.value()).map_or(f64::INFINITY, |pace| pace * left.as_secs_f64() / parts)
    }

    /// How long somebody has waited for it.
    pub fn waited(&self) -> Duration {
        self.begun.elapsed()
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
            let done = done.saturating_sub(before);
            watch.shared.metrics.computed(done);
            if done > 0 {
                watch.shared.pace().done(done, Instant::now());
            }
            match watch.check() {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        }
    }
}

impl Work {
    /// Starts `workers` threads for enlargements, and some for the rest. In each lane up to `most`
    /// wait; nobody longer than `deadline`. `pace` is a guess, in pixels of the network a second.
    ///
    /// # Errors
    /// [`ServeError::Threads`].
    pub fn start(
        workers: usize,
        most: usize,
        deadline: Duration,
        pace: Option<f64>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ServeError> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            most,
            metrics,
            pace: Mutex::new(Pace::new(pace)),
            wanted: AtomicBool::new(false),
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
        let mut waiter = self.shared.join(key, lane, Box::new(task), None)?;
        let outcome = tokio::time::timeout(self.deadline, waiter.outcome());
        outcome.await.unwrap_or_else(|_| {
            let deadline = self.deadline;
            Err(Arc::new(ServeError::Late { deadline }))
        })
    }

    /// The same for an enlargement whose result is there, `growing`, while it is made, for a reader
    /// that does not wait beyond the deadline. Where somebody else's task makes the same, it is
    /// that one's.
    ///
    /// # Errors
    /// [`ServeError::Busy`], and those of [`Reader::new`].
    pub fn read(
        &self,
        key: Fingerprint,
        growing: Arc<Growing>,
        task: impl FnOnce(&Watch) -> Result<Made, ServeError> + Send + 'static,
    ) -> Result<Reader, ServeError> {
        let task = Box::new(task);
        let waiter = self.shared.join(key, Lane::Heavy, task, Some(growing))?;
        Reader::new(waiter, self.deadline)
    }

    /// Has an enlargement made that nobody waits for, when there is nothing else to enlarge.
    pub fn spare(&self, key: Fingerprint, task: Spare) {
        let mut state = self.shared.lock();
        if state.spare.iter().any(|(other, _)| *other == key) {
            return;
        }
        if state.spare.len() >= SPARES {
            state.spare.pop_front();
        }
        state.spare.push_back((key, task));
        drop(state);
        self.shared.changed.notify_all();
    }

    /// How many wait in a lane.
    pub fn waiting(&self, lane: Lane) -> usize {
        self.shared.lock().lane(lane).len()
    }

    /// How many pixels go through the network in a second; 0 as long as none did.
    pub fn pace(&self) -> f64 {
        self.shared.pace().value().unwrap_or(0.0)
    }
}

impl Work {
    /// Ends all work, and takes no more.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        self.shared.wanted.store(true, Ordering::Relaxed);
        for flight in state.flights.values() {
            flight.cancelled.store(true, Ordering::Relaxed);
        }
        state.spare.clear();
        drop(state);
        self.shared.changed.notify_all();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stop();
        let threads = self.threads.lock();
        for thread in threads.unwrap_or_else(PoisonError::into_inner).drain(..) {
            // The last to hold the service may be one of them.
            if thread.thread().id() != thread::current().id() {
                // A task that panicked has been answered.
                let _ = thread.join();
            }
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

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work that is under way, or puts a task into the queue.
    fn join(
        self: &Arc<Self>,
        key: Fingerprint,
        lane: Lane,
        task: Task,
        growing: Option<Arc<Growing>>,
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
            growing,
        });
        queue.push_back(Job {
            key,
            flight: flight.clone(),
            task,
            begun: Instant::now(),
        });
        if lane == Lane::Heavy {
            self.wanted.store(true, Ordering::Relaxed);
        }
        state.flights.insert(key, flight.clone());
        drop(state);
        // Threads of both lanes wait for this.
        self.changed.notify_all();
        Ok(waiter(flight))
    }

    /// What a thread does.
    fn work(self: &Arc<Self>, lane: Lane) {
        while let Some(next) = self.next(lane) {
            if lane == Lane::Heavy {
                self.pace().begin(Instant::now());
            }
            match next {
                Next::Job(job) => self.job(lane, job),
                Next::Spare(key, task) => self.spare(key, task),
            }
            if lane == Lane::Heavy {
                self.pace().end(Instant::now());
            }
        }
    }

    fn job(self: &Arc<Self>, lane: Lane, job: Job) {
        let begun = Instant::now();
        let watch = Watch {
            shared: self.clone(),
            flight: Some(job.flight.clone()),
            begun: job.begun,
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

    fn spare(self: &Arc<Self>, key: Fingerprint, task: Spare) {
        let watch = Watch {
            shared: self.clone(),
            flight: None,
            begun: Instant::now(),
        };
        let done = catch_unwind(AssertUnwindSafe(|| task(&watch)));
        let mut state = self.lock();
        state.sparing = false;
        // Whatever else went wrong, somebody who asks will hear.
        let broken_off = |error: &ServeError| {
            matches!(
                error,
                ServeError::Cancelled | ServeError::Zoom(ZoomError::Cancelled)
            )
        };
        if done.is_ok_and(|done| done.is_err_and(|error| broken_off(&error))) {
            state.spare.push_front((key, task));
        }
    }

    /// The next task of a lane, as soon as there is one; none at the end.
    fn next(&self, lane: Lane) -> Option<Next> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            let job = state.lane(lane).pop_front();
            if lane == Lane::Heavy {
                let wanted = !state.heavy.is_empty();
                self.wanted.store(wanted, Ordering::Relaxed);
            }
            if let Some(job) = job {
                return Some(Next::Job(job));
            }
            if lane == Lane::Heavy
                && !state.sparing
                && let Some((key, task)) = state.spare.pop_front()
            {
                state.sparing = true;
                return Some(Next::Spare(key, task));
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

impl Waiter {
    /// What becomes of the work.
    pub async fn outcome(&mut self) -> Outcome {
        let outcome = self.outcome.wait_for(Option::is_some).await;
        let outcome = outcome.ok().and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| Err(ServeError::Internal.into()))
    }

    /// The result in the making, if it can be had.
    pub fn growing(&self) -> Option<&Arc<Growing>> {
        self.flight.growing.as_ref()
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
