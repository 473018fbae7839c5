//! What the screens of `/console/tokens` are given.

use serde_json::{Value, json};

const MOMENT: &str = "2026-11-23T09:00:00.000000Z";

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "tokens.html" => {
            let errors = ["name", "scopes", "until", "sure"];
            let errors: Vec<Value> = errors
                .into_iter()
                .map(|field| json!({"field": field, "message": "Do this instead"}))
                .collect();
            vec![tokens(&json!([]), &json!([])), tokens(&rows(), &json!(errors))]
        }
        "token_made.html" => vec![
            json!({"name": "Newsletter tool", "token": "assent_TOKEN", "expires_at": null}),
            json!({"name": "Newsletter tool", "token": "assent_TOKEN", "expires_at": MOMENT}),
            json!({"name": "Newsletter tool", "token": null, "expires_at": null}),
        ],
        _ => vec![],
    }
}

fn rows() -> Value {
    let row = |state: &str, moment: Value| {
        json!({"path": "/console/tokens/ID", "name": "Newsletter tool",
               "scopes": ["exports", "withdrawals"], "by": "ada@example.org", "created_at": MOMENT,
               "expires_at": moment, "last_used_at": moment, "state": state,
               "unsure": state == "active"})
    };
    json!([row("active", json!(MOMENT)), row("revoked", Value::Null)])
}

fn tokens(rows: &Value, errors: &Value) -> Value {
    json!({
        "word": "The token is revoked.",
        "base": "https://reports.example.org",
        "form_id": "0198a0d1-c9a8-7b3c-8d4e-5f60718293a4",
        "tokens": rows,
        "scopes": [{"value": "exports", "title": "Exports", "hint": "Take contacts away"}],
        "sent": {"name": "Newsletter tool", "scopes": ["exports"], "until": "2026-12-31"},
        "errors": errors,
    })
}
