//! What the screens of `/console/subscribers` are given.

use serde_json::{Value, json};

pub(super) fn of(screen: &str) -> Vec<Value> {
    match screen {
        "subscribers.html" => list(),
        "subscriber.html" => vec![person(true), person(false)],
        "erase.html" => {
            let errors = json!([{"field": "sure", "message": "Do this instead"}]);
            [json!([]), errors]
                .map(|errors| {
                    json!({
                        "person": {"path": "/console/subscribers/ID", "email": "ada@example.org"},
                        "counts": {"events": 3, "forms": 1, "mails": 2, "downloads": 1},
                        "errors": errors,
                    })
                })
                .to_vec()
        }
        "erased.html" => vec![json!({})],
        "receipt.html" => receipts(),
        _ => vec![],
    }
}

const AT: &str = "2026-11-23T09:00:00.000000Z";

fn list() -> Vec<Value> {
    let option = json!([{"value": "privacy-policy", "title": "Privacy policy"}]);
    let whole = json!({
        "asked": {"q": "", "purpose": "", "state": "", "report": "", "policy": "", "since": "",
                  "until": "", "suppressed": ""},
        "options": {"purposes": option, "states": option, "reports": option, "policies": option,
                    "suppressed": option},
        "filtered": false,
        "errors": [],
        "rows": [{
            "path": "/console/subscribers/ID", "email": "ada@example.org", "name": "Ada Hughes",
            "organisation": "Leeds City Council", "since": AT,
            "consents": [{"title": "Privacy policy", "state": "given"}], "stopped": true,
        }],
        "unconfirmed": null,
        "count": {"kind": "exactly", "number": 1},
        "total": {"kind": "more", "number": 5000},
        "cut_short": false,
        "older": "/console/subscribers?after=ID",
        "newer": "/console/subscribers?before=ID",
    });
    let with = |changes: Value| {
        let mut sample = whole.clone();
        for (name, value) in changes.as_object().into_iter().flatten() {
            sample[name] = value.clone();
        }
        sample
    };
    let row = json!([{
        "path": "/console/subscribers/ID", "email": "ada@example.org", "name": null,
        "organisation": null, "since": AT, "consents": [], "stopped": false,
    }]);
    let unconfirmed = json!({
        "address": "ada@example.org", "asked_at": AT, "status": "pending", "report": "report",
        "mail": "sent", "mailed_at": AT, "bounced": true,
        "suppressions": "/console/suppressions?address=ADDRESS",
    });
    let never_mailed = json!({
        "address": "ada@example.org", "asked_at": AT, "status": "expired", "report": null,
        "mail": null, "mailed_at": null, "bounced": false,
        "suppressions": "/console/suppressions?address=ADDRESS",
    });
    let errors = json!([{"field": "q", "message": "Do this instead"}]);
    vec![
        whole.clone(),
        with(json!({"rows": row, "filtered": true, "older": null, "newer": null})),
        with(json!({"rows": row, "filtered": true, "count": {"kind": "unknown", "number": 0},
                    "cut_short": true})),
        with(json!({"rows": [], "filtered": true, "cut_short": true})),
        with(json!({"rows": [], "filtered": true, "unconfirmed": unconfirmed})),
        with(json!({"rows": [], "filtered": true, "unconfirmed": never_mailed})),
        with(json!({"rows": [], "filtered": true})),
        with(json!({"rows": [], "errors": errors})),
        with(json!({"rows": [], "older": null, "newer": null})),
    ]
}

fn person(full: bool) -> Value {
    let text = |text: &str| if full { json!(text) } else { Value::Null };
    let answer = |kind: &str| {
        json!({"purpose": "privacy-policy", "title": "Privacy policy", "kind": kind,
               "sentence": "They agreed.", "in_force": kind != "no", "receipt": text("/console/receipts/ID")})
    };
    let some = |list: Value| if full { list } else { json!([]) };
    json!({
        "person": {
            "path": "/console/subscribers/ID", "id": "ID",
            "suppressions": "/console/suppressions?address=ADDRESS", "email": "ada@example.org",
            "name": text("Ada Hughes"), "organisation": text("Leeds City Council"),
            "job_title": text("Officer"), "verified_at": AT, "created_at": AT,
        },
        "allowed": some(json!(["Weekly briefing"])),
        "answers": [answer("yes"), answer("no"), answer("hold")],
        "unchecked": full,
        "suppressions": some(json!([
            {"reason": "bounced", "for": null, "since": AT},
            {"reason": "unsubscribed", "for": "Weekly briefing", "since": AT},
        ])),
        "left": some(json!([{"value": "privacy-policy", "title": "Privacy policy"}])),
        "timeline": [{
            "at": AT, "title": "Agreed", "kind": "on", "words": text("I agree."),
            "facts": some(json!([{"term": "Policy", "text": "2026-11"}])),
            "receipt": text("/console/receipts/ID"),
        }],
        "word": text("The withdrawal is recorded."),
        "errors": some(json!([{"field": "sure", "message": "Do this instead"}])),
    })
}

fn receipts() -> Vec<Value> {
    let receipt = |full: bool| {
        let text = |text: &str| if full { json!(text) } else { Value::Null };
        json!({
            "receipt": {
                "id": "ID", "state": "given", "title": "Privacy policy", "at": AT,
                "words": text("I agree."), "sha256": text("HASH"), "policy": text("2026-11"),
                "method": "a form", "source": text("/reports/report"), "report": text("report"),
                "address": text("ada@example.org"),
            },
            "person": text("/console/subscribers/ID"),
            "ledger": if full { json!({"index": 1, "size": 2, "root": "ROOT"}) } else { Value::Null },
            "file": text("/console/receipts/ID/file"),
        })
    };
    vec![receipt(true), receipt(false)]
}
