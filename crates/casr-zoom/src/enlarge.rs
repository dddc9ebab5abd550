//! The way in: a model, its settings, and images to enlarge.

use crate::{
    cost::PlanCost,
    degradation::Restoration,
    error::ZoomError,
    image::Image,
    look::Look,
    plan::{DEFAULT_MAX_STEP, ScalePlan, Size, Target},
    pyramid::{Bands, ImageSource, Pyramid, Rectangle},
    smooth::limit,
    step::Step,
    strength::Strength,
    view::ImageView,
};
use casr_net::{Degradation, Model, Origin};

/// The longest side of a tile on a GPU, without its halos, in pixels of the level below.
const GPU_TILE: usize = 512;

/// Sides of tiles to choose from on the processor, the largest first ([`Enlarger::within`] knows
/// smaller ones). Larger ones cost less for halos and more memory, of which [`COMFORTABLE`] is
/// fine; but halos of ever smaller ones cost more than memory does, so a side below [`SMALL_TILE`]
/// is for what would take more than [`LARGE`].
const TILES: [usize; 7] = [512, 448, 384, 320, 256, 192, 128];

/// Sides of tiles for those who have little memory and much time.
const SMALLEST_TILES: [usize; 2] = [96, 64];

/// The side where nothing is said and even that is much.
const SMALLEST: usize = 128;

/// See [`TILES`].
const SMALL_TILE: usize = 256;

/// The side for a window of 64 input pixels, which lies anywhere: with tiles of t pixels it takes
/// 64/t + 1 of them along an axis on average, each with a halo, h in all. (64/t + 1)(t + h) is
/// least at √(64 h), which is 51.
const WINDOW_TILE: usize = 64;

/// Bytes that any machine has to spare.
const COMFORTABLE: u64 = 160_000_000;

/// Bytes that a machine has for a large result.
const LARGE: u64 = 440_000_000;

/// Bytes of tiles that a pyramid keeps by default.
const ROOM: usize = 256 << 20;

/// How an image is treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Treatment {
    /// The condition of the first step: noise and compression of these strengths are removed.
    pub degradation: Degradation,
    /// Where it goes between faithful, 0, and vivid, 1.
    pub look: Strength,
}

/// Enlarges images with one model.
#[derive(Clone, Debug)]
pub struct Enlarger {
    model: Model,
    max_step: f64,
    /// The longest side of a tile; none where the plan decides.
    tile: Option<usize>,
    room: usize,
    exact: bool,
    restoration: Restoration,
    look: Look,
}

impl Enlarger {
    /// An enlarger with the default settings.
    pub fn new(model: Model) -> Self {
        Self {
            model,
            max_step: DEFAULT_MAX_STEP,
            tile: None,
            room: ROOM,
            exact: false,
            restoration: Restoration::Auto,
            look: Look::Auto,
        }
    }

    /// The largest factor of one step, in (1, 4]; see [`ScalePlan::new`], which checks it.
    /// [`DEFAULT_MAX_STEP`] if not said otherwise.
    #[must_use]
    pub fn max_step(mut self, max_step: f64) -> Self {
        self.max_step = max_step;
        self
    }

    /// The longest side of a tile, in input pixels, rounded to the network's grid; if not said
    /// otherwise, chosen by the plan. It weighs speed against memory. With the same tiles a result
    /// has the same bits, in whatever order it is made; other tiles change it by rounding.
    #[must_use]
    pub fn tile(mut self, tile: usize) -> Self {
        self.tile = Some(tile);
        self
    }

    /// An enlarger with the largest tiles of which `fits` holds; none where even the smallest are
    /// too large.
    pub fn within(&self, fits: impl Fn(&Self) -> bool) -> Option<Self> {
        let mut sides = TILES.into_iter().chain(SMALLEST_TILES);
        sides.find_map(|side| Some(self.clone().tile(side)).filter(|it| fits(it)))
    }

    /// How many bytes of tiles a pyramid keeps for those who may ask again, all levels together;
    /// 256 MiB if not said otherwise. Not for results in bands, whose order is known.
    #[must_use]
    pub fn room(mut self, bytes: usize) -> Self {
        self.room = bytes;
        self
    }

    /// Whether all tiles go through the network. If not said otherwise, those above the first level
    /// that are so smooth that its correction stays below half of 1/255 are interpolated alone,
    /// which takes next to no time: the bound is measured for the network that ships, and others
    /// are always exact.
    #[must_use]
    pub fn exact(mut self, exact: bool) -> Self {
        self.exact = exact;
        self
    }

    /// How much to restore; [`Restoration::Auto`] if not said otherwise.
    #[must_use]
    pub fn restoration(mut self, restoration: Restoration) -> Self {
        self.restoration = restoration;
        self
    }

    /// Where enlargements go between the ends of the model; [`Look::Auto`] if not said otherwise. A
    /// model of one network has one look.
    #[must_use]
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// As it enlarges masks beside images (alpha): nothing is invented in them, nothing in them is
    /// noise, and the mean of several passes is not worth its time.
    #[must_use]
    pub fn for_masks(&self) -> Self {
        (self.clone())
            .with_model(self.model.without_ensemble())
            .look(Look::FAITHFUL)
            .restoration(Restoration::Fixed(Strength::NONE))
    }

    /// The same settings with another model.
    #[must_use]
    pub fn with_model(self, model: Model) -> Self {
        Self { model, ..self }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The levels from an image of size `input` to `target`.
    ///
    /// # Errors
    /// See [`ScalePlan::new`].
    pub fn plan(&self, input: Size, target: Target) -> Result<ScalePlan, ZoomError> {
        ScalePlan::new(input, target, self.max_step)
    }

    /// What a plan takes, without doing it.
    pub fn cost(&self, plan: &ScalePlan) -> PlanCost {
        self.window_cost(plan, Rectangle::whole(plan.output()))
    }

    /// What a window of a plan's result takes, in rows ([`Pyramid::window_rows`]). Of a window that
    /// does not lie within the result it is the part that does.
    pub fn window_cost(&self, plan: &ScalePlan, window: Rectangle) -> PlanCost {
        PlanCost::new(&self.model, self.tile_of(plan), plan, window)
    }

    /// The longest side of a plan's tiles, in input pixels. The same with an ensemble and without
    /// one, so that masks, which have none, are cut like the colours beside them.
    pub fn tile_of(&self, plan: &ScalePlan) -> usize {
        if let Some(tile) = self.tile {
            return tile;
        }
        if self.model.device().is_gpu() {
            return GPU_TILE;
        }
        let whole = Rectangle::whole(plan.output());
        let model = self.model.without_ensemble();
        let fits = |side: &&usize| {
            let most = match **side {
                side if side <= SMALL_TILE => LARGE,
                _ => COMFORTABLE,
            };
            PlanCost::new(&model, **side, plan, whole).peak_bytes <= most
        };
        *TILES.iter().find(fits).unwrap_or(&SMALLEST)
    }

    /// The longest side of tiles, in input pixels, that cost the least for windows of some 256
    /// pixels a side, a viewer's: on processors it is half of what suits whole images, or less.
    pub fn window_tile(&self) -> usize {
        match self.model.device().is_gpu() {
            true => GPU_TILE,
            false => WINDOW_TILE,
        }
    }

    /// Enlarges an image.
    ///
    /// # Errors
    /// See [`ScalePlan::new`]; [`ZoomError::Memory`] if the result cannot be held whole.
    pub fn enlarge<'a>(
        &self,
        image: impl Into<ImageView<'a>>,
        target: Target,
    ) -> Result<Image, ZoomError> {
        let image = image.into();
        let plan = self.plan(image.size(), target)?;
        self.bands(image, &plan)?.into_image()
    }

    /// How an image will be treated: found in its pixels, where [`Restoration::Auto`] or
    /// [`Look::Auto`] is set.
    pub fn treatment<'a>(&self, image: impl Into<ImageView<'a>>, plan: &ScalePlan) -> Treatment {
        let degradation = self.restoration.degradation(image);
        let look = self.look.for_image(plan.factor(), degradation);
        Treatment { degradation, look }
    }

    /// Treats all images alike from now on.
    #[must_use]
    pub fn treating(self, Treatment { degradation, look }: Treatment) -> Self {
        self.restoration(Restoration::Exactly(degradation))
            .look(Look::Fixed(look))
    }

    /// Enlarges an image in bands of rows, each computed when it is taken.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size.
    pub fn bands<'a>(
        &self,
        image: impl Into<ImageSource<'a>>,
        plan: &ScalePlan,
    ) -> Result<Bands<'a>, ZoomError> {
        let pyramid = self.clone().room(0).pyramid(image, plan)?;
        pyramid.rows(plan.levels().len())
    }

    /// All levels of an image's enlargement, each tile computed when it is first wanted.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size.
    pub fn pyramid<'a>(
        &self,
        image: impl Into<ImageSource<'a>>,
        plan: &ScalePlan,
    ) -> Result<Pyramid<'a>, ZoomError> {
        let image = image.into();
        let size = image.view().size();
        if plan.input() != size {
            return Err(ZoomError::OtherPlan {
                planned: plan.input(),
                image: size,
            });
        }
        // An image that keeps its size takes no step, and needs no estimate.
        if plan.levels().is_empty() {
            let model = self.model.clone();
            return Ok(Pyramid::new(image, Vec::new(), model, None, self.room));
        }
        let Treatment { degradation, look } = self.treatment(image.view(), plan);
        let tile = self.tile_of(plan);
        let steps = Step::all(plan, |_| tile, Origin::Image(degradation), &self.model);
        // Of a network that aligns, every tile leaves statistics behind.
        let bounded = self.model.is_shipped() && !self.model.config().alignment;
        let smooth = (bounded && !self.exact).then(|| limit(look));
        let model = self.model.with_look(look.value());
        Ok(Pyramid::new(image, steps, model, smooth, self.room))
    }
}
