//! How much a request likes what it names (RFC 9110 §12.4.2).

/// A weight of one, which what has none is given.
pub(super) const MOST_LIKED: u16 = 1000;

/// A weight such as `0.25`, in thousandths; `None` of what is none.
pub(super) fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match (whole, part) {
        ("0", part) => Some(part),
        ("1", 0) => Some(MOST_LIKED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_has_three_digits_at_most() {
        for (text, weight) in [
            ("1", Some(1000)),
            ("1.", Some(1000)),
            ("1.000", Some(1000)),
            ("0", Some(0)),
            ("0.5", Some(500)),
            ("0.001", Some(1)),
            ("1.001", None),
            ("0.0001", None),
            ("2", None),
            ("-1", None),
            ("+1", None),
            (".5", None),
            ("0,5", None),
            ("", None),
            ("0.\u{664}", None),
        ] {
            assert_eq!(thousandths(text), weight, "{text}");
        }
    }
}
