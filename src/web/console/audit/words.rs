//! Entries of the audit in words: who did what to what, and what it was before and after.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::store::audit_entries::DatedEntry;

/// What was done, and the field of the detail that names what it was done to.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("account.end-session", "ended other sessions of their own", ""),
    ("account.recovery-codes", "made new recovery codes", ""),
    ("account.two-factor-off", "turned their own two-factor off", ""),
    ("account.two-factor-on", "turned their own two-factor on", ""),
    ("audit.export", "took the audit away as a file", "format"),
    ("erase", "erased a person", ""),
    ("export", "exported contacts for", "purpose"),
    ("export.begin", "began an export for", "purpose"),
    ("export.broken", "could not finish an export", ""),
    ("export.expired", "let the file of an export go", ""),
    ("import", "imported contacts for", "purpose"),
    ("import.start", "began to import contacts for", "purpose"),
    ("ledger.bundle", "wrote the ledger for outsiders", ""),
    ("ledger.receipt", "looked up the receipt", "receipt_id"),
    ("ledger.verify", "checked the ledger", ""),
    ("ledger.verify.start", "asked for a check of the ledger", ""),
    ("mail.retry", "sent a parked mail again", ""),
    ("mail.retry_all", "sent all mail again that was parked for", "reason"),
    ("newsletter.add", "added the newsletter", "slug"),
    ("newsletter.edit", "edited the newsletter", "slug"),
    ("policy.publish", "published the privacy policy", "label"),
    ("purpose.add", "added the purpose", "code"),
    ("purpose.edit", "edited the purpose", "code"),
    ("purpose.offer", "changed who is offered the purpose", "code"),
    ("refused", "was refused", "route"),
    ("report.add", "added the report", "slug"),
    ("report.cover", "replaced the cover of the report", "slug"),
    ("report.edit", "edited the report", "slug"),
    ("report.file", "replaced the file of the report", "slug"),
    ("report.publish", "published the report", "slug"),
    ("report.withdraw", "withdrew the report", "slug"),
    ("sign-in", "signed in", ""),
    ("sign-in.recovery-code", "signed in by a recovery code", ""),
    ("sign-in.refused", "could not sign in", ""),
    ("sign-out", "signed out", ""),
    ("staff.add", "added an account with the role", "role"),
    ("staff.cancel", "took an invitation back", ""),
    ("staff.disable", "disabled an account", ""),
    ("staff.enable", "enabled an account", ""),
    ("staff.invite", "invited somebody with the role", "role"),
    ("staff.invite-again", "sent an invitation again", ""),
    ("staff.password", "set the password of an account", ""),
    ("staff.require-two-factor", "changed what is required of the role", "role"),
    ("staff.reset", "sent a link to a new password", ""),
    ("staff.role", "changed the role of an account", ""),
    ("staff.two-factor-off", "turned the two-factor of an account off", ""),
    ("subscriber.withdraw", "recorded that somebody left", ""),
    ("suppression.add", "suppressed an address", ""),
    ("suppression.lift", "lifted a suppression", ""),
    ("token.add", "made a token", ""),
    ("token.revoke", "revoked a token", ""),
    ("withdrawals", "took away who left", ""),
];

/// One thing that the detail of an entry says.
#[derive(Debug, PartialEq, Eq)]
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
    let Some((_, words, field)) = ACTIONS.iter().find(|(name, ..)| *name == action) else {
        return action.to_owned();
    };
    match detail.get(*field).map(plain) {
        Some(named) if !named.is_empty() => format!("{words} {named}"),
        _ => (*words).to_owned(),
    }
}

/// One entry, as the page shows it.
pub(super) fn entry(entry: &DatedEntry, addresses: &HashMap<String, String>) -> Value {
    // What the words name already is not told twice.
    let named = ACTIONS.iter().find(|(name, ..)| *name == entry.action).map(|(.., field)| *field);
    let said: Vec<Value> = said(&entry.detail, named)
        .into_iter()
        .map(|said| {
            let account = addresses.get(&format!("staff:{}", said.after));
            let after = account.filter(|_| said.name == "staff id").unwrap_or(&said.after);
            json!({"name": said.name, "before": said.before, "after": after})
        })
        .collect();
    json!({
        "id": entry.audit_entry_id,
        "at": entry.at,
        "actor": entry.actor,
        "who": who(&entry.actor, addresses),
        "action": entry.action,
        "what": what(&entry.action, &entry.detail),
        "said": said,
    })
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
    use super::*;

    #[test]
    fn known_actions_are_told_in_words() {
        assert_eq!(
            what("report.publish", &json!({"slug": "sample"})),
            "published the report sample"
        );
        assert_eq!(what("report.publish", &json!({})), "published the report");
        assert_eq!(what("erase", &json!({"held": true})), "erased a person");
        assert_eq!(what("from.tomorrow", &json!(null)), "from.tomorrow");
    }

    #[test]
    fn the_table_names_each_action_once_and_in_order() {
        assert!(ACTIONS.is_sorted_by(|one, other| one.0 < other.0));
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
    fn an_account_is_named_by_its_address() {
        let known = HashMap::from([("staff:1".to_owned(), "ada@b.example".to_owned())]);
        assert_eq!(who("staff:1", &known), "ada@b.example");
        assert_eq!(who("staff:2", &known), "An account that is gone");
        assert_eq!(who("command line", &known), "command line");
    }
}
