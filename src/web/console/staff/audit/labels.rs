//! Entries of the audit in words: who did what to what, and what it was before and after.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::store::staff::audit_entries::DatedEntry;

/// One thing that the detail of an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Said {
    name: String,
    before: Option<String>,
    after: String,
}

/// Who acted: the address of an account, for the audit itself keeps its key alone.
pub(super) fn who(actor: &str, addresses: &HashMap<String, String>) -> String {
    match addresses.get(actor) {
        Some(email) => email.clone(),
        None if actor.starts_with("staff:") => "An account that is gone".to_owned(),
        None => actor.to_owned(),
    }
}

/// What was done, in words; where there are none, its name.
pub(super) fn what(action: &str, detail: &Value) -> String {
    let Some(action) = Action::named(action) else { return action.to_owned() };
    match action.about().and_then(|field| detail.get(field)).map(plain) {
        Some(named) if !named.is_empty() => format!("{} {named}", action.words()),
        _ => action.words().to_owned(),
    }
}

/// One entry, as the page shows it.
#[derive(Clone, Serialize)]
pub(super) struct Entry<'a> {
    id: Uuid,
    at: Timestamp,
    actor: &'a str,
    who: String,
    action: &'a str,
    what: String,
    said: Vec<Said>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        entry: &'a DatedEntry,
        addresses: &HashMap<String, String>,
        timezone: &TimeZone,
    ) -> Self {
        // What the words name already is not told twice.
        let named = Action::named(&entry.action).and_then(Action::about);
        let said = said(&entry.detail, named).into_iter().map(|said| {
            let account = addresses.get(&format!("staff:{}", said.after));
            let after = account.filter(|_| said.name == "staff id").cloned();
            let after = after.or_else(|| end(&said, timezone));
            Said { after: after.unwrap_or(said.after), ..said }
        });
        Self {
            id: entry.audit_entry_id,
            at: entry.at,
            actor: &entry.actor,
            who: who(&entry.actor, addresses),
            action: &entry.action,
            what: what(&entry.action, &entry.detail),
            said: said.collect(),
        }
    }
}

impl Entry<'static> {
    pub(super) fn sample() -> Self {
        let said = |name: &str, before: Option<&str>, after: &str| Said {
            name: name.to_owned(),
            before: before.map(ToOwned::to_owned),
            after: after.to_owned(),
        };
        Self {
            id: Uuid::nil(),
            at: Timestamp::SAMPLE,
            actor: "staff:00000000-0000-0000-0000-000000000000",
            who: "ada@example.org".to_owned(),
            action: "staff.role",
            what: "changed the role".to_owned(),
            said: vec![
                said("role", Some("viewer"), "admin"),
                said("fields", None, "role"),
                said("SHA-256", None, &"5a".repeat(32)),
            ],
        }
    }
}

/// An end of a span of time, as people of the site's zone name it: entries hold the first moment of a span, and the
/// first after it.
fn end(said: &Said, timezone: &TimeZone) -> Option<String> {
    let at = Timestamp::parse(&said.after)?;
    match said.name.as_str() {
        "since" => Some(timezone.since(at)),
        "until" => Some(timezone.until(at)),
        _ => None,
    }
}

/// What a detail says, name by name. A change stands either as two objects, `before` and `after`, or as one
/// such pair beside a name.
fn said(detail: &Value, named: Option<&str>) -> Vec<Said> {
    let none = Map::new();
    let fields = detail.as_object().unwrap_or(&none);
    let before = fields.get("before").and_then(Value::as_object);
    let after = fields.get("after").and_then(Value::as_object);
    let mut found = Vec::new();
    for (name, value) in fields {
        match (name.as_str(), value.as_object()) {
            ("before", Some(_)) if after.is_some() => {}
            ("after", Some(values)) if before.is_some() => {
                for (name, value) in values {
                    let earlier = before.and_then(|before| before.get(name));
                    found.push(changed(name, earlier, value));
                }
                let gone =
                    before.into_iter().flatten().filter(|(name, _)| !values.contains_key(*name));
                found.extend(gone.map(|(name, value)| changed(name, Some(value), &Value::Null)));
            }
            (_, Some(pair))
                if pair.len() == 2 && pair.contains_key("before") && pair.contains_key("after") =>
            {
                found.push(changed(
                    name,
                    pair.get("before"),
                    pair.get("after").unwrap_or(&Value::Null),
                ));
            }
            (name, _) if value.is_null() || named == Some(name) => {}
            _ => found.push(Said { name: label(name), before: None, after: plain(value) }),
        }
    }
    found
}

fn changed(name: &str, before: Option<&Value>, after: &Value) -> Said {
    Said {
        name: label(name),
        before: Some(before.map(plain).unwrap_or_default()),
        after: plain(after),
    }
}

/// The name of a field as people read it.
fn label(name: &str) -> String {
    match name {
        "sha256" => "SHA-256".to_owned(),
        name => name.replace('_', " "),
    }
}

/// A value without its quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_actions_are_told_in_words() {
        assert_eq!(
            what("report.publish", &json!({"slug": "sample"})),
            "published the report sample"
        );
        assert_eq!(what("report.publish", &json!({})), "published the report");
        assert_eq!(
            what("purpose.add", &json!({"purpose": "partner-offers"})),
            "added the purpose partner-offers"
        );
        assert_eq!(what("erase", &json!({"held": true})), "erased a person");
        assert_eq!(what("from.tomorrow", &json!(null)), "from.tomorrow");
    }

    #[test]
    fn a_change_is_told_by_what_it_was_and_is() {
        let of = |name: &str, before: Option<&str>, after: &str| Said {
            name: name.to_owned(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        };
        assert_eq!(
            said(
                &json!({"slug": "s", "label": "named", "before": {"title": "A", "gone": 1},
                        "after": {"title": "B", "new": true}}),
                Some("label")
            ),
            [
                of("new", Some(""), "yes"),
                of("title", Some("A"), "B"),
                of("gone", Some("1"), ""),
                of("slug", None, "s")
            ]
        );
        assert_eq!(
            said(
                &json!({"role": {"before": "viewer", "after": "admin"}, "none": null, "fields": ["a", "b"]}),
                None
            ),
            [of("fields", None, "a, b"), of("role", Some("viewer"), "admin")]
        );
        assert_eq!(said(&json!("text"), None), []);
    }

    #[test]
    fn a_span_is_told_in_days_of_the_site() {
        let timezone = "America/New_York".parse().unwrap();
        let told = |name: &str, at: &str| {
            let said = Said { name: name.to_owned(), before: None, after: at.to_owned() };
            end(&said, &timezone)
        };
        let (begins, ends) = ("2026-11-23T05:00:00.000000Z", "2026-11-24T05:00:00.000000Z");
        assert_eq!(told("since", begins).as_deref(), Some("23 November 2026"));
        assert_eq!(told("until", ends).as_deref(), Some("the end of 23 November 2026"));
        let time = told("until", "2026-11-24T04:30:00.000001Z");
        assert_eq!(time.as_deref(), Some("23:30 EST on 23 November 2026"));
        assert_eq!((told("at", begins), told("since", "never")), (None, None));
    }

    #[test]
    fn an_account_is_named_by_its_address() {
        let known = HashMap::from([("staff:1".to_owned(), "ada@b.example".to_owned())]);
        assert_eq!(who("staff:1", &known), "ada@b.example");
        assert_eq!(who("staff:2", &known), "An account that is gone");
        assert_eq!(who("command line", &known), "command line");
    }
}
