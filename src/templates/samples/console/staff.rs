//! What the screens of `/console/staff` are given.

use serde_json::{Value, json};

const MOMENT: &str = "2026-11-23T09:00:00.000000Z";

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "staff.html" => {
            let errors = json!([{"field": "email", "message": "Do this instead"}]);
            vec![staff(&json!([])), staff(&errors)]
        }
        "staff_account.html" => {
            let errors = json!([{"field": "sure", "message": "Do this instead"},
                                {"field": "sure-code", "message": "Do this instead"}]);
            ["active", "invited", "disabled"]
                .into_iter()
                .map(|state| account(state, &json!([])))
                .chain([account("active", &errors), invited()])
                .collect()
        }
        _ => vec![],
    }
}

fn roles() -> Value {
    json!([{"value": "viewer", "title": "Viewer", "hint": "Sees"},
           {"value": "admin", "title": "Admin", "hint": "Does everything"}])
}

fn staff(errors: &Value) -> Value {
    let row = |state: &str, seen_at: Value, is_me: bool| {
        json!({"path": "/console/staff/ID", "email": "ada@example.org", "role": "admin", "state": state,
               "seen_at": seen_at, "two_factor": is_me, "is_me": is_me})
    };
    json!({
        "word": "The invitation is on its way.",
        "accounts": [row("active", json!(MOMENT), true), row("invited", Value::Null, false)],
        "roles": roles(),
        "required": ["admin"],
        "sent": {"email": "bob@example.org", "role": "viewer"},
        "errors": errors,
    })
}

/// Whose link still works.
fn invited() -> Value {
    let mut sample = account("invited", &json!([]));
    sample["account"]["invitation_works"] = json!(true);
    sample
}

fn account(state: &str, errors: &Value) -> Value {
    let disabled_at = if state == "disabled" { json!(MOMENT) } else { Value::Null };
    let active = state == "active";
    json!({
        "word": if active { json!("The role is changed.") } else { Value::Null },
        "account": {
            "path": "/console/staff/ID", "email": "ada@example.org", "role": "admin", "state": state,
            "seen_at": MOMENT, "created_at": MOMENT, "disabled_at": disabled_at,
            "has_password": state != "invited", "invited_until": MOMENT, "invitation_works": active,
            "code_since": if active { json!(MOMENT) } else { Value::Null }, "sessions": 2, "is_me": active,
        },
        "tokens": if active { json!(["Newsletter tool", "CRM"]) } else { json!([]) },
        "roles": roles(),
        "errors": errors,
    })
}
