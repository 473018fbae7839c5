//! Amazon SES: its events through a topic of Amazon SNS, signed by a certificate of Amazon's.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::mail::bounces::relays::amazon::{CERTIFICATE, HOST, StandIn};
use crate::mail::bounces::relays::{
    ADA, Relay, STRANGE, What, answered, ends_nothing_for_others, header, ignored, path, refusal,
    state, subscriber, tells_what_came_back,
};
use crate::mail::bounces::{DOMAIN, return_path};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::inbox::Mail;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:bounces";

struct Ses {
    amazon: StandIn,
    version: &'static str,
}

impl Ses {
    async fn start(database: Database, version: &'static str) -> (TestApp, Self) {
        let amazon = StandIn::start().await;
        let set = [("ASSENT_MAIL_RELAY_EVENTS", "ses"), ("ASSENT_MAIL_RELAY_EVENTS_KEY", TOPIC)];
        let set = [&set[..], &[("ASSENT_MAIL_BOUNCE_DOMAIN", DOMAIN)]].concat();
        let way = amazon.amazon();
        let app = TestApp::start_tuned(database, &set, |core| core.amazon = way).await;
        app.publish_samples().await;
        (app, Self { amazon, version })
    }

    /// A message as SNS posts it, not signed yet.
    fn message(app: &TestApp, text: &str) -> Value {
        json!({
            "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC,
            "Message": text, "Timestamp": app.clock.now().to_string(),
            "SigningCertURL": format!("https://{HOST}{CERTIFICATE}"),
            "UnsubscribeURL": format!("https://{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0"),
        })
    }

    /// The same with its signature.
    fn signed(&self, mut message: Value) -> Value {
        let names: &[&str] = if message["Type"] == "Notification" {
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        } else {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        };
        let text: String = names
            .iter()
            .filter_map(|name| Some([*name, "\n", message[name].as_str()?, "\n"]))
            .flatten()
            .collect();
        let signature = STANDARD.encode(self.amazon.signature(self.version, &text));
        message["SignatureVersion"] = json!(self.version);
        message["Signature"] = json!(signature);
        message
    }
}

async fn post(app: &TestApp, message: &str) -> Answer {
    let request = app
        .request("POST", &path("ses"))
        .header("x-amz-sns-message-type", "Notification")
        .header("content-type", "text/plain; charset=UTF-8");
    app.send(request.body(message.to_owned())).await
}

impl Relay for Ses {
    const NAME: &'static str = "ses";

    fn mark(mail: &Mail) -> String {
        let tag = header(mail, "X-SES-MESSAGE-TAGS");
        tag.strip_prefix("assent-mail=").unwrap().to_owned()
    }

    fn event(what: What, mark: &str, to: &str) -> Value {
        let bounce = |kind: &str, subtype: &str, status: &str, code: &str| {
            json!({"eventType": "Bounce", "bounce": {
                "bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [{"emailAddress": to,
                    "action": "failed", "status": status, "diagnosticCode": format!("smtp; {code}")}],
                "timestamp": "2026-11-23T09:00:00.000Z", "reportingMTA": "dsn; mta.example.com",
                "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000"}})
        };
        let mut event = match what {
            What::Gone => bounce("Permanent", "General", "5.1.1", "550 5.1.1 user unknown"),
            What::Policy => bounce(
                "Permanent",
                "General",
                "5.7.1",
                "550 5.7.1 Message rejected due to local policy",
            ),
            What::Full => json!({"eventType": "DeliveryDelay", "deliveryDelay": {
                "timestamp": "2026-11-23T09:00:00.000Z", "delayType": "MailboxFull",
                "expirationTime": "2026-11-23T21:00:00.000Z", "delayedRecipients": [{"emailAddress": to,
                    "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 Mailbox full"}]}}),
            What::NotTried => {
                bounce("Permanent", "OnAccountSuppressionList", "5.1.1", "550 5.1.1 no such user")
            }
            What::Complaint => json!({"eventType": "Complaint", "complaint": {
                "complainedRecipients": [{"emailAddress": to}], "timestamp": "2026-11-23T09:00:00.000Z",
                "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
                "complaintSubType": null, "userAgent": "Amazon SES Mailbox Simulator",
                "complaintFeedbackType": "abuse", "arrivalDate": "2026-11-23T09:00:00.000Z"}}),
            What::Delivered => json!({"eventType": "Delivery", "delivery": {
                "timestamp": "2026-11-23T09:00:00.000Z", "processingTimeMillis": 11893, "recipients": [to],
                "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "mta.example.com"}}),
        };
        event["mail"] = json!({
            "timestamp": "2026-11-23T09:00:00.000Z", "source": "Reports <reports@sample.example>",
            "sourceArn": "arn:aws:ses:eu-central-1:123456789012:identity/reports@sample.example",
            "sendingAccountId": "123456789012", "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": [to], "headersTruncated": false,
            "headers": [{"name": "From", "value": "Reports <reports@sample.example>"}, {"name": "To", "value": to}],
            "commonHeaders": {"from": ["Reports <reports@sample.example>"], "to": [to], "subject": "Test"},
            "tags": {"ses:configuration-set": ["ConfigSet"], "ses:source-ip": ["192.0.2.0"], "assent-mail": [mark]},
        });
        event
    }

    async fn tell(&self, app: &TestApp, event: &Value) -> Answer {
        let message = self.signed(Self::message(app, &event.to_string()));
        post(app, &message.to_string()).await
    }

    async fn forge(&self, app: &TestApp, event: &Value) -> (Answer, &'static str) {
        let mut message = self.signed(Self::message(app, "{}"));
        message["Message"] = json!(event.to_string());
        (post(app, &message.to_string()).await, "wrong")
    }
}

#[apply(both_databases!)]
async fn what_came_back(database: Database) {
    let (app, relay) = Ses::start(database, "2").await;
    tells_what_came_back(&app, &relay).await;
    assert_eq!(relay.amazon.asked(), [CERTIFICATE], "once");
}

#[apply(both_databases!)]
async fn what_is_somebody_elses(database: Database) {
    let (app, relay) = Ses::start(database, "1").await;
    ends_nothing_for_others(&app, &relay).await;
}

#[apply(both_databases!)]
async fn a_mail_is_known_without_its_tag_too(database: Database) {
    let (app, relay) = Ses::start(database, "2").await;
    let by_header = subscriber(&app, ADA).await;
    let by_source = subscriber(&app, "bob@b.example").await;
    // As an identity's notifications, which have no tags.
    let notification = |mail: &Mail| {
        let mut event = Ses::event(What::Gone, "", &mail.to);
        event["notificationType"] = event["eventType"].take();
        event["mail"]["tags"] = json!(null);
        event
    };
    let mut event = notification(&by_header);
    let asked = json!({"name": "x-ses-message-tags", "value": format!("a=b, {}", header(&by_header, "X-SES-MESSAGE-TAGS"))});
    event["mail"]["headers"].as_array_mut().unwrap().push(asked);
    assert_eq!(answered(&relay.tell(&app, &event).await), (1, vec![]));
    let mut event = notification(&by_source);
    event["mail"]["source"] = json!(return_path(&app, &by_source));
    assert_eq!(answered(&relay.tell(&app, &event).await), (1, vec![]));
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'bounced'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_to_the_topic_is_confirmed_at_its_host() {
    let (app, relay) = Ses::start(Database::Sqlite, "1").await;
    let query =
        format!("Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e2");
    let mut message = Ses::message(&app, "You have chosen to subscribe to the topic.");
    message["Type"] = json!("SubscriptionConfirmation");
    message["Token"] = json!("2336412f37fb687f5d51e6e2");
    message["SubscribeURL"] = json!(format!("https://{HOST}/?{query}"));

    let sent = relay.signed(message.clone()).to_string();
    assert_eq!(refusal(&post(&app, &sent).await, 503), "", "Amazon says no: it comes again");
    relay.amazon.put("/", 200, b"<ConfirmSubscriptionResponse/>");
    let answer = post(&app, &sent).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"status":"confirmed"}"#));
    let confirmed = format!("/?{query}");
    assert_eq!(relay.amazon.asked(), [CERTIFICATE, &confirmed, &confirmed]);

    for wrong in [
        format!("https://evil.example/?{query}"),
        format!("http://{HOST}/?{query}"),
        format!("https://{HOST}/?{}", query.replace("ConfirmSubscription", "DeleteTopic")),
        format!("https://{HOST}/?{}", query.replace(":bounces", ":other")),
    ] {
        message["SubscribeURL"] = json!(wrong);
        let answer = post(&app, &relay.signed(message.clone()).to_string()).await;
        assert_eq!(refusal(&answer, 401), "address", "{wrong}");
    }
    message["SubscribeURL"] = json!(format!("https://{HOST}/?{query}"));
    let mut forged = relay.signed(message.clone());
    forged["Token"] = json!("other");
    assert_eq!(refusal(&post(&app, &forged.to_string()).await, 401), "wrong");
    assert_eq!(relay.amazon.asked().len(), 3, "nobody else is asked");

    message["Type"] = json!("UnsubscribeConfirmation");
    let answer = post(&app, &relay.signed(message).to_string()).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"status":"ended"}"#));
    assert_eq!(relay.amazon.asked().len(), 3, "what ended is not begun again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_amazons_is_refused() {
    let (app, relay) = Ses::start(Database::Sqlite, "2").await;
    let mail = app.ask_and_read(ADA, "").await;
    let event = Ses::event(What::Gone, &Ses::mark(&mail), ADA).to_string();
    let before = state(&app).await;
    let refused = async |message: Value, code: &str| {
        let answer = post(&app, &message.to_string()).await;
        assert_eq!(refusal(&answer, 401), code, "{message}");
    };
    let with = |name: &str, value: &str| {
        let mut message = Ses::message(&app, &event);
        message[name] = json!(value);
        message
    };

    // Known without asking anybody.
    refused(relay.signed(with("TopicArn", &TOPIC.replace("bounces", "other"))), "topic").await;
    let now = app.clock.now();
    for at in [now.minus(Duration::from_mins(61)), now.plus(Duration::from_mins(61))] {
        refused(relay.signed(with("Timestamp", &at.to_string())), "old").await;
    }
    for address in [
        format!("http://{HOST}{CERTIFICATE}"),
        format!("https://{HOST}/other.pem"),
        format!("https://sns.us-east-1.amazonaws.com{CERTIFICATE}"),
        format!("https://{HOST}.evil.example{CERTIFICATE}"),
        "file:///etc/passwd".to_owned(),
    ] {
        refused(relay.signed(with("SigningCertURL", &address)), "address").await;
    }
    let mut garbled = relay.signed(Ses::message(&app, &event));
    garbled["Signature"] = json!("!");
    refused(garbled, "wrong").await;
    assert!(relay.amazon.asked().is_empty());

    // Certificates that are none, or not of SNS, or not of this time; and what signs under the right one.
    let at = |n: usize| format!("/SimpleNotificationService-{n}.pem");
    for (n, (status, body)) in [
        (404, vec![]),
        (302, vec![]),
        (200, vec![]),
        (200, b"<html>".to_vec()),
        (200, b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec()),
        (200, relay.amazon.file("another.pem")),
        (200, relay.amazon.file("expired.pem")),
        (200, [relay.amazon.file("sns.pem"), vec![b'x'; 70_000]].concat()),
    ]
    .into_iter()
    .enumerate()
    {
        relay.amazon.put(&at(n), status, &body);
        let message = with("SigningCertURL", &format!("https://{HOST}{}", at(n)));
        refused(relay.signed(message), "wrong").await;
        assert_eq!(relay.amazon.asked().last(), Some(&at(n)), "where it leads on is not followed");
    }
    for version in ["1", "3", ""] {
        let mut message = relay.signed(Ses::message(&app, &event));
        message["SignatureVersion"] = json!(version);
        refused(message, "wrong").await;
    }
    let mut added = relay.signed(Ses::message(&app, &event));
    added["Subject"] = json!("added");
    refused(added, "wrong").await;

    // Who has trouble is asked again by whoever posts again.
    relay.amazon.put(&at(9), 500, b"");
    let message = relay.signed(with("SigningCertURL", &format!("https://{HOST}{}", at(9))));
    assert_eq!(refusal(&post(&app, &message.to_string()).await, 503), "");
    // Some regions have a certificate of their own name.
    relay.amazon.put(&at(9), 200, &relay.amazon.file("regional.pem"));
    let deep = "{\"a\":".repeat(100_000);
    let mut raw = Ses::event(What::Gone, &Ses::mark(&mail), ADA);
    raw["Type"] = json!("Notification");
    for body in ["", "{", "[]", "null", "{}", "\u{0}", deep.as_str(), &raw.to_string()] {
        assert_eq!(refusal(&post(&app, body).await, 422), "malformed");
    }
    assert_eq!(state(&app).await, before);
    assert_eq!(answered(&post(&app, &message.to_string()).await), (1, vec![]));

    // What others publish to the topic is no event.
    for text in ["Hello", "", "7", "{}"] {
        let mut message = Ses::message(&app, text);
        message["Subject"] = json!("Greetings");
        let answer = post(&app, &relay.signed(message).to_string()).await;
        assert_eq!(answered(&answer), ignored(STRANGE), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_no_authority_vouches_for_is_not_amazons() {
    let relay = Ses { amazon: StandIn::start().await, version: "2" };
    let way = relay.amazon.untrusted();
    let set = [("ASSENT_MAIL_RELAY_EVENTS", "ses"), ("ASSENT_MAIL_RELAY_EVENTS_KEY", TOPIC)];
    let app = TestApp::start_tuned(Database::Sqlite, &set, |core| core.amazon = way).await;
    let answer = relay.tell(&app, &json!({"eventType": "Bounce"})).await;
    assert_eq!(refusal(&answer, 503), "");
    assert!(relay.amazon.asked().is_empty());
}
