//! Soft superpixels and lookups of earlier cells in Burn's own operations. Pixels are sorted by
//! their cells, 16 to a cell, so that sums over cells are products of small matrices.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::softmax};
use casr_kernels::{
    earlier::{COLOUR_DISTANCE, COLOURS, CellPlaces, MAX_SQUARED_DISTANCE},
    superpixel::{CELL, NEIGHBOURS, SuperpixelShape, VARIANCE_FLOOR},
};

/// Pixels of a cell.
const PIXELS: usize = CELL * CELL;

/// What is taken from the softmax of a cell that is not there.
const ABSENT: f32 = 1e9;

/// See [`casr_burn::ops::assign`].
pub fn assign(embedding: Tensor<4>, temperatures: Tensor<1>) -> Tensor<4> {
    let device = embedding.device();
    let shape = shape_of(&embedding);
    let [_, _, _, channels] = embedding.dims();
    let (rows, columns) = (shape.cell_rows(), shape.cell_columns());
    let cells = by_cell(embedding);
    let inside = by_cell(Tensor::ones([1, shape.height, shape.width, 1], &device));
    let means = cells.clone().sum_dim(3) / inside.sum_dim(3);
    let means = neighbours(means.reshape([shape.images, rows, columns, channels]));
    let present = neighbours(Tensor::ones([1, rows, columns, 1], &device));

    let differences = cells.unsqueeze_dim::<6>(4) - means.unsqueeze_dim::<6>(3);
    let colours = differences.powi_scalar(2).sum_dim(5).squeeze_dim::<5>(5);
    let places = Tensor::<2>::from_data(
        TensorData::new(place_distances(), [PIXELS, NEIGHBOURS]),
        &device,
    );
    let temperature = |index| temperatures.clone().narrow(0, index, 1);
    let distances = colours * temperature(0).reshape([1; 5])
        + (places * temperature(1).reshape([1; 2])).unsqueeze::<5>();
    let present = present.permute([0, 1, 2, 4, 3]);
    let weights = softmax((present.clone() - 1.0) * ABSENT - distances, 4) * present;
    by_pixel(weights, shape)
}

/// See [`casr_burn::ops::moments`].
pub fn moments(weights: Tensor<4>, features: Tensor<4>) -> Tensor<4> {
    let device = features.device();
    let [images, height, width, _] = features.dims();
    let shares = by_cell(weights).swap_dims(3, 4);
    let features = by_cell(features);
    let ones = by_cell(Tensor::ones([images, height, width, 1], &device));
    let total = gathered(shares.clone().matmul(ones));
    let mean = gathered(shares.clone().matmul(features.clone())) / total.clone();
    // Around the cell's own mean, where squares are small.
    let own = features.clone().mean_dim(3);
    let near = features - own.clone();
    let squares = shares.clone().matmul(near.clone().powi_scalar(2));
    let sums = shares.clone().matmul(near);
    let shares = shares.sum_dim(4);
    let channels = own.dims()[4];
    let [n, rows, columns, _] = mean.dims();
    // Of every neighbour: its own mean, as seen from the mean that it contributes to.
    let shift = own.expand([n, rows, columns, NEIGHBOURS, channels]) - neighbours(mean.clone());
    let spread = squares + sums * shift.clone() * 2.0 + shares * shift.powi_scalar(2);
    let variance = gathered(spread) / total;
    Tensor::cat(
        vec![mean, (variance.clamp_min(0.0) + VARIANCE_FLOOR).sqrt()],
        3,
    )
}

/// See [`casr_burn::ops::modulate`].
pub fn modulate(weights: Tensor<4>, features: Tensor<4>, modulation: Tensor<4>) -> Tensor<4> {
    let shape = shape_of(&features);
    let channels = features.dims()[3];
    let spread = by_cell(weights).matmul(neighbours(modulation));
    let spread = by_pixel(spread, shape);
    let part = |first| spread.clone().narrow(3, first, channels);
    features * part(0) + part(channels)
}

/// See [`casr_burn::ops::earlier_values`].
pub fn earlier_values(
    colours: Tensor<4>,
    earlier: Tensor<4>,
    [rows, columns]: &[CellPlaces; 2],
) -> Tensor<4> {
    let device = colours.device();
    let channels = earlier.dims()[3] - COLOURS;
    let mut sum: Option<(Tensor<4>, Tensor<4>)> = None;
    for down in -1..=1 {
        for right in -1..=1 {
            let (row, column) = (
                Neighbour::new(rows, down, &device),
                Neighbour::new(columns, right, &device),
            );
            let found = earlier.clone().select(1, row.index).select(2, column.index);
            let values = found.clone().narrow(3, 0, channels);
            let theirs = found.narrow(3, channels, COLOURS).detach();
            let difference = (colours.clone().detach() - theirs) / COLOUR_DISTANCE;
            let distance = difference.powi_scalar(2).sum_dim(3)
                + row.distance.reshape([1, rows.cells(), 1, 1])
                + column.distance.reshape([1, 1, columns.cells(), 1]);
            let weight = distance.clamp_max(MAX_SQUARED_DISTANCE).neg().exp()
                * row.present.reshape([1, rows.cells(), 1, 1])
                * column.present.reshape([1, 1, columns.cells(), 1]);
            let terms = (values * weight.clone(), weight);
            sum = Some(match sum {
                None => terms,
                Some((values, weights)) => (values + terms.0, weights + terms.1),
            });
        }
    }
    let (values, weights) = sum.expect("a cell has neighbours");
    values / weights
}

/// The earlier cells one to a side of those at the cells' places.
struct Neighbour {
    index: Tensor<1, Int>,
    /// Squared distance, in earlier cells.
    distance: Tensor<1>,
    /// 1 for those that are there.
    present: Tensor<1>,
}

impl Neighbour {
    fn new(places: &CellPlaces, step: i64, device: &Device) -> Self {
        let all = || places.nearest.iter().map(|n| i64::from(*n) + step);
        let last = places.earlier as i64 - 1;
        let index: Vec<i32> = all().map(|cell| cell.clamp(0, last) as i32).collect();
        let present = all().map(|cell| f32::from((0..=last).contains(&cell)));
        let distance = places.offset.iter().map(|o| (step as f32 - o).powi(2));
        let floats = |values: Vec<f32>| {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), device)
        };
        let count = index.len();
        Self {
            distance: floats(distance.collect()),
            present: floats(present.collect()),
            index: Tensor::from_data(TensorData::new(index, [count]), device),
        }
    }
}

fn shape_of(features: &Tensor<4>) -> SuperpixelShape {
    let [images, height, width, _] = features.dims();
    SuperpixelShape {
        images,
        height,
        width,
    }
}

/// Squared distances of the pixels of a cell from the centres of the cells around it, in cells.
fn place_distances() -> Vec<f32> {
    let along = |pixel: usize, neighbour: usize| {
        let centre = neighbour as f32 - 1.0 + 0.5;
        ((pixel as f32 + 0.5) / CELL as f32 - centre).powi(2)
    };
    (0..PIXELS)
        .flat_map(|pixel| {
            (0..NEIGHBOURS).map(move |neighbour| {
                along(pixel / CELL, neighbour / 3) + along(pixel % CELL, neighbour % 3)
            })
        })
        .collect()
}

/// `[n, h, w, C]` → `[n, rows, columns, 16, C]`; zeros where a cell is cut short.
fn by_cell(pixels: Tensor<4>) -> Tensor<5> {
    let shape = shape_of(&pixels);
    let channels = pixels.dims()[3];
    let (rows, columns) = (shape.cell_rows(), shape.cell_columns());
    let missing = (rows * CELL - shape.height, columns * CELL - shape.width);
    pad(pixels, [0, missing.0], [0, missing.1])
        .reshape([shape.images, rows, CELL, columns, CELL, channels])
        .permute([0, 1, 3, 2, 4, 5])
        .reshape([shape.images, rows, columns, PIXELS, channels])
}

/// The way back of [`by_cell`].
fn by_pixel(cells: Tensor<5>, shape: SuperpixelShape) -> Tensor<4> {
    let [images, rows, columns, _, channels] = cells.dims();
    cells
        .reshape([images, rows, columns, CELL, CELL, channels])
        .permute([0, 1, 3, 2, 4, 5])
        .reshape([images, rows * CELL, columns * CELL, channels])
        .narrow(1, 0, shape.height)
        .narrow(2, 0, shape.width)
}

/// Zeros around the second and the third dimension: so many before and after.
fn pad(tensor: Tensor<4>, rows: [usize; 2], columns: [usize; 2]) -> Tensor<4> {
    let device = tensor.device();
    let [n, h, w, c] = tensor.dims();
    let row = |count| Tensor::zeros([n, count, w, c], &device);
    let tensor = Tensor::cat(vec![row(rows[0]), tensor, row(rows[1])], 1);
    let h = h + rows[0] + rows[1];
    let column = |count| Tensor::zeros([n, h, count, c], &device);
    Tensor::cat(vec![column(columns[0]), tensor, column(columns[1])], 2)
}

/// `[n, rows, columns, C]` → `[n, rows, columns, 9, C]`: the values of the cells around; zeros
/// beyond the border.
fn neighbours(cells: Tensor<4>) -> Tensor<5> {
    let [_, rows, columns, _] = cells.dims();
    let padded = pad(cells, [1, 1], [1, 1]);
    let shifted = |k: usize| {
        let part = padded.clone().narrow(1, k / 3, rows);
        part.narrow(2, k % 3, columns)
    };
    Tensor::stack((0..NEIGHBOURS).map(shifted).collect(), 3)
}

/// `[n, rows, columns, 9, C]` → `[n, rows, columns, C]`: what every cell gets from those around it;
/// the transpose of [`neighbours`].
fn gathered(shares: Tensor<5>) -> Tensor<4> {
    let [n, rows, columns, _, channels] = shares.dims();
    let part = |k: usize| {
        let share = shares.clone().narrow(3, k, 1);
        let padded = pad(share.reshape([n, rows, columns, channels]), [1, 1], [1, 1]);
        let part = padded.narrow(1, 2 - k / 3, rows);
        part.narrow(2, 2 - k % 3, columns)
    };
    (1..NEIGHBOURS).fold(part(0), |sum, k| sum + part(k))
}
