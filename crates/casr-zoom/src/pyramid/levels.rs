//! How tiles come about: from the tiles below, down to the image.

use super::{
    ImageSource,
    request::Request,
    tiles::{TilePlace, Tiles},
};
use crate::{
    error::ZoomError,
    image::COLOURS,
    patch::Patch,
    plan::Size,
    sample::of_sixteen,
    smooth::is_smooth,
    step::{Below, Made, Place, Step},
};
use casr_net::{Cpu, Model, NetError};
use half::f16;
use std::{
    ops::Range,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// An image, the steps of its plan, and the network that takes them.
#[derive(Debug)]
pub(super) struct Levels<'a> {
    pub image: ImageSource<'a>,
    /// From each level to the next.
    pub steps: Vec<Step>,
    /// Of levels that are its own.
    tiles: Tiles,
    /// Whose tiles the lowest levels have, and how many levels these are.
    shared: Option<(Arc<Self>, usize)>,
    /// Up to which range a tile is interpolated alone; none where all go through the network.
    smooth: Option<f32>,
    /// How many tiles were made with the network, and how many interpolated alone.
    computed: AtomicUsize,
    interpolated: AtomicUsize,
    /// The network at its look.
    model: RwLock<Model>,
    /// Its [`Model::passes`].
    passes: u64,
    /// The largest tile, in pixels without halos, that may fit into the device's memory.
    most: AtomicUsize,
    /// Why the processor does the rest of the work of a GPU, if it does.
    fallback: OnceLock<NetError>,
}

impl<'a> Levels<'a> {
    pub fn new(
        image: ImageSource<'a>,
        steps: Vec<Step>,
        model: Model,
        smooth: Option<f32>,
        room: usize,
    ) -> Self {
        let levels = steps.len().max(1);
        Self {
            image,
            steps,
            tiles: Tiles::new(room / levels),
            shared: None,
            smooth,
            computed: AtomicUsize::new(0),
            interpolated: AtomicUsize::new(0),
            passes: model.passes().into(),
            model: RwLock::new(model),
            most: AtomicUsize::new(usize::MAX),
            fallback: OnceLock::new(),
        }
    }

    /// The same image by other steps, the first `count` of which are its own: their tiles are made
    /// once for both. Tiles of the levels above them are kept in `room` bytes.
    pub fn branch(self: &Arc<Self>, steps: Vec<Step>, count: usize, room: usize) -> Self {
        let model = self.model();
        let own = (steps.len() - count).max(1);
        Self {
            tiles: Tiles::new(room / own),
            shared: Some((self.clone(), count)),
            ..Self::new(self.image.clone(), steps, model, self.smooth, 0)
        }
    }

    /// The network.
    pub fn model(&self) -> Model {
        let model = self.model.read();
        model.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who has the tiles of a level, 1 or above.
    fn holder(&self, level: usize) -> &Self {
        match &self.shared {
            Some((levels, count)) if level <= *count => levels.holder(level),
            _ => self,
        }
    }

    /// Whether a tile is there.
    fn has(&self, place: TilePlace) -> bool {
        self.holder(place.level).tiles.has(place)
    }

    /// Lets the tiles of a level go that nobody holds.
    pub fn forget(&self, level: usize) {
        self.holder(level).tiles.forget(level);
    }

    /// The step that makes a level, 1 or above.
    pub fn step(&self, level: usize) -> &Step {
        &self.steps[level - 1]
    }

    /// The size of a level.
    pub fn size(&self, level: usize) -> Size {
        match level {
            0 => self.image.view().size(),
            level => self.step(level).output,
        }
    }

    /// The pixels of the level below that a tile is made from, without its halo.
    pub fn part(&self, place: TilePlace) -> Place {
        let step = self.step(place.level);
        let (row, column) = (&step.rows[place.row], &step.columns[place.column]);
        (row.clone(), column.clone())
    }

    /// Pixels that go through the network for a tile, in all passes.
    pub fn work(&self, place: TilePlace) -> u64 {
        let (rows, columns) = self.part(place);
        self.passes * self.step(place.level).tiling.tile_work(&rows, &columns)
    }

    /// The tiles of the level below that some tiles of a level, 2 or above, side by side, are made
    /// from: which rows of tiles, which columns.
    pub fn under(&self, level: usize, (rows, columns): &Place) -> Place {
        let (step, below) = (self.step(level), self.step(level - 1));
        let all = |parts: &[Range<usize>], tiles: &Range<usize>| {
            parts[tiles.start].start..parts[tiles.end - 1].end
        };
        let reads = step.reads(&(all(&step.rows, rows), all(&step.columns, columns)));
        let pixels = below.making(&reads.pixels);
        match &reads.cells {
            None => pixels,
            Some(cells) => {
                let cells = below.leaving(cells);
                (union(&pixels.0, &cells.0), union(&pixels.1, &cells.1))
            }
        }
    }

    /// A tile; made if it is not there, with all under it that are not.
    ///
    /// # Errors
    /// [`ZoomError::Cancelled`], or [`ZoomError::Network`] if the device fails.
    pub fn tile(&self, place: TilePlace, request: &mut Request) -> Result<Arc<Made>, ZoomError> {
        let holder = self.holder(place.level);
        let make = |request: &mut Request| holder.make(place, request);
        let tile = (holder.tiles).get_or_make(place, request, Request::check, make)?;
        request.hold(place, &tile);
        Ok(tile)
    }

    fn make(&self, place: TilePlace, request: &mut Request) -> Result<Made, ZoomError> {
        let step = self.step(place.level);
        let part = self.part(place);
        let below = self.below(place, &part, request)?;
        request.check()?;
        let smooth = self.smooth.filter(|_| place.level > 1);
        if smooth.is_some_and(|limit| is_smooth(&below.pixels, limit)) {
            self.interpolated.fetch_add(1, Ordering::Relaxed);
            let made = step.interpolated(&below, &part);
            request.done(self.work(place))?;
            return Ok(made);
        }
        self.computed.fetch_add(1, Ordering::Relaxed);
        let mut most = self.most.load(Ordering::Relaxed);
        let model = self.model();
        let made = match step.tile(&model, &below, &part, &mut most) {
            Err(error) if model.device().is_gpu() => {
                let model = {
                    let mut model = self.model.write().unwrap_or_else(PoisonError::into_inner);
                    if model.device().is_gpu() {
                        *model = model.clone().on(Arc::new(Cpu::single()));
                        // The first failure is the one to tell of.
                        let _ = self.fallback.set(error);
                    }
                    model.clone()
                };
                most = usize::MAX;
                step.tile(&model, &below, &part, &mut most)
            }
            made => made,
        }?;
        self.most.store(most, Ordering::Relaxed);
        request.done(self.work(place))?;
        Ok(made)
    }

    /// What a tile is made from.
    fn below(
        &self,
        place: TilePlace,
        part: &Place,
        request: &mut Request,
    ) -> Result<Below<'_>, ZoomError> {
        let reads = self.step(place.level).reads(part);
        let image = self.image.view();
        if place.level == 1 {
            let (rows, columns) = reads.pixels;
            let values = image.window(rows.clone(), columns.clone());
            return Ok(Below {
                image,
                pixels: Patch::new((rows, columns), COLOURS, values),
                statistics: None,
            });
        }
        let level = place.level - 1;
        let step = self.step(level);
        let mut pixels = Patch::filled(reads.pixels, COLOURS, 0.0);
        let values = step.statistics();
        let mut statistics = (reads.cells).map(|cells| Patch::filled(cells, values, f16::ZERO));
        let own = place.row..place.row + 1;
        let across = place.column..place.column + 1;
        let (rows, columns) = self.under(place.level, &(own, across));
        for row in rows {
            for column in columns.clone() {
                let place = TilePlace { level, row, column };
                let tile = self.tile(place, request)?;
                pixels.take(&tile.pixels, of_sixteen);
                if let Some(statistics) = &mut statistics {
                    statistics.take(&tile.statistics, |value| value);
                }
            }
        }
        Ok(Below {
            image,
            pixels,
            statistics,
        })
    }

    /// Pixels that would go through the network for some tiles of a level, 1 or above, side by
    /// side: for those that are not there, and those under them that are not.
    pub fn missing(&self, level: usize, (rows, columns): &Place) -> u64 {
        let places = rows
            .clone()
            .flat_map(|row| columns.clone().map(move |column| (row, column)));
        self.missing_of(level, &places.collect::<Vec<_>>())
    }

    /// The same for tiles in these rows and columns; of levels below, those under a rectangle
    /// around them.
    pub fn missing_of(&self, level: usize, places: &[(usize, usize)]) -> u64 {
        let mut work = 0;
        let mut around: Option<Place> = None;
        for &(row, column) in places {
            let place = TilePlace { level, row, column };
            if self.has(place) {
                continue;
            }
            work += self.work(place);
            let own = (row..row + 1, column..column + 1);
            around = Some(match around {
                None => own,
                Some((rows, columns)) => (union(&rows, &own.0), union(&columns, &own.1)),
            });
        }
        match around {
            Some(around) if level > 1 => {
                work + self.missing(level - 1, &self.under(level, &around))
            }
            _ => work,
        }
    }

    /// How many tiles were made with the network, and how many by interpolation alone.
    pub fn made(&self) -> (usize, usize) {
        (
            self.computed.load(Ordering::Relaxed),
            self.interpolated.load(Ordering::Relaxed),
        )
    }

    /// Why the processor does the rest of the work of a GPU, if it does.
    pub fn fallback(&self) -> Option<&NetError> {
        self.fallback.get()
    }
}

/// The range from where the first of two begins to where the last ends.
fn union(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    if one.is_empty() {
        return other.clone();
    }
    if other.is_empty() {
        return one.clone();
    }
    one.start.min(other.start)..one.end.max(other.end)
}
