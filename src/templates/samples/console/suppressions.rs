//! What the screens of `/console/suppressions` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "suppressions.html" => {
            vec![list(true), list(false), none(Value::Null), none(json!("bounced"))]
        }
        "bring_suppressions.html" => vec![brought(false), brought(true)],
        "lift_suppression.html" => ["complained", "bounced", "not-me", "manual"].map(lift).to_vec(),
        _ => vec![],
    }
}

const AT: &str = "2026-11-23T09:00:00.000000Z";

fn rows() -> Value {
    json!([
        {"reason": "bounced", "for": "All mail", "since": AT, "source": null,
         "email": "ada@example.org", "person": "/console/subscribers/ID", "lift": "/console/suppressions/lift?key=KEY"},
        {"reason": "unsubscribed", "for": "Weekly briefing", "since": AT, "source": "Mailchimp",
         "email": null, "person": null, "lift": null},
    ])
}

fn list(full: bool) -> Value {
    let text = |text: &str| if full { json!(text) } else { Value::Null };
    let found = if full { rows() } else { json!([]) };
    json!({
        "tabs": [
            {"title": "All", "path": "/console/suppressions", "current": full, "number": null,
             "more": false},
            {"title": "Came back", "path": "/console/suppressions?reason=bounced", "current": !full,
             "number": 2, "more": true},
        ],
        "reason": text("bounced"),
        "rows": rows(),
        "newer": text("/console/suppressions?before=PLACE"),
        "older": text("/console/suppressions?after=PLACE"),
        "looked": {"address": "ada@example.org", "rows": found},
        "typed": "ada@example.org",
        "added": "",
        "word": text("Done."),
        "bring": "/console/suppressions/bring",
        "errors": [{"field": "email", "message": "Do this instead"}],
    })
}

fn none(reason: Value) -> Value {
    let mut sample = list(false);
    sample["reason"] = reason;
    sample["rows"] = json!([]);
    sample["looked"] = Value::Null;
    sample["errors"] = json!([]);
    sample
}

/// A list before it is sent, and after some of it was refused.
fn brought(sent: bool) -> Value {
    let some = |value: Value| if sent { value } else { json!([]) };
    let text = |text: &'static str| if sent { text } else { "" };
    let count = |count: u64| if sent { count } else { 0 };
    json!({
        "purposes": [{"value": "newsletter:weekly", "title": "Weekly briefing"}],
        "reasons": [{"value": "bounced", "title": "Came back"}],
        "rows": text("ada@example.org"), "reason": text("bounced"),
        "purpose": text("newsletter:weekly"), "source": text("Mailchimp"),
        "suppressed": count(2), "already": count(1), "all_refused": count(3),
        "refused": some(json!([{"line": 3, "why": "`email` is not one plain address"}])),
        "more": count(2),
        "errors": some(json!([
            {"field": "rows", "message": "Do this instead"},
            {"field": "reason", "message": "Do this instead"},
            {"field": "purpose", "message": "Do this instead"},
            {"field": "source", "message": "Do this instead"},
        ])),
    })
}

fn lift(reason: &str) -> Value {
    let email = if reason == "bounced" { json!("ada@example.org") } else { Value::Null };
    json!({"key": "KEY", "reason": reason, "since": AT, "email": email, "why": "",
           "errors": [{"field": "why", "message": "Do this instead"}]})
}
