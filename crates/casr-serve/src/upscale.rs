//! Images enlarged for programs: from file to file, with the metadata that `casr upscale` keeps.

use crate::{ServeError, growing::Growing, order::Encoding, settings::Settings, work::Watch};
use casr_codec::{Limits, Options, Source, SourceFormat, Writer, read};
use casr_picture::{Work, header, layers, mark, plan, treated};
use casr_zoom::{Enlarger, Look, Rectangle, Restoration, ScalePlan, Size, Target};
use std::{fs::File, path::Path, sync::Arc, time::Instant};

/// What messages call an image that somebody has sent.
pub const NAME: &str = "the image";

/// The file of an image that somebody has sent, to be read.
pub fn source(stream: &mut File) -> Source<'_> {
    let name = Path::new(NAME);
    Source::Stream { name, stream }
}

/// What is wanted of an image.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub target: Target,
    pub look: Look,
    /// None is as much as is found, but nothing where the image keeps its size.
    pub restoration: Option<Restoration>,
    /// None is the image's own, or PNG where that cannot be written.
    pub encoding: Option<Encoding>,
}

impl Wanted {
    /// The levels for an image.
    ///
    /// # Errors
    /// [`ServeError::Malformed`] for what does not make sense or is beyond a limit.
    pub fn plan(
        &self,
        image: Size,
        enlarger: &Enlarger,
        settings: &Settings,
    ) -> Result<ScalePlan, ServeError> {
        let restores = self.restoration.is_some_and(Restoration::removes);
        let plan = plan(enlarger, image, self.target, restores);
        let plan = plan.map_err(|error| ServeError::Malformed(error.to_string()))?;
        let (size, factor) = (plan.output(), plan.factor());
        if factor > settings.max_factor {
            let most = settings.max_factor;
            return Err(ServeError::Malformed(format!(
                "{factor} times as large is beyond the limit: factors go up to {most}"
            )));
        }
        let most = settings.max_area;
        if size.width as u64 * size.height as u64 > most {
            return Err(ServeError::Malformed(format!(
                "a result of {size} pixels is beyond the limit of {most} pixels"
            )));
        }
        Ok(plan)
    }

    /// How the result for an image of that format is written.
    pub fn encoding(&self, format: SourceFormat) -> Encoding {
        self.encoding.unwrap_or(match format {
            SourceFormat::Jpeg => Encoding::Jpeg,
            SourceFormat::WebP => Encoding::WebP,
            SourceFormat::Tiff => Encoding::Tiff,
            SourceFormat::Png | SourceFormat::Bmp | SourceFormat::Gif => Encoding::Png,
        })
    }
}

/// Enlarges the image of a file. The result may be read from when its pace shows that all of it
/// will be there in time: until then whoever waits can be told why there is none.
///
/// # Errors
/// [`ServeError::Sent`] for what is no image, or none that the wanted format holds;
/// [`ServeError::Malformed`] for a size beyond the limits; [`ServeError::NotStored`];
/// [`ServeError::Cancelled`] where nobody waits any more.
pub fn upscale(
    file: &mut File,
    wanted: &Wanted,
    enlarger: &Enlarger,
    settings: &Settings,
    limits: &Limits,
    result: &Arc<Growing>,
    watch: &Watch,
) -> Result<(), ServeError> {
    let mut picture = read(source(file), limits).map_err(ServeError::Sent)?;
    watch.check()?;
    let mut losses = picture.losses.clone();
    let size = Size {
        width: picture.width,
        height: picture.height,
    };
    let plan = wanted.plan(size, enlarger, settings)?;
    let window = Rectangle::whole(plan.output());
    let (format, options) = (wanted.encoding(picture.format).format(), Options::default());
    let mut header = header(&picture, &plan, window, format, &options);
    if !header.alpha {
        picture.alpha = None;
    }
    let layers = layers(&mut picture, false)?;
    let enlarger = (enlarger.clone().room(0).look(wanted.look))
        .restoration(wanted.restoration.unwrap_or_default());
    let (enlarger, treatment) = treated(enlarger, &layers, &plan);
    let passes = enlarger.model().passes();
    header.mark = treatment.map(|treatment| mark(&plan, None, treatment, passes));
    let work = Work::new(&layers, &enlarger, &plan, window, header.colour)?;
    let stream = result.writer().map_err(ServeError::NotStored)?;
    let begun = Writer::to_stream_early(stream, Path::new(NAME), format, header, options);
    let mut writer = begun.map_err(ServeError::Sent)?;
    losses.extend_from_slice(writer.losses());
    let remarks: Vec<String> = losses.iter().map(ToString::to_string).collect();
    result.remark(remarks.join("; "));
    let (count, waited, begun) = (watch.counter(), watch.waited(), Instant::now());
    let counter = |done: u64, total: u64| {
        let in_all = begun.elapsed().as_secs_f64() * total as f64 / done as f64;
        if done > 0 && waited.as_secs_f64() + in_all < settings.deadline.as_secs_f64() {
            result.open();
        }
        count(done, total)
    };
    work.stream(&counter, |rows| {
        writer.write_rows(rows).map_err(ServeError::Sent)
    })?;
    writer.finish().map_err(ServeError::Sent)?;
    if let Some(fallback) = work.fallback() {
        tracing::warn!("{fallback}");
    }
    Ok(())
}
