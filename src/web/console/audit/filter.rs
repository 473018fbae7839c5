//! What the audit is narrowed by, as it stands in addresses and forms.

use serde_json::{Value, json};

use crate::domain::day::Day;
use crate::domain::staff::COMMAND_LINE;
use crate::domain::time_zone::TimeZone;
use crate::store::audit_entries::AuditFilter;
use crate::web::console::address::with_fields;
use crate::web::console::desk::fault;
use crate::web::fields::Fields;

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
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
    pub filter: AuditFilter,
    /// What is wrong with the days.
    pub errors: Vec<Value>,
}

/// Reads them. A day that is none is told; it then narrows nothing.
pub(super) fn read(fields: &Fields, timezone: &TimeZone) -> Narrowed {
    let text = |name: &str| fields.one(name).trim().to_owned();
    let (actor, action, from, until) = (text("actor"), text("action"), text("from"), text("until"));
    let mut errors = Vec::new();
    let mut day = |name: &str, word: &str| {
        let day = word.parse::<Day>().ok();
        if day.is_none() && (!word.is_empty() || fields.is_faulty(name)) {
            errors.push(fault(name, "Enter a day such as 2026-11-23"));
        }
        day
    };
    let (first, last) = (day("from", &from), day("until", &until));
    if errors.is_empty() && first.zip(last).is_some_and(|(first, last)| last < first) {
        let message = "Enter a last day that is not before the first";
        errors.push(fault("until", message));
    }
    for (name, word) in [("actor", &actor), ("action", &action)] {
        if !is_name(word) {
            errors.push(fault(name, "Choose from the list"));
        }
    }
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let filter = AuditFilter {
        actor: some(&actor),
        action: some(&action),
        from: first.map(|first| timezone.begins(first)),
        until: last.map(|last| timezone.ends(last)),
    };
    Narrowed { actor, action, from, until, filter, errors }
}

impl Narrowed {
    /// The list's address, from the entry of this key on.
    pub(super) fn address(&self, path: &str, before: &str) -> String {
        let fields = [
            ("actor", self.actor.as_str()),
            ("action", &self.action),
            ("from", &self.from),
            ("until", &self.until),
            ("before", before),
        ];
        with_fields(path, &fields)
    }

    /// The same as the audit keeps it.
    pub(super) fn detail(&self) -> Value {
        json!({"actor": self.filter.actor, "action": self.filter.action, "from": self.filter.from,
               "until": self.filter.until})
    }
}
