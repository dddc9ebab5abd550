//! Identifiers of images: paths below the folder, and what is asked of the enlargement behind them.

use crate::{ServeError, library::Image, settings::parse_look};
use casr_zoom::Strength;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is written out in an identifier within a URL: all but letters, digits and `-._~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What an identifier means: an image, as large as it is or virtually enlarged.
#[derive(Clone, Debug)]
pub struct Identified {
    pub image: Image,
    /// How many times larger it is than its file.
    pub factor: f64,
    pub look: Strength,
}

/// A part of a path as it was meant.
///
/// # Errors
/// [`ServeError::Malformed`] if it is not Unicode.
pub fn decode(part: &str) -> Result<String, ServeError> {
    let decoded = percent_decode_str(part).decode_utf8();
    let malformed = |_| ServeError::Malformed("the identifier is not UTF-8".to_owned());
    decoded.map_err(malformed).map(Into::into)
}

/// An identifier as a part of a path.
pub fn encode(identifier: &str) -> String {
    utf8_percent_encode(identifier, ENCODED).to_string()
}

/// What an identifier means: `NAME`, `NAME~FACTOR` or `NAME~FACTOR~LOOK`. Where a file has the
/// whole identifier for its name, it is that. `find` gives the image of a name.
///
/// # Errors
/// Those of `find`, and [`ServeError::Malformed`] for a factor over `max_factor`.
pub fn identify(
    find: impl Fn(&str) -> Result<Image, ServeError>,
    identifier: &str,
    look: Strength,
    max_factor: f64,
) -> Result<Identified, ServeError> {
    let missing = match find(identifier) {
        Ok(image) => {
            return Ok(Identified {
                image,
                factor: 1.0,
                look,
            });
        }
        Err(error) => error,
    };
    for (name, factor, own) in virtual_forms(identifier) {
        let Ok(image) = find(name) else {
            continue;
        };
        if factor > max_factor {
            return Err(ServeError::Malformed(format!(
                "{name:?} enlarged {factor} times is beyond the limit: factors go up to {max_factor}"
            )));
        }
        return Ok(Identified {
            image,
            factor,
            look: own.unwrap_or(look),
        });
    }
    Err(missing)
}

/// What an identifier may mean besides a file's name.
fn virtual_forms(identifier: &str) -> Vec<(&str, f64, Option<Strength>)> {
    let mut forms = Vec::new();
    let Some((before, last)) = identifier.rsplit_once('~') else {
        return forms;
    };
    if let Some(factor) = parse_factor(last) {
        forms.push((before, factor, None));
    }
    if let Some((name, factor)) = before.rsplit_once('~')
        && let Some(factor) = parse_factor(factor)
        && let Some(look) = parse_look(last)
    {
        forms.push((name, factor, Some(look)));
    }
    forms
}

/// A factor from 1 up, in digits.
fn parse_factor(text: &str) -> Option<f64> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let factor: f64 = is_number.then(|| text.parse().ok()).flatten()?;
    (factor >= 1.0 && factor.is_finite()).then_some(factor)
}
