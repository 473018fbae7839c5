//! How a choice was made, as its evidence says it to people.

use serde::Serialize;
use serde_json::Value;

/// How a choice was made, as far as its evidence says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HowGiven {
    /// How it reached us.
    pub method: Option<String>,
    /// The page of its form, or what else it came from.
    pub source: Option<String>,
    /// Who drew the form, if it was one.
    pub drawn_by: Option<String>,
    /// The page elsewhere around the form, as it was stated.
    pub page: Option<String>,
    /// The SHA-256 of the blank form, where it is known which one was seen.
    pub form: Option<String>,
    /// By what of the mail the address was confirmed.
    pub confirmed_by: Option<String>,
}

impl HowGiven {
    /// Reads it out of the evidence of an event; nothing of one that was erased.
    #[must_use]
    pub fn read(evidence: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        Self {
            method: text(&evidence["method"]),
            source: text(&evidence["source"]),
            drawn_by: text(&evidence["drawn_by"]),
            page: text(&evidence["page"]),
            form: text(&evidence["form"]),
            confirmed_by: text(&evidence["confirmed"]["by"]),
        }
    }

    /// Of a form in a frame, confirmed by the link of its mail.
    #[must_use]
    pub fn sample() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            method: text("form"),
            source: text("/embed/digital-councils"),
            drawn_by: text("ours"),
            page: text("https://press.example"),
            form: text("5a1f"),
            confirmed_by: text("link"),
        }
    }

    /// Of the forms of other sites: drawn by the script of this program, by another page, and by a program that names none.
    #[must_use]
    pub fn elsewhere_samples() -> [Self; 3] {
        let text = |text: &str| Some(text.to_owned());
        let element = Self {
            method: text("api"),
            source: text("https://press.example"),
            drawn_by: text("element"),
            page: text("https://press.example/articles/1"),
            confirmed_by: text("code"),
            ..Self::sample()
        };
        let page = Self { drawn_by: text("page"), confirmed_by: text("link"), ..element.clone() };
        let program = Self { source: text("/api/v1/signups"), page: None, ..page.clone() };
        [element, page, program]
    }
}
