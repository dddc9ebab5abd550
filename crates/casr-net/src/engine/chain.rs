//! Convolutions one after the other over whole maps of features, in as few maps as that takes.

use casr_kernels::conv::{Activation, Layer};
use casr_kernels::zeros;

/// A convolution of a chain, which reads the map that the one before it has made.
pub(super) struct Link<'a> {
    pub layer: &'a Layer,
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

/// What the last of `links` makes of `source`, a map of `(height, width)` pixels.
pub(super) fn run(size: (usize, usize), links: &[Link], source: Vec<f32>) -> Vec<f32> {
    let (mut maps, mut free) = (vec![source], Vec::new());
    for (index, link) in links.iter().enumerate() {
        let length = size.0 * size.1 * link.layer.outputs();
        let fits = |map: &Vec<f32>| map.len() == length;
        let mut output = match free.iter().position(fits) {
            Some(place) => free.swap_remove(place),
            None => zeros(length),
        };
        let residual = match link.residual {
            Residual::None => None,
            Residual::Map(map) => Some(&*maps[map]),
            Residual::Other(values) => Some(values),
        };
        let input = &maps[index];
        (link.layer).rows(
            size,
            0..size.0,
            input,
            link.activation,
            residual,
            &mut output,
        );
        maps.push(output);
        let later = &links[index + 1..];
        for (map, values) in maps[..=index].iter_mut().enumerate() {
            let added = |link: &Link| matches!(link.residual, Residual::Map(other) if other == map);
            if !values.is_empty() && !later.iter().any(added) {
                free.push(std::mem::take(values));
            }
        }
    }
    maps.pop().unwrap_or_default()
}
