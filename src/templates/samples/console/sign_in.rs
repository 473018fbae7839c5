//! What the screens are given on which nobody is signed in yet.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    let errors = json!([{"field": "email", "message": "Do this instead"}]);
    match screen {
        "sign_in.html" => vec![
            json!({"desk": null, "email": "", "word": null, "errors": []}),
            json!({"desk": null, "email": "ada@example.org", "word": "Signed out", "errors": errors}),
        ],
        "welcome.html" => vec![
            json!({"desk": null, "token": "TOKEN", "email": "", "errors": []}),
            json!({"desk": null, "token": "TOKEN", "email": "ada@example.org", "errors": errors}),
        ],
        _ => vec![],
    }
}
