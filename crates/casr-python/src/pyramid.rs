//! `casr.Pyramid`: any window of any level, made when it is wanted.

use crate::arrays::{Enlarged, Kind};
use crate::errors::Failure;
use crate::run::run;
use crate::settings::Settings;
use crate::upscale::{Image, Prepared};
use casr_picture::Pyramids;
use casr_zoom::{Rectangle, ZoomError};
use pyo3::prelude::*;

/// All levels of an image's enlargement.
#[pyclass(frozen, module = "casr._casr")]
pub struct Pyramid {
    pyramids: Pyramids,
    kind: Kind,
    remarks: Vec<String>,
}

#[pymethods]
impl Pyramid {
    /// `room` is how many bytes of tiles are kept.
    #[new]
    #[pyo3(signature = (image, settings, room, page=None))]
    fn new(
        py: Python<'_>,
        image: Image<'_>,
        settings: Settings,
        room: usize,
        page: Option<usize>,
    ) -> PyResult<Self> {
        let input = image.take(None)?;
        run(py, None, move |_| {
            let name = input.path();
            let work = || {
                let enlarger = settings.enlarger()?;
                let (picture, kind) = input.read(&settings, page)?;
                let prepared = Prepared::new(picture, &settings, enlarger, |_, _| Ok(true))?;
                let enlarger = prepared.enlarger.room(room);
                let colour = prepared.picture.colour;
                Ok(Self {
                    pyramids: Pyramids::new(&prepared.layers, &enlarger, &prepared.plan, colour)?,
                    kind,
                    remarks: prepared.remarks,
                })
            };
            work().map_err(|failure: Failure| failure.of(name))
        })
    }

    /// Width and height of all levels, the image first.
    fn sizes(&self, py: Python<'_>) -> PyResult<Vec<(usize, usize)>> {
        let size = |level| {
            let size = answer(py, self.pyramids.size(level))?;
            Ok((size.width, size.height))
        };
        (0..self.pyramids.levels()).map(size).collect()
    }

    /// Samples of a pixel.
    #[getter]
    fn channels(&self) -> usize {
        self.pyramids.channels()
    }

    /// The name of NumPy's type of samples.
    #[getter]
    fn dtype(&self) -> &'static str {
        match self.kind {
            Kind::Eight => "uint8",
            Kind::Sixteen => "uint16",
            Kind::Float => "float32",
        }
    }

    /// What was left out when the image was read, and the like.
    #[getter]
    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }

    /// How many tiles of a level lie side by side, and how many below each other.
    fn tiles(&self, py: Python<'_>, level: usize) -> PyResult<(usize, usize)> {
        answer(py, self.pyramids.tiles(level))
    }

    /// Where a tile lies: left, top, width, height.
    fn place(
        &self,
        py: Python<'_>,
        level: usize,
        x: usize,
        y: usize,
    ) -> PyResult<(usize, usize, usize, usize)> {
        let place = answer(py, self.pyramids.place(level, x, y))?;
        Ok((place.x, place.y, place.width, place.height))
    }

    /// A window of a level, [height, width, channels].
    #[pyo3(signature = (level, x, y, width, height, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "four of them are a window")]
    fn region<'py>(
        &self,
        py: Python<'py>,
        level: usize,
        x: usize,
        y: usize,
        width: usize,
        height: usize,
        progress: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let window = Rectangle {
            x,
            y,
            width,
            height,
        };
        let (pyramids, kind) = (self.pyramids.clone(), self.kind);
        let channels = pyramids.channels();
        let samples = run(py, progress.as_ref(), move |watch| {
            let size = pyramids.size(level)?;
            if !window.lies_in(size) {
                return Err(ZoomError::Outside { window, size }.into());
            }
            let mut samples = Enlarged::with_room(kind, width * height * channels)?;
            pyramids.stream(level, window, watch, |rows| {
                samples.extend(rows);
                Ok::<(), Failure>(())
            })?;
            Ok(samples)
        })?;
        samples.into_array(py, [height, width, channels])
    }
}

fn answer<T>(py: Python<'_>, answer: Result<T, ZoomError>) -> PyResult<T> {
    answer.map_err(|error| Failure::from(error).raise(py))
}
