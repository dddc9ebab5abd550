//! The loss on local autocorrelation: what SARM is to keep.

use burn::tensor::{Device, Tensor, TensorData};
use casr_kernels::similarity::{NOISE, WINDOW, lags};
use casr_net::LUMA;

/// Mean absolute difference of the local autocorrelation maps of `result` and `truth`,
/// `[n, h, w, 3]`, shape `[1]`: normalised covariance of windows of 7×7 pixels with those at 24
/// lags out to 8 pixels, as `casr_kernels::similarity::autocorrelation` has it, wherever both
/// windows lie inside. Zero for patches too small for that.
pub fn autocorrelation_loss(result: Tensor<4>, truth: Tensor<4>) -> Tensor<1> {
    let device = result.device();
    let [_, height, width, _] = result.dims();
    let longest = lags().iter().map(|lag| lag.1.unsigned_abs() as usize).max();
    let margin = longest.unwrap_or_default();
    if height.min(width) < WINDOW + 2 * margin {
        return Tensor::zeros([1], &device);
    }
    let (ours, theirs) = (Map::new(result), Map::new(truth));
    let count = lags().len() as f64;
    let terms = lags().map(|(down, right)| {
        let at = |step: i32| (margin as i32 + step) as usize;
        let place = (at(down), at(right));
        (ours.correlation(place, margin) - theirs.correlation(place, margin))
            .abs()
            .mean()
    });
    terms
        .into_iter()
        .fold(Tensor::zeros([1], &device), |sum, term| sum + term)
        / count
}

/// [`autocorrelation_loss`] of what is left of both images without their finest waves: no checker
/// pattern does for a texture, which is the cheapest way to lower that loss.
pub fn coarse_autocorrelation_loss(result: Tensor<4>, truth: Tensor<4>) -> Tensor<1> {
    autocorrelation_loss(coarse(result), coarse(truth))
}

/// `[n, h, w, 3]` with the weights 1, 2, 1 along both axes, wherever they lie inside: nothing of
/// waves of two pixels is left.
fn coarse(image: Tensor<4>) -> Tensor<4> {
    [1, 2].into_iter().fold(image, |image, axis| {
        let length = image.dims()[axis].saturating_sub(2);
        if length == 0 {
            return image;
        }
        let from = |start| image.clone().narrow(axis, start, length);
        (from(0) + from(1) * 2.0 + from(2)) / 4.0
    })
}

/// Luma with what is needed of each window.
struct Map {
    /// `[n, 1, h, w]`, around mid-grey.
    luma: Tensor<4>,
    /// Means over windows, one for each place where it lies inside.
    mean: Tensor<4>,
    /// One over the root of variance and noise.
    inverse: Tensor<4>,
}

impl Map {
    fn new(image: Tensor<4>) -> Self {
        let device = image.device();
        let weights = Tensor::<4>::from_data(TensorData::new(LUMA.to_vec(), [1, 1, 1, 3]), &device);
        let luma = ((image * weights).sum_dim(3) - 0.5).permute([0, 3, 1, 2]);
        let mean = windows(luma.clone());
        let variance = windows(luma.clone().powi_scalar(2)) - mean.clone().powi_scalar(2);
        let inverse = (variance.clamp_min(0.0) + NOISE).sqrt().recip();
        Self {
            luma,
            mean,
            inverse,
        }
    }

    /// Correlations of the windows at (margin, margin) and further with those that begin at
    /// `place`.
    fn correlation(&self, place: (usize, usize), margin: usize) -> Tensor<4> {
        let [_, _, height, width] = self.luma.dims();
        let part = |map: &Tensor<4>, (row, column): (usize, usize), less: usize| {
            let (height, width) = (height - 2 * margin - less, width - 2 * margin - less);
            map.clone().narrow(2, row, height).narrow(3, column, width)
        };
        let here = (margin, margin);
        let products = windows(part(&self.luma, here, 0) * part(&self.luma, place, 0));
        let less = WINDOW - 1;
        let of = |map: &Tensor<4>, place| part(map, place, less);
        (products - of(&self.mean, here) * of(&self.mean, place))
            * of(&self.inverse, here)
            * of(&self.inverse, place)
    }
}

/// Means over windows of [`WINDOW`] pixels a side, wherever they lie inside: two matrix products.
fn windows(map: Tensor<4>) -> Tensor<4> {
    let device = map.device();
    let [_, _, height, width] = map.dims();
    let rows = band(height, &device).unsqueeze::<4>();
    let columns = band(width, &device).unsqueeze::<4>();
    rows.matmul(map).matmul(columns.swap_dims(2, 3))
}

/// `[length − WINDOW + 1, length]`.
fn band(length: usize, device: &Device) -> Tensor<2> {
    let places = length + 1 - WINDOW;
    let mut values = vec![0.0; places * length];
    for place in 0..places {
        values[place * length + place..][..WINDOW].fill(1.0 / WINDOW as f32);
    }
    Tensor::from_data(TensorData::new(values, [places, length]), device)
}
