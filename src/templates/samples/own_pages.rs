//! What the pages behind a person's own link are given.

use serde_json::{Value, json};

use super::values::{ADDRESS, BASE_URL, MOMENT, TOKEN, policy};

pub(super) fn of(page: &str) -> Vec<Value> {
    match page {
        "public/preferences_ask.html" | "public/fresh_link.html" => vec![
            json!({"word": null, "email": "", "error": null}),
            json!({"word": "The message is on its way.", "email": "", "error": null}),
            json!({"word": null, "email": "reader", "error": "Enter an email address"}),
        ],
        "public/preferences.html" => preferences(),
        "public/unsubscribe.html" => vec![
            unsubscribe(&["The weekly"], false),
            unsubscribe(&["Privacy policy"], true),
            unsubscribe(&[], false),
            unsubscribe(&[], true),
        ],
        "public/unsubscribed.html" => vec![
            json!({"topics": ["The weekly"], "everything": false}),
            json!({"topics": ["Privacy policy"], "everything": true}),
            json!({"topics": [], "everything": false}),
            json!({"topics": [], "everything": true}),
        ],
        "public/my_data.html" => vec![my_data(), nothing_held()],
        "public/receipt.html" => receipt(),
        "public/renew.html" => renew(),
        "public/renewed.html" => vec![
            renewed(&["Privacy policy", "The weekly"], &[], None),
            renewed(&[], &[], None),
            renewed(
                &["Privacy policy"],
                &[json!({"name": "The weekly", "until": MOMENT})],
                Some("Something that you ticked has ended meanwhile"),
            ),
        ],
        _ => vec![],
    }
}

fn preferences() -> Vec<Value> {
    let row = |code: &str, state: Value| {
        let agreed = state == "given" || state == "renewed";
        json!({
            "code": code, "name": "The weekly", "description": "What councils build.",
            "words": "Send me the weekly.", "notice": (code == "partner-offers").then_some("5a1f"),
            "on_record": Value::Null,
            "checked": agreed, "offered": code != "newsletter:weekly", "state": state, "since": state.as_str().map(|_| MOMENT),
            "policy_label": agreed.then_some("2026-11"),
            "policy_url": agreed.then_some("/policies/privacy/2026-11"),
            "receipt_url": state.as_str().map(|_| "/preferences/TOKEN/receipts/1"),
        })
    };
    let sample = |word: Value, error: Value, renew: Value| {
        json!({
            "token": TOKEN, "word": word, "error": error, "address": "reader@council.example",
            "name": "Ada Reader", "renew": renew, "policy": policy(), "seen": 4,
            "purposes": [
                row("privacy-policy", json!("given")),
                row("newsletter:weekly", json!("withdrawn")),
                row("partner-offers", Value::Null),
            ],
            "any_in_force": error.is_null(),
            "without_policy": false,
        })
    };
    let error = |field: &str| json!({"field": field, "message": "Do this instead"});
    let renew = json!({"until": MOMENT, "url": format!("{BASE_URL}/renew/TOKEN")});
    let mut samples = vec![
        sample(Value::Null, Value::Null, Value::Null),
        sample(json!("Your choices are saved."), Value::Null, renew),
    ];
    for field in ["purpose", "policy", "confirm", "name"] {
        samples.push(sample(Value::Null, error(field), Value::Null));
    }
    let mut brought_in = sample(Value::Null, Value::Null, Value::Null);
    brought_in["purposes"] =
        json!([row("privacy-policy", Value::Null), row("newsletter:weekly", json!("given"))]);
    brought_in["purposes"][1]["on_record"] = json!("Consent given elsewhere");
    brought_in["without_policy"] = json!(true);
    samples.push(brought_in);
    samples
}

fn my_data() -> Value {
    let some = json!("Something");
    json!({"token": TOKEN, "data": {
        "generated_at": MOMENT,
        "subscriber": {
            "subscriber_id": "1", "email": "reader@council.example", "name": some,
            "organisation": some, "job_title": some, "verified_at": MOMENT, "created_at": MOMENT,
        },
        "consents": [{
            "purpose": "newsletter:weekly", "state": "given", "words": "Send me the weekly.",
            "notice_sha256": "5a1f", "policy_version": "2026-11", "requested_at": MOMENT,
            "confirmed_at": MOMENT, "report": "digital-councils", "source": "/newsletters",
            "receipt_id": "1", "receipt_url": format!("{BASE_URL}/preferences/TOKEN/receipts/1.jws"),
        }],
        "events": [{
            "event_id": "1", "type": "given", "purpose": "privacy-policy", "recorded_at": MOMENT,
            "method": "form", "source": "/newsletters", "policy_version": "2026-11",
            "words": "Send me the weekly.", "evidence": {},
        }],
        "signups": [{
            "signup_id": "1", "email": "reader@council.example", "name": some, "organisation": some,
            "job_title": some, "report": "digital-councils", "status": "confirmed", "method": "form",
            "source": "/newsletters", "created_at": MOMENT, "confirmed_at": MOMENT,
        }],
        "downloads": [{
            "report": "digital-councils", "granted_at": MOMENT, "expires_at": MOMENT, "used": 1,
            "limit": 20, "starts": [MOMENT],
        }],
        "mails": [{"kind": "confirm", "state": "sent", "created_at": MOMENT}],
        "bounces": [{"mail": "confirm", "kind": "soft", "status": "4.2.2", "received_at": MOMENT}],
        "suppressions": [
            {"reason": "unsubscribed", "purpose": "partner-offers", "since": MOMENT, "source": null},
            {"reason": "not-me", "purpose": "*", "since": MOMENT, "source": null},
            {"reason": "bounced", "purpose": "*", "since": MOMENT, "source": "Mailchimp"},
        ],
    }})
}

fn nothing_held() -> Value {
    json!({"token": TOKEN, "data": {
        "generated_at": MOMENT, "subscriber": null, "consents": [], "events": [], "signups": [],
        "downloads": [], "mails": [], "bounces": [], "suppressions": [],
    }})
}

fn receipt() -> Vec<Value> {
    let sample = |kind: &str, known: bool| {
        let some = |text: &'static str| known.then_some(text);
        json!({
            "token": TOKEN,
            "id": "1",
            "event": {
                "name": "The weekly", "type": kind, "purpose": "newsletter:weekly",
                "words": some("Send me the weekly."), "at": MOMENT, "policy_label": some("2026-11"),
                "policy_url": some("/policies/privacy/2026-11"), "method": "form",
                "source": some("/newsletters"), "address": "reader@council.example",
                "report": some("digital-councils"), "stated_at": Value::Null, "has_words": known,
            },
            "ledger": known.then(|| json!({
                "index": 4, "size": 312, "root": "R09PRCBST09U", "origin": "reports.example.org",
                "key": "reports.example.org+1234abcd+S0VZ",
            })),
            "file_url": some("/preferences/TOKEN/receipts/1.jws"),
        })
    };
    let mut unlinked = sample("renewed", true);
    unlinked["event"]["policy_url"] = Value::Null;
    unlinked["event"]["stated_at"] = json!(MOMENT);
    unlinked["event"]["has_words"] = json!(false);
    vec![sample("given", true), sample("withdrawn", false), unlinked]
}

fn unsubscribe(topics: &[&str], everything: bool) -> Value {
    json!({"token": TOKEN, "address": ADDRESS, "topics": topics, "everything": everything})
}

fn renew() -> Vec<Value> {
    let row = |code: &str, name: &str, before: Option<&str>, checked: bool| {
        json!({"code": code, "name": name, "words": format!("{name}: I agree."), "notice": "5a1f",
               "checked": checked, "until": MOMENT, "since": MOMENT, "before": before,
               "on_record": code == "partner-offers"})
    };
    let page = |purposes: Value, keep: &[&str], changes: Value, compared: Option<&str>| {
        json!({
            "token": TOKEN, "until": MOMENT, "address": ADDRESS, "policy": policy(),
            "changes": changes, "comparison_url": compared, "purposes": purposes, "keep": keep,
            "leave_url": "/unsubscribe/TOKEN", "error": null,
        })
    };
    let comparison = Some("/policies/privacy/2026-11/changes?since=2024-01");
    let changes = json!(["We keep your details for two years."]);
    let policy = row("privacy-policy", "Privacy policy", None, false);
    let weekly = row("newsletter:weekly", "The weekly", Some("Send me the weekly."), true);
    let offers = row("partner-offers", "Partner offers", Some("Consent given elsewhere"), false);
    let mut refused =
        page(json!([policy, weekly, offers]), &["The weekly", "Partner offers"], json!([]), None);
    refused["error"] = json!("Tick the privacy policy too");
    vec![
        page(json!([policy]), &[], changes.clone(), comparison),
        page(json!([policy, weekly]), &["The weekly"], changes, comparison),
        refused,
    ]
}

fn renewed(purposes: &[&str], left: &[Value], error: Option<&str>) -> Value {
    json!({"token": TOKEN, "policy": policy(), "purposes": purposes, "left": left, "error": error})
}
