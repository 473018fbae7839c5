//! Stories of webhooks: what other programs are told, how they know that it is us, and what becomes of it when they do not
//! take it.

mod console;
mod delivery;
mod official;
mod person;
mod reach;
mod refusals;
mod telling;

use std::sync::{Arc, Mutex};

use assent::domain::staff::member::Role;
use assent::flows::staff::record_webhook_try::forget_deleted_webhook;
use assent::store::staff::webhook_endpoints;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use uuid::Uuid;

use crate::support::app::{Database, TestApp};
use crate::support::desk::{webhook as add, webhook_secret as secret};
use crate::support::poll;
use crate::support::test_server::{Asked, Reply, TestServer};

const ALL: [&str; 8] = [
    "signup.confirmed",
    "consent.given",
    "consent.withdrawn",
    "consent.lapsed",
    "subscriber.erased",
    "report.downloaded",
    "mail.bounced",
    "import.finished",
];

/// How many tries failed since the last that did not.
const FAILURES: &str = "SELECT CAST(max(failures) AS bigint) FROM webhook_endpoint";
/// The longest answer that is kept.
const LONGEST: &str = "SELECT CAST(max(length(answer)) AS bigint) FROM webhook_delivery";

/// What a receiver was told, as it arrived.
#[derive(Clone, Debug)]
struct Told {
    id: String,
    timestamp: i64,
    signatures: Vec<String>,
    text: String,
}

impl Told {
    fn read(asked: &Asked<'_>) -> Self {
        let header = |name: &str| {
            let mut lines = asked.head.lines().filter_map(|line| line.split_once(':'));
            let line = lines.find(|(of, _)| of.eq_ignore_ascii_case(name));
            line.map(|(_, value)| value.trim().to_owned()).expect(name)
        };
        assert_eq!(header("content-type"), "application/json");
        Self {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp").parse().expect("seconds"),
            signatures: header("webhook-signature").split(' ').map(ToOwned::to_owned).collect(),
            text: String::from_utf8(asked.body.to_vec()).expect("UTF-8"),
        }
    }

    fn body(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    fn kind(&self) -> String {
        self.body()["type"].as_str().expect("a type").to_owned()
    }

    /// Whether it is signed by this secret, by the words of the specification alone.
    fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("its beginning")).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.{}", self.id, self.timestamp, self.text).as_bytes());
        let own = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signatures.contains(&own)
    }
}

type Answers = Arc<Mutex<Box<dyn Fn(&Told) -> Reply + Send>>>;

/// A program that is told.
struct Receiver {
    server: TestServer,
    told: Arc<Mutex<Vec<Told>>>,
    answers: Answers,
}

fn says(status: u16, words: &str) -> Reply {
    Reply::Says(status, "text/plain", words.as_bytes().to_vec())
}

impl Receiver {
    /// One that takes everything.
    async fn start() -> Self {
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let answers: Answers = Arc::new(Mutex::new(Box::new(|_| says(200, "ok"))));
        let (all, judge) = (told.clone(), answers.clone());
        let server = TestServer::listen(0, move |asked| {
            let told = Told::read(asked);
            all.lock().unwrap().push(told.clone());
            judge.lock().unwrap()(&told)
        });
        Self { server: server.await, told, answers }
    }

    /// Answers like this from now on.
    fn turn(&self, answers: impl Fn(&Told) -> Reply + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(answers);
    }

    fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.told().iter().map(Told::kind).collect()
    }

    /// What came, once it is so much.
    async fn hears(&self, count: usize) -> Vec<Told> {
        poll::until(&format!("{count} messages"), || async {
            Some(self.told()).filter(|told| told.len() >= count)
        })
        .await
    }
}

/// The program, where the receivers of stories may be told.
async fn start(database: Database) -> TestApp {
    TestApp::start_with(database, &[("ASSENT_WEBHOOKS_ALLOWED_HOSTS", "127.0.0.1")]).await
}

/// The program, a receiver that is told of everything, and the secret between them.
async fn told_all(app: &TestApp) -> (Receiver, String, String) {
    let receiver = Receiver::start().await;
    let admin = app.sign_in(Role::Admin).await;
    let (path, secret) = add(&admin, &receiver.server.url("/hook"), &ALL).await;
    (receiver, path, secret)
}

/// Deletes what is left of deleted webhooks, as the worker does; how much goes each time.
async fn forget_deleted(app: &TestApp) -> Vec<u64> {
    let mut all = vec![];
    while let Some(gone) =
        app.core.db.run(|tx| Box::pin(forget_deleted_webhook(tx))).await.expect("an answer")
    {
        all.push(gone);
    }
    all
}

/// Waits until nothing is left to be told.
async fn all_taken(app: &TestApp) {
    poll::until("nothing that waits", || async {
        let waiting = "SELECT count(*) FROM webhook_delivery
                       WHERE delivered_at IS NULL AND given_up_at IS NULL";
        (app.count(waiting).await == 0).then_some(())
    })
    .await;
}

/// Waits until so many tries failed.
async fn failed(app: &TestApp, tries: i64) {
    poll::until(&format!("{tries} tries that failed"), || async {
        let failures = app.count(FAILURES).await;
        (failures >= tries).then_some(())
    })
    .await;
}

/// The one webhook of a story.
async fn endpoint(app: &TestApp) -> Uuid {
    let all = webhook_endpoints::list(&mut app.read().await).await.unwrap();
    all[0].webhook_endpoint_id
}

/// The oldest event that the page of a webhook shows.
fn oldest_event(page: &str) -> String {
    let (_, after) = page.rsplit_once("name=\"event\" value=\"").expect("an event");
    after.split('"').next().unwrap_or_default().to_owned()
}
