//! The way in: a model, its settings, and images to enlarge.

use crate::{
    bands::Bands,
    cost::PlanCost,
    error::ZoomError,
    image::Image,
    plan::{DEFAULT_MAX_STEP, LARGEST_STEP, ScalePlan, Size, Target},
    step::{Levels, Step},
    tile::Tiling,
    wear::Restoration,
};
use casr_net::{Condition, Model, Origin, Wear};
use std::cell::LazyCell;

/// The longest side of a tile, without its halos, in pixels of the level below: large enough that halos cost little,
/// small enough that a tile's features stay within some hundred megabytes.
pub const DEFAULT_TILE: usize = 512;

/// Where steps go between the least error and the best look where nothing else is asked for: as far as costs no PSNR on clean images
/// (`docs/ablation.md`).
pub const DEFAULT_PERCEPTION: f32 = 0.5;

/// Enlarges images with one model.
#[derive(Clone, Debug)]
pub struct Enlarger {
    model: Model,
    max_step: f64,
    tile: usize,
    restoration: Restoration,
    perception: f32,
}

impl Enlarger {
    /// An enlarger with the default settings.
    pub fn new(model: Model) -> Self {
        Self {
            model,
            max_step: DEFAULT_MAX_STEP,
            tile: DEFAULT_TILE,
            restoration: Restoration::Auto,
            perception: DEFAULT_PERCEPTION,
        }
    }

    /// The largest factor of one step, in (1, 4]; see [`ScalePlan::new`], which checks it. [`DEFAULT_MAX_STEP`] if not
    /// said otherwise.
    #[must_use]
    pub fn max_step(mut self, max_step: f64) -> Self {
        self.max_step = max_step;
        self
    }

    /// The longest side of a tile, in input pixels, rounded to the network's grid. It weighs speed against memory and changes
    /// no pixel;
    /// [`DEFAULT_TILE`] if not said otherwise.
    #[must_use]
    pub fn tile(mut self, tile: usize) -> Self {
        self.tile = tile;
        self
    }

    /// How much to restore; [`Restoration::Auto`] if not said otherwise.
    #[must_use]
    pub fn restoration(mut self, restoration: Restoration) -> Self {
        self.restoration = restoration;
        self
    }

    /// Where steps go between the least error, 0, and the best look, 1, which invents fine textures; see
    /// [`Condition::perception`]. [`DEFAULT_PERCEPTION`] if not said otherwise. Networks that are not trained for it do not hear
    /// it.
    ///
    /// The more worn an image is, the less they are told, from half of the worst wear on 0: its faults would become textures.
    /// Steps to levels beyond four times the size of the image, which is what training has seen, are told less, and from eight
    /// times on 0: asked to invent upon what they have invented, they draw patterns. What the first steps made stays.
    #[must_use]
    pub fn perception(mut self, perception: f32) -> Self {
        self.perception = perception;
        self
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
        PlanCost::new(&self.model, self.tile, plan)
    }

    /// Enlarges an image.
    ///
    /// # Errors
    /// See [`ScalePlan::new`]; [`ZoomError::Memory`] if the result cannot be held whole.
    pub fn enlarge(&self, image: &Image, target: Target) -> Result<Image, ZoomError> {
        let plan = self.plan(image.size(), target)?;
        self.bands(image, &plan)?.into_image()
    }

    /// Enlarges an image in bands of rows, each computed when it is asked for.
    ///
    /// # Errors
    /// [`ZoomError::OtherPlan`] if the plan is for another size.
    pub fn bands<'a>(&'a self, image: &'a Image, plan: &ScalePlan) -> Result<Bands<'a>, ZoomError> {
        if plan.input() != image.size() {
            return Err(ZoomError::OtherPlan {
                planned: plan.input(),
                image: image.size(),
            });
        }
        let halo = self.model.halo();
        // An image that keeps its size takes no step, and is not looked at.
        let wear = LazyCell::new(|| self.restoration.wear(image));
        let mut before = None;
        let steps = plan.steps().map(|(input, output)| {
            let levels = Levels {
                image: image.size(),
                before: before.replace(input),
                output,
            };
            let origin = match levels.before {
                None => Origin::Image(*wear),
                Some(_) => Origin::Step,
            };
            let condition = Condition {
                origin,
                perception: self.perception * unworn(*wear) * trained(image.size(), output),
            };
            let tile = self.tile;
            let tiling = Tiling { input, tile, halo };
            Step::new(tiling, levels, condition, self.model.config())
        });
        Ok(Bands::new(
            &self.model,
            image,
            plan.output(),
            steps.collect(),
        ))
    }
}

/// The share of [`Enlarger::perception`] that the steps of an image are told.
fn unworn(wear: Wear) -> f32 {
    (1.0 - 2.0 * wear.noise.max(wear.compression)).max(0.0)
}

/// The share of it that the step to a level is told.
fn trained(image: Size, level: Size) -> f32 {
    let factor = |level: usize, image: usize| level as f64 / image as f64;
    let scale = factor(level.width, image.width).max(factor(level.height, image.height));
    (2.0 - scale / LARGEST_STEP).clamp(0.0, 1.0) as f32
}
