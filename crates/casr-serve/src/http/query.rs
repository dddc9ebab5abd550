//! What follows the question mark of an address.

use crate::ServeError;
use axum::http::Uri;
use percent_encoding::percent_decode_str;

/// Names and values, decoded.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Of an address.
    ///
    /// # Errors
    /// [`ServeError::Malformed`] for what is not UTF-8.
    pub fn parse(uri: &Uri) -> Result<Self, ServeError> {
        let decoded = |text: &str| {
            let spaced = text.replace('+', " ");
            let decoded = percent_decode_str(&spaced).decode_utf8();
            let malformed = |_| ServeError::Malformed("the query is not UTF-8".to_owned());
            decoded.map(String::from).map_err(malformed)
        };
        let pairs = uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(own, _)| own == name);
        pair.map(|(_, value)| value.as_str())
    }

    /// Checks that there is nothing but these names, each once.
    ///
    /// # Errors
    /// [`ServeError::Malformed`].
    pub fn only(&self, names: &[&str]) -> Result<(), ServeError> {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                let names = names.join(", ");
                return Err(ServeError::Malformed(format!(
                    "there is no parameter {name:?}; there are {names}"
                )));
            }
            if self.0[..index].iter().any(|(before, _)| before == name) {
                return Err(ServeError::Malformed(format!("{name} is there twice")));
            }
        }
        Ok(())
    }
}
