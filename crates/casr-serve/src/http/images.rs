//! From an order to an answer: from the caches, or from the threads that work.

use super::{App, answer};
use crate::{
    ServeError,
    answers::Fingerprint,
    identifier::{Identified, identify},
    order::{Frame, Key, Order, plan},
    pyramids::Enlarged,
    render,
    routes::{self, Route},
    uploads,
    work::{Lane, Made, Watch},
};
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, header, response::Builder},
    response::{IntoResponse, Response},
};
use casr_zoom::Size;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// What a request for pixels wants besides them.
pub struct Wishes {
    /// Whether the body is left out.
    pub head: bool,
    /// The `Link` header.
    pub link: Option<String>,
    /// Whether the answer is to be saved as a file.
    pub download: bool,
}

impl Wishes {
    pub fn new(method: &Method, query: Option<&str>) -> Self {
        let mut queries = query.unwrap_or_default().split('&');
        Self {
            head: method == Method::HEAD,
            link: None,
            download: queries.any(|query| query == "download" || query.starts_with("download=")),
        }
    }
}

/// Does what waits for a disk where that is no harm.
///
/// # Errors
/// Those of `work`.
pub async fn off<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServeError> + Send + 'static,
) -> Result<T, ServeError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or(Err(ServeError::Internal))
}

/// The image of an identifier, and its frame.
///
/// # Errors
/// As [`identify`] and [`Frame::new`].
pub async fn find(app: &Arc<App>, identifier: String) -> Result<(Identified, Frame), ServeError> {
    let app = app.clone();
    off(move || {
        let settings = &app.settings;
        let find = |name: &str| app.find(name);
        let identified = identify(find, &identifier, settings.look, settings.max_factor)?;
        let original = Size {
            width: identified.image.info.width,
            height: identified.image.info.height,
        };
        let frame = Frame::new(original, identified.factor, settings)?;
        Ok((identified, frame))
    })
    .await
}

/// The pixels of an order.
///
/// # Errors
/// [`ServeError`].
pub async fn deliver(
    app: &Arc<App>,
    identified: Identified,
    frame: &Frame,
    order: Order,
    wishes: Wishes,
    headers: &HeaderMap,
) -> Result<Response, ServeError> {
    let plan = plan(frame.original, app.settings.max_factor)?;
    let levels: Vec<Size> = std::iter::once(plan.input())
        .chain(plan.levels().iter().copied())
        .collect();
    let level = render::level(&order, &levels);
    render::check(&order, level, &levels, frame.max_area)?;
    let key = Key::new(identified.image.version, identified.look, order);
    let fingerprint = fingerprint(app, &key);
    let link = wishes.link.clone();
    let download = wishes.download.then(|| file_name(&identified, &order));
    let describe = move |mut head: Builder, has: bool| {
        if let Some(link) = link {
            head = head.header(header::LINK, link);
        }
        if has {
            return head;
        }
        head = head.header(header::CONTENT_TYPE, order.encoding.content_type());
        match download {
            Some(name) => head.header(header::CONTENT_DISPOSITION, name),
            None => head,
        }
    };
    let private = app.is_private(&identified.image);
    let (head, has) = answer::versioned(private, headers, fingerprint);
    let head = describe.clone()(head, has);
    if has {
        return answer::whole(head, None);
    }
    if let Some(bytes) = app.answers.quick(&fingerprint) {
        return answer::whole(head, Some(bytes));
    }
    if wishes.head {
        // All but the length can be told without the work.
        return answer::whole(head, None);
    }
    if app.answers.has_disk() {
        let app = app.clone();
        let kept = off(move || Ok(app.answers.slow(&fingerprint))).await?;
        if let Some(bytes) = kept {
            return answer::whole(head, Some(bytes));
        }
    }
    let lane = if level == 0 { Lane::Light } else { Lane::Heavy };
    let making = Making {
        identified,
        key,
        level,
        fingerprint,
    };
    let working = app.clone();
    let make = move |watch: &Watch| making.quickly(&working, watch);
    let outcome = app.work.run(fingerprint, lane, make);
    match outcome.await {
        Ok(Made {
            bytes,
            quick: Some(version),
            ..
        }) => {
            let (head, has) = answer::passing(private, headers, version);
            answer::whole(describe(head, has), (!has).then_some(bytes))
        }
        Ok(made) => answer::whole(head, Some(made.bytes)),
        Err(error) => Ok(answer::shared(&error).into_response()),
    }
}

/// An answer in the making.
struct Making {
    identified: Identified,
    key: Key,
    /// From which its pixels are best taken.
    level: usize,
    /// Of the best answer.
    fingerprint: Fingerprint,
}

impl Making {
    fn image(&self, app: &App) -> Result<Arc<Enlarged>, ServeError> {
        let Identified { image, look, .. } = &self.identified;
        app.pyramids.get(&app.library, image, *look)
    }

    fn render(&self, image: &Enlarged, route: Route, watch: &Watch) -> Result<Bytes, ServeError> {
        let (image, level) = image.along(route);
        let name = &self.identified.image.name;
        render::render(image, &self.key.order, level, name, watch).map(Bytes::from)
    }

    /// The best that there is time for. What could be better follows when there is time.
    fn quickly(self, app: &Arc<App>, watch: &Watch) -> Result<Made, ServeError> {
        let image = self.image(app)?;
        let best = Route::best(self.level);
        let route = match app.settings.latency {
            Some(latency) if self.level > 0 => {
                let pixels = watch.affords(latency);
                routes::within(&image, &self.key.order, self.level, pixels)?
            }
            _ => best,
        };
        let bytes = self.render(&image, route, watch)?;
        if route == best {
            self.keep(app, &bytes);
            return Ok(bytes.into());
        }
        app.metrics.quick();
        let route = format!("{route:?}");
        let parts = [&self.fingerprint.0[..], route.as_bytes()];
        let version = Fingerprint::of(parts);
        // The service ends whether or not the rest has come about.
        let (own, key) = (Arc::downgrade(app), self.fingerprint);
        let later = move |watch: &Watch| match own.upgrade() {
            Some(app) => self.best(&app, watch),
            None => Ok(()),
        };
        app.work.spare(key, Arc::new(later));
        Ok(Made {
            quick: Some(version),
            ..bytes.into()
        })
    }

    /// The best there is, for the next who asks.
    fn best(&self, app: &App, watch: &Watch) -> Result<(), ServeError> {
        let image = self.image(app)?;
        let bytes = self.render(&image, Route::best(self.level), watch)?;
        self.keep(app, &bytes);
        Ok(())
    }

    fn keep(&self, app: &App, bytes: &Bytes) {
        match uploads::is_identifier(&self.identified.image.name) {
            // What goes after a while leaves nothing on the disk.
            true => app.answers.keep_in_memory(self.fingerprint, bytes),
            false => app.answers.keep(self.fingerprint, bytes),
        }
    }
}

/// What an answer depends on.
fn fingerprint(app: &App, key: &Key) -> Fingerprint {
    let order = format!("{:?}", key.order);
    let look = [key.look()];
    let parts: [&[u8]; 4] = [&app.identity.0, &key.version.0, &look, order.as_bytes()];
    Fingerprint::of(parts)
}

/// The name that a downloaded answer has: the image's, with factor and look where they matter.
fn file_name(identified: &Identified, order: &Order) -> String {
    let name = &identified.image.name;
    let name = name.rsplit('/').next().unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut file = stem.to_owned();
    if identified.factor > 1.0 {
        let look = crate::settings::look_name(identified.look);
        file.push_str(&format!("-x{}-{look}", identified.factor));
    }
    let region = order.region;
    if region.size() != order.frame {
        file.push_str(&format!("-{},{}", region.x, region.y));
    }
    let Size { width, height } = order.size;
    let extension = order.encoding.format().extension();
    let file = format!("{file}-{width}x{height}.{extension}");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " -._,()~+".contains(letter);
    let ascii: String = (file.chars())
        .map(|letter| if plain(letter) { letter } else { '_' })
        .collect();
    let full = utf8_percent_encode(&file, NON_ALPHANUMERIC);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{full}")
}
