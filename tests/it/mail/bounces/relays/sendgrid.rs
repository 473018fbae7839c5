//! SendGrid: the event webhook, signed with ECDSA on P-256.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use macro_rules_attribute::apply;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::mail::bounces::relays::{
    ADA, Relay, STRANGE, UNMARKED, What, answered, ends_nothing_for_others, header, path, refusal,
    start, state, subscriber, tells_what_came_back,
};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::inbox::Mail;

/// `SubjectPublicKeyInfo` of a key on P-256, up to its point (RFC 5480 §2).
const BEFORE_POINT: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

struct SendGrid {
    pair: EcdsaKeyPair,
}

impl SendGrid {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap() }
    }

    /// The verification key, as SendGrid shows it. Twenty-seven bytes stand before the two numbers of the point.
    fn key(&self) -> String {
        format!("{BEFORE_POINT}{}", STANDARD.encode(&self.pair.public_key().as_ref()[1..]))
    }

    fn signature(&self, time: &str, body: &str) -> String {
        let signed = format!("{time}{body}");
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        STANDARD.encode(signature.as_ref())
    }

    async fn post(&self, app: &TestApp, body: &str) -> Answer {
        let time = "1795424400";
        post(app, &[(SIGNATURE, &self.signature(time, body)), (TIMESTAMP, time)], body).await
    }
}

const SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
const TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

async fn post(app: &TestApp, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = app.request("POST", &path("sendgrid")).header("content-type", "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.send(request.body(body.to_owned())).await
}

impl Relay for SendGrid {
    const NAME: &'static str = "sendgrid";

    fn mark(mail: &Mail) -> String {
        let sent: Value = serde_json::from_str(&header(mail, "X-SMTPAPI")).unwrap();
        sent["unique_args"]["assent-mail"].as_str().unwrap().to_owned()
    }

    fn event(what: What, mark: &str, to: &str) -> Value {
        let mut event = json!({
            "email": to, "timestamp": 1_795_424_400, "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
            "category": ["cat facts"], "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "assent-mail": mark,
        });
        let more = match what {
            What::Gone => json!({
                "event": "bounce", "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
                "status": "5.1.1", "type": "bounce", "bounce_classification": "Invalid Address", "tls": 1,
            }),
            What::Policy => json!({
                "event": "bounce", "reason": "550 5.7.1 Message rejected due to local policy", "status": "5.7.1",
                "type": "bounce", "bounce_classification": "Content",
            }),
            What::Full => json!({
                "event": "deferred", "response": "452 4.2.2 Mailbox full, try again later", "attempt": "5",
            }),
            What::NotTried => {
                json!({"event": "dropped", "reason": "Bounced Address", "status": "5.0.0"})
            }
            What::Complaint => json!({"event": "spamreport"}),
            What::Delivered => json!({"event": "delivered", "response": "250 OK"}),
        };
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    }

    async fn tell(&self, app: &TestApp, event: &Value) -> Answer {
        self.post(app, &json!([event]).to_string()).await
    }

    async fn forge(&self, app: &TestApp, event: &Value) -> (Answer, &'static str) {
        (Self::new().tell(app, event).await, "wrong")
    }
}

#[apply(both_databases!)]
async fn what_came_back(database: Database) {
    let relay = SendGrid::new();
    let app = start(database, "sendgrid", &relay.key()).await;
    tells_what_came_back(&app, &relay).await;
}

#[apply(both_databases!)]
async fn what_is_somebody_elses(database: Database) {
    let relay = SendGrid::new();
    let app = start(database, "sendgrid", &relay.key()).await;
    ends_nothing_for_others(&app, &relay).await;
}

#[apply(both_databases!)]
async fn of_several_events_each_counts(database: Database) {
    let relay = SendGrid::new();
    let app = start(database, "sendgrid", &relay.key()).await;
    let ada = subscriber(&app, ADA).await;
    let bob = subscriber(&app, "bob@b.example").await;
    let (ada, bob) = (SendGrid::mark(&ada), SendGrid::mark(&bob));
    let before = state(&app).await;
    let mut blocked = SendGrid::event(What::Gone, &bob, "bob@b.example");
    blocked["type"] = json!("blocked");
    let events = json!([
        SendGrid::event(What::Gone, &ada, ADA),
        SendGrid::event(What::Complaint, &bob, "bob@b.example"),
        blocked,
        SendGrid::event(What::Gone, &ada, ADA),
        SendGrid::event(What::Gone, "", ADA),
        {"event": "open", "email": ADA, "assent-mail": ada},
        {"event": ["bounce"]},
        7,
    ]);
    let (recorded, reasons) = answered(&relay.post(&app, &events.to_string()).await);
    let why = |why: &str, count: u64| (why.to_owned(), count);
    let mut expected =
        vec![why("neither a bounce nor a complaint", 1), why(STRANGE, 2), why(UNMARKED, 1)];
    expected.sort();
    assert_eq!((recorded, reasons), (4, expected));
    let after = state(&app).await;
    assert_eq!((after[0], after[3]), (before[0] + 3, before[3]));
    assert_eq!(answered(&relay.post(&app, "[]").await), (0, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_as_it_is_is_refused() {
    let relay = SendGrid::new();
    let app = start(Database::Sqlite, "sendgrid", &relay.key()).await;
    let mail = app.ask_and_read(ADA, "").await;
    let body = json!([SendGrid::event(What::Gone, &SendGrid::mark(&mail), ADA)]).to_string();
    let before = state(&app).await;
    let signature = relay.signature("1795424400", &body);
    let right = [(SIGNATURE, signature.as_str()), (TIMESTAMP, "1795424400")];
    for (headers, sent, code) in [
        (&right[..], format!("{body} "), "wrong"),
        (&[right[0], (TIMESTAMP, "1795424401")], body.clone(), "wrong"),
        (&[(SIGNATURE, "!"), right[1]], body.clone(), "wrong"),
        (&[(SIGNATURE, ""), right[1]], body.clone(), "wrong"),
        (&[right[0], right[0], right[1]], body.clone(), "missing"),
        (&right[..1], body.clone(), "missing"),
        (&right[1..], body.clone(), "missing"),
        (&[], body.clone(), "missing"),
    ] {
        assert_eq!(refusal(&post(&app, headers, &sent).await, 401), code, "{headers:?}");
    }
    let deep = "[".repeat(100_000);
    for body in ["", "{}", "null", "[", "\u{0}", deep.as_str()] {
        assert_eq!(refusal(&relay.post(&app, body).await, 422), "malformed");
    }
    assert_eq!(state(&app).await, before);
    assert_eq!(answered(&post(&app, &right, &body).await), (1, vec![]));
}
