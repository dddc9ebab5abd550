//! An ensemble looks the same way at an image however that one is turned.

use casr_net::{
    Cpu, Degradation, Model, NetErrorKind, NetworkConfig, Origin, Pixels, StepGeometry,
};
use std::sync::Arc;

/// An image, `[height, width, 3]`.
#[derive(Clone, PartialEq)]
struct Picture {
    size: (usize, usize),
    values: Vec<f32>,
}

impl Picture {
    /// Edges, waves and noise, which are not the same in any two orientations.
    fn new(size: (usize, usize)) -> Self {
        let mut state = 0x9e37_79b9_u32;
        let values = (0..size.0 * size.1 * 3).map(|index| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let noise = (state >> 8) as f32 / (1 << 24) as f32;
            let (row, column) = (index / 3 / size.1, index / 3 % size.1);
            let wave = (row as f32 * 0.9 + (column * (1 + index % 3)) as f32 * 0.4).sin();
            let edge = f32::from(u8::from(2 * row > column + 7));
            0.3 + 0.2 * wave + 0.2 * edge + 0.1 * noise
        });
        let values = values.collect();
        Self { size, values }
    }

    fn map(&self, size: (usize, usize), from: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let values = (0..size.0 * size.1).flat_map(|place| {
            let (row, column) = from(place / size.1, place % size.1);
            let first = (row * self.size.1 + column) * 3;
            self.values[first..first + 3].iter().copied()
        });
        let values = values.collect();
        Self { size, values }
    }

    fn upside_down(&self) -> Self {
        self.map(self.size, |row, column| (self.size.0 - 1 - row, column))
    }

    fn mirrored(&self) -> Self {
        self.map(self.size, |row, column| (row, self.size.1 - 1 - column))
    }

    fn transposed(&self) -> Self {
        self.map((self.size.1, self.size.0), |row, column| (column, row))
    }

    fn enlarged(&self, model: &Model, size: (usize, usize)) -> Self {
        let image = Pixels {
            height: self.size.0,
            width: self.size.1,
            values: &self.values,
        };
        let geometry = StepGeometry::new(self.size, size);
        let origin = Origin::Image(Degradation::default());
        let values = model.first_step(image, &geometry, origin).unwrap();
        Self { size, values }
    }

    /// The largest difference of a value.
    fn off(&self, other: &Self) -> f32 {
        assert_eq!(self.size, other.size);
        let pairs = self.values.iter().zip(&other.values);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }
}

/// Equal but for rounding: weights of resampling are computed from one end of an axis, the mean
/// adds the orientations in another order, and the 4×4 squares that convolutions round in begin at
/// the other end.
const CLOSE: f32 = 5e-6;

const SIZE: (usize, usize) = (23, 18);

/// Some factors have outputs in the middle between two inputs.
const OUTPUTS: [(usize, usize); 3] = [(46, 36), (57, 45), (60, 27)];

fn vivid() -> Model {
    Model::embedded().unwrap().with_look(1.0)
}

#[test]
fn turned_images_have_turned_ensembles() {
    let picture = Picture::new(SIZE);
    let (ensemble, single) = (vivid().with_ensemble().unwrap(), vivid());
    for size in OUTPUTS {
        let turned = (size.1, size.0);
        let off = |model: &Model| {
            let upright = picture.enlarged(model, size);
            [
                (picture.upside_down().enlarged(model, size)).off(&upright.upside_down()),
                (picture.mirrored().enlarged(model, size)).off(&upright.mirrored()),
                (picture.transposed().enlarged(model, turned)).off(&upright.transposed()),
            ]
        };
        let (together, alone) = (off(&ensemble), off(&single));
        assert!(together.iter().all(|off| *off < CLOSE), "{together:?}");
        assert!(alone.iter().all(|off| *off > 100.0 * CLOSE), "{alone:?}");
    }
}

#[test]
fn an_ensemble_is_the_mean_of_eight() {
    let (picture, size) = (Picture::new(SIZE), (46, 36));
    let single = vivid();
    let mut sum = vec![0.0; size.0 * size.1 * 3];
    let mut add = |made: Picture| {
        assert_eq!(made.size, size);
        (sum.iter_mut().zip(made.values)).for_each(|(sum, value)| *sum += f64::from(value));
    };
    for upside_down in [false, true] {
        for mirrored in [false, true] {
            let turn = |picture: Picture| {
                let picture = if upside_down {
                    picture.upside_down()
                } else {
                    picture
                };
                if mirrored {
                    picture.mirrored()
                } else {
                    picture
                }
            };
            let turned = turn(picture.clone());
            add(turn(turned.enlarged(&single, size)));
            let made = turned.transposed().enlarged(&single, (size.1, size.0));
            add(turn(made.transposed()));
        }
    }
    let values = sum.into_iter().map(|sum| (sum / 8.0) as f32).collect();
    let ensemble = picture.enlarged(&single.with_ensemble().unwrap(), size);
    let off = ensemble.off(&Picture { size, values });
    assert!(off < CLOSE, "{off}");
}

#[test]
fn grey_stays_grey() {
    let mut picture = Picture::new(SIZE);
    for pixel in picture.values.chunks_exact_mut(3) {
        pixel.fill(pixel[1]);
    }
    let ensemble = vivid().with_ensemble().unwrap();
    let enlarged = picture.enlarged(&ensemble, (57, 45));
    let (pixels, _) = enlarged.values.as_chunks::<3>();
    assert!(pixels.iter().all(|[r, g, b]| r == g && g == b));
}

#[test]
fn an_ensemble_keeps_its_look_and_its_device_in_any_order() {
    let picture = Picture::new(SIZE);
    let model = Model::embedded().unwrap();
    assert_eq!(model.passes(), 1);
    let half = || Arc::new(Cpu::half());
    let orders = [
        model.with_ensemble().unwrap().with_look(0.6).on(half()),
        model.with_look(0.6).on(half()).with_ensemble().unwrap(),
        model
            .clone()
            .on(half())
            .with_ensemble()
            .unwrap()
            .with_look(0.6),
    ];
    let enlarged = orders.each_ref().map(|model| {
        assert_eq!(model.passes(), 8);
        assert_eq!(model.device().precision(), "half");
        picture.enlarged(model, (46, 36))
    });
    assert!(enlarged[0] == enlarged[1] && enlarged[1] == enlarged[2]);
    let alone = orders[0].without_ensemble();
    assert_eq!(alone.passes(), 1);
    let plain = picture.enlarged(&model.with_look(0.6).on(half()), (46, 36));
    assert!(picture.enlarged(&alone, (46, 36)) == plain);
    assert!(enlarged[0].off(&plain) > 1e-3);
}

#[test]
fn threads_leave_no_trace() {
    let (picture, ensemble) = (Picture::new(SIZE), vivid().with_ensemble().unwrap());
    let enlarged = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| picture.enlarged(&ensemble, (57, 45)))
    });
    assert!(enlarged[0] == enlarged[1]);
}

#[test]
fn modules_are_refused() {
    for (alignment, similarity) in [(true, false), (false, true), (true, true)] {
        let config = NetworkConfig {
            channels: 8,
            blocks: 1,
            frequencies: 3,
            alignment,
            similarity,
        };
        let model = Model::new(config, config.initial_parameters(1)).unwrap();
        let error = model.with_ensemble().unwrap_err();
        assert_eq!(error.kind(), NetErrorKind::Unsupported, "{error}");
    }
}
