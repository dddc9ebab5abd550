//! Convolutions one after the other over whole maps of features, in as few maps as that takes: four
//! in single precision; in half, three and two of half the size.

use casr_kernels::conv::half::{HalfLayer, HalfMap, HalfOutput};
use casr_kernels::conv::{Activation, Layer};
use casr_kernels::{InstructionSet, zeros};

/// A convolution of a chain, which reads the map that the one before it has made.
pub(super) struct Link<'a, L> {
    pub layer: &'a L,
    pub activation: Activation,
    pub residual: Residual<'a>,
}

/// What is added to a convolution's result, `[height, width, outputs]`.
#[derive(Clone, Copy)]
pub(super) enum Residual<'a> {
    None,
    /// An earlier map of the chain: 0 is its source, m what its m-th convolution has made.
    Map(usize),
    /// Another one.
    Other(&'a [f32]),
}

impl<'a> Residual<'a> {
    fn of(self, maps: &'a [Vec<f32>]) -> Option<&'a [f32]> {
        match self {
            Residual::None => None,
            Residual::Map(map) => Some(&maps[map]),
            Residual::Other(values) => Some(values),
        }
    }
}

/// The maps of a chain in f32.
struct Maps {
    /// The source and what each convolution has made; empty where nothing needs it any more.
    made: Vec<Vec<f32>>,
    free: Vec<Vec<f32>>,
}

impl Maps {
    fn new(source: Vec<f32>) -> Self {
        Self {
            made: vec![source],
            free: Vec::new(),
        }
    }

    /// A map of `length` values to write on.
    fn take(&mut self, length: usize) -> Vec<f32> {
        let place = self.free.iter().position(|map| map.len() == length);
        match place {
            Some(place) => self.free.swap_remove(place),
            None => zeros(length),
        }
    }

    /// Adds what a convolution has made, and frees all before it that none of the `later` ones
    /// adds.
    fn push<L>(&mut self, made: Vec<f32>, later: &[Link<L>]) {
        for (map, values) in self.made.iter_mut().enumerate() {
            if !values.is_empty() && !is_added(map, later) {
                self.free.push(std::mem::take(values));
            }
        }
        self.made.push(made);
    }
}

/// Whether one of `links` adds the map.
fn is_added<L>(map: usize, links: &[Link<L>]) -> bool {
    let added = |link: &Link<L>| matches!(link.residual, Residual::Map(other) if other == map);
    links.iter().any(added)
}

/// What the last of `links` makes of `source`, a map of `(height, width)` pixels. `each` is shown
/// what every link reads, before it does.
pub(super) fn run(
    size: (usize, usize),
    links: &[Link<Layer>],
    source: Vec<f32>,
    mut each: impl FnMut(usize, &[f32]),
) -> Vec<f32> {
    let mut maps = Maps::new(source);
    for (index, link) in links.iter().enumerate() {
        each(index, &maps.made[index]);
        let mut output = maps.take(size.0 * size.1 * link.layer.outputs());
        (link.layer).rows(
            size,
            0..size.0,
            &maps.made[index],
            link.activation,
            link.residual.of(&maps.made),
            &mut output,
        );
        maps.push(output, &links[index + 1..]);
    }
    maps.made.pop().unwrap_or_default()
}

/// [`run`] in half precision, with as many outputs as inputs: convolutions read bfloat16, what is
/// added stays f32.
pub(super) fn run_half(
    set: InstructionSet,
    size: (usize, usize),
    links: &[Link<HalfLayer>],
    source: Vec<f32>,
) -> Vec<f32> {
    let Some(first) = links.first() else {
        return source;
    };
    let mut input = HalfMap::new(size, first.layer.inputs());
    input.fill(set, &source);
    let mut output = HalfMap::new(size, first.layer.outputs());
    let mut maps = Maps::new(source);
    for (index, link) in links.iter().enumerate() {
        let later = &links[index + 1..];
        let kept = later.is_empty() || is_added(index + 1, later);
        let mut single = kept.then(|| maps.take(size.0 * size.1 * link.layer.outputs()));
        link.layer.forward(
            &input,
            link.activation,
            link.residual.of(&maps.made),
            HalfOutput {
                half: (!later.is_empty()).then_some(&mut output),
                single: single.as_deref_mut(),
            },
        );
        std::mem::swap(&mut input, &mut output);
        maps.push(single.unwrap_or_default(), later);
    }
    maps.made.pop().unwrap_or_default()
}
