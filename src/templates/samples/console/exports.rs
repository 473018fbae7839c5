//! What the screens of `/console/exports` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "exports.html" => choosing(),
        "export.html" => one(),
        _ => vec![],
    }
}

const AT: &str = "2026-11-23T09:00:00.000000Z";
const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn run(state: &str, sha256: Option<&str>, filter: &[&str]) -> Value {
    json!({
        "id": "0198a0d1-c9a8-7b3c-8d4e-5f60718293a4", "who": "ada@example.org", "at": AT,
        "purpose": "newsletter:weekly", "filter": filter, "format": "csv", "rows": 1204,
        "state": state, "sha256": sha256,
    })
}

fn choosing() -> Vec<Value> {
    let choices = json!({
        "purposes": [{"value": "privacy-policy", "title": "Privacy policy"},
                     {"value": "newsletter:weekly", "title": "The weekly"}],
        "reports": [{"value": "sample", "title": "A sample report"}],
        "policies": [{"value": "2026-11", "title": "2026-11"}],
        "presets": [{"value": "hubspot", "title": "HubSpot"}],
        "formats": [{"value": "csv", "title": "CSV", "hint": "For spreadsheets"},
                    {"value": "xlsx", "title": "Excel workbook", "hint": "Every cell is text"}],
    });
    let asked = |purpose: &str, since: &str| {
        json!({"purpose": purpose, "report": "", "since": since, "until": "", "policy": "",
               "format": "csv", "preset": "", "links": ""})
    };
    let found = |count: i64, is_more: bool, rows: Value| {
        json!({"count": count, "is_more": is_more, "allows": "You may send it to them.",
               "purpose": "newsletter:weekly", "rows": rows,
               "download": "/console/exports/consented?purpose=newsletter%3Aweekly"})
    };
    let rows = json!([
        {"subscriber_id": "0198a0d1-c9a8-7b3c-8d4e-5f60718293a4", "email": "ada@example.org",
         "name": "Ada Hughes", "organisation": "Northmoor", "report": "sample", "policy": "2026-11",
         "confirmed_at": AT},
        {"subscriber_id": "0198a0d1-c9a8-7b3c-8d4e-5f60718293a5", "email": "bob@example.org",
         "name": null, "organisation": null, "report": null, "policy": "2026-11", "confirmed_at": AT},
    ]);
    let page = |asked: Value, errors: Value, found: Value, runs: Value, older: Option<&str>| {
        json!({"choices": choices, "asked": asked, "errors": errors, "found": found, "runs": runs,
               "newer": older.map(|_| "/console/exports"), "older": older})
    };
    let runs = json!([run("done", Some(SHA256), &["Report sample"]), run("running", None, &[])]);
    let errors = json!([{"field": "purpose", "message": "Choose a purpose from the list"}]);
    vec![
        page(asked("", ""), json!([]), Value::Null, json!([]), None),
        page(
            asked("newsletter:weekly", AT),
            json!([]),
            found(2, false, rows.clone()),
            runs.clone(),
            None,
        ),
        page(
            asked("newsletter:weekly", ""),
            json!([]),
            found(250_000, true, rows),
            runs.clone(),
            Some("/console/exports?before=0198a0d1-c9a8-7b3c-8d4e-5f60718293a4"),
        ),
        page(
            asked("newsletter:weekly", ""),
            json!([]),
            found(0, false, json!([])),
            runs.clone(),
            None,
        ),
        page(asked("nothing", "never"), errors, Value::Null, runs, None),
    ]
}

fn one() -> Vec<Value> {
    let page = |run: Value, is_open: bool, expected: Option<i64>, file: Option<&str>| {
        json!({
            "run": run, "is_open": is_open, "is_job": true, "expected": expected, "started_at": AT,
            "finished_at": file.map(|_| AT), "reason": null, "file": file,
            "size": file.map(|_| "82 MB"), "until": file.map(|_| AT),
            "withdrawn": file.map(|_| json!({"count": 21, "shown": [
                {"subscriber_id": "0198a0d1-c9a8-7b3c-8d4e-5f60718293a4", "email": "ada@example.org",
                 "why": "manual", "at": AT},
                {"subscriber_id": null, "email": null, "why": "erased", "at": AT},
            ]})),
            "stale": false,
            "word": null,
        })
    };
    let mut stale = page(run("done", Some(SHA256), &[]), false, Some(1204), None);
    (stale["withdrawn"], stale["stale"]) = (Value::Null, true.into());
    let mut waiting = page(run("waiting", None, &[]), true, None, None);
    waiting["started_at"] = Value::Null;
    waiting["word"] = "The file is being made".into();
    let mut failed = page(run("failed", None, &["With links to unsubscribe"]), false, None, None);
    failed["reason"] = "the browser went away".into();
    let mut expired = page(run("expired", Some(SHA256), &[]), false, Some(1204), None);
    expired["withdrawn"] = json!({"count": 0, "shown": []});
    let file = "/console/exports/0198a0d1-c9a8-7b3c-8d4e-5f60718293a4/file";
    vec![
        waiting,
        page(run("running", None, &[]), true, Some(312_000), None),
        page(run("done", Some(SHA256), &["Report sample"]), false, Some(1204), Some(file)),
        failed,
        expired,
        stale,
    ]
}
