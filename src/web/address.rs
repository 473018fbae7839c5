//! The console's addresses: what their paths name, and the filters that lists keep in them.

use std::str::FromStr;

use url::form_urlencoded::Serializer;

use crate::web::Error;

/// The key or the slug in a path; what is none leads nowhere.
pub(super) fn key<T: FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// A path with these fields after it, without the empty ones.
pub(super) fn with_fields(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_fields;

    #[test]
    fn only_what_is_chosen_stands_in_an_address() {
        assert_eq!(with_fields("/console", &[("a", ""), ("b", "")]), "/console");
        let fields = [("reason", "550 & \"x\"?"), ("none", ""), ("kind", "confirm")];
        assert_eq!(with_fields("/m", &fields), "/m?reason=550+%26+%22x%22%3F&kind=confirm");
    }
}
