//! What the screens of `/console/account` are given.

use serde_json::{Value, json};

const MOMENT: &str = "2026-11-23T09:00:00.000000Z";

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "account.html" => {
            let errors = ["present", "password", "present-on", "present-codes", "present-off"];
            let errors: Vec<Value> = errors
                .into_iter()
                .map(|field| json!({"field": field, "message": "Do this instead"}))
                .collect();
            vec![
                account(&Value::Null, true, &json!([])),
                account(&Value::Null, false, &json!(errors.clone())),
                account(&json!(MOMENT), true, &json!([])),
                account(&json!(MOMENT), false, &json!(errors)),
            ]
        }
        "two_factor.html" => {
            let errors = json!([{"field": "code", "message": "Do this instead"}]);
            let picture = json!({"size": 29, "path": "M4 4h1v1h-1z"});
            vec![
                json!({"secret": "ABCD EFGH", "picture": picture, "errors": []}),
                json!({"secret": "ABCD EFGH", "picture": null, "errors": errors}),
            ]
        }
        "recovery_codes.html" => vec![json!({"codes": ["ABCD-EFGH-IJKL-MNOP"]})],
        _ => vec![],
    }
}

fn account(code_since: &Value, must: bool, errors: &Value) -> Value {
    let session = |is_this: bool| {
        json!({"id": "ID", "browser": "Firefox on Linux", "created_at": MOMENT, "seen_at": MOMENT,
               "is_this": is_this})
    };
    json!({
        "word": "Your other sessions are ended.",
        "sessions": [session(true), session(false)],
        "code_since": code_since,
        "codes_left": 9,
        "must": must,
        "errors": errors,
    })
}
