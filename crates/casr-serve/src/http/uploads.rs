//! `POST /images`: images that are sent to be looked at.

use super::{
    App, answer, base,
    images::off,
    receive::{Sent, limits, receive, uploads},
};
use crate::{
    ServeError,
    answers::Fingerprint,
    documents::Upload,
    upscale::{NAME, source},
    work::{Lane, Made},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use casr_codec::{Limits, probe, read};
use std::{fs::File, sync::Arc};

/// `POST /images`
pub async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ServeError> {
    let Sent { incoming, permit } = receive(&app, &headers, body).await?;
    let uploads = uploads(&app)?.clone();
    let limits = limits(&app, &uploads);
    let file = incoming.open()?;
    let parts: [&[u8]; 2] = [b"upload", &incoming.digest()];
    let check = move |_: &_| check(file, &limits).map(|()| Made::default());
    let checked = app.work.run(Fingerprint::of(parts), Lane::Light, check);
    if let Err(error) = checked.await {
        return Ok(answer::shared(&error));
    }
    let keeping = uploads.clone();
    let image = off(move || keeping.find(&incoming.keep()?)).await?;
    drop(permit);
    let (base, id) = (base::url(&app.settings, &headers), &image.name);
    let upload = Upload {
        id: id.clone(),
        width: image.info.width,
        height: image.info.height,
        expires_in: uploads.settings.keep.as_secs(),
        iiif: format!("{base}/iiif/{id}/info.json"),
        deep_zoom: format!("{base}/dzi/{id}.dzi"),
        viewer: format!("{base}/#/{id}"),
    };
    let upload = serde_json::to_vec(&upload).map_err(|_| ServeError::Internal)?;
    let head = Response::builder()
        .status(StatusCode::CREATED)
        .header(header::LOCATION, format!("{base}/iiif/{id}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-store");
    answer::whole(head, Some(upload.into()))
}

/// Whether all of an image can be read: what is taken can be looked at.
fn check(mut file: File, limits: &Limits) -> Result<(), ServeError> {
    let info = probe(source(&mut file), limits).map_err(ServeError::Sent)?;
    let picture = read(source(&mut file), limits).map_err(ServeError::Sent)?;
    match (picture.width, picture.height) == (info.width, info.height) {
        true => Ok(()),
        false => Err(ServeError::OtherSize {
            name: NAME.to_owned(),
        }),
    }
}
