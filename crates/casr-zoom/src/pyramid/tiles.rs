//! The tiles of all levels that are there: those that somebody holds, the latest besides, and those
//! in the making.

use crate::step::Made;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

/// Which tile: of level 1 or above, in which row of tiles, in which column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TilePlace {
    pub level: usize,
    pub row: usize,
    pub column: usize,
}

/// How often somebody who waits for a tile looks whether to go on.
const PATIENCE: Duration = Duration::from_millis(50);

/// How many dead entries are put up with before they are swept.
const SWEEP: usize = 1024;

/// See the module. Threads may share it: a tile that two of them want at a time is made once.
#[derive(Debug)]
pub(crate) struct Tiles {
    /// Bytes of a level's tiles that are kept when nobody holds them.
    room: usize,
    state: Mutex<State>,
    /// A tile is made, or is not made any more.
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    tiles: HashMap<TilePlace, Slot>,
    /// Level by level.
    kept: Vec<Kept>,
    /// At how many entries dead ones are swept next.
    sweep: usize,
}

#[derive(Debug)]
enum Slot {
    Making,
    Made(Weak<Made>),
}

/// The latest tiles of a level, the one used last at the end.
#[derive(Debug, Default)]
struct Kept {
    tiles: VecDeque<(TilePlace, Arc<Made>)>,
    bytes: usize,
}

impl Tiles {
    /// No tiles yet. Those that nobody holds are kept as long as they, of one level, take at most
    /// `room` bytes.
    pub fn new(room: usize) -> Self {
        Self {
            room,
            state: Mutex::default(),
            settled: Condvar::new(),
        }
    }

    /// Whether a tile is there.
    pub fn has(&self, place: TilePlace) -> bool {
        self.lock().made(place).is_some()
    }

    /// A tile; made by `make` if it is neither there nor in the making by another thread. Whoever
    /// waits for that asks `check` every now and then whether to go on. Both get `caller`.
    ///
    /// # Errors
    /// Those of `make` and `check`.
    pub fn get_or_make<C, E>(
        &self,
        place: TilePlace,
        caller: &mut C,
        check: impl Fn(&mut C) -> Result<(), E>,
        make: impl FnOnce(&mut C) -> Result<Made, E>,
    ) -> Result<Arc<Made>, E> {
        let mut state = self.lock();
        loop {
            if let Some(tile) = state.made(place) {
                state.keep(place, &tile, self.room);
                return Ok(tile);
            }
            if !matches!(state.tiles.get(&place), Some(Slot::Making)) {
                break;
            }
            // A thread of a pool that waits may be given other work of the pool meanwhile, even
            // what it waits for, and would wait for itself: it makes a copy.
            if rayon::current_thread_index().is_some() {
                drop(state);
                return make(caller).map(Arc::new);
            }
            drop(state);
            check(caller)?;
            state = self.lock();
            if matches!(state.tiles.get(&place), Some(Slot::Making)) {
                let waited = self.settled.wait_timeout(state, PATIENCE);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        state.tiles.insert(place, Slot::Making);
        drop(state);
        // Whatever becomes of it, nobody waits in vain.
        let making = Making { tiles: self, place };
        let tile = Arc::new(make(caller)?);
        let mut state = self.lock();
        (state.tiles).insert(place, Slot::Made(Arc::downgrade(&tile)));
        state.keep(place, &tile, self.room);
        state.sweep();
        drop(state);
        drop(making);
        Ok(tile)
    }

    /// Lets the tiles of a level go that nobody holds.
    pub fn forget(&self, level: usize) {
        let forgotten = (self.lock().kept.get_mut(level)).map(std::mem::take);
        // Not while others wait for the lock: there may be many.
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tile that a thread makes.
struct Making<'a> {
    tiles: &'a Tiles,
    place: TilePlace,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let mut state = self.tiles.lock();
        if matches!(state.tiles.get(&self.place), Some(Slot::Making)) {
            state.tiles.remove(&self.place);
        }
        drop(state);
        self.tiles.settled.notify_all();
    }
}

impl State {
    fn made(&self, place: TilePlace) -> Option<Arc<Made>> {
        match self.tiles.get(&place) {
            Some(Slot::Made(tile)) => tile.upgrade(),
            _ => None,
        }
    }

    /// Notes that a tile was used, and lets those go that were not for the longest time.
    fn keep(&mut self, place: TilePlace, tile: &Arc<Made>, room: usize) {
        if self.kept.len() <= place.level {
            self.kept.resize_with(place.level + 1, Kept::default);
        }
        let kept = &mut self.kept[place.level];
        match kept.tiles.iter().position(|(other, _)| *other == place) {
            Some(index) => kept.bytes -= (kept.tiles.remove(index)).map_or(0, |it| it.1.bytes()),
            None if tile.bytes() > room => return,
            None => (),
        }
        kept.bytes += tile.bytes();
        kept.tiles.push_back((place, tile.clone()));
        while kept.bytes > room
            && let Some((_, oldest)) = kept.tiles.pop_front()
        {
            kept.bytes -= oldest.bytes();
        }
    }

    /// Forgets tiles that are gone.
    fn sweep(&mut self) {
        if self.tiles.len() < self.sweep.max(SWEEP) {
            return;
        }
        let there = |slot: &Slot| match slot {
            Slot::Making => true,
            Slot::Made(tile) => tile.strong_count() > 0,
        };
        self.tiles.retain(|_, slot| there(slot));
        self.sweep = 2 * self.tiles.len();
    }
}
