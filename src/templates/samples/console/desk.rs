//! Who is signed in, as every screen sees them.

use serde_json::{Value, json};

/// Somebody who is signed in, as every screen sees them.
pub(super) fn desk() -> Value {
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
pub(super) fn admin() -> Value {
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
pub(super) fn viewer() -> Value {
    let mut viewer = desk();
    viewer["role"] = json!("viewer");
    for right in ["export", "offer", "suppress", "retry_mail"] {
        viewer["can"][right] = json!(false);
    }
    viewer
}
