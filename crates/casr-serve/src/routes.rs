//! Ways to a level that take less time than the best: larger steps, or fewer, whose result is
//! interpolated.

use crate::{ServeError, order::Order, pyramids::Enlarged, render};

/// How an answer's pixels come about: the image is doubled some times, then enlarged by some steps
/// of four, and what is missing is interpolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Steps of two.
    pub doubled: usize,
    /// Steps of four after them.
    pub leaps: usize,
}

impl Route {
    /// The best to a level: doubled all the way.
    pub fn best(level: usize) -> Self {
        Self {
            doubled: level,
            leaps: 0,
        }
    }
}

/// All routes to a level, from the best to the one that takes no time: a step of four passes one
/// level over.
fn routes(level: usize) -> impl Iterator<Item = Route> {
    (0..=level).rev().flat_map(|reach| {
        (0..=reach / 2).map(move |leaps| Route {
            doubled: reach - 2 * leaps,
            leaps,
        })
    })
}

/// The best route to the pixels of an order that sends no more than `pixels` through the network.
///
/// # Errors
/// [`ServeError::Zoom`]; none where the level is one of the image's.
pub fn within(
    image: &Enlarged,
    order: &Order,
    level: usize,
    pixels: f64,
) -> Result<Route, ServeError> {
    for route in routes(level) {
        let (along, at) = image.along(route);
        if render::work(along, order, at)? as f64 <= pixels {
            return Ok(route);
        }
    }
    // Not reached: the image itself takes no work.
    Ok(Route::best(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        library::Library,
        order::{Encoding, Frame, Quality, Rotation},
        pyramids::Pyramids,
        settings::Settings,
    };
    use casr_codec::{Format, Header, Limits, Options, Writer};
    use casr_zoom::{Model, Rectangle, Size, Strength};
    use std::time::Duration;

    #[test]
    fn what_is_affordable_is_taken_and_what_is_there_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let header = Header::rgb(32, 24);
        let mut writer = Writer::create(&path, Format::Png, header, Options::default()).unwrap();
        let samples: Vec<f32> = (0..32 * 24 * 3)
            .map(|i| (i * 37 % 101) as f32 / 100.0)
            .collect();
        writer.write_rows(&samples).unwrap();
        writer.finish().unwrap();

        let mut settings = Settings::new(folder.path());
        settings.latency = Some(Duration::from_secs(1));
        let pyramids = Pyramids::new(Model::embedded().unwrap(), &settings, 1 << 28);
        let library = Library::open(folder.path(), Limits::default()).unwrap();
        let file = library.find("a.png").unwrap();
        let image = pyramids.get(&library, &file, Strength::FULL).unwrap();
        let size = Size {
            width: 32,
            height: 24,
        };
        let frame = Frame::new(size, 1.0, &settings).unwrap();
        let order = Order {
            frame: frame.size,
            region: Rectangle {
                x: 8,
                y: 8,
                width: 8,
                height: 8,
            },
            size: Size {
                width: 128,
                height: 128,
            },
            rotation: Rotation::default(),
            quality: Quality::Default,
            encoding: Encoding::Png,
        };
        let level = 4;
        let route = |doubled, leaps| Route { doubled, leaps };
        let work = |route| {
            let (along, at) = image.along(route);
            assert_eq!(
                along.colours.size(at).unwrap().width,
                32 << (route.doubled + 2 * route.leaps)
            );
            render::work(along, &order, at).unwrap() as f64
        };
        let taken = |pixels| within(&image, &order, level, pixels).unwrap();
        let (all, three, two) = (work(route(4, 0)), work(route(2, 1)), work(route(0, 2)));
        assert!(
            all > three && three > two && two > 0.0,
            "{all}, {three}, {two}"
        );
        assert_eq!(taken(f64::INFINITY), route(4, 0));
        assert_eq!(taken(all), route(4, 0));
        assert_eq!(taken(all - 1.0), route(2, 1));
        assert_eq!(taken(three - 1.0), route(0, 2));
        assert_eq!(taken(0.0), route(0, 0));

        // Two levels that are there: a step of four from them costs that step alone.
        let near = Rectangle {
            x: 0,
            y: 0,
            width: 128,
            height: 96,
        };
        image.colours.samples(2, near).unwrap();
        assert_eq!(taken(0.0), route(2, 0));
        let one = work(route(2, 1));
        assert!(one < three - 1.0 && one > 0.0);
        assert_eq!(taken(one), route(2, 1));
        // Both ways to the level have these pixels then.
        let (along, at) = image.along(route(2, 1));
        along
            .colours
            .samples(
                at,
                Rectangle {
                    x: 128,
                    y: 128,
                    width: 128,
                    height: 128,
                },
            )
            .unwrap();
        assert_eq!(taken(0.0), route(2, 1));
        assert_ne!(work(route(4, 0)), 0.0);
    }

    #[test]
    fn the_highest_levels_and_the_smallest_steps_come_first() {
        let route = |(doubled, leaps)| Route { doubled, leaps };
        let expected = [(3, 0), (1, 1), (2, 0), (0, 1), (1, 0), (0, 0)];
        assert!(routes(3).eq(expected.map(route)));
        assert_eq!(routes(6).next(), Some(Route::best(6)));
        assert!(routes(6).all(|route| route.doubled + 2 * route.leaps <= 6));
        assert_eq!(routes(0).count(), 1);
    }
}
