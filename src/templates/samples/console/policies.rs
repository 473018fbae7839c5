//! What the screens of `/console/policies` are given.

use serde_json::{Value, json};

use super::super::values::other_sites;
use crate::templates::samples::console::desk::{admin, viewer};

const MOMENT: &str = "2026-11-23T09:00:00.000000Z";
const CHANGES: &str = "We keep your details for two years, no longer for one.";
const SHA256: &str = "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38";

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "policies.html" => policies(),
        "policy_edit.html" => editor(),
        "policy_preview.html" => preview(),
        _ => vec![],
    }
}

fn policies() -> Vec<Value> {
    let version = |label: &str, change: &str, until: Option<&str>, in_force: bool| {
        json!({"label": label, "path": format!("/policies/privacy/{label}"),
               "published_at": MOMENT, "change": change, "until": until,
               "changes": (change == "reconsent").then_some(CHANGES), "people": 4118,
               "answers": (change != "editorial").then(|| json!({
                   "mailed": 4118, "kept": 3000, "left": 18, "silent": 1100})),
               "sha256": SHA256, "in_force": in_force})
    };
    let versions = json!([
        version("2027-03", "reconsent", Some(MOMENT), true),
        version("2027-01", "notify", None, false),
        version("2026-11", "editorial", None, false),
    ]);
    let [_, blank] = other_sites();
    let mut uncounted = version("2026-11", "editorial", None, true);
    uncounted["people"] = json!(null);
    vec![
        json!({"versions": versions, "counted_at": MOMENT, "word": "The version is in force.",
               "desk": admin()}),
        json!({"versions": versions, "counted_at": MOMENT, "word": null, "desk": viewer()}),
        json!({"versions": [uncounted], "counted_at": null, "word": null, "desk": viewer()}),
        json!({"versions": [], "counted_at": MOMENT, "word": null, "desk": admin(), "site": blank}),
        json!({"versions": [], "counted_at": MOMENT, "word": null, "desk": viewer()}),
    ]
}

fn typed(change: &str, until: &str) -> Value {
    json!({"label": "2027-03", "text": "# Privacy\n\nWe keep little.", "change": change,
           "changes": if change == "editorial" { "" } else { CHANGES }, "until": until})
}

fn editor() -> Vec<Value> {
    let errors = json!([{"field": "label", "message": "Version 2027-03 is published already"}]);
    vec![
        json!({"typed": typed("editorial", ""), "newest": null, "errors": []}),
        json!({"typed": typed("reconsent", "2027-05-01"), "newest": "2026-11", "errors": errors}),
    ]
}

fn preview() -> Vec<Value> {
    let passages = json!([[
        {"fate": "same", "text": "We keep your address for "},
        {"fate": "removed", "text": "a year"},
        {"fate": "added", "text": "two years"},
    ]]);
    let page = |change: &str, until: Option<&str>, newest: Option<&str>, passages: &Value| {
        json!({"typed": typed(change, until.map_or("", |_| "2027-05-01")), "label": "2027-03",
               "change": change, "until": until,
               "changes": (change != "editorial").then_some(CHANGES), "newest": newest, "people": 4118,
               "passages": passages, "body": "<h2>Privacy</h2><p>We keep little.</p>",
               "sha256": SHA256, "errors": []})
    };
    let mut unsure = page("notify", None, Some("2026-11"), &json!([]));
    unsure["errors"] = json!([{"field": "sure", "message": "Tick the box"}]);
    unsure["people"] = json!(1);
    vec![
        page("editorial", None, None, &json!([])),
        page("editorial", None, Some("2026-11"), &passages),
        page("reconsent", Some(MOMENT), Some("2026-11"), &passages),
        unsure,
    ]
}
