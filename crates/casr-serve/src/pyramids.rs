//! Images ready to be enlarged: decoded once, and a pyramid for every look that is asked for, as
//! long as there is room.

use crate::{
    ServeError,
    library::{Image as File, Library, Version},
    order::plan,
    routes::Route,
    settings::Settings,
};
use casr_codec::{Colour, Depth, Metadata, Picture, Samples};
use casr_zoom::{Alpha, Enlarger, Layers, Look, Model, Pyramid, ScalePlan, Size, Strength};
use quick_cache::{OptionsBuilder, Weighter, sync::Cache};
use std::{hash::Hash, sync::Arc};

/// Of the bytes for images and pyramids, the share that one pyramid's tiles may take.
const PYRAMIDS: u64 = 4;

/// The share of a pyramid's tiles that those of each of its shortcuts take besides.
const SHORTCUTS: usize = 8;

/// Images and pyramids that there may be room for, more or less.
const ENTRIES: usize = 64;

/// An image file's content.
pub struct Decoded {
    pub layers: Layers,
    pub colour: Colour,
    pub depth: Depth,
    /// What says how its samples are meant, and nothing that describes the image.
    pub metadata: Metadata,
}

/// An image at a look, at any size.
pub struct Enlarged {
    pub decoded: Arc<Decoded>,
    pub colours: Pyramid<'static>,
    /// Of alpha, where it varies.
    pub mask: Option<Pyramid<'static>>,
    /// The same with steps of four above level 0, 1, 2 …; none where nobody is in a hurry.
    shortcuts: Vec<Enlarged>,
}

/// The images that are ready.
pub struct Pyramids {
    enlarger: Enlarger,
    max_factor: f64,
    has_shortcuts: bool,
    /// Bytes of tiles that a pyramid keeps.
    room: usize,
    decoded: Cache<Version, Arc<Decoded>, Weight>,
    enlarged: Cache<(Version, u32), Arc<Enlarged>, Weight>,
}

impl Pyramids {
    /// In `bytes` of memory, for images decoded and for tiles.
    pub fn new(model: Model, settings: &Settings, bytes: u64) -> Self {
        let room = bytes / (2 * PYRAMIDS);
        Self {
            enlarger: Enlarger::new(model).room(room as usize),
            max_factor: settings.max_factor,
            has_shortcuts: settings.latency.is_some(),
            room: room as usize,
            decoded: bounded(bytes / 2, room),
            enlarged: bounded(bytes / 2, room),
        }
    }

    /// An image at a look.
    ///
    /// # Errors
    /// As [`Library::read`].
    pub fn get(
        &self,
        library: &Library,
        file: &File,
        look: Strength,
    ) -> Result<Arc<Enlarged>, ServeError> {
        let key = (file.version, look.value().to_bits());
        self.enlarged.get_or_insert_with(&key, || {
            let decode = || library.read(file).and_then(decode).map(Arc::new);
            let decoded = (self.decoded).get_or_insert_with(&file.version, decode)?;
            self.enlarged(decoded, look).map(Arc::new)
        })
    }

    fn enlarged(&self, decoded: Arc<Decoded>, look: Strength) -> Result<Enlarged, ServeError> {
        let plan = plan(decoded.size(), self.max_factor)?;
        let enlarger = self.enlarger.clone().look(Look::Fixed(look));
        let colours = enlarger.pyramid(decoded.layers.colours.clone(), &plan)?;
        let mask = match &decoded.layers.alpha {
            Some(Alpha::Varying(alpha)) => Some(
                (self.enlarger.for_masks().room(self.room / 4)).pyramid(alpha.clone(), &plan)?,
            ),
            _ => None,
        };
        let mut enlarged = Enlarged {
            decoded,
            colours,
            mask,
            shortcuts: Vec::new(),
        };
        if self.has_shortcuts {
            let tile = self.enlarger.window_tile();
            enlarged.shortcuts = (0..plan.levels().len().saturating_sub(1))
                .map(|doubled| enlarged.leaping(&plan, doubled, tile, self.room / SHORTCUTS))
                .collect::<Result<_, _>>()?;
        }
        Ok(enlarged)
    }
}

impl Enlarged {
    /// The pyramid of a route, and the level of it that the route reaches. Without shortcuts only
    /// what is doubled has one.
    pub fn along(&self, route: Route) -> (&Self, usize) {
        match self.shortcuts.get(route.doubled) {
            Some(shortcut) if route.leaps > 0 => (shortcut, route.doubled + route.leaps),
            _ => (self, route.doubled),
        }
    }

    /// The same with steps of four above the level `doubled` of its plan, in tiles of up to `tile`
    /// pixels of the level below.
    fn leaping(
        &self,
        plan: &ScalePlan,
        doubled: usize,
        tile: usize,
        room: usize,
    ) -> Result<Self, ServeError> {
        let levels = plan.levels();
        let above = levels[doubled..].iter().skip(1).step_by(2);
        let levels: Vec<Size> = levels[..doubled].iter().chain(above).copied().collect();
        let plan = ScalePlan::through(plan.input(), &levels)?;
        let mask = self.mask.as_ref();
        Ok(Self {
            decoded: self.decoded.clone(),
            colours: self.colours.along(&plan, tile, room)?,
            mask: (mask.map(|mask| mask.along(&plan, tile, room / 4))).transpose()?,
            shortcuts: Vec::new(),
        })
    }
}

impl Decoded {
    pub fn size(&self) -> Size {
        self.layers.colours.size()
    }

    fn bytes(&self) -> u64 {
        let alpha = match &self.layers.alpha {
            Some(Alpha::Varying(mask)) => mask.samples().bytes(),
            _ => 0,
        };
        (self.layers.colours.samples().bytes() + alpha) as u64
    }
}

fn decode(picture: Picture) -> Result<Decoded, ServeError> {
    let layers = Layers::new(
        (picture.width, picture.height),
        picture.colour == Colour::Grey,
        picture.pixels.into_kind(),
        picture.alpha.map(Samples::into_kind),
        false,
    )?;
    Ok(Decoded {
        layers,
        colour: picture.colour,
        depth: picture.depth,
        metadata: Metadata {
            icc: picture.metadata.icc,
            colour_chunks: picture.metadata.colour_chunks,
            ..Metadata::default()
        },
    })
}

/// How many bytes an entry takes at most.
#[derive(Clone)]
struct Weight {
    /// Of a pyramid's tiles.
    room: u64,
    /// What an entry counts at most: one is kept, however large.
    most: u64,
}

impl Weighter<Version, Arc<Decoded>> for Weight {
    fn weight(&self, _: &Version, decoded: &Arc<Decoded>) -> u64 {
        decoded.bytes().clamp(1, self.most)
    }
}

impl Weighter<(Version, u32), Arc<Enlarged>> for Weight {
    fn weight(&self, _: &(Version, u32), enlarged: &Arc<Enlarged>) -> u64 {
        let shortcuts = enlarged.shortcuts.len() as u64 * (self.room / SHORTCUTS as u64);
        let room = self.room + shortcuts;
        let tiles = match enlarged.mask {
            Some(_) => room + room / 4,
            None => room,
        };
        // It holds the image as well, for as long as it is there.
        (tiles + enlarged.decoded.bytes()).clamp(1, self.most)
    }
}

/// A cache of some large entries, bounded in bytes as a whole.
fn bounded<Key, Value>(bytes: u64, room: u64) -> Cache<Key, Value, Weight>
where
    Key: Eq + Hash,
    Value: Clone,
    Weight: Weighter<Key, Value>,
{
    let weight = Weight {
        room,
        most: (bytes / 10 * 9).max(1),
    };
    let mut options = OptionsBuilder::new();
    (options.estimated_items_capacity(ENTRIES))
        .weight_capacity(bytes)
        .shards(1);
    match options.build() {
        Ok(options) => Cache::with_options(options, weight, Default::default(), Default::default()),
        // Not reached: both numbers are there.
        Err(_) => Cache::with_weighter(ENTRIES, bytes, weight),
    }
}
