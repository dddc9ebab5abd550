//! Images and models that tests share.

#![allow(dead_code, reason = "no test needs all of it")]

use casr_net::{Model, NetworkConfig};
use casr_zoom::Image;

/// Small, so that tests are quick; its halo is 8.
pub const SMALL: NetworkConfig = NetworkConfig {
    channels: 8,
    blocks: 2,
    frequencies: 5,
    alignment: false,
    similarity: false,
};

/// The same with all modules.
pub const MODULES: NetworkConfig = NetworkConfig {
    alignment: true,
    similarity: true,
    ..SMALL
};

/// A model with fresh parameters, always the same for a configuration.
pub fn model(config: NetworkConfig) -> Model {
    Model::new(config, config.initial_parameters(17)).expect("the parameters are its own")
}

/// Noise with some structure, always the same for a size.
pub fn image(width: usize, height: usize) -> Image {
    let mut state = 0x9e37_79b9_u32;
    let pixels = (0..width * height * 3)
        .map(|index| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = (state >> 8) as f32 / (1 << 24) as f32;
            let wave = 0.5 + 0.5 * (index as f32 * 0.037).sin();
            0.5 * noise + 0.5 * wave
        })
        .collect();
    Image::new(width, height, pixels).expect("values lie between 0 and 1")
}

/// The bits of an image, so that even zeros of different sign count as different.
pub fn bits(image: &Image) -> Vec<u32> {
    image.pixels().iter().map(|value| value.to_bits()).collect()
}
