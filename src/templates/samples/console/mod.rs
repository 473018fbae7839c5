//! What each screen of the console is given.

mod account;
mod audit;
mod dashboard;
mod exports;
mod ledger;
mod mail;
mod newsletters;
mod policies;
mod reports;
mod sign_in;
mod staff;
mod subscribers;
mod suppressions;
mod tokens;

use serde_json::{Value, json};

use super::other_sites;

/// The samples of each part of the console.
const PARTS: [fn(&str) -> Vec<Value>; 14] = [
    account::of,
    audit::of,
    dashboard::of,
    exports::of,
    ledger::of,
    mail::of,
    newsletters::of,
    policies::of,
    reports::of,
    sign_in::of,
    staff::of,
    subscribers::of,
    suppressions::of,
    tokens::of,
];

/// The contexts of a screen. Each gets what all screens share: `assets`, and `desk` where it says nothing
/// of one.
pub(super) fn of(screen: &str) -> Vec<Value> {
    let mut samples = match screen {
        "layout.html" => layout(),
        "kit.html" => vec![json!({"errors": errors()}), json!({"errors": []})],
        _ => PARTS.iter().flat_map(|part| part(screen)).collect(),
    };
    for sample in &mut samples {
        sample["assets"] = json!({
            "css": "/assets/console.css", "htmx": "/assets/htmx.js", "script": "/assets/console.js",
        });
        if sample.get("desk").is_none() {
            sample["desk"] = desk();
        }
    }
    samples
}

fn errors() -> Value {
    json!([{"field": "form", "message": "The file is not a PDF"},
           {"field": "title", "message": "Enter a title"}, {"field": "title", "message": "In a line"},
           {"field": "role", "message": "Choose a role"}])
}

/// Signed in, and not.
fn layout() -> Vec<Value> {
    let [demo, blank] = other_sites();
    vec![json!({}), json!({"site": demo}), json!({"site": blank, "desk": null})]
}

/// Somebody who is signed in, as every screen sees them.
fn desk() -> Value {
    json!({
        "email": "ada@example.org",
        "role": "marketing",
        "csrf": "TOKEN",
        "nav": [
            {"title": "Today", "path": "/console", "current": true},
            {"title": "Subscribers", "path": "/console/subscribers", "current": false},
            {"title": "Exports", "path": "/console/exports", "current": false},
            {"title": "Reports", "path": "/console/reports", "current": false},
        ],
        "can": {
            "see": true, "export": true, "offer": true, "suppress": true, "retry_mail": true,
            "check_ledger": false, "publish_policy": false, "erase": false, "manage_staff": false,
            "manage_tokens": false, "own_account": true,
        },
    })
}

/// The same for somebody who only looks.
fn viewer() -> Value {
    let mut viewer = desk();
    viewer["role"] = json!("viewer");
    for right in ["export", "offer", "suppress", "retry_mail"] {
        viewer["can"][right] = json!(false);
    }
    viewer
}
