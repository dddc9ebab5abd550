//! The pages beside images: the viewer, the list, health and metrics.

use super::{App, answer, images::off};
use crate::{
    ServeError,
    identifier::encode,
    metrics::CONTENT_TYPE,
    settings::{LOOKS, look_name},
    viewer,
    work::Lane,
};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::sync::Arc;

/// Images of an answer by default, and at most.
const LISTED: (usize, usize) = (100, 1000);

/// `/`
pub async fn index(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ServeError> {
    viewer_file(&app, viewer::INDEX, &headers)
}

/// `/viewer/{file}`
pub async fn viewer(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ServeError> {
    let name = uri.path().strip_prefix("/viewer/").unwrap_or_default();
    viewer_file(&app, name, &headers)
}

fn viewer_file(app: &App, name: &str, headers: &HeaderMap) -> Result<Response, ServeError> {
    let missing = || ServeError::NotFound(format!("the viewer has no file {name:?}"));
    let (file, fingerprint) = viewer::file(name).ok_or_else(missing)?;
    let (head, has) = answer::versioned(&app.settings, headers, fingerprint);
    let head = head
        .header(header::CONTENT_TYPE, file.content_type)
        .header(header::CONTENT_SECURITY_POLICY, viewer::POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer::whole(head, (!has).then_some(Bytes::from_static(file.bytes)))
}

/// `/api/images?after=NAME&limit=COUNT`
pub async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ServeError> {
    let query = uri.query().unwrap_or_default();
    let after = value(query, "after")?.unwrap_or_default();
    let limit = match value(query, "limit")? {
        None => LISTED.0,
        Some(text) => (text.parse().ok())
            .filter(|limit| (1..=LISTED.1).contains(limit))
            .ok_or_else(|| {
                let most = LISTED.1;
                ServeError::Malformed(format!("limit {text:?}: write a number from 1 to {most}"))
            })?,
    };
    let searched = app.clone();
    let listing = off(move || searched.library.list(&after, limit)).await?;
    let images: Vec<_> = (listing.images.iter())
        .map(|image| {
            json!({
                "id": encode(&image.name),
                "name": image.name,
                "width": image.info.width,
                "height": image.info.height,
            })
        })
        .collect();
    let looks = LOOKS.map(|(name, _)| name);
    let list = json!({
        "images": images,
        "next": listing.next,
        "max_factor": app.settings.max_factor,
        "looks": looks,
        "default_look": look_name(app.settings.look),
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, list.to_string()).into_response())
}

/// A value of a query, decoded.
fn value(query: &str, name: &str) -> Result<Option<String>, ServeError> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, value)) = pairs.find(|(key, _)| *key == name) else {
        return Ok(None);
    };
    let spaced = value.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let malformed = |_| ServeError::Malformed(format!("{name} is not UTF-8"));
    decoded.map(|value| Some(value.into())).map_err(malformed)
}

/// `/health`
pub async fn health() -> Response {
    answer::text(StatusCode::OK, "ok\n".to_owned())
}

/// `/metrics`
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response, ServeError> {
    for lane in [Lane::Light, Lane::Heavy] {
        app.metrics.set_waiting(lane, app.work.waiting(lane));
    }
    app.answers.measure();
    let text = app.metrics.text()?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// All other paths.
pub async fn missing() -> ServeError {
    ServeError::NotFound("there is nothing here; / lists the images".to_owned())
}

/// All other methods.
pub async fn method() -> Response {
    let text = "this service answers GET, HEAD and OPTIONS\n".to_owned();
    answer::text(StatusCode::METHOD_NOT_ALLOWED, text)
}
