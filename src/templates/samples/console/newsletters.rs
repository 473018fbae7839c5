//! What the screens of `/console/newsletters` are given.

use serde_json::{Value, json};

use super::super::values::other_sites;
use crate::templates::samples::console::desk::viewer;

const COUNTED_AT: &str = "2026-11-23T09:41:00.000000Z";
const WORDS: &str = "Partners of Example Press may email me. I can withdraw at any time.";

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "newsletters.html" => newsletters(),
        "newsletter.html" => newsletter(),
        "purpose.html" => purpose(),
        _ => vec![],
    }
}

fn counts(agreed: i64) -> Value {
    json!({"agreed": agreed, "withdrawn": 12})
}

fn not_counted() -> Value {
    json!({"agreed": null, "withdrawn": null})
}

fn newsletters() -> Vec<Value> {
    let weekly = json!({
        "name": "The weekly", "offered": true, "code": "newsletter:weekly", "about": "News every Thursday",
        "path": "/console/newsletters/weekly/edit", "counts": counts(4118),
        "reports": ["Digital councils"],
    });
    let daily = json!({
        "name": "The daily", "offered": false, "code": "newsletter:daily", "about": "",
        "path": "/console/newsletters/daily/edit", "counts": counts(0), "reports": [],
    });
    let own = json!({
        "name": "Offers of partners", "offered": null, "code": "partner-offers", "about": WORDS,
        "path": "/console/newsletters/purposes/partner-offers/edit", "counts": counts(1),
        "reports": ["Digital councils"],
    });
    let mut uncounted = weekly.clone();
    uncounted["counts"] = not_counted();
    let [_, blank] = other_sites();
    vec![
        json!({"newsletters": [weekly, daily], "purposes": [own], "counted_at": COUNTED_AT}),
        json!({"newsletters": [weekly], "purposes": [own], "counted_at": COUNTED_AT,
               "desk": viewer()}),
        json!({"newsletters": [uncounted], "purposes": [], "counted_at": null}),
        json!({"newsletters": [], "purposes": [], "counted_at": COUNTED_AT, "site": blank}),
        json!({"newsletters": [], "purposes": [], "counted_at": COUNTED_AT, "desk": viewer()}),
    ]
}

fn reports() -> Value {
    json!([
        {"value": "digital-councils", "title": "Digital councils", "hint": null, "offered": true},
        {"value": "skills", "title": "Skills", "hint": null, "offered": false},
    ])
}

fn newsletter() -> Vec<Value> {
    let weekly = json!({"slug": "weekly", "name": "The weekly",
                        "path": "/console/newsletters/weekly", "offered": true});
    let mut aside = weekly.clone();
    aside["offered"] = json!(false);
    let values = json!({"slug": "weekly", "name": "The weekly",
                        "description": "News every Thursday", "offer": true});
    let seen = json!({"name": "The weekly", "description": "News every Thursday"});
    let typed = json!({"slug": "weekly", "name": "The Thursday", "description": "", "offer": true});
    let errors = json!([{"field": "name", "message": "Somebody else changed this"}]);
    vec![
        json!({"newsletter": null, "values": {"slug": "", "name": "", "description": "", "offer": false},
               "seen": null, "counts": null, "counted_at": null, "words": null, "reports": [],
               "errors": [], "word": null}),
        json!({"newsletter": weekly, "values": values, "seen": seen, "counts": counts(4118),
               "counted_at": COUNTED_AT, "words": "Subscribe me to The weekly.", "reports": reports(), "errors": [],
               "word": "The changes are saved."}),
        json!({"newsletter": weekly, "values": typed, "seen": seen, "counts": counts(1),
               "counted_at": COUNTED_AT, "words": null, "reports": [], "errors": errors,
               "word": null}),
        json!({"newsletter": aside, "values": values, "seen": seen, "counts": counts(0),
               "counted_at": COUNTED_AT, "words": "Subscribe me to The weekly.",
               "reports": reports(), "errors": [], "word": null}),
        json!({"newsletter": aside, "values": values, "seen": seen, "counts": not_counted(),
               "counted_at": null, "words": null, "reports": [], "errors": [], "word": null}),
    ]
}

fn purpose() -> Vec<Value> {
    let own = json!({"code": "partner-offers", "name": "Offers of partners",
                     "path": "/console/newsletters/purposes/partner-offers"});
    let values = json!({"code": "partner-offers", "name": "Offers of partners", "words": WORDS});
    let seen = json!({"name": "Offers of partners", "words": WORDS});
    let typed = json!({"code": "partner-offers", "name": "Offers", "words": ""});
    let errors = json!([{"field": "words", "message": "Write the words beside the box"}]);
    vec![
        json!({"purpose": null, "values": {"code": "", "name": "", "words": ""}, "seen": null,
               "counts": null, "counted_at": null, "reports": [], "errors": [], "word": null}),
        json!({"purpose": own, "values": values, "seen": seen, "counts": counts(4118),
               "counted_at": COUNTED_AT, "reports": reports(), "errors": [],
               "word": "The changes are saved."}),
        json!({"purpose": own, "values": typed, "seen": seen, "counts": counts(1),
               "counted_at": COUNTED_AT, "reports": [], "errors": errors, "word": null}),
    ]
}
