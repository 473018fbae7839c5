//! The consent record of a receipt, before it is written in the terms of DPV.

use serde_json::{Map, Value, json};

use super::ledger_member::LedgerMember;
use crate::event_type::EventType;

/// What a receipt's member `ledger` says of one event, member by member. A text that is missing, or is no text, reads as
/// empty: a receipt is computed of any JSON, and where it makes no sense, commitments fail.
#[derive(Clone, Copy)]
pub(super) struct ConsentRecord<'a> {
    pub(super) event_type: EventType,
    pub(super) ledger: &'a LedgerMember,
}

impl<'a> ConsentRecord<'a> {
    /// A text of the event's body: of this person and this event alone.
    pub(super) fn body_text(self, name: &str) -> Option<&'a str> {
        self.ledger.body[name].as_str()
    }

    /// A value of the event's context, which other events may share.
    pub(super) fn context(self, name: &str) -> &'a Value {
        &self.ledger.shown()[name]
    }

    /// A text of the event's context.
    pub(super) fn context_text(self, name: &str) -> &'a str {
        self.context(name).as_str().unwrap_or_default()
    }

    /// The IRI of a page of the installation: at the address that the context names, else at the one that the receipt was
    /// issued from.
    pub(super) fn address(self, path: &str) -> String {
        let site = self.context("site").as_str().unwrap_or(&self.ledger.issued.site);
        format!("{site}{path}")
    }

    /// The IRI of the controller.
    pub(super) fn controller(self) -> String {
        self.address("/#controller")
    }

    /// The IRI of the policy version that was shown; none of an erasure, which names none.
    pub(super) fn policy(self) -> Option<String> {
        let label = self.context("policy")["label"].as_str()?;
        Some(self.address(&format!("/policies/privacy/{label}")))
    }

    /// What is written in place of a field that the event does not have: that the policy which was shown states it.
    pub(super) fn said_by_policy(self, concept: &str) -> Option<Value> {
        Some(json!({ "@type": concept, "dct:source": { "@id": self.policy()? } }))
    }

    /// The purpose of this code.
    pub(super) fn purpose(self, code: &str) -> Value {
        json!({
            "@id": self.address(&format!("/purposes/{code}")),
            "@type": "dpv:Purpose",
            "dct:identifier": code,
        })
    }

    /// When the consent was indicated. That of an import was given elsewhere, on the day that `requested_at` states.
    pub(super) fn indicated_at(self) -> &'a str {
        let elsewhere = self.event_type.in_force() && self.context_text("method") == "import";
        self.body_text(if elsewhere { "requested_at" } else { "at" }).unwrap_or_default()
    }
}

/// A JSON object of those members that have a value.
pub(super) fn members<const N: usize>(of: [(&str, Option<Value>); N]) -> Map<String, Value> {
    of.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
