//! What the screens of `/console/mail` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "mail.html" => vec![
            list(),
            waiting(),
            nothing("queued", ""),
            nothing("parked", ""),
            nothing("", "confirm"),
            nothing("", ""),
        ],
        "mail_one.html" => one(),
        "mail_retry.html" => retry(),
        _ => vec![],
    }
}

const REASON: &str = "refused: the relay said 554 5.7.1 to the recipient";

fn parked() -> Value {
    json!({
        "id": "019ab000-0000-7000-8000-000000000001", "kind": "Confirmation link", "state": "parked",
        "is_due": true, "under_way": false, "attempts": 1, "next_at": "2026-11-23T09:00:00.000000Z",
        "created_at": "2026-11-23T09:00:00.000000Z", "finished_at": "2026-11-23T09:00:02.000000Z",
        "reason": REASON, "email": "sam@leeds.example",
        "subscriber_id": "019ab000-0000-7000-8000-000000000002",
    })
}

fn queued() -> Value {
    let mut mail = parked();
    mail["state"] = json!("queued");
    mail["is_due"] = json!(false);
    mail["finished_at"] = json!(null);
    mail["reason"] = json!(null);
    mail["email"] = json!(null);
    mail["subscriber_id"] = json!(null);
    mail
}

fn list() -> Value {
    json!({
        "word": "One mail is on its way again.",
        "relay": {
            "title": "Mail waits: the mail relay cannot be used", "detail": "it cannot be reached",
            "todo": "Nothing is lost.", "href": "/console/mail?state=queued",
            "since": "2026-11-23T08:40:00.000000Z",
        },
        "counts": {"queued": 12, "parked": 3, "dropped": 1, "sent": "10,000+"},
        "sent_since": "2026-11-22T09:41:00.000000Z",
        "states": [{"title": "Waiting", "path": "/console/mail?state=queued", "current": false},
                   {"title": "Parked", "path": "/console/mail?state=parked", "current": true}],
        "state": "parked",
        "kind": "",
        "kinds": [{"value": "confirm", "title": "Confirmation link"}],
        "reason": REASON,
        "reasons": [{"reason": REASON, "count": 3, "path": "/console/mail?reason=x",
                     "retry": "/console/mail/retry?reason=x"}],
        "mails": [parked()],
        "newest": "/console/mail?state=parked",
        "older": "/console/mail?state=parked&after=x",
    })
}

fn waiting() -> Value {
    let mut sample = list();
    let counts = json!({"queued": "10,000+", "parked": "10,000+", "dropped": "10,000+", "sent": 5});
    let (mut under_way, mut dropped) = (queued(), parked());
    under_way["under_way"] = json!(true);
    dropped["state"] = json!("dropped");
    sample["counts"] = counts;
    sample["state"] = json!("");
    sample["reason"] = json!(null);
    sample["mails"] = json!([queued(), under_way, dropped]);
    sample
}

fn nothing(state: &str, kind: &str) -> Value {
    let mut sample = list();
    for name in ["word", "relay", "reason", "newest", "older"] {
        sample[name] = json!(null);
    }
    sample["state"] = json!(state);
    sample["kind"] = json!(kind);
    sample["mails"] = json!([]);
    sample["reasons"] = json!([]);
    sample
}

fn one() -> Vec<Value> {
    let events = json!([
        {"title": "Came back: there is no such mailbox", "kind": "bad",
         "at": "2026-11-23T09:00:09.000000Z", "detail": "The address is not mailed any more."},
        {"title": "Handed to the relay", "kind": "on", "at": "2026-11-23T09:00:02.000000Z", "detail": null},
    ]);
    vec![
        json!({"word": null, "mail": parked(), "may_retry": true, "suppressed": true, "events": events}),
        json!({"word": "The mail is on its way again.", "mail": queued(), "may_retry": false,
               "suppressed": false, "events": []}),
    ]
}

fn retry() -> Vec<Value> {
    let errors = json!([{"field": "sure", "message": "Tick the box if they are to be sent again"}]);
    vec![
        json!({"reason": REASON, "count": 312, "by": "1763884800000000", "errors": []}),
        json!({"reason": REASON, "count": 1, "by": "1763884800000000", "errors": errors}),
        json!({"reason": "", "count": 0, "by": "1763884800000000", "errors": []}),
    ]
}
