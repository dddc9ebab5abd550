//! `/iiif/…`: image information and images.

use super::{
    App, answer, base,
    images::{Wishes, deliver, find},
};
use crate::{
    ServeError,
    answers::Fingerprint,
    identifier::{decode, encode},
    iiif::{
        PROFILE,
        info::{CONTEXT, document},
        parameters::Parameters,
        resolve::{canonical, resolve},
    },
};
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::Response,
};
use casr_codec::Colour;
use std::sync::Arc;

/// What follows `/iiif/`.
pub async fn answer(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ServeError> {
    let path = uri.path().strip_prefix("/iiif/").unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [identifier] if !identifier.is_empty() => redirect(&app, identifier, &headers).await,
        [identifier, "info.json"] => info(&app, identifier, &headers).await,
        [identifier, region, size, rotation, last] => {
            let identifier = decode(identifier)?;
            let parts = [region, size, rotation, last].map(decode);
            let [region, size, rotation, last] = parts;
            let (region, size, rotation, last) = (region?, size?, rotation?, last?);
            let wishes = Wishes::new(&method, uri.query());
            let parts = [&*region, &*size, &*rotation, &*last];
            image(&app, identifier, parts, wishes, &headers).await
        }
        _ => Err(ServeError::NotFound(
            "an image is /iiif/IDENTIFIER/REGION/SIZE/ROTATION/QUALITY.FORMAT, with slashes within the identifier written as %2F"
                .to_owned(),
        )),
    }
}

/// The base URI of an image, as it is called from outside.
fn base_uri(app: &App, identifier: &str, headers: &HeaderMap) -> String {
    let base = base::url(&app.settings, headers);
    format!("{base}/iiif/{}", encode(identifier))
}

/// The base URI leads to the image information.
async fn redirect(
    app: &Arc<App>,
    identifier: &str,
    headers: &HeaderMap,
) -> Result<Response, ServeError> {
    let identifier = decode(identifier)?;
    let location = format!("{}/info.json", base_uri(app, &identifier, headers));
    find(app, identifier).await?;
    let head = Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, location);
    answer::whole(head, None)
}

async fn info(
    app: &Arc<App>,
    identifier: &str,
    headers: &HeaderMap,
) -> Result<Response, ServeError> {
    let identifier = decode(identifier)?;
    let id = base_uri(app, &identifier, headers);
    let (identified, frame) = find(app, identifier).await?;
    let grey = identified.image.info.colour == Colour::Grey;
    let document = document(&id, &frame, grey).to_string();
    let content_type = match wants_plain_json(headers) {
        true => "application/json".to_owned(),
        false => format!("application/ld+json;profile=\"{CONTEXT}\""),
    };
    let private = app.is_private(&identified.image);
    let version = &identified.image.version.0;
    let parts: [&[u8]; 4] = [
        &app.identity.0,
        version,
        content_type.as_bytes(),
        document.as_bytes(),
    ];
    let (head, has) = answer::versioned(private, headers, Fingerprint::of(parts));
    let head = head
        .header(header::CONTENT_TYPE, content_type)
        .header(header::LINK, profile())
        .header(header::VARY, "accept");
    answer::whole(head, (!has).then(|| Bytes::from(document)))
}

async fn image(
    app: &Arc<App>,
    identifier: String,
    parts: [&str; 4],
    mut wishes: Wishes,
    headers: &HeaderMap,
) -> Result<Response, ServeError> {
    let id = base_uri(app, &identifier, headers);
    let (identified, frame) = find(app, identifier).await?;
    let order = resolve(&Parameters::parse(parts)?, &frame)?;
    let canonical = canonical(&order, &frame);
    wishes.link = Some(format!(
        "<{id}/{canonical}>;rel=\"canonical\", {}",
        profile()
    ));
    deliver(app, identified, &frame, order, wishes, headers).await
}

fn profile() -> String {
    format!("<{PROFILE}>;rel=\"profile\"")
}

/// Whether a client would rather have plain JSON than JSON-LD: it says so, or names JSON and not
/// the other.
fn wants_plain_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    let weight = |wanted: &str| {
        let mut best: Option<f64> = None;
        for range in accepted.iter().flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            if !parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
            {
                continue;
            }
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
            best = Some(best.unwrap_or(0.0).max(weight.unwrap_or(1.0)));
        }
        best
    };
    match (weight("application/json"), weight("application/ld+json")) {
        (Some(plain), Some(linked)) => plain > linked,
        (Some(plain), None) => plain > 0.0,
        (None, _) => false,
    }
}
