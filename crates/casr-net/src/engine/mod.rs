//! The network on the processor: one step on one window, by our kernels on slices and nothing else.
//! The trainer has the same network in tensors; tests hold the two equal.

mod body;
mod chain;
mod modules;
mod weights;

use crate::condition::Origin;
use crate::config::{COLOURS, NetworkConfig};
use crate::device::Stepper;
use crate::error::NetError;
use crate::geometry::StepGeometry;
use crate::model::{StepResult, StepWindow};
use crate::parameters::Parameter;
use crate::per_step::PerStep;
use body::Body;
use casr_kernels::conv::{Activation, Layer};
use casr_kernels::guard::{self, GATES};
use casr_kernels::heat::{self, HeatShape};
use casr_kernels::{InstructionSet, resample, zeros};
use chain::Residual;
pub use modules::LARGEST_GAIN;
use modules::{Alignment, Regions, Similarity};
use std::{convert::Infallible, ops::Range};
use weights::Weights;

/// What the encoder takes off a pixel's colours before it reads them.
pub const CENTRE: f32 = 0.5;

/// A network, ready to step.
#[derive(Debug)]
pub(crate) struct Engine {
    set: InstructionSet,
    config: NetworkConfig,
    /// `[3, 3, 3, C]`; its bias is another one in every step.
    encoder: Vec<f32>,
    per_step: PerStep,
    /// Sharpness and compactness of superpixels.
    temperatures: Option<[f32; 2]>,
    similarity: Option<Similarity>,
    body: Body,
    alignment: Option<Alignment>,
    coefficients: Layer,
}

impl Engine {
    /// The network of these parameters, which are all of the configuration's. With `half`, the
    /// body's convolutions are computed in half precision, and what they add to in single.
    pub fn new(config: NetworkConfig, parameters: &[Parameter], half: bool) -> Self {
        let set = InstructionSet::best();
        let mut weights = Weights::new(set, parameters);
        let regions = config.alignment || config.similarity;
        let Ok(per_step) = PerStep::new(|name| Ok::<_, Infallible>(weights.take(name)));
        Self {
            set,
            config,
            encoder: weights.take("encoder.weights"),
            per_step,
            temperatures: regions.then(|| {
                let logarithms = weights.take("superpixels.temperatures");
                [logarithms[0].exp(), logarithms[1].exp()]
            }),
            similarity: config.similarity.then(|| Similarity::new(&mut weights)),
            body: Body::new(set, &mut weights, half),
            alignment: config.alignment.then(|| Alignment::new(&mut weights)),
            coefficients: weights.layer("head.coefficients"),
        }
    }

    fn stepped(&self, window: &StepWindow, geometry: &StepGeometry) -> StepResult {
        let level = &*window.pixels;
        let (rows, columns) = (&geometry.rows, &geometry.columns);
        let outputs = rows.cells.outputs() * columns.cells.outputs();
        let (features, statistics) = self.features(window, geometry);
        let mut field = zeros(outputs * COLOURS);
        self.correct(geometry, &features, &mut field);
        drop(features);

        let size = (rows.inputs(), columns.inputs());
        let mut gates = zeros(size.0 * size.1 * GATES);
        guard::gates(1, size.0, size.1, level, &mut gates);
        let mut base = zeros(field.len());
        resample::forward(1, COLOURS, &rows.base, &columns.base, level, &mut base);
        guard::apply(1, &rows.cells, &columns.cells, &gates, &base, &mut field);
        drop((gates, base));
        StepResult {
            pixels: anchored(&field, level, geometry, window.origin.anchor()),
            statistics,
        }
    }

    /// What the convolutions of the body read; see [`crate::Model::observe`].
    pub fn observe(
        &self,
        pixels: &[f32],
        geometry: &StepGeometry,
        origin: Origin,
        each: &mut dyn FnMut(usize, &[f32]),
    ) {
        let size = (geometry.rows.inputs(), geometry.columns.inputs());
        let encoded = self.encoded(size, pixels, geometry, origin);
        self.body.observe(size, encoded, each);
    }

    /// The features of the encoder, `[height, width, C]`.
    fn encoded(
        &self,
        size: (usize, usize),
        pixels: &[f32],
        geometry: &StepGeometry,
        origin: Origin,
    ) -> Vec<f32> {
        let mut encoded = zeros(size.0 * size.1 * self.config.channels);
        // Centred, so that zero padding is mid-grey and not black.
        let centred: Vec<f32> = pixels.iter().map(|value| value - CENTRE).collect();
        let bias = self.per_step.encoder_bias(geometry, origin);
        let encoder = Layer::new(self.set, 3, self.encoder.clone(), bias);
        let none = Activation::None;
        encoder.rows(size, 0..size.0, &centred, none, None, &mut encoded);
        encoded
    }

    /// The features that the head reads, `[height, width, C]`, and the statistics of a network with
    /// SDAM.
    fn features(
        &self,
        window: &StepWindow,
        geometry: &StepGeometry,
    ) -> (Vec<f32>, Option<Vec<f32>>) {
        let size = (geometry.rows.inputs(), geometry.columns.inputs());
        let mut encoded = self.encoded(size, &window.pixels, geometry, window.origin);
        let Some(temperatures) = self.temperatures else {
            return (self.body(size, encoded), None);
        };

        let regions = Regions::new(self.set, size, &window.pixels, temperatures);
        if let Some(similarity) = &self.similarity {
            let prior = (window.prior.as_ref()).expect("a network with similarity reads a prior");
            encoded = similarity.apply(&encoded, &regions, prior);
        }
        let Some(alignment) = &self.alignment else {
            return (self.body(size, encoded), None);
        };
        let middle = self.config.blocks_before_alignment();
        let features = self.body.run(size, 0..middle, None, encoded.clone());
        let (features, statistics) = alignment.apply(&features, &regions, window.before.as_ref());
        let (blocks, skip) = (middle..self.body.blocks(), Residual::Other(&encoded));
        let features = self.body.run(size, blocks, Some(skip), features);
        (features, Some(statistics))
    }

    /// The body without SDAM.
    fn body(&self, size: (usize, usize), encoded: Vec<f32>) -> Vec<f32> {
        let skip = Residual::Map(0);
        (self.body).run(size, 0..self.body.blocks(), Some(skip), encoded)
    }

    /// Evaluates the heat field: writes the correction of every output. Coefficients are many, and
    /// so made for some rows at a time.
    fn correct(&self, geometry: &StepGeometry, features: &[f32], field: &mut [f32]) {
        const ROWS: usize = 64;
        let (cells, columns) = (&geometry.rows.cells, &geometry.columns.cells);
        let (height, width) = (geometry.rows.inputs(), geometry.columns.inputs());
        let row = width * self.config.channels;
        let decay = self.per_step.decay(geometry);
        let shape = HeatShape {
            images: 1,
            frequencies: self.config.frequencies,
            colours: COLOURS,
        };
        let mut room = zeros(ROWS.min(height) * width * self.coefficients.outputs());
        for first in (0..height).step_by(ROWS) {
            let rows = first..height.min(first + ROWS);
            let coefficients = &mut room[..rows.len() * width * self.coefficients.outputs()];
            self.coefficients.rows(
                (rows.len(), width),
                0..rows.len(),
                &features[rows.start * row..rows.end * row],
                Activation::None,
                None,
                coefficients,
            );
            let outputs = cells.cell(rows.start).start..cells.cell(rows.end - 1).end;
            let line = columns.outputs() * COLOURS;
            heat::forward(
                self.set,
                shape,
                &cells.window(rows, outputs.clone()),
                columns,
                coefficients,
                self.per_step.frequencies(),
                &decay,
                None,
                &mut field[outputs.start * line..outputs.end * line],
            );
        }
    }
}

impl Stepper for Engine {
    fn step(&self, window: &StepWindow, geometry: &StepGeometry) -> Result<StepResult, NetError> {
        Ok(self.stepped(window, geometry))
    }
}

/// The outputs that are kept, less a share of what the outputs, shrunk again, differ from the level
/// below; see [`Origin::anchor`].
fn anchored(field: &[f32], below: &[f32], geometry: &StepGeometry, share: f32) -> Vec<f32> {
    let (rows, columns) = (&geometry.rows.anchor, &geometry.columns.anchor);
    let mut missing = zeros(rows.shrink.outputs * columns.shrink.outputs * COLOURS);
    resample::forward(
        1,
        COLOURS,
        &rows.shrink,
        &columns.shrink,
        field,
        &mut missing,
    );
    let lines = |width: usize, rows: &Range<usize>, columns: &Range<usize>| {
        let columns = columns.clone();
        rows.clone().map(move |row| {
            (row * width + columns.start) * COLOURS..(row * width + columns.end) * COLOURS
        })
    };
    let width = geometry.columns.inputs();
    let inputs = lines(width, &rows.inputs, &columns.inputs);
    for (missing, place) in missing
        .chunks_exact_mut(columns.inputs.len() * COLOURS)
        .zip(inputs)
    {
        for (missing, below) in missing.iter_mut().zip(&below[place]) {
            *missing = below - *missing;
        }
    }
    let mut output = zeros(rows.kept.len() * columns.kept.len() * COLOURS);
    resample::forward(
        1,
        COLOURS,
        &rows.enlarge,
        &columns.enlarge,
        &missing,
        &mut output,
    );
    let width = geometry.columns.cells.outputs();
    let kept = lines(width, &rows.kept, &columns.kept);
    for (output, place) in output
        .chunks_exact_mut((columns.kept.len() * COLOURS).max(1))
        .zip(kept)
    {
        for (output, made) in output.iter_mut().zip(&field[place]) {
            *output = made + share * *output;
        }
    }
    output
}
