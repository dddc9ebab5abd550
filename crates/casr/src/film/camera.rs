//! How a film's camera moves: how far it has zoomed in at each moment, and which part of the image
//! it sees.
//!
//! The factor grows exponentially, the same number of times in every second, but for gentle ends.
//! The point that is zoomed into comes to the middle of the frame as soon as the image's borders
//! let it, and stays there. What is seen always lies within the image, and within all that was seen
//! before.

use casr_zoom::{Size, Span};

/// How wide the bend is between a window that slides along a border of the image and one that has
/// its point in the middle, in windows. Up to 1/2 windows lie within those before.
const BEND: f64 = 0.5;

/// See the module. Factors are frame pixels per image pixel.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    /// The image's size.
    pub image: Size,
    /// The frames' size.
    pub frame: Size,
    /// The point that is zoomed into, in pixels of the image from its upper left corner.
    pub point: (f64, f64),
    /// The first factor.
    pub from: f64,
    /// The last one.
    pub to: f64,
    /// How long it takes to get up to speed, and to come to rest, in films: at most 1/2.
    pub ease: f64,
}

impl Camera {
    /// The smallest factor at which an image fills a frame.
    pub fn smallest(image: Size, frame: Size) -> f64 {
        image.factor_to(frame)
    }

    /// The factor at a time from 0 to 1.
    pub fn factor(&self, time: f64) -> f64 {
        let growth = (self.to / self.from).powf(travelled(time, self.ease));
        (self.from * growth).clamp(self.from, self.to)
    }

    /// What is seen at a factor, in pixels of the image.
    pub fn window(&self, factor: f64) -> Span {
        Span {
            columns: along(self.image.width, self.frame.width, self.point.0, factor),
            rows: along(self.image.height, self.frame.height, self.point.1, factor),
        }
    }
}

/// How far the camera is at a time from 0 to 1, from 0 to 1: at constant speed but for the first
/// and last `ease`, in which the speed follows 3x² − 2x³.
fn travelled(time: f64, ease: f64) -> f64 {
    let time = time.clamp(0.0, 1.0);
    if time > 0.5 {
        return 1.0 - travelled(1.0 - time, ease);
    }
    // At full speed the way takes 1 - ease.
    let before = match time {
        time if time < ease => {
            let share = time / ease;
            ease * share.powi(3) * (1.0 - share / 2.0)
        }
        _ => time - ease / 2.0,
    };
    before / (1.0 - ease)
}

/// Where the window of a factor begins and ends along an axis.
fn along(image: usize, frame: usize, point: f64, factor: f64) -> (f64, f64) {
    let image = image as f64;
    let length = (frame as f64 / factor).min(image);
    // Mirrored, so that the nearer border is the one at 0.
    let near = point.min(image - point);
    let bend = BEND * length * (1.0 - length / image);
    let middle = larger(near, length / 2.0, bend);
    let middle = if point == near {
        middle
    } else {
        image - middle
    };
    // Not but for rounding.
    let start = (middle - length / 2.0).clamp(0.0, image - length);
    (start, (start + length).min(image))
}

/// The larger of two numbers, or, where they differ by less than `bend`, a little more: without a
/// kink (a polynomial smooth maximum).
fn larger(one: f64, other: f64, bend: f64) -> f64 {
    let over = (bend - (one - other).abs()).max(0.0);
    let more = if bend > 0.0 {
        over * over / (4.0 * bend)
    } else {
        0.0
    };
    one.max(other) + more
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cameras over images and frames of several shapes, into points inside and on borders.
    fn cameras() -> Vec<Camera> {
        let size = |(width, height)| Size { width, height };
        let images = [(512, 512), (1000, 400), (37, 911), (4000, 3000)].map(size);
        let frames = [(320, 180), (181, 321), (64, 64)].map(size);
        let places = [0.0, 0.003, 0.1, 0.4, 0.5, 0.66, 1.0];
        let mut cameras = Vec::new();
        for image in images {
            for frame in frames {
                for across in places {
                    for down in places {
                        let from = Camera::smallest(image, frame);
                        cameras.push(Camera {
                            image,
                            frame,
                            point: (across * image.width as f64, down * image.height as f64),
                            from,
                            to: 256.0 * from.max(1.0),
                            ease: 0.2,
                        });
                    }
                }
            }
        }
        cameras
    }

    const STEPS: usize = 400;

    fn windows(camera: &Camera) -> impl Iterator<Item = (f64, Span)> {
        (0..=STEPS).map(|step| {
            let factor = camera.factor(step as f64 / STEPS as f64);
            (factor, camera.window(factor))
        })
    }

    #[test]
    fn windows_lie_within_the_image_and_within_those_before() {
        for camera in cameras() {
            let mut before: Option<Span> = None;
            for (factor, window) in windows(&camera) {
                assert!(
                    window.lies_in(camera.image),
                    "{camera:?} ×{factor}: {window:?}"
                );
                let aspect = |(start, end): (f64, f64), frame: usize| (end - start) / frame as f64;
                let across = aspect(window.columns, camera.frame.width);
                let down = aspect(window.rows, camera.frame.height);
                assert!(
                    (across / down - 1.0).abs() < 1e-9,
                    "square pixels: {camera:?}"
                );
                assert!((across * factor - 1.0).abs() < 1e-9, "{camera:?} ×{factor}");
                if let Some(before) = before {
                    let slack = 1e-9 * camera.image.width.max(camera.image.height) as f64;
                    for (inner, outer) in
                        [(window.columns, before.columns), (window.rows, before.rows)]
                    {
                        let holds = inner.0 >= outer.0 - slack && inner.1 <= outer.1 + slack;
                        assert!(holds, "{camera:?} ×{factor}: {inner:?} in {outer:?}");
                    }
                }
                before = Some(window);
            }
        }
    }

    /// In the middle once no border is nearer to the point than a window is wide, and before that
    /// as near to the middle as the border and a bend let it.
    #[test]
    fn the_point_comes_to_the_middle_and_stays() {
        for camera in cameras() {
            for (factor, window) in windows(&camera) {
                let axes = [
                    (window.columns, camera.image.width, camera.point.0),
                    (window.rows, camera.image.height, camera.point.1),
                ];
                for ((start, end), image, point) in axes {
                    let (image, length) = (image as f64, end - start);
                    let off = ((start + end) / 2.0 - point).abs();
                    let near = point.min(image - point);
                    if near >= length {
                        assert!(off < 1e-9 * image, "{camera:?} ×{factor}: {off}");
                    }
                    let least = (length / 2.0 - near).max(0.0);
                    let bend = BEND * length / 4.0;
                    assert!(
                        off <= least + bend + 1e-9 * image,
                        "{camera:?} ×{factor}: {off}"
                    );
                    assert!(point >= start - 1e-9 * image && point <= end + 1e-9 * image);
                }
            }
        }
    }

    #[test]
    fn the_speed_is_constant_but_for_gentle_ends() {
        let camera = Camera {
            ease: 0.25,
            ..cameras()[24]
        };
        let zooms: Vec<f64> = windows(&camera).map(|(factor, _)| factor.ln()).collect();
        assert_eq!(camera.factor(0.0), camera.from);
        assert_eq!(camera.factor(1.0), camera.to);
        let speeds: Vec<f64> = zooms.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let full = speeds[STEPS / 2];
        for (step, speed) in speeds.iter().enumerate() {
            let (first, last) = (STEPS / 4, 3 * STEPS / 4);
            if (first..last).contains(&step) {
                assert!((speed / full - 1.0).abs() < 1e-9, "{step}: {speed}");
            } else {
                assert!(*speed > 0.0 && *speed < full, "{step}: {speed}");
            }
        }
        // Without jerks: speeds next to each other differ by 1.5 in 100 steps at most.
        for pair in speeds.windows(2) {
            assert!((pair[1] - pair[0]).abs() < 0.016 * full);
        }
        assert!(speeds[0] < 0.001 * full && speeds[STEPS - 1] < 0.001 * full);
        let even = Camera {
            ease: 0.0,
            ..camera
        };
        let half = (even.from * even.to).sqrt();
        assert!((even.factor(0.5) / half - 1.0).abs() < 1e-9);
    }
}
