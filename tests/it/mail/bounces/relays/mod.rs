//! Relays that set an envelope sender of their own: their events, in the shapes that each documents, with addresses of
//! our own making.

mod amazon;
mod mailgun;
mod postmark;
mod sendgrid;
mod ses;

use assent::domain::signup::link::LinkSecrets;
use assent::mail::returned::MOST;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::mail::bounces::{ADA, BOTH, PATH, WEEKLY, state};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::inbox::Mail;

/// Why an event leads to no mail.
const UNMARKED: &str = "no mark of a mail of ours is in it";
const STRANGE: &str = "no event that is understood";
const FORGOTTEN: &str = "the mail it is about was purged or erased meanwhile";

/// What a relay tells of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// There is no such mailbox: hard, 5.1.1.
    Gone,
    /// The relay calls it hard, and the answer is about policy: 5.7.1.
    Policy,
    /// The mailbox is full for now: 4.2.2.
    Full,
    /// The relay did not try, for a list of its own.
    NotTried,
    /// Its reader reported it.
    Complaint,
    /// It arrived.
    Delivered,
}

const ALL: [What; 6] =
    [What::Gone, What::Policy, What::Full, What::NotTried, What::Complaint, What::Delivered];

/// A relay, as it posts.
trait Relay {
    /// Its word in addresses.
    const NAME: &'static str;

    /// What a mail carries for it.
    fn mark(mail: &Mail) -> String;

    /// An event about a mail with this mark to this address.
    fn event(what: What, mark: &str, to: &str) -> Value;

    /// Posts one event, proved as the relay proves it.
    async fn tell(&self, app: &TestApp, event: &Value) -> Answer;

    /// Posts one event that somebody else signed; the code of the refusal.
    async fn forge(&self, app: &TestApp, event: &Value) -> (Answer, &'static str);
}

fn path(relay: &str) -> String {
    format!("{PATH}/{relay}")
}

/// The value of a header of a mail, on one line.
fn header(mail: &Mail, name: &str) -> String {
    let mut lines = mail.raw.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let value = lines.next().unwrap_or_else(|| panic!("no {name} in:\n{}", mail.raw));
    assert_eq!(lines.next(), None);
    value.to_owned()
}

async fn start(database: Database, relay: &str, key: &str) -> TestApp {
    let set = [("ASSENT_MAIL_RELAY_EVENTS", relay), ("ASSENT_MAIL_RELAY_EVENTS_KEY", key)];
    TestApp::start_with(database, &set).await
}

/// What was recorded, and why the rest was not.
fn answered(answer: &Answer) -> (u64, Vec<(String, u64)>) {
    let text = answer.text();
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{text}");
    let said: Value = serde_json::from_str(&text).unwrap();
    let reasons = said["reasons"].as_object().unwrap();
    let reasons: Vec<(String, u64)> =
        reasons.iter().map(|(why, count)| (why.clone(), count.as_u64().unwrap())).collect();
    assert_eq!(said["ignored"], json!(reasons.iter().map(|(_, count)| count).sum::<u64>()));
    (said["recorded"].as_u64().unwrap(), reasons)
}

fn ignored(why: &str) -> (u64, Vec<(String, u64)>) {
    (0, vec![(why.to_owned(), 1)])
}

/// The code of the one fault in a problem document.
fn refusal(answer: &Answer, status: u16) -> String {
    let text = answer.text();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/problem+json"),
        "{text}"
    );
    let document: Value = serde_json::from_str(&text).unwrap();
    document["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
}

/// The receipt of somebody who subscribed.
async fn subscriber(app: &TestApp, email: &str) -> Mail {
    app.subscribe(email, BOTH).await;
    app.mail_settled().await;
    app.mail_to(email).remove(1)
}

/// The story of every relay: each kind of event, twice, from its first word to who is written to afterwards.
async fn tells_what_came_back<R: Relay>(app: &TestApp, relay: &R) {
    let before = app.count("SELECT count(*) FROM bounce").await;
    for what in ALL {
        let email = format!("{what:?}@b.example").to_lowercase();
        let receipt = subscriber(app, &email).await;
        let outbox = state(app).await[3];
        let event = R::event(what, &R::mark(&receipt), &email);
        for _ in 0..2 {
            let said = answered(&relay.tell(app, &event).await);
            let arrived = ignored("news of a mail that arrived");
            let expected = if what == What::Delivered { arrived } else { (1, vec![]) };
            assert_eq!(said, expected, "{event}");
        }
        assert_eq!(state(app).await[3], outbox, "no mail follows");
    }
    let mut left = app.exported(WEEKLY).await;
    left.sort();
    let alive = ["delivered@b.example", "full@b.example", "nottried@b.example", "policy@b.example"];
    assert_eq!(left, alive);
    for (count, sql) in [
        (1, "SELECT count(*) FROM bounce WHERE kind = 'hard' AND status = '5.1.1'"),
        (1, "SELECT count(*) FROM bounce WHERE kind = 'soft' AND status = '5.7.1'"),
        (1, "SELECT count(*) FROM bounce WHERE kind = 'soft' AND status = '4.2.2'"),
        (3, "SELECT count(*) FROM bounce WHERE kind = 'soft'"),
        (1, "SELECT count(*) FROM bounce WHERE kind = 'complaint' AND status IS NULL"),
        (1, "SELECT count(*) FROM suppression WHERE reason = 'bounced' AND purpose = '*'"),
        (1, "SELECT count(*) FROM suppression WHERE reason = 'complained' AND purpose = '*'"),
    ] {
        assert_eq!(app.count(sql).await, count, "{sql}");
    }
    assert_eq!(app.count("SELECT count(*) FROM bounce").await, before + 5);
}

/// What is no reason to end anything: a forgery, somebody else's mail, a mail that is gone, a member of a group.
async fn ends_nothing_for_others<R: Relay>(app: &TestApp, relay: &R) {
    let receipt = subscriber(app, ADA).await;
    let mark = R::mark(&receipt);
    let before = state(app).await;
    let hard = |mark: &str| R::event(What::Gone, mark, ADA);
    let (answer, code) = relay.forge(app, &hard(&mark)).await;
    assert_eq!(refusal(&answer, 401), code);
    assert!(!answer.header("www-authenticate").is_empty());

    let (id, _) = receipt.message_id.split_once('@').unwrap();
    let strange = LinkSecrets::new([9; 32], &[]).return_token(id.parse().unwrap());
    for other in [strange.as_str(), "", ADA, "another program's"] {
        let said = answered(&relay.tell(app, &hard(other)).await);
        assert_eq!(said, ignored(UNMARKED), "{other}");
    }
    let purged = app.core.links.secrets.return_token(Uuid::from_u128(1));
    assert_eq!(answered(&relay.tell(app, &hard(&purged)).await), ignored(FORGOTTEN));
    assert_eq!(answered(&relay.tell(app, &json!({"a": [null]})).await), ignored(STRANGE));

    // Whatever else a relay is set, or sends.
    for other in ["ses", "postmark", "sendgrid", "mailgun", "sparkpost", "SES"] {
        if other != R::NAME {
            let request = app.request("POST", &path(other)).body(hard(&mark).to_string());
            assert_eq!(refusal(&app.send(request).await, 404), "", "{other}");
        }
    }
    let huge = app.request("POST", &path(R::NAME)).body("x".repeat(MOST + 1));
    assert_eq!(refusal(&app.send(huge).await, 413), "too-large");
    assert_eq!(refusal(&app.get(&path(R::NAME)).await, 405), "");
    assert_eq!(state(app).await, before);

    let member = R::event(What::Gone, &mark, "left@b.example");
    assert_eq!(answered(&relay.tell(app, &member).await), (1, vec![]));
    let after = state(app).await;
    assert_eq!((after[0], &after[1..]), (before[0] + 1, &before[1..]), "a member of a group");
    assert_eq!(app.exported(WEEKLY).await, [ADA]);

    let (once, whole) = (hard(&mark.to_uppercase()), state(app).await);
    let told = join_all((0..8).map(|_| relay.tell(app, &once))).await;
    assert!(told.iter().all(|answer| answered(answer) == (1, vec![])));
    let after = state(app).await;
    assert_eq!((after[0], after[1]), (whole[0] + 1, whole[1] + 1), "at once, and it counts once");
    assert!(app.exported(WEEKLY).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_relay_no_mail_is_marked_and_no_door_is_there() {
    let app = TestApp::start(Database::Sqlite).await;
    let mail = app.ask_and_read(ADA, "").await;
    let token = {
        let (id, _) = mail.message_id.split_once('@').unwrap();
        app.core.links.secrets.return_token(id.parse().unwrap())
    };
    assert!(!mail.raw.contains(&token), "{}", mail.raw);
    for name in ["X-SES-", "X-PM-", "X-SMTPAPI", "X-Mailgun-"] {
        assert!(!mail.raw.contains(name), "{}", mail.raw);
    }
    for relay in ["ses", "postmark", "sendgrid", "mailgun"] {
        let answer = app.send(app.request("POST", &path(relay)).body("{}")).await;
        assert_eq!(refusal(&answer, 404), "", "{relay}");
    }
}
