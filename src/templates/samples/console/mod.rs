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

/// The contexts of a screen. Each gets what all screens share: `assets`, and where it says nothing of one, a
/// `desk`: an admin's, and a viewer's.
pub(super) fn of(screen: &str) -> Vec<Value> {
    let samples: Vec<Value> = match screen {
        "layout.html" => layout(),
        _ => PARTS.iter().flat_map(|part| part(screen)).collect(),
    };
    let assets = json!({
        "css": "/assets/console.css", "htmx": "/assets/htmx.js", "script": "/assets/console.js",
    });
    let mut whole = Vec::new();
    for mut sample in samples {
        sample["assets"] = assets.clone();
        if sample.get("desk").is_some() {
            whole.push(sample);
            continue;
        }
        for desk in [admin(), viewer()] {
            sample["desk"] = desk;
            whole.push(sample.clone());
        }
    }
    whole
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
            {"group": "", "title": "Today", "path": "/console", "current": true},
            {"group": "Contacts", "title": "Subscribers", "path": "/console/subscribers", "current": false},
            {"group": "Contacts", "title": "Exports", "path": "/console/exports", "current": false},
            {"group": "Offers", "title": "Reports", "path": "/console/reports", "current": false},
        ],
        "can": {
            "see": true, "export": true, "offer": true, "suppress": true, "retry_mail": true,
            "check_ledger": false, "publish_policy": false, "erase": false, "manage_staff": false,
            "manage_tokens": false, "take_links": false, "own_account": true,
        },
    })
}

/// The same for who may do everything.
fn admin() -> Value {
    let mut admin = desk();
    admin["role"] = json!("admin");
    for right in
        ["check_ledger", "publish_policy", "erase", "manage_staff", "manage_tokens", "take_links"]
    {
        admin["can"][right] = json!(true);
    }
    admin
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
