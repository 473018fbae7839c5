//! What the screens are given on which nobody is signed in yet.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    let errors = json!([{"field": "email", "message": "Do this instead"}]);
    match screen {
        "sign_in.html" => vec![
            json!({"desk": null, "email": "", "errors": []}),
            json!({"desk": null, "email": "ada@example.org", "errors": errors}),
        ],
        "second_step.html" => {
            let errors = json!([{"field": "code", "message": "Do this instead"}]);
            vec![json!({"desk": null, "errors": []}), json!({"desk": null, "errors": errors})]
        }
        "choose_password.html" => [true, false]
            .into_iter()
            .map(|first| {
                let errors = json!([{"field": "password", "message": "Do this instead"}]);
                json!({"desk": null, "action": "/console/reset/TOKEN", "first": first,
                       "email": "ada@example.org", "role": "marketing", "errors": errors})
            })
            .collect(),
        "forgot.html" => vec![
            json!({"desk": null, "word": null, "email": "ada", "errors": errors}),
            json!({"desk": null, "word": "A message is on its way.", "email": "", "errors": []}),
        ],
        "welcome.html" => vec![
            json!({"desk": null, "token": "TOKEN", "email": "", "errors": []}),
            json!({"desk": null, "token": "TOKEN", "email": "ada@example.org", "errors": errors}),
        ],
        _ => vec![],
    }
}
