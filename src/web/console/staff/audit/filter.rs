//! What the audit is narrowed by, as it stands in addresses and forms.

use serde_json::{Value, json};

use crate::domain::day_span::DaySpan;
use crate::domain::staff::member::COMMAND_LINE;
use crate::domain::time_zone::TimeZone;
use crate::store::staff::audit_entries::AuditFilter;
use crate::web::address::with_fields;
use crate::web::console::form::fault;
use crate::web::day_span::read_span;
use crate::web::http::fields::{FieldError, Fields};

/// Whether a text can be the name of who acted or of what they did. What is asked for is kept for good, so it
/// must not be anything else.
fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
    text == COMMAND_LINE || (text.len() <= 64 && text.bytes().all(is_letter))
}

/// The fields as they were sent, and what they ask for.
pub(super) struct Narrowed {
    pub actor: String,
    pub action: String,
    /// The first day or moment.
    pub since: String,
    /// The last.
    pub until: String,
    pub filter: AuditFilter,
    /// What is wrong.
    pub errors: Vec<FieldError>,
}

/// Reads them. Days that are none are told; they then narrow nothing.
pub(super) fn read(fields: &Fields, timezone: &TimeZone) -> Narrowed {
    let text = |name: &str| fields.one(name).trim().to_owned();
    let (actor, action, since, until) =
        (text("actor"), text("action"), text("since"), text("until"));
    let (span, faults) = match read_span(fields, timezone) {
        Ok(span) => (span, vec![]),
        Err(faults) => (DaySpan::default(), faults),
    };
    let mut errors: Vec<FieldError> =
        faults.iter().map(|wrong| fault(wrong.field, &wrong.message)).collect();
    for (name, word) in [("actor", &actor), ("action", &action)] {
        if !is_name(word) {
            errors.push(fault(name, "Choose from the list"));
        }
    }
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let filter = AuditFilter {
        actor: some(&actor),
        action: some(&action),
        since: span.since,
        until: span.until,
    };
    Narrowed { actor, action, since, until, filter, errors }
}

impl Narrowed {
    /// The list's address, from the entry of this key on.
    pub(super) fn address(&self, path: &str, before: &str) -> String {
        let fields = [
            ("actor", self.actor.as_str()),
            ("action", &self.action),
            ("since", &self.since),
            ("until", &self.until),
            ("before", before),
        ];
        with_fields(path, &fields)
    }

    /// What it asks for as the audit keeps it.
    pub(super) fn detail(&self) -> Value {
        json!({"actor": self.filter.actor, "action": self.filter.action, "since": self.filter.since,
               "until": self.filter.until})
    }
}

pub(super) const PATH: &str = "/console/audit";
