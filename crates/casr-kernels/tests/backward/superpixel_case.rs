//! The gradients of all operands of a [`Case`].

use super::superpixel_support::{Case, Per, Results};
use casr_kernels::InstructionSet;
use casr_kernels::superpixel::{NEIGHBOURS, assign_gradient, modulate_gradient, moments_gradient};

impl Case {
    pub fn assign_gradient(&self, set: InstructionSet, weights: &[f32]) -> (Vec<f32>, [f32; 2]) {
        let mut gradient = vec![f32::NAN; self.embedding.len()];
        let shared = assign_gradient(
            set,
            self.shape,
            self.embedded,
            &self.embedding,
            self.sharpness,
            self.compactness,
            weights,
            &self.of_weights,
            &mut gradient,
        );
        (gradient, shared)
    }

    /// The gradients of the features and, if `wanted`, of the weights.
    pub fn moments_gradient(
        &self,
        set: InstructionSet,
        weights: &[f32],
        wanted: bool,
    ) -> [Vec<f32>; 2] {
        let mut of_features = vec![f32::NAN; self.features.len()];
        let mut of_weights = vec![f32::NAN; if wanted { weights.len() } else { 0 }];
        moments_gradient(
            set,
            self.shape,
            self.channels,
            weights,
            &self.features,
            &self.moments(set, weights),
            &self.of_moments,
            &mut of_features,
            wanted.then_some(&mut of_weights),
        );
        [of_features, of_weights]
    }

    /// The gradients of the modulation, of the features and, if `wanted`, of the weights.
    pub fn modulate_gradient(
        &self,
        set: InstructionSet,
        weights: &[f32],
        wanted: bool,
    ) -> [Vec<f32>; 3] {
        let mut of_modulation = vec![f32::NAN; self.modulation.len()];
        let mut of_features = vec![f32::NAN; self.features.len()];
        let mut of_weights = vec![f32::NAN; if wanted { weights.len() } else { 0 }];
        modulate_gradient(
            set,
            self.shape,
            self.channels,
            weights,
            &self.features,
            &self.modulation,
            &self.of_output,
            &mut of_features,
            wanted.then_some(&mut of_weights),
            &mut of_modulation,
        );
        [of_modulation, of_features, of_weights]
    }

    /// The gradients of all kernels.
    pub fn gradients(&self, set: InstructionSet) -> Results {
        let weights = self.assign(set);
        let (of_embedding, shared) = self.assign_gradient(set, &weights);
        let [moments_features, moments_weights] = self.moments_gradient(set, &weights, true);
        let [of_modulation, modulate_features, modulate_weights] =
            self.modulate_gradient(set, &weights, true);
        let (of_pixel, of_cell) = (Per::Pixel(self.channels), Per::Cell(2 * self.channels));
        let of_weight = Per::Pixel(NEIGHBOURS);
        vec![
            ("assign embedding", Per::Pixel(self.embedded), of_embedding),
            ("assign shared", Per::All, shared.to_vec()),
            ("moments features", of_pixel, moments_features),
            ("moments weights", of_weight, moments_weights),
            ("modulate modulation", of_cell, of_modulation),
            ("modulate features", of_pixel, modulate_features),
            ("modulate weights", of_weight, modulate_weights),
        ]
    }
}
