//! From an order to an answer: from the caches, or from the threads that work.

use super::{App, answer};
use crate::{
    ServeError,
    answers::Fingerprint,
    identifier::{Identified, identify},
    order::{Frame, Key, Order, plan},
    render, uploads,
    work::Lane,
};
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, header},
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
    let (mut head, has) =
        answer::versioned(app.is_private(&identified.image), headers, fingerprint);
    if let Some(link) = &wishes.link {
        head = head.header(header::LINK, link);
    }
    if has {
        return answer::whole(head, None);
    }
    head = head.header(header::CONTENT_TYPE, order.encoding.content_type());
    if wishes.download {
        let name = file_name(&identified, &order);
        head = head.header(header::CONTENT_DISPOSITION, name);
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
    let working = app.clone();
    let outcome = app.work.run(fingerprint, lane, move |watch| {
        let image = &identified.image;
        let enlarged = (working.pyramids).get(&working.library, image, identified.look)?;
        let bytes = render::render(&enlarged, &order, level, &image.name, watch)?;
        let bytes = Bytes::from(bytes);
        match uploads::is_identifier(&image.name) {
            // What goes after a while leaves nothing on the disk.
            true => working.answers.keep_in_memory(fingerprint, &bytes),
            false => working.answers.keep(fingerprint, &bytes),
        }
        Ok(bytes.into())
    });
    match outcome.await {
        Ok(made) => answer::whole(head, Some(made.bytes)),
        Err(error) => Ok(answer::shared(&error).into_response()),
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
