//! What templates are given, as types: a struct for each page and each mail, with its samples beside it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// What a page's template is given. What all pages have, such as the publisher's site, comes to it by itself.
pub trait Page: Serialize {
    /// The template: its file below `templates/`.
    const TEMPLATE: &'static str;

    /// One for each state that the page shows: `assent templates check` renders them all, so that an
    /// operator's template fails there and not in front of a reader.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// What the templates of a mail are given, besides the publisher's site: its text, and its HTML, which has the text's
/// preheader too.
pub trait MailTemplate: Serialize {
    /// Its templates: `NAME.txt` and `NAME.mjml` below `templates/mail/`.
    const NAME: &'static str;

    /// One for each state that the mail shows.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// Everything that templates may be given, by their names.
#[derive(Default)]
pub struct Samples(BTreeMap<String, Vec<Value>>);

impl Samples {
    /// What this template may be given: one context for each state.
    #[must_use]
    pub fn of(&self, template: &str) -> &[Value] {
        self.0.get(template).map_or(&[], Vec::as_slice)
    }

    /// One context more for a template.
    pub fn add(&mut self, template: &str, context: &impl Serialize) {
        let context = serde_json::to_value(context).unwrap_or_default();
        self.0.entry(template.to_owned()).or_default().push(context);
    }
}
