//! The body: residual blocks and a last convolution, in single or half precision.

use super::chain::{self, Link, Residual};
use super::weights::Weights;
use casr_kernels::InstructionSet;
use casr_kernels::conv::half::{HalfInstructions, HalfLayer};
use casr_kernels::conv::{Activation, Layer};
use std::ops::Range;

/// The convolutions of the body.
#[derive(Debug)]
pub(super) struct Body {
    set: InstructionSet,
    convolutions: Convolutions,
}

#[derive(Debug)]
enum Convolutions {
    Single(Blocks<Layer>),
    Half(Blocks<HalfLayer>),
}

#[derive(Debug)]
struct Blocks<L> {
    /// Three convolutions each.
    blocks: Vec<[L; 3]>,
    last: L,
}

impl Body {
    /// The body of these weights.
    pub fn new(set: InstructionSet, weights: &mut Weights, half: bool) -> Self {
        let convolutions = if half {
            let instructions = HalfInstructions::best();
            let blocks = Blocks::new(weights, |weights, name| {
                weights.half_layer(instructions, name)
            });
            Convolutions::Half(blocks)
        } else {
            Convolutions::Single(Blocks::new(weights, Weights::layer))
        };
        Self { set, convolutions }
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        match &self.convolutions {
            Convolutions::Single(body) => body.blocks.len(),
            Convolutions::Half(body) => body.blocks.len(),
        }
    }

    /// What some blocks make of `source`, a map of `(height, width)` pixels, followed by the last
    /// convolution where its residual is given.
    pub fn run(
        &self,
        size: (usize, usize),
        blocks: Range<usize>,
        last: Option<Residual>,
        source: Vec<f32>,
    ) -> Vec<f32> {
        match &self.convolutions {
            Convolutions::Single(body) => {
                chain::run(size, &body.links(blocks, last), source, |_, _| ())
            }
            Convolutions::Half(body) => {
                chain::run_half(self.set, size, &body.links(blocks, last), source)
            }
        }
    }

    /// Shows `each` what every convolution of the body reads: its number, and a map of `size`
    /// pixels. In single precision; a body in half shows nothing.
    pub fn observe(
        &self,
        size: (usize, usize),
        source: Vec<f32>,
        each: &mut dyn FnMut(usize, &[f32]),
    ) {
        if let Convolutions::Single(body) = &self.convolutions {
            let links = body.links(0..body.blocks.len(), Some(Residual::Map(0)));
            chain::run(size, &links, source, each);
        }
    }
}

impl<L> Blocks<L> {
    fn new<'w>(weights: &mut Weights<'w>, layer: impl Fn(&mut Weights<'w>, &str) -> L) -> Self {
        let mut blocks = Vec::new();
        while weights.has(&format!("blocks.{}.first.weights", blocks.len())) {
            let name = |name| format!("blocks.{}.{name}", blocks.len());
            let names = ["first", "second", "third"].map(name);
            blocks.push(names.map(|name| layer(weights, &name)));
        }
        Self {
            blocks,
            last: layer(weights, "body"),
        }
    }

    /// Some blocks, followed by the last convolution where its residual is given.
    fn links<'a>(&'a self, blocks: Range<usize>, last: Option<Residual<'a>>) -> Vec<Link<'a, L>> {
        let mut links = Vec::new();
        for [first, second, third] in &self.blocks[blocks] {
            let input = Residual::Map(links.len());
            for (layer, activation, residual) in [
                (first, Activation::Silu, Residual::None),
                (second, Activation::Silu, Residual::None),
                (third, Activation::None, input),
            ] {
                links.push(Link {
                    layer,
                    activation,
                    residual,
                });
            }
        }
        links.extend(last.map(|residual| Link {
            layer: &self.last,
            activation: Activation::None,
            residual,
        }));
        links
    }
}
