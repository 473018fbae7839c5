//! What the screen of `/console` is given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "dashboard.html" => vec![dashboard(), nothing_yet(), nothing_lately(), being_counted()],
        _ => vec![],
    }
}

fn dashboard() -> Value {
    let way = |title: &str, n: u32| {
        json!({"title": title, "submitted": n, "mailed": n - 4, "bounced": 2, "confirmed": n - 20,
               "downloaded": n - 30})
    };
    json!({
        "alarms": [{
            "title": "Mail waits: the mail relay cannot be used",
            "detail": "the relay cannot be reached", "todo": "Nothing is lost.",
            "href": "/console/mail?state=queued", "since": "2026-11-23T08:40:00.000000Z",
        }],
        "steps": [],
        "spans": [
            {"title": "7 days", "path": "/console?days=7", "current": false},
            {"title": "30 days", "path": "/console?days=30", "current": true},
        ],
        "days": "30",
        "form": "",
        "forms": [{"value": "reports/digital-councils", "title": "Digital councils 2026"},
                  {"value": "newsletters", "title": "Newsletters alone"}],
        "again": "/console?days=30",
        "figures": {
            "counted_at": "2026-11-23T09:41:00.000000Z",
            "today": {"signups": 12, "waiting": 3, "confirmed": 9, "downloads": 14},
            "title": "All forms",
            "funnel": [
                {"label": "Submitted", "number": 1240, "lost": false},
                {"label": "Mailed a link", "number": 1232, "lost": false},
                {"label": "Mail came back", "number": 4, "lost": true},
                {"label": "Confirmed", "number": 1200, "lost": false},
                {"label": "Downloaded", "number": 1180, "lost": false},
            ],
            "rows": [way("Digital councils 2026", 1000), way("Newsletters alone", 240)],
            "total": way("All forms", 1240),
            "unit": "day",
            "columns_title": "Signups for each day",
            "columns": [
                {"day": "2026-11-22T00:00:00.000000Z", "number": 31, "part": 28},
                {"day": "2026-11-23T00:00:00.000000Z", "number": 12, "part": 9},
            ],
            "domains": [{"label": "leeds.example", "number": 40}, {"label": "york.example", "number": 12}],
            "dropped": [{"title": "Digital councils 2026", "dropped": 3}],
            "whole_since": "2026-11-16T09:41:00.000000Z",
        },
    })
}

/// Everything is set up, and nobody came.
fn nothing_lately() -> Value {
    let mut sample = nothing_yet();
    sample["steps"] = json!([]);
    sample
}

/// A new installation.
fn nothing_yet() -> Value {
    let mut sample = dashboard();
    sample["alarms"] = json!([]);
    sample["steps"] = json!([
        {"title": "Say who you are", "text": "Set ASSENT_CONTROLLER_NAME.", "href": null},
        {"title": "Publish your privacy policy", "text": "Every form asks for consent to it.",
         "href": "/console/policies"},
    ]);
    let figures = &mut sample["figures"];
    figures["rows"] = json!([]);
    figures["domains"] = json!([]);
    figures["dropped"] = json!([]);
    figures["whole_since"] = json!(null);
    sample
}

/// Figures that nobody looked at before, of a great many signups.
fn being_counted() -> Value {
    let mut sample = dashboard();
    sample["figures"] = json!(null);
    sample
}
