//! Crops of images: the results on them against those on the whole image.

use super::{Numbers, assert_same_bits};
use casr_kernels::conv::{ConvShape, GRID};

/// A rectangle of an image.
#[derive(Clone, Copy)]
struct Crop {
    top: usize,
    left: usize,
    height: usize,
    width: usize,
}

impl Crop {
    /// Copies the rectangle from an image of `image_width` columns and `channels` channels.
    fn cut(self, image: &[f32], image_width: usize, channels: usize) -> Vec<f32> {
        (self.top..self.top + self.height)
            .flat_map(|row| {
                let start = (row * image_width + self.left) * channels;
                image[start..][..self.width * channels].iter().copied()
            })
            .collect()
    }
}

/// Rectangles at various columns, some touching the image's border; all on the grid for shapes
/// whose bits depend on it.
fn crops(image: ConvShape) -> Vec<Crop> {
    let mut crops = Vec::new();
    if image.spoiled(0) == GRID {
        for left in 0..9 {
            crops.push(Crop {
                top: GRID,
                left: left * GRID,
                height: 3 * GRID,
                width: (3 + left % 4) * GRID,
            });
            crops.push(Crop {
                top: 0,
                left: left * GRID,
                height: image.height,
                width: image.width - left * GRID,
            });
        }
        return crops;
    }
    for left in 0..9 {
        crops.push(Crop {
            top: left % 4,
            left,
            height: 7,
            width: 8 + 2 * left,
        });
        let width = 5 + left;
        crops.push(Crop {
            top: image.height - 6,
            left: image.width - width,
            height: 6,
            width,
        });
    }
    crops
}

/// The part of a crop that its cuts do not affect; the image's own borders are not cuts.
fn inner(crop: Crop, image: ConvShape) -> Crop {
    let spoiled = image.spoiled(0);
    let margin = |cut| if cut { spoiled } else { 0 };
    let top = margin(crop.top > 0);
    let left = margin(crop.left > 0);
    let bottom = margin(crop.top + crop.height < image.height);
    let right = margin(crop.left + crop.width < image.width);
    Crop {
        top,
        left,
        height: crop.height - top - bottom,
        width: crop.width - left - right,
    }
}

/// Fails if a crop gives other bits than the whole image; `channels` are the numbers of channels
/// before and after `compute`.
pub fn assert_independent_of_cuts(
    shape: ConvShape,
    channels: (usize, usize),
    compute: impl Fn(ConvShape, &[f32]) -> Vec<f32>,
) {
    let (from, to) = channels;
    let image = Numbers::new(21).take(shape.pixels() * from);
    let whole = compute(shape, &image);
    for crop in crops(shape) {
        let cropped = ConvShape {
            height: crop.height,
            width: crop.width,
            ..shape
        };
        let part = compute(cropped, &crop.cut(&image, shape.width, from));
        let inner = inner(crop, shape);
        let in_image = Crop {
            top: crop.top + inner.top,
            left: crop.left + inner.left,
            ..inner
        };
        let expected = in_image.cut(&whole, shape.width, to);
        let result = inner.cut(&part, crop.width, to);
        assert_same_bits("crop", cropped, &result, &expected);
    }
}

/// Shapes that select each of the algorithms.
pub fn shapes() -> Vec<ConvShape> {
    [
        (48, 48, 3),
        (20, 17, 3),
        (3, 48, 3),
        (48, 3, 3),
        (5, 20, 3),
        (48, 195, 1),
        (195, 48, 1),
    ]
    .map(|(inputs, outputs, kernel)| ConvShape {
        images: 1,
        height: 19,
        width: 61,
        inputs,
        outputs,
        kernel,
    })
    .to_vec()
}
