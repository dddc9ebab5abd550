//! The pages beside images: the viewer, the list, health and metrics.

use super::{App, answer, base, images::off, query::Query};
use crate::{
    ServeError,
    documents::{ListedImage, Listing, Uploads},
    identifier::encode,
    metrics::CONTENT_TYPE,
    openapi::description,
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
use std::sync::Arc;

/// Images of an answer by default.
const LISTED: usize = 100;

/// Images of an answer at most.
pub const LARGEST_LISTING: u32 = 1000;

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
    let (head, has) = answer::versioned(app.settings.token.is_some(), headers, fingerprint);
    let head = head
        .header(header::CONTENT_TYPE, file.content_type)
        .header(header::CONTENT_SECURITY_POLICY, viewer::POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer::whole(head, (!has).then_some(Bytes::from_static(file.bytes)))
}

/// `/api/images?after=NAME&limit=COUNT`
pub async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, ServeError> {
    let query = Query::parse(&uri)?;
    let after = query.get("after").unwrap_or_default().to_owned();
    let limit = match query.get("limit") {
        None => LISTED,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=LARGEST_LISTING) => limit as usize,
            _ => {
                return Err(ServeError::Malformed(format!(
                    "limit {text:?}: write a number from 1 to {LARGEST_LISTING}"
                )));
            }
        },
    };
    let searched = app.clone();
    let listing = off(move || searched.library.list(&after, limit)).await?;
    let images = (listing.images.into_iter()).map(|image| ListedImage {
        id: encode(&image.name),
        name: image.name,
        width: image.info.width,
        height: image.info.height,
    });
    let list = Listing {
        images: images.collect(),
        next: listing.next,
        max_factor: app.settings.max_factor,
        looks: LOOKS.map(|(name, _)| name).to_vec(),
        default_look: look_name(app.settings.look),
        uploads: (app.uploads.as_ref()).map(|uploads| Uploads::from(&uploads.settings)),
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let list = serde_json::to_string(&list).map_err(|_| ServeError::Internal)?;
    Ok((headers, list).into_response())
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
    app.metrics.set_pace(app.work.pace());
    app.answers.measure();
    if let Some(uploads) = &app.uploads {
        app.metrics.set_bytes("uploads", uploads.bytes());
    }
    let text = app.metrics.text()?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// `/openapi.json`
pub async fn openapi(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ServeError> {
    let url = base::url(&app.settings, &headers);
    let description = description(&app.settings, &url).to_json();
    let description = description.map_err(|_| ServeError::Internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], description).into_response())
}

/// All other paths.
pub async fn missing() -> ServeError {
    ServeError::NotFound("there is nothing here; / lists the images".to_owned())
}

/// All other methods.
pub async fn method() -> Response {
    let text = "this address does not answer this method; Allow tells which it does\n".to_owned();
    answer::text(StatusCode::METHOD_NOT_ALLOWED, text)
}
