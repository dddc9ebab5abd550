//! `POST /upscale`: images that are sent to be enlarged.

use super::{
    App, answer,
    images::off,
    query::Query,
    receive::{Sent, discard, limits, receive, uploads},
};
use crate::{
    ServeError,
    answers::Fingerprint,
    growing::{Growing, Reader},
    order::Encoding,
    settings::parse_look,
    upscale::{NAME, Wanted, source, upscale},
    work::Made,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};
use casr_codec::probe;
use casr_zoom::{Look, Restoration, Size, Strength, Target};
use futures_util::stream;
use std::{path::Path, str::FromStr, sync::Arc};
use tokio::sync::OwnedSemaphorePermit;

/// The header that says what a result does not keep.
pub const REMARKS: &str = "casr-remarks";

/// `POST /upscale?factor=6.5&look=vivid&restore=0.5&format=png`
pub async fn answer(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ServeError> {
    // Before anything is taken.
    let wanted = match Query::parse(&uri).and_then(|query| parse(&query)) {
        Ok(wanted) => wanted,
        Err(error) => {
            discard(&app, body).await;
            return Err(error);
        }
    };
    let Sent { incoming, permit } = receive(&app, &headers, body).await?;
    let limits = limits(&app, uploads(&app)?);
    let mut file = incoming.open()?;
    let judging = app.clone();
    let (encoding, mut file) = off(move || {
        let info = probe(source(&mut file), &limits).map_err(ServeError::Sent)?;
        let size = Size {
            width: info.width,
            height: info.height,
        };
        let plan = wanted.plan(size, &judging.enlarger, &judging.settings)?;
        let encoding = wanted.encoding(info.format);
        let Size { width, height } = plan.output();
        let fits = encoding.format().check_size(width, height, Path::new(NAME));
        fits.map_err(ServeError::Sent)?;
        Ok((encoding, file))
    })
    .await?;
    let (own, digest) = (format!("{wanted:?}"), incoming.digest());
    let parts: [&[u8]; 3] = [b"upscale", &digest, own.as_bytes()];
    let making = uploads(&app)?.clone();
    let result = off(move || making.partial().map(Growing::new)).await?;
    let (result, working) = (Arc::new(result), app.clone());
    let growing = result.clone();
    let task = move |watch: &_| {
        let App {
            enlarger, settings, ..
        } = &*working;
        upscale(
            &mut file, &wanted, enlarger, settings, &limits, &growing, watch,
        )
        .map(|()| Made::default())
    };
    let mut reader = app.work.read(Fingerprint::of(parts), result, task)?;
    if let Err(error) = reader.begin().await {
        return match *error {
            ServeError::Late { deadline } => Err(ServeError::TooMuch { deadline }),
            _ => Ok(answer::shared(&error)),
        };
    }
    drop(incoming);
    let mut head = Response::builder()
        .header(header::CONTENT_TYPE, encoding.content_type())
        .header(header::CACHE_CONTROL, "no-store");
    if let Some(length) = reader.length() {
        head = head.header(header::CONTENT_LENGTH, length);
    }
    if let Ok(remarks) = HeaderValue::from_str(&reader.remarks())
        && !remarks.is_empty()
    {
        head = head.header(REMARKS, remarks);
    }
    let body = Body::from_stream(pieces(reader, permit));
    head.body(body).map_err(|_| ServeError::Internal)
}

/// A result piece by piece; until the last has gone it counts as an image at work.
fn pieces(
    reader: Reader,
    permit: OwnedSemaphorePermit,
) -> impl stream::Stream<Item = Result<Bytes, Arc<ServeError>>> {
    stream::try_unfold((reader, permit), async |(mut reader, permit)| {
        let piece = reader.next().await.inspect_err(|error| {
            tracing::error!(%error, "an enlarged image broke off");
        })?;
        Ok(piece.map(|piece| (piece, (reader, permit))))
    })
}

/// What the query asks for.
fn parse(query: &Query) -> Result<Wanted, ServeError> {
    query.only(&["factor", "width", "height", "look", "restore", "format"])?;
    let factor = number::<f64>(query, "factor")?;
    let width = number::<usize>(query, "width")?;
    let height = number::<usize>(query, "height")?;
    let target = match (factor, width, height) {
        (Some(factor), None, None) => Target::Factor(factor),
        (None, Some(width), Some(height)) => Target::Size(Size { width, height }),
        (None, Some(width), None) => Target::Width(width),
        (None, None, Some(height)) => Target::Height(height),
        _ => {
            let message = "say how large: factor=6.5, or width=, height= or both, in pixels";
            return Err(ServeError::Malformed(message.to_owned()));
        }
    };
    let wrong = |name: &str, text: &str, remedy: &str| {
        Err(ServeError::Malformed(format!("{name} {text:?}: {remedy}")))
    };
    let look = match query.get("look") {
        None | Some("auto") => Look::Auto,
        Some(text) => match parse_look(text) {
            Some(look) => Look::Fixed(look),
            None => {
                let remedy = "write auto, faithful, balanced, vivid, or a number from 0 to 1";
                return wrong("look", text, remedy);
            }
        },
    };
    let restoration = match query.get("restore") {
        None => None,
        Some("auto") => Some(Restoration::Auto),
        Some(text) => match text.parse().ok().and_then(|it| Strength::new(it).ok()) {
            Some(strength) => Some(Restoration::Fixed(strength)),
            None => return wrong("restore", text, "write auto, or a number from 0 to 1"),
        },
    };
    let encoding = match query.get("format") {
        None => None,
        Some(text) => match Encoding::of(text) {
            Some(encoding) => Some(encoding),
            None => return wrong("format", text, "write jpg, png, webp or tif"),
        },
    };
    Ok(Wanted {
        target,
        look,
        restoration,
        encoding,
    })
}

/// A number of a query.
fn number<T: FromStr>(query: &Query, name: &str) -> Result<Option<T>, ServeError> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let wrong = |_| ServeError::Malformed(format!("{name} {text:?} is no number that fits"));
    text.parse().map(Some).map_err(wrong)
}
