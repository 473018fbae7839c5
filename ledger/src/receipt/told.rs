//! The part of a receipt for checking, as the part for reading looks at it.

use serde_json::{Map, Value, json};

use super::held::Held;
use crate::event_type::EventType;

/// The part for checking, as the part for reading looks at it. What is not there, or is no text, reads as empty.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) event_type: EventType,
    pub(super) held: &'a Held,
}

impl<'a> Told<'a> {
    /// A text of the body: of this person and this event.
    pub(super) fn body(self, name: &str) -> Option<&'a str> {
        self.held.body[name].as_str()
    }

    /// What was shown, and under which circumstances.
    pub(super) fn shown(self, name: &str) -> &'a Value {
        &self.held.shown()[name]
    }

    /// The same, of what is a text.
    pub(super) fn shown_text(self, name: &str) -> &'a str {
        self.shown(name).as_str().unwrap_or_default()
    }

    /// An address at the installation of the day; of the day of the receipt, where that is not known.
    pub(super) fn address(self, path: &str) -> String {
        let site = self.shown("site").as_str().unwrap_or(&self.held.issued.site);
        format!("{site}{path}")
    }

    pub(super) fn controller(self) -> String {
        self.address("/#controller")
    }

    /// The policy version that was shown; none of an erasure, which keeps none.
    pub(super) fn policy(self) -> Option<String> {
        let label = self.shown("policy")["label"].as_str()?;
        Some(self.address(&format!("/policies/privacy/{label}")))
    }

    /// What stands for something that the event does not name: that the policy shown with it says it.
    pub(super) fn said_by_policy(self, concept: &str) -> Option<Value> {
        Some(json!({ "@type": concept, "dct:source": { "@id": self.policy()? } }))
    }

    pub(super) fn purpose(self, code: &str) -> Value {
        json!({
            "@id": self.address(&format!("/purposes/{code}")),
            "@type": "dpv:Purpose",
            "dct:identifier": code,
        })
    }

    /// When the person said so. An import brings consent that was given before.
    pub(super) fn indicated_at(self) -> &'a str {
        let elsewhere = self.event_type.in_force() && self.shown_text("method") == "import";
        self.body(if elsewhere { "requested_at" } else { "at" }).unwrap_or_default()
    }
}

/// An object of the members that there are.
pub(super) fn members<const N: usize>(of: [(&str, Option<Value>); N]) -> Map<String, Value> {
    of.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
