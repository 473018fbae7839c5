//! What the screens of `/console/audit` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "audit.html" => vec![entries(), refused(), nothing()],
        _ => vec![],
    }
}

fn entries() -> Value {
    json!({
        "errors": [],
        "actor": "",
        "action": "",
        "since": "2026-11-01",
        "until": "",
        "actors": [{"value": "command line", "title": "command line"},
                   {"value": "staff:019ab000-0000-7000-8000-000000000001", "title": "ada@example.org"}],
        "actions": [{"value": "report.publish", "title": "published the report"}],
        "is_narrowed": true,
        "entries": [{
            "id": "019ab000-0000-7000-8000-000000000001", "at": "2026-11-23T09:00:00.000000Z",
            "actor": "staff:019ab000-0000-7000-8000-000000000001", "who": "ada@example.org",
            "action": "staff.role", "what": "staff.role",
            "said": [{"name": "role", "before": "viewer", "after": "admin"},
                     {"name": "fields", "before": null, "after": "role"}],
        }],
        "newest": "/console/audit",
        "older": "/console/audit?before=x",
    })
}

fn refused() -> Value {
    let mut sample = entries();
    sample["errors"] = json!([{"field": "since", "message": "Write a day such as 2026-11-23, or a time such as 2026-11-23T09:00:00Z"}]);
    sample["entries"] = json!([]);
    sample["newest"] = json!(null);
    sample["older"] = json!(null);
    sample
}

fn nothing() -> Value {
    let mut sample = refused();
    sample["errors"] = json!([]);
    sample["is_narrowed"] = json!(false);
    sample
}
