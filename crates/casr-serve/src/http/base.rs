//! How the service is called from outside.

use crate::{ServeError, settings::Settings};
use axum::http::{HeaderMap, header};

/// The URL that all paths follow, without a slash at its end: as it was set, else as the request or
/// the proxy before it say.
pub fn url(settings: &Settings, headers: &HeaderMap) -> String {
    if let Some(url) = &settings.base_url {
        return url.trim_end_matches('/').to_owned();
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = match text("x-forwarded-proto") {
        Some("https") => "https",
        _ => "http",
    };
    let host = [text("x-forwarded-host"), text(header::HOST.as_str())];
    let mut hosts = host.into_iter().flatten().filter(|host| is_host(host));
    match hosts.next() {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{}", settings.listen),
    }
}

/// Whether this is the name or address of a host, perhaps with a port.
fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// Checks that a request that changes something does not come from a page of another site: browsers
/// send forms there without asking. Programs that are no browsers say nothing of sites.
///
/// # Errors
/// [`ServeError::OtherSite`].
pub fn check_site(settings: &Settings, headers: &HeaderMap) -> Result<(), ServeError> {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("null"))
    };
    let origin = text(header::ORIGIN.as_str());
    let is_own = match (text("sec-fetch-site"), origin) {
        // Not sent over plain HTTP, but by every browser over HTTPS and on the machine itself.
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let own = url(settings, headers);
            let host = |url: &str| {
                let (_, rest) = url.split_once("://")?;
                Some(rest.split('/').next()?.to_ascii_lowercase())
            };
            host(origin).is_some() && host(origin) == host(&own)
        }
        (None, None) => true,
    };
    match is_own {
        true => Ok(()),
        false => Err(ServeError::OtherSite {
            site: origin.unwrap_or("the page").to_owned(),
        }),
    }
}
