//! Postmark: bounce and spam complaint webhooks, with basic authentication.

use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::mail::bounces::relays::{
    ADA, Relay, What, answered, ends_nothing_for_others, header, ignored, path, refusal, start,
    state, tells_what_came_back,
};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::inbox::Mail;

const KEY: &str = "hook:sixteen-letters:and-more";

struct Postmark;

async fn post(app: &TestApp, authorization: Option<&str>, body: &str) -> Answer {
    let request = app.request("POST", &path("postmark")).header("content-type", "application/json");
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    app.send(request.body(body.to_owned())).await
}

fn basic(userpass: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(userpass))
}

impl Relay for Postmark {
    const NAME: &'static str = "postmark";

    fn mark(mail: &Mail) -> String {
        header(mail, "X-PM-Metadata-assent-mail")
    }

    fn event(what: What, mark: &str, to: &str) -> Value {
        let hard = ("HardBounce", 1, "Hard bounce");
        let ((kind, code, name), details) = match what {
            What::Gone => {
                (hard, "smtp;550 5.1.1 The email account that you tried to reach does not exist.")
            }
            What::Policy => (hard, "smtp;550 5.7.1 Message rejected due to local policy"),
            What::Full => (("SoftBounce", 4096, "Soft bounce"), "smtp;452 4.2.2 Mailbox full"),
            What::NotTried => (("ManuallyDeactivated", 100_002, "Manually deactivated"), ""),
            What::Complaint => {
                return json!({
                    "RecordType": "SpamComplaint", "MessageStream": "outbound", "ID": 42, "Type": "SpamComplaint",
                    "TypeCode": 100_001, "Name": "Spam complaint", "Tag": "Test",
                    "MessageID": "00000000-0000-0000-0000-000000000000", "Metadata": {"assent-mail": mark, "other": "x"},
                    "ServerID": 1234, "Description": "The subscriber explicitly marked this message as spam.",
                    "Details": "Test spam complaint details", "Email": to, "From": "reports@sample.example",
                    "BouncedAt": "2026-11-23T09:00:00Z", "DumpAvailable": true, "Inactive": true, "CanActivate": false,
                    "Subject": "Test subject",
                });
            }
            What::Delivered => {
                return json!({
                    "MessageID": "00000000-0000-0000-0000-000000000000", "Recipient": to,
                    "DeliveredAt": "2026-11-23T09:00:00Z", "Details": "Test delivery webhook details", "Tag": "welcome",
                    "ServerID": 23, "Metadata": {"assent-mail": mark}, "RecordType": "Delivery", "MessageStream": "outbound",
                });
            }
        };
        json!({
            "RecordType": "Bounce", "MessageStream": "outbound", "ID": 4_323_372_036_854_775_807_u64, "Type": kind,
            "TypeCode": code, "Name": name, "Tag": "Test", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Metadata": {"assent-mail": mark, "other": "x"}, "ServerID": 23,
            "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
            "Details": details, "Email": to, "From": "reports@sample.example", "BouncedAt": "2026-11-23T09:00:00.9070259Z",
            "DumpAvailable": true, "Inactive": true, "CanActivate": true, "Subject": "Test subject",
        })
    }

    async fn tell(&self, app: &TestApp, event: &Value) -> Answer {
        post(app, Some(&basic(KEY)), &event.to_string()).await
    }

    async fn forge(&self, app: &TestApp, event: &Value) -> (Answer, &'static str) {
        (post(app, Some(&basic("hook:seventeen-letters")), &event.to_string()).await, "wrong")
    }
}

#[apply(both_databases!)]
async fn what_came_back(database: Database) {
    let app = start(database, "postmark", KEY).await;
    tells_what_came_back(&app, &Postmark).await;
}

#[apply(both_databases!)]
async fn what_is_somebody_elses(database: Database) {
    let app = start(database, "postmark", KEY).await;
    ends_nothing_for_others(&app, &Postmark).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_kind_of_bounce_is_called_says_nothing_of_the_mailbox() {
    let app = start(Database::Sqlite, "postmark", KEY).await;
    let mail = app.ask_and_read(ADA, "").await;
    let mut event = Postmark::event(What::Gone, &Postmark::mark(&mail), ADA);
    for (kind, details, said) in [
        // Its description says "unknown user" of every hard bounce.
        ("HardBounce", "Test bounce details", (1, vec![])),
        ("Blocked", "smtp;550 5.1.1 No such user", (1, vec![])),
        ("Transient", "smtp;550 5.1.1 No such user", (1, vec![])),
        ("AutoResponder", "", ignored("an automatic reply (RFC 3834)")),
        ("Subscribe", "", ignored("a mail server's message that tells of no mail that came back")),
    ] {
        event["Type"] = json!(kind);
        event["Details"] = json!(details);
        assert_eq!(answered(&Postmark.tell(&app, &event).await), said, "{kind}");
    }
    assert_eq!(state(&app).await[..2], [1, 0], "counted, once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_know_the_password_is_told_nothing() {
    let app = start(Database::Sqlite, "postmark", KEY).await;
    let mail = app.ask_and_read(ADA, "").await;
    let event = Postmark::event(What::Gone, &Postmark::mark(&mail), ADA).to_string();
    let before = state(&app).await;
    let bearer = format!("Bearer {KEY}");
    for (sent, code) in [
        (None, "missing"),
        (Some(""), "missing"),
        (Some("Basic"), "missing"),
        (Some(bearer.as_str()), "missing"),
        (Some("Basic !"), "wrong"),
        (Some(&*basic("hook:sixteen-letters:and-mor")), "wrong"),
        (Some(&*basic("hook:sixteen-letters:and-more ")), "wrong"),
    ] {
        let answer = post(&app, sent, &event).await;
        assert_eq!(refusal(&answer, 401), code, "{sent:?}");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"bounces\"");
        // Nor whether what they sent was JSON.
        assert_eq!(refusal(&post(&app, sent, "{").await, 401), code);
    }
    let deep = "[".repeat(100_000);
    for body in ["", "{", "[]", "null", "\"x\"", "\u{0}", deep.as_str()] {
        assert_eq!(refusal(&post(&app, Some(&basic(KEY)), body).await, 422), "malformed");
    }
    assert_eq!(state(&app).await, before);
    let lower = basic(KEY).replace("Basic", "basic");
    assert_eq!(answered(&post(&app, Some(&lower), &event).await), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_counted_for_their_network() {
    let set = [
        ("ASSENT_MAIL_RELAY_EVENTS", "postmark"),
        ("ASSENT_MAIL_RELAY_EVENTS_KEY", KEY),
        ("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour"),
    ];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    for _ in 0..3 {
        assert_eq!(refusal(&post(&app, None, "{}").await, 401), "missing");
    }
    let answer = post(&app, None, "{}").await;
    assert_eq!(refusal(&answer, 429), "");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    let event = json!({"RecordType": "Delivery"});
    let said = answered(&Postmark.tell(&app, &event).await);
    assert_eq!(said, ignored("news of a mail that arrived"), "the relay itself is still heard");
    // Nor do guesses here keep anybody of that network from the API or from signing up.
    let token =
        app.request("GET", "/api/v1/withdrawals").header("authorization", "Bearer assent_guess");
    assert_eq!(app.send(token).await.status, 401);
    assert_eq!(app.ask(ADA).await.status, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_the_relay_is_told_to_come_back() {
    let app = start(Database::Postgres, "postmark", KEY).await;
    let mail = app.ask_and_read(ADA, "").await;
    app.core.db.close().await;
    let event = Postmark::event(What::Gone, &Postmark::mark(&mail), ADA);
    let answer = Postmark.tell(&app, &event).await;
    assert_eq!(refusal(&answer, 503), "");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
}
