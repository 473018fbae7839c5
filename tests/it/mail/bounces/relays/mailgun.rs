//! Mailgun: webhooks, signed within their body.

use std::time::Duration;

use assent_ledger::digest::hex;
use macro_rules_attribute::apply;
use ring::hmac;
use serde_json::{Value, json};

use crate::mail::bounces::relays::{
    ADA, Relay, What, answered, ends_nothing_for_others, header, path, refusal, start, state,
    tells_what_came_back,
};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::inbox::Mail;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";

struct Mailgun;

fn signature(key: &str, seconds: i64) -> Value {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hmac::sign(&key, format!("{seconds}{TOKEN}").as_bytes());
    json!({"timestamp": seconds.to_string(), "token": TOKEN, "signature": hex(signature.as_ref())})
}

fn now(app: &TestApp) -> i64 {
    app.clock.now().micros() / 1_000_000
}

async fn post(app: &TestApp, body: &str) -> Answer {
    let request = app.request("POST", &path("mailgun")).header("content-type", "application/json");
    app.send(request.body(body.to_owned())).await
}

async fn send(app: &TestApp, signature: &Value, event: &Value) -> Answer {
    post(app, &json!({"signature": signature, "event-data": event}).to_string()).await
}

impl Relay for Mailgun {
    const NAME: &'static str = "mailgun";

    fn mark(mail: &Mail) -> String {
        let sent: Value = serde_json::from_str(&header(mail, "X-Mailgun-Variables")).unwrap();
        sent["assent-mail"].as_str().unwrap().to_owned()
    }

    fn event(what: What, mark: &str, to: &str) -> Value {
        let mut event = json!({
            "id": "G9Bn5sl1TC6nu79C8C0bwg", "timestamp": 1_795_424_400.375_624, "log-level": "error", "recipient": to,
            "recipient-domain": "b.example", "tags": ["my_tag_1"], "campaigns": [],
            "user-variables": {"my_var_1": "Mailgun Variable #1", "assent-mail": mark},
            "flags": {"is-routed": false, "is-authenticated": true, "is-system-test": false, "is-test-mode": false},
            "envelope": {"sender": "bounce+x@mg.sample.example", "transport": "smtp", "targets": to},
            "message": {"headers": {"to": to, "message-id": "20130503192659.13651.20287@mg.sample.example",
                "from": "Reports <reports@sample.example>", "subject": "Test"}, "attachments": [], "size": 111},
        });
        let failed = |severity: &str, reason: &str, code: u64, enhanced: &str, message: &str| {
            json!({"event": "failed", "severity": severity, "reason": reason, "delivery-status": {
                "attempt-no": 1, "message": message, "code": code, "enhanced-code": enhanced, "description": "",
                "session-seconds": 0.43, "tls": true, "mx-host": "mx.b.example"}})
        };
        let more = match what {
            What::Gone => {
                let message = "5.1.1 The email account that you tried to reach does not exist.";
                failed("permanent", "bounce", 550, "5.1.1", message)
            }
            What::Policy => failed(
                "permanent",
                "generic",
                550,
                "5.7.1",
                "5.7.1 Message rejected due to local policy",
            ),
            What::Full => failed("temporary", "generic", 452, "4.2.2", "4.2.2 Mailbox full"),
            What::NotTried => {
                let mut event = failed("permanent", "suppress-bounce", 605, "", "");
                event["delivery-status"]["description"] =
                    json!("Not delivering to previously bounced address: no such user");
                event
            }
            What::Complaint => json!({"event": "complained", "log-level": "warn"}),
            What::Delivered => json!({"event": "delivered", "log-level": "info"}),
        };
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    }

    async fn tell(&self, app: &TestApp, event: &Value) -> Answer {
        send(app, &signature(KEY, now(app)), event).await
    }

    async fn forge(&self, app: &TestApp, event: &Value) -> (Answer, &'static str) {
        (send(app, &signature("another key of Mailgun's", now(app)), event).await, "wrong")
    }
}

#[apply(both_databases!)]
async fn what_came_back(database: Database) {
    let app = start(database, "mailgun", KEY).await;
    tells_what_came_back(&app, &Mailgun).await;
}

#[apply(both_databases!)]
async fn what_is_somebody_elses(database: Database) {
    let app = start(database, "mailgun", KEY).await;
    ends_nothing_for_others(&app, &Mailgun).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_within_the_hour_is_refused() {
    let app = start(Database::Sqlite, "mailgun", KEY).await;
    let mail = app.ask_and_read(ADA, "").await;
    let event = Mailgun::event(What::Gone, &Mailgun::mark(&mail), ADA);
    let before = state(&app).await;
    let right = signature(KEY, now(&app));
    let changed = |name: &str, value: Value| {
        let mut signature = right.clone();
        signature[name] = value;
        signature
    };
    for (signature, code) in [
        (signature(KEY, now(&app) - 3_700), "old"),
        (signature(KEY, now(&app) + 3_700), "old"),
        (signature(KEY, i64::MAX), "old"),
        (signature(KEY, i64::MIN), "old"),
        (changed("timestamp", json!((now(&app) + 1).to_string())), "wrong"),
        (changed("token", json!("other")), "wrong"),
        (changed("signature", json!("")), "wrong"),
        (changed("signature", json!("nonsense")), "wrong"),
        (changed("signature", json!(null)), "missing"),
        (changed("timestamp", json!(1_795_424_400)), "missing"),
        (json!({}), "missing"),
        (json!(null), "missing"),
        (json!([right]), "missing"),
    ] {
        assert_eq!(refusal(&send(&app, &signature, &event).await, 401), code, "{signature}");
    }
    let deep = "{\"a\":".repeat(100_000);
    for body in ["", "{", "[]", "null", "\u{0}", deep.as_str()] {
        assert_eq!(refusal(&post(&app, body).await, 422), "malformed");
    }
    assert_eq!(state(&app).await, before);

    // Nearly an hour on its way, and told once more later under a new signature.
    app.advance(Duration::from_mins(59));
    assert_eq!(answered(&send(&app, &right, &event).await), (1, vec![]));
    app.advance(Duration::from_mins(2));
    assert_eq!(refusal(&send(&app, &right, &event).await, 401), "old");
    assert_eq!(answered(&Mailgun.tell(&app, &event).await), (1, vec![]));
    assert_eq!(state(&app).await[0], before[0] + 1);
}
