//! The loss on features of a network that knows what people see.

use burn::tensor::Tensor;
use casr_metrics::FeatureNetwork;

/// Stages of VGG16 that are compared: relu1_2, relu2_2 and relu3_3. Later ones cost most and see
/// little in a patch.
const STAGES: usize = 3;

/// Mean absolute difference of the features of `result` and `truth`, `[n, h, w, 3]`, each channel
/// vector divided by the root mean square of the truth's stage; averaged over three stages, shape
/// `[1]` (Johnson et al., ECCV 2016).
pub fn perceptual_loss(network: &FeatureNetwork, result: Tensor<4>, truth: Tensor<4>) -> Tensor<1> {
    let device = result.device();
    let ours = network.stages(result, STAGES);
    let theirs = network.stages(truth, STAGES);
    let terms = ours.into_iter().zip(theirs).map(|(ours, theirs)| {
        let theirs = theirs.detach();
        let scale = theirs.clone().powi_scalar(2).mean().sqrt() + 1e-6;
        (ours - theirs).abs().mean() / scale
    });
    terms.fold(Tensor::zeros([1], &device), |sum, term| sum + term) / STAGES as f64
}
