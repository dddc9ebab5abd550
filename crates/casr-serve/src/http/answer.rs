//! Answers: errors as text, versions, and what a client has already.

use crate::{ServeError, answers::Fingerprint};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header, response::Builder},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// How long an answer may be shown without asking whether it has changed: images are replaced now
/// and then, and a viewer moves to and fro.
const FRESH: &str = "max-age=60";

/// The same for an answer that a better one follows: as long as a viewer takes to put a page of
/// tiles together.
const PASSING: &str = "max-age=2";

impl IntoResponse for ServeError {
    fn into_response(self) -> Response {
        let status = self.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self, "a request failed");
        }
        let mut answer = text(status, format!("{self}\n"));
        let headers = answer.headers_mut();
        if let Some(retry) = self.retry() {
            headers.insert(header::RETRY_AFTER, retry.as_secs().into());
        }
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        answer
    }
}

/// The error of work that several requests wait for.
pub fn shared(error: &Arc<ServeError>) -> Response {
    let status = error.status();
    let mut answer = text(status, format!("{error}\n"));
    if let Some(retry) = error.retry() {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, retry.as_secs().into());
    }
    answer
}

/// A short plain text.
pub fn text(status: StatusCode, text: String) -> Response {
    let content_type = "text/plain; charset=utf-8";
    (status, [(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// The head of an answer, with what caches need: its version, which is strong, and how long it
/// holds; and whether the client has that version, so that no body follows. What is private is not
/// kept by caches that several people share.
pub fn versioned(private: bool, headers: &HeaderMap, version: Fingerprint) -> (Builder, bool) {
    held(private, headers, version, FRESH)
}

/// The same for an answer that a better one follows.
pub fn passing(private: bool, headers: &HeaderMap, version: Fingerprint) -> (Builder, bool) {
    held(private, headers, version, PASSING)
}

fn held(private: bool, headers: &HeaderMap, version: Fingerprint, holds: &str) -> (Builder, bool) {
    let tag = format!("\"{version}\"");
    let has = has(headers, &tag);
    let status = if has {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    };
    let who = if private { "private" } else { "public" };
    let head = Response::builder()
        .status(status)
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, format!("{who}, {holds}"));
    (head, has)
}

/// Whether the client has this version.
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let sent = headers.get_all(header::IF_NONE_MATCH).iter();
    sent.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// An answer of a head and a body.
///
/// # Errors
/// [`ServeError::Internal`] for a header that cannot be sent.
pub fn whole(head: Builder, body: Option<Bytes>) -> Result<Response, ServeError> {
    let body = body.map_or_else(Body::empty, Body::from);
    head.body(body).map_err(|_| ServeError::Internal)
}
