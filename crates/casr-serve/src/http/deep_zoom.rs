//! `/dzi/…`: Deep Zoom, in the layout that the codec writes.

use super::{
    App, answer,
    images::{Wishes, deliver, find},
};
use crate::{
    ServeError,
    answers::Fingerprint,
    deep_zoom::{level, tile},
    identifier::decode,
};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::Response,
};
use casr_codec::{TileFormat, deep_zoom::description};
use casr_zoom::Size;
use std::sync::Arc;

/// What follows `/dzi/`.
pub async fn answer(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ServeError> {
    let path = uri.path().strip_prefix("/dzi/").unwrap_or_default();
    let missing = || {
        ServeError::NotFound(
            "a Deep Zoom image is /dzi/IDENTIFIER.dzi, its tiles /dzi/IDENTIFIER_files/LEVEL/X_Y.jpg"
                .to_owned(),
        )
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [name] => {
            let identifier = decode(name.strip_suffix(".dzi").ok_or_else(missing)?)?;
            let (identified, frame) = find(&app, identifier).await?;
            let Size { width, height } = frame.size;
            let description = description(width, height, TileFormat::Jpeg);
            let parts: [&[u8]; 2] = [&identified.image.version.0, description.as_bytes()];
            let private = app.is_private(&identified.image);
            let version = Fingerprint::of(parts);
            let (head, has) = answer::versioned(private, &headers, version);
            let head = head.header(header::CONTENT_TYPE, "application/xml");
            answer::whole(head, (!has).then(|| Bytes::from(description)))
        }
        [name, number, file] => {
            let identifier = decode(name.strip_suffix("_files").ok_or_else(missing)?)?;
            let (identified, frame) = find(&app, identifier).await?;
            let level = level(number, frame.size).ok_or_else(missing)?;
            let order = tile(file, level, frame.size).ok_or_else(missing)?;
            let wishes = Wishes::new(&method, uri.query());
            deliver(&app, identified, &frame, order, wishes, &headers).await
        }
        _ => Err(missing()),
    }
}
