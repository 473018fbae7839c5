//! What the screens of `/console/reports` are given.

use serde_json::{Value, json};

use super::super::values::other_sites;
use crate::templates::samples::console::desk::{desk, viewer};

const COUNTED_AT: &str = "2026-11-23T09:41:00.000000Z";
const MOMENT: &str = "2026-11-23T09:00:00.000000Z";
const SHA256: &str = "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38";

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "reports.html" => reports(),
        "report.html" => report_page(),
        "report_new.html" => report_new(),
        "report_delete.html" => delete(),
        "report_withdraw.html" => withdraw(),
        _ => vec![],
    }
}

const CONTACTS: &str = "/console/exports?purpose=newsletter%3Aweekly&report=digital-councils";

fn summary(state: &str) -> Value {
    let published = state == "published";
    json!({
        "slug": "digital-councils", "title": "Digital councils",
        "path": "/console/reports/digital-councils", "state": state, "format": "PDF",
        "size": "1.2 MB", "pages": if published { json!(24) } else { Value::Null },
        "added_at": MOMENT, "published_at": if state == "draft" { Value::Null } else { json!(MOMENT) },
        "public_path": if published { json!("/reports/digital-councils") } else { Value::Null },
    })
}

fn figures() -> Value {
    json!({"signups": 4118, "confirmed": 3120, "downloads": 2806})
}

fn not_counted() -> Value {
    json!({"signups": null, "confirmed": null, "downloads": null})
}

fn reports() -> Vec<Value> {
    let row = |state| {
        let mut row = summary(state);
        row["figures"] = figures();
        row["contacts_path"] = json!(CONTACTS);
        row
    };
    let rows = json!([row("published"), row("draft"), row("withdrawn")]);
    let [_, blank] = other_sites();
    let mut uncounted = summary("published");
    uncounted["figures"] = not_counted();
    uncounted["contacts_path"] = json!(CONTACTS);
    vec![
        json!({"reports": rows, "counted_at": COUNTED_AT, "word": null}),
        json!({"reports": rows, "counted_at": COUNTED_AT, "word": "The report is no longer offered.",
               "desk": viewer()}),
        json!({"reports": [uncounted], "counted_at": null, "word": null}),
        json!({"reports": [], "counted_at": COUNTED_AT, "word": null, "site": blank}),
        json!({"reports": [], "counted_at": COUNTED_AT, "word": null, "desk": viewer()}),
    ]
}

fn form() -> Value {
    json!({
        "slug": "", "title": "Digital councils", "summary": "What 75 councils say.",
        "body": "## Inside\n\nA survey.", "pages": "24", "seen": "title=0123456789abcdef",
        "required": ["name"],
        "required_options": [
            {"value": "name", "title": "Name", "hint": null},
            {"value": "organisation", "title": "Organisation", "hint": null},
        ],
        "newsletters": ["weekly"],
        "newsletter_options": [
            {"value": "weekly", "title": "The weekly", "hint": "News every Thursday"},
            {"value": "daily", "title": "The daily", "hint": null},
        ],
        "purposes": ["partner-offers"],
        "purpose_options": [
            {"value": "partner-offers", "title": "Offers of partners", "hint": "Partners may email me."},
        ],
    })
}

fn blank_form() -> Value {
    let mut form = form();
    for name in ["title", "summary", "body", "pages", "seen"] {
        form[name] = json!("");
    }
    for name in ["required", "newsletters", "newsletter_options", "purposes", "purpose_options"] {
        form[name] = json!([]);
    }
    form
}

fn report_page() -> Vec<Value> {
    let page = |state, errors: Value, changed: Value, missing: Value| {
        let mut report = summary(state);
        report["sha256"] = json!(SHA256);
        report["summary"] = json!("What 75 councils say.");
        let cover = (state == "published").then_some("/console/reports/digital-councils/cover");
        report["cover"] = json!(cover);
        report["contacts_path"] = json!(CONTACTS);
        json!({"report": report, "figures": figures(), "counted_at": COUNTED_AT, "form": form(),
               "missing": missing, "errors": errors, "changed": changed, "word": null})
    };
    let mut added = page("draft", json!([]), json!([]), json!([]));
    added["word"] = json!("The report is added as a draft.");
    let mut seen = page("published", json!([]), json!([]), json!([]));
    seen["desk"] = viewer();
    let mut admin = page("draft", json!([]), json!([]), json!(["policy"]));
    admin["desk"] = desk();
    admin["desk"]["can"]["publish_policy"] = json!(true);
    let mut uncounted = page("published", json!([]), json!([]), json!([]));
    uncounted["figures"] = not_counted();
    uncounted["counted_at"] = json!(null);
    vec![
        added,
        uncounted,
        page("published", json!([]), json!([]), json!([])),
        seen,
        admin,
        page("draft", json!([]), json!([]), json!(["controller", "policy"])),
        page(
            "withdrawn",
            json!([{"field": "title", "message": "Somebody else changed this while you did"}]),
            json!([{"field": "title", "title": "Title", "now": "Councils"},
                   {"field": "body", "title": "Text of the page", "now": "Text"}]),
            json!([]),
        ),
    ]
}

fn report_new() -> Vec<Value> {
    let errors = json!([{"field": "file", "message": "Choose the file that readers get"}]);
    vec![json!({"form": blank_form(), "errors": []}), json!({"form": form(), "errors": errors})]
}

fn delete() -> Vec<Value> {
    let page = |state, errors: Value| json!({"report": summary(state), "errors": errors});
    vec![
        page("draft", json!([])),
        page("draft", json!([{"field": "sure", "message": "Tick the box"}])),
        page(
            "published",
            json!([{"field": "form", "message": "This report is no draft any more"}]),
        ),
        page("withdrawn", json!([])),
    ]
}

fn withdraw() -> Vec<Value> {
    let page = |grants, errors: Value| json!({"report": summary("published"), "grants": grants, "errors": errors});
    vec![
        page(0, json!([])),
        page(1, json!([])),
        page(1234, json!([{"field": "sure", "message": "Tick the box"}])),
    ]
}
