//! What many samples hold.

use serde_json::{Value, json};

pub(super) fn site() -> Value {
    json!({
        "name": "Example Press",
        "controller": {
            "name": "Example Press Ltd",
            "address": "1 High Street, Exampleton EX1 1EX",
            "contact": "privacy@example.org",
        },
        "demo": false,
        "css": "/assets/site.css",
        "timezone": "UTC",
        "source_url": "https://code.example.org/assent",
    })
}

/// A demo whose controller is reached by telephone, and a site whose controller is not set yet.
pub(super) fn other_sites() -> [Value; 2] {
    let mut demo = site();
    demo["demo"] = json!(true);
    demo["controller"]["contact"] = json!("01632 960123");
    let blank = json!({"name": "Reports", "controller": {"name": "", "address": "", "contact": ""},
                       "demo": false, "css": "/assets/site.css", "timezone": "UTC", "source_url": null});
    [demo, blank]
}
