//! What the console's forms have in common: how their fields are read, and what is said of what is wrong.

use std::fmt::Display;

use crate::domain::sentence::upper_first;
use crate::domain::slug::Slug;
use crate::domain::text::{Line, LineError};
use crate::web::http::fields::{FieldError, Fields};

/// What is wrong with a form, by field, and what to do.
pub(super) type Faults = Vec<FieldError>;

/// This field is wrong for this reason, which becomes a sentence.
pub(super) fn fault(field: &'static str, message: impl Display) -> FieldError {
    FieldError::new(field, upper_first(&message.to_string()))
}

/// Whether the box was ticked, once, that says that somebody is sure.
pub(super) fn is_sure(fields: &Fields) -> bool {
    fields.all("sure") == ["yes"]
}

/// Finds fault with each of these fields that was sent twice.
pub(super) fn once(fields: &Fields, names: &[&'static str], faults: &mut Faults) {
    let repeated = names.iter().filter(|name| fields.is_repeated(name));
    faults.extend(repeated.map(|name| fault(name, "Fill in this field once")));
}

/// One line of a form, which may be empty.
pub(super) fn line(fields: &Fields, name: &'static str, faults: &mut Faults) -> Option<Line> {
    once(fields, &[name], faults);
    let read = if fields.is_faulty(name) {
        Err(LineError::Forbidden)
    } else {
        Line::parse(fields.one(name))
    };
    read.unwrap_or_else(|error| {
        faults.push(fault(name, error));
        None
    })
}

/// One line of a form; `empty` is said when there is none.
pub(super) fn needed(
    fields: &Fields,
    name: &'static str,
    empty: &str,
    faults: &mut Faults,
) -> Option<Line> {
    let before = faults.len();
    let line = line(fields, name, faults);
    if line.is_none() && faults.len() == before {
        faults.push(fault(name, empty));
    }
    line
}

/// The short name in the field `name`. While that is empty, one is made of what the thing is `called`; while it
/// is not called anything either, nothing is said of this field.
pub(super) fn short_name(
    fields: &Fields,
    name: &'static str,
    called: &str,
    faults: &mut Faults,
) -> Option<Slug> {
    let typed = fields.one(name).trim();
    let (slug, words) = if typed.is_empty() {
        let none = "Enter a short name of lower-case letters and digits: none can be made of what \
                    it is called";
        (Slug::proposed(called), none)
    } else {
        (typed.parse().ok(), "Use lower-case letters and digits, with single hyphens between them")
    };
    if slug.is_none() && !(typed.is_empty() && called.is_empty()) {
        faults.push(fault(name, words));
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(body: &str) -> (Option<String>, usize) {
        let fields = Fields::parse(body.as_bytes());
        let mut faults = Faults::new();
        let slug = short_name(&fields, "slug", fields.one("title"), &mut faults);
        (slug.map(|slug| slug.to_string()), faults.len())
    }

    #[test]
    fn a_short_name_is_typed_or_made() {
        assert_eq!(slug("title=A+report&slug=+mine+"), (Some("mine".to_owned()), 0));
        assert_eq!(slug("title=A+report&slug=+"), (Some("a-report".to_owned()), 0));
        assert_eq!(slug("title=A+report&slug=../x"), (None, 1));
        assert_eq!(slug("title=%E2%80%A6"), (None, 1));
        assert_eq!(slug("title="), (None, 0), "the title is what is missing");
        assert_eq!(slug("slug=A"), (None, 1));
    }

    #[test]
    fn a_line_is_read_or_found_fault_with_once() {
        for (body, faults) in [
            ("a=x", 0),
            ("a=", 1),
            ("", 1),
            ("a=x%00", 1),
            ("a=x&a=y", 1),
            (&*format!("a={}", "x".repeat(201)), 1),
        ] {
            let mut found = Faults::new();
            needed(&Fields::parse(body.as_bytes()), "a", "Enter it", &mut found);
            assert_eq!(found.len(), faults, "{body}: {found:?}");
        }
    }

    #[test]
    fn only_one_tick_is_sure() {
        for (body, sure) in
            [("sure=yes", true), ("", false), ("sure=on", false), ("sure=yes&sure=yes", false)]
        {
            assert_eq!(is_sure(&Fields::parse(body.as_bytes())), sure, "{body}");
        }
    }
}
