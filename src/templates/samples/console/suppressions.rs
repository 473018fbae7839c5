//! What the screens of `/console/suppressions` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "suppressions.html" => {
            vec![list(true), list(false), none(Value::Null), none(json!("bounced"))]
        }
        "lift_suppression.html" => ["complained", "bounced", "not-me", "manual"].map(lift).to_vec(),
        _ => vec![],
    }
}

const AT: &str = "2026-11-23T09:00:00.000000Z";

fn rows() -> Value {
    json!([
        {"reason": "bounced", "for": "All mail", "since": AT, "email": "ada@example.org",
         "person": "/console/subscribers/ID", "lift": "/console/suppressions/lift?key=KEY"},
        {"reason": "unsubscribed", "for": "Weekly briefing", "since": AT, "email": null,
         "person": null, "lift": null},
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

fn lift(reason: &str) -> Value {
    let email = if reason == "bounced" { json!("ada@example.org") } else { Value::Null };
    json!({"key": "KEY", "reason": reason, "since": AT, "email": email, "why": "",
           "errors": [{"field": "why", "message": "Do this instead"}]})
}
