//! `casr.upscale`: the whole enlargement of an image, as an array, as bytes or into a file.

use crate::arrays::{Enlarged, Kind, Pixels};
use crate::errors::Failure;
use crate::run::run;
use crate::settings::{Settings, Writing};
use casr_codec::{
    Format, Header, Metadata, Picture, Resolution, Source, Unit, Writer, read, read_page,
};
use casr_picture::{Watch, Work, header, layers, mark, treated, untrained};
use casr_zoom::{Enlarger, Layers, Rectangle, ScalePlan, Size, Target, Treatment};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::{Path, PathBuf};

/// What messages call an image that has no file.
const UNNAMED: &str = "the image";

/// An image as Python's side hands it over: the first that fits.
#[derive(FromPyObject)]
pub enum Image<'py> {
    /// Pixels.
    Array(Pixels<'py>),
    /// An image file's content.
    Bytes(Bound<'py, PyBytes>),
    /// An image file.
    Path(PathBuf),
}

/// The same, without Python.
pub enum Input {
    /// Pixels, and what travels along.
    Picture(Box<Picture>, Kind),
    /// An image file's content.
    Bytes(Vec<u8>),
    /// An image file.
    Path(PathBuf),
}

/// What travels along with a Pillow image.
#[derive(Clone, Debug, Default, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Along {
    icc: Option<Vec<u8>>,
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    /// Pixels per inch, across and down.
    dpi: Option<(f64, f64)>,
}

impl From<Along> for Metadata {
    fn from(along: Along) -> Self {
        let unit = Unit::Inch;
        let sound = |&(x, y): &(f64, f64)| x > 0.0 && y > 0.0 && x.is_finite() && y.is_finite();
        let resolution = along.dpi.filter(sound);
        Self {
            icc: along.icc,
            exif: along.exif,
            xmp: along.xmp,
            resolution: resolution.map(|(x, y)| Resolution { x, y, unit }),
            ..Self::default()
        }
    }
}

impl Image<'_> {
    /// Takes it out of Python.
    ///
    /// # Errors
    /// `ValueError` for an array that is no image.
    pub fn take(&self, along: Option<Along>) -> PyResult<Input> {
        Ok(match self {
            Self::Array(pixels) => {
                let mut picture = pixels.picture()?;
                picture.metadata = along.unwrap_or_default().into();
                Input::Picture(Box::new(picture), pixels.kind())
            }
            Self::Bytes(bytes) => Input::Bytes(bytes.as_bytes().to_vec()),
            Self::Path(path) => Input::Path(path.clone()),
        })
    }
}

impl Input {
    /// The file's name, if it is one.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            _ => None,
        }
    }

    /// The picture, and what samples of its enlargement are.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(
        self,
        settings: &Settings,
        page: Option<usize>,
    ) -> Result<(Picture, Kind), Failure> {
        let limits = settings.limits();
        let read = |source: Source<'_>| match page {
            Some(page) => read_page(source, &limits, page),
            None => read(source, &limits),
        };
        let picture = match self {
            Self::Picture(picture, kind) => return Ok((*picture, kind)),
            Self::Bytes(bytes) => read(Source::Bytes {
                name: Path::new(UNNAMED),
                bytes: &bytes,
            })?,
            Self::Path(path) => read(Source::from(&*path))?,
        };
        let kind = Kind::of(picture.depth);
        Ok((picture, kind))
    }
}

/// A picture that is ready to be enlarged.
pub struct Prepared {
    /// Without its pixels.
    pub picture: Picture,
    /// Its pixels.
    pub layers: Layers,
    /// The levels.
    pub plan: ScalePlan,
    /// The network, for this picture.
    pub enlarger: Enlarger,
    treatment: Option<Treatment>,
    /// What is to be said of it.
    pub remarks: Vec<String>,
}

impl Prepared {
    /// Plans a picture's enlargement, and finds how it is to be treated. `wanted` says whether the
    /// result has the picture's alpha.
    ///
    /// # Errors
    /// The size is out of range, or samples are.
    pub fn new(
        mut picture: Picture,
        settings: &Settings,
        (enlarger, target): (Enlarger, Target),
        wanted: impl FnOnce(&Picture, &ScalePlan) -> Result<bool, Failure>,
    ) -> Result<Self, Failure> {
        let size = Size {
            width: picture.width,
            height: picture.height,
        };
        let plan = settings.plan(&enlarger, size, target)?;
        let mut remarks: Vec<String> = picture.losses.iter().map(ToString::to_string).collect();
        remarks.extend(untrained(plan.factor()));
        if !wanted(&picture, &plan)? {
            picture.alpha = None;
        }
        let layers = layers(&mut picture, settings.keep_hidden)?;
        let (enlarger, treatment) = treated(enlarger, &layers, &plan);
        Ok(Self {
            picture,
            layers,
            plan,
            enlarger,
            treatment,
            remarks,
        })
    }

    /// Hands on all rows of the result; returns what is to be remarked.
    fn stream(
        self,
        watch: &Watch<'_>,
        write: impl FnMut(&[f32]) -> Result<(), Failure>,
    ) -> Result<Vec<String>, Failure> {
        let window = Rectangle::whole(self.plan.output());
        let enlarger = self.enlarger.room(0);
        let colour = self.picture.colour;
        let work = Work::new(&self.layers, &enlarger, &self.plan, window, colour)?;
        work.stream(watch, write)?;
        let mut remarks = self.remarks;
        remarks.extend(work.fallback());
        Ok(remarks)
    }
}

/// An array of the result, [height, width, channels], and remarks.
#[pyfunction]
#[pyo3(signature = (image, settings, page=None, progress=None))]
pub fn to_array<'py>(
    py: Python<'py>,
    image: Image<'py>,
    settings: Settings,
    page: Option<usize>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Vec<String>)> {
    let input = image.take(None)?;
    let (samples, shape, remarks) = run(py, progress.as_ref(), move |watch| {
        let name = input.path();
        let work = || {
            let enlarger = settings.enlarger()?;
            let (picture, kind) = input.read(&settings, page)?;
            let prepared = Prepared::new(picture, &settings, enlarger, |_, _| Ok(true))?;
            let size = prepared.plan.output();
            let colours = prepared.picture.colour.channels();
            let channels = colours + usize::from(prepared.layers.alpha.is_some());
            // Sides are bounded, so that this does not overflow.
            let count = size.width * size.height * channels;
            let mut samples = Enlarged::with_room(kind, count)?;
            let remarks = prepared.stream(watch, |rows| {
                samples.extend(rows);
                Ok(())
            })?;
            Ok((samples, [size.height, size.width, channels], remarks))
        };
        work().map_err(|failure: Failure| failure.of(name))
    })?;
    Ok((samples.into_array(py, shape)?, remarks))
}

/// Where a result goes.
enum Output<'a> {
    File(&'a Path),
    Bytes(&'a mut Vec<u8>),
}

/// The bytes of the result's file, in the image's own format if nothing else is said, and remarks.
#[pyfunction]
#[pyo3(signature = (image, settings, writing, page=None, along=None, progress=None))]
pub fn to_bytes<'py>(
    py: Python<'py>,
    image: Image<'py>,
    settings: Settings,
    writing: Writing,
    page: Option<usize>,
    along: Option<Along>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyBytes>, Vec<String>)> {
    let input = image.take(along)?;
    let (bytes, remarks) = run(py, progress.as_ref(), move |watch| {
        let mut bytes = Vec::new();
        let output = Output::Bytes(&mut bytes);
        let remarks = write(input, &settings, &writing, page, output, watch)?;
        Ok((bytes, remarks))
    })?;
    Ok((PyBytes::new(py, &bytes), remarks))
}

/// Writes the result into a file, whole or not at all; returns remarks.
#[pyfunction]
#[pyo3(signature = (image, output, settings, writing, page=None, along=None, progress=None))]
#[expect(clippy::too_many_arguments, reason = "Python's side names them")]
pub fn to_file<'py>(
    py: Python<'py>,
    image: Image<'py>,
    output: PathBuf,
    settings: Settings,
    writing: Writing,
    page: Option<usize>,
    along: Option<Along>,
    progress: Option<Bound<'py, PyAny>>,
) -> PyResult<Vec<String>> {
    let input = image.take(along)?;
    run(py, progress.as_ref(), move |watch| {
        write(
            input,
            &settings,
            &writing,
            page,
            Output::File(&output),
            watch,
        )
    })
}

/// Enlarges an image into a file or its bytes; returns remarks.
fn write(
    input: Input,
    settings: &Settings,
    writing: &Writing,
    page: Option<usize>,
    output: Output<'_>,
    watch: &Watch<'_>,
) -> Result<Vec<String>, Failure> {
    let path = input.path();
    let work = || {
        let (options, wanted) = (writing.options()?, writing.format()?);
        let enlarger = settings.enlarger()?;
        let (picture, _) = input.read(settings, page)?;
        let format = match (wanted, &output) {
            (Some(format), _) => format,
            (None, Output::File(path)) => Format::from_path(path)?,
            (None, Output::Bytes(_)) => picture.format.output(),
        };
        let mut begun: Option<Header> = None;
        let prepared = Prepared::new(picture, settings, enlarger, |picture, plan| {
            let window = Rectangle::whole(plan.output());
            let header = header(picture, plan, window, format, &options);
            Ok(begun.insert(header).alpha)
        })?;
        let Some(mut header) = begun else {
            return Err(Failure::Value(
                "internal error; please report it".to_owned(),
            ));
        };
        let passes = prepared.enlarger.model().passes();
        header.mark = (prepared.treatment.filter(|_| writing.mark))
            .map(|treatment| mark(&prepared.plan, None, treatment, passes));
        let mut writer = match output {
            Output::File(path) => Writer::create(path, format, header, options)?,
            Output::Bytes(bytes) => {
                Writer::to_stream(bytes, Path::new(UNNAMED), format, header, options)?
            }
        };
        let mut remarks: Vec<String> = writer.losses().iter().map(ToString::to_string).collect();
        remarks.extend(prepared.stream(watch, |rows| Ok(writer.write_rows(rows)?))?);
        writer.finish()?;
        Ok(remarks)
    };
    work().map_err(|failure: Failure| failure.of(path))
}
