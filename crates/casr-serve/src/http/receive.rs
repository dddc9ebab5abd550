//! Bodies with an image in them: the bytes of a file, or a form with one.

use super::{App, base, images::off};
use crate::{
    ServeError,
    uploads::{Incoming, Uploads},
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use casr_codec::Limits;
use futures_util::{Stream, StreamExt, stream};
use multer::Multipart;
use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::OwnedSemaphorePermit;

/// The field of a form that holds the image; any other with a file's name will do.
pub const FIELD: &str = "image";

/// Bytes that a form may take besides the file in it.
const FORM: u64 = 64 << 10;

/// Bytes a second that must come in the mean: half a megabit.
const SLOWEST: u64 = 64 << 10;

/// Of a body that is refused, so many bytes are taken at most, and for so long.
const LINGER: (u64, Duration) = (16 << 20, Duration::from_secs(5));

/// An image that somebody has sent.
pub struct Sent {
    pub incoming: Incoming,
    /// Kept until the image is of no use any more.
    pub permit: OwnedSemaphorePermit,
}

/// Where others may send images.
///
/// # Errors
/// [`ServeError::NotFound`] where they may not.
pub fn uploads(app: &App) -> Result<&Arc<Uploads>, ServeError> {
    let missing = || ServeError::NotFound("this service takes no images".to_owned());
    app.uploads.as_ref().ok_or_else(missing)
}

/// What of an image that was sent is too large to be read.
pub fn limits(app: &App, uploads: &Uploads) -> Limits {
    Limits {
        max_pixels: (app.settings.limits.max_pixels).min(uploads.settings.max_pixels),
    }
}

/// Takes an image into a file that goes when it is dropped.
///
/// # Errors
/// [`ServeError`]; nothing is left then.
pub async fn receive(app: &App, headers: &HeaderMap, body: Body) -> Result<Sent, ServeError> {
    let uploads = uploads(app)?;
    let mut bytes = pin!(patient(body, app.settings.idle));
    let taken = async {
        base::check_site(&app.settings, headers)?;
        let boundary = boundary(headers)?;
        let limit = uploads.settings.max_bytes;
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let form = if boundary.is_some() { FORM } else { 0 };
        if length.is_some_and(|length: u64| length > limit + form) {
            return Err(ServeError::TooLarge { limit });
        }
        let permit = uploads.admit()?;
        let beginning = uploads.clone();
        let incoming = off(move || beginning.begin()).await?;
        let incoming = match boundary {
            None => raw(&mut bytes, incoming).await?,
            Some(boundary) => form_file(&mut bytes, boundary, limit + FORM, incoming).await?,
        };
        Ok(Sent { incoming, permit })
    };
    let taken = taken.await;
    if taken.is_err() {
        linger(&mut bytes).await;
    }
    taken
}

/// Takes the body of a request that is refused, up to a point: who sends first and reads then
/// learns why.
pub async fn discard(app: &App, body: Body) {
    linger(&mut pin!(patient(body, app.settings.idle))).await;
}

async fn linger(bytes: &mut (impl Stream<Item = Result<Bytes, ServeError>> + Unpin)) {
    let (mut left, time) = LINGER;
    let rest = async {
        while let Some(Ok(bytes)) = bytes.next().await {
            left = left.saturating_sub(bytes.len() as u64);
            if left == 0 {
                break;
            }
        }
    };
    // Whatever became of it, the answer is the same.
    let _ = tokio::time::timeout(time, rest).await;
}

/// A body's bytes as long as they keep coming.
fn patient(body: Body, idle: Duration) -> impl Stream<Item = Result<Bytes, ServeError>> + Send {
    let begun = Instant::now();
    stream::try_unfold(
        (body.into_data_stream(), 0),
        move |(mut body, received)| async move {
            let in_all = idle + Duration::from_secs(received / SLOWEST);
            let patience = in_all.saturating_sub(begun.elapsed()).min(idle);
            match tokio::time::timeout(patience, body.next()).await {
                Err(_) => Err(ServeError::Slow),
                Ok(None) => Ok(None),
                Ok(Some(Err(_))) => Err(ServeError::Malformed(
                    "the request ended before the image".to_owned(),
                )),
                Ok(Some(Ok(bytes))) => {
                    let received = received + bytes.len() as u64;
                    Ok(Some((bytes, (body, received))))
                }
            }
        },
    )
}

/// What separates the parts of a form; none where the body is no form.
fn boundary(headers: &HeaderMap) -> Result<Option<String>, ServeError> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default();
    let is_form = content_type.to_ascii_lowercase().starts_with("multipart/");
    if !is_form {
        return Ok(None);
    }
    multer::parse_boundary(content_type)
        .map(Some)
        .map_err(malformed)
}

async fn raw(
    bytes: &mut (impl Stream<Item = Result<Bytes, ServeError>> + Unpin),
    mut incoming: Incoming,
) -> Result<Incoming, ServeError> {
    while let Some(bytes) = bytes.next().await {
        incoming = write(incoming, bytes?).await?;
    }
    Ok(incoming)
}

/// The one file of a form.
async fn form_file(
    bytes: &mut (impl Stream<Item = Result<Bytes, ServeError>> + Send + Unpin),
    boundary: String,
    limit: u64,
    mut incoming: Incoming,
) -> Result<Incoming, ServeError> {
    // What is no file is bounded by this alone.
    let sizes = multer::SizeLimit::new().whole_stream(limit);
    let constraints = multer::Constraints::new().size_limit(sizes);
    let mut form = Multipart::with_constraints(bytes, boundary, constraints);
    let mut found = false;
    while let Some(mut field) = form.next_field().await.map_err(malformed)? {
        if field.file_name().is_none() && field.name() != Some(FIELD) {
            continue;
        }
        if found {
            let message = "the form has more than one file: send one at a time";
            return Err(ServeError::Malformed(message.to_owned()));
        }
        found = true;
        while let Some(bytes) = field.chunk().await.map_err(malformed)? {
            incoming = write(incoming, bytes).await?;
        }
    }
    match found {
        true => Ok(incoming),
        false => Err(ServeError::Malformed(format!(
            "the form has no file: send the image as {FIELD:?}"
        ))),
    }
}

/// Writes to the disk where that is no harm.
async fn write(mut incoming: Incoming, bytes: Bytes) -> Result<Incoming, ServeError> {
    off(move || incoming.write(&bytes).map(|()| incoming)).await
}

/// What is wrong with a form, or with the body that it came in.
fn malformed(error: multer::Error) -> ServeError {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast() {
            Ok(own) => *own,
            Err(_) => ServeError::Internal,
        },
        multer::Error::StreamSizeExceeded { limit } => ServeError::TooLarge {
            limit: limit.saturating_sub(FORM),
        },
        error => ServeError::Malformed(format!("the form cannot be read: {error}")),
    }
}
