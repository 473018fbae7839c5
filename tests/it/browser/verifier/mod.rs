//! The page that checks receipts, promises and bundles, before somebody who was handed one: as the file of a release,
//! and as the program serves it. What it says of a forgery, the program must say too.

mod bundles;
mod cosignatures;
mod forgeries;
mod held;
mod lengths;
mod older;
mod receipts;
mod served;
mod time_stamps;
mod twins;

use std::collections::BTreeMap;
use std::path::Path;

use assent::flows::consent::receipt::read_receipt;
use assent_ledger::event_type::EventType;
use assent_ledger::receipt::verify;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::reader::{Reader, Rules, Screen};
use crate::ledger::{WEEKLY, rows};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::browser::Script;
use crate::support::poll;

const ADA: &str = "ada@b.example";

/// It loads nothing but itself.
const RULES: Rules =
    Rules { title: "Check a consent receipt", requests: 1, bytes: 220_000, pictures: "verifier/" };
const SCREEN: Screen = Screen { width: 320, dark: false };

const SIGNED: &str = "Signed by the publisher. Nobody else has confirmed it.";
const CHECK: &str = include_str!("check.js");
const PUT_AWAY: &str =
    "for (let given; (given = document.querySelector('#given button'));) given.click();";
const DROP: &str = include_str!("drop.js");
const TELL: &str = "const field = document.getElementById(arguments[0]);
    field.value = arguments[1];
    field.dispatchEvent(new Event('change'));";
const UNFOLD: &str = "for (const fold of document.querySelectorAll('details')) fold.open = true;";

/// The page as a file.
fn file() -> String {
    format!("file://{}/ledger/verify/verify.html", env!("CARGO_MANIFEST_DIR"))
}

/// What the page says of what it was given.
#[derive(Debug, Deserialize)]
struct Said {
    verdict: String,
    kind: String,
    key: String,
    /// Whether anybody but the publisher vouches for it: `nobody`, or `others`.
    confirmed: String,
    title: String,
    faults: Vec<String>,
    /// What it says that it could not compare, a sentence each.
    uncompared: Vec<String>,
    steps: BTreeMap<String, String>,
}

impl Said {
    fn is_sound(&self, kind: &str, key: &str) {
        let said = (self.verdict.as_str(), self.kind.as_str(), self.key.as_str());
        assert_eq!(said, ("sound", kind, key), "{self:?}");
        assert!(self.faults.is_empty() && self.uncompared.is_empty(), "{self:?}");
    }

    /// One of these steps fails, or any where none is named.
    fn is_forged(&self, steps: &[&str], what: &str) {
        assert_eq!(self.verdict, "forged", "{what}: {self:?}");
        let named = |fault: &String| steps.is_empty() || steps.contains(&fault.as_str());
        assert!(self.faults.iter().any(named), "{what}: {self:?}");
    }
}

/// The page in a narrow window.
struct Verifier {
    reader: Reader,
}

impl Verifier {
    async fn open(url: &str) -> Self {
        let page = Self { reader: Reader::visits(url, RULES, Script::On, SCREEN).await };
        page.reader.open("").await;
        page.is_ready().await;
        page
    }

    async fn is_ready(&self) {
        let ready = Locator::Css("html[data-ready=yes]");
        poll::until("the page to hear", || async { self.reader.browser.find(ready).await.ok() })
            .await;
    }

    /// Gives it the key that is known from elsewhere.
    async fn knows(&self, key: &str) {
        self.tells("key", key).await;
    }

    /// Gives it what is known from elsewhere, in the field of this id.
    async fn tells(&self, field: &str, text: &str) {
        self.reader.browser.execute(TELL, vec![field.into(), text.into()]).await.unwrap();
    }

    /// Puts away all that it has.
    async fn has_nothing(&self) {
        self.reader.browser.execute(PUT_AWAY, vec![]).await.unwrap();
    }

    /// Drops files onto it, beside what it has.
    async fn drops(&self, files: &[(&str, &[u8])]) {
        let encoded = |(name, bytes): &(&str, &[u8])| json!([name, STANDARD.encode(bytes)]);
        let files: Vec<Value> = files.iter().map(encoded).collect();
        self.reader.browser.execute(DROP, vec![json!(files)]).await.unwrap();
    }

    /// What it says of these texts together.
    async fn says(&self, texts: &[&str]) -> Said {
        self.check(texts, false).await
    }

    /// What it says of what it has.
    async fn says_now(&self) -> Said {
        self.check(&[], true).await
    }

    /// What it says of a bundle.
    async fn says_of(&self, folder: &Path) -> Said {
        self.says_of_chosen("folder", folder).await
    }

    /// What it says of a receipt that is chosen as a file.
    async fn says_of_file(&self, file: &Path) -> Said {
        self.says_of_chosen("file", file).await
    }

    async fn says_of_chosen(&self, field: &str, path: &Path) -> Said {
        self.has_nothing().await;
        let field = self.reader.find(Locator::Id(field)).await;
        field.send_keys(path.to_str().unwrap()).await.unwrap();
        self.says_now().await
    }

    async fn check(&self, texts: &[&str], keep: bool) -> Said {
        let given = vec![json!(texts), json!(keep)];
        let said = self.reader.browser.execute_async(CHECK, given).await.unwrap();
        serde_json::from_value(said).unwrap()
    }

    /// With all its folds open.
    async fn looks_good(&mut self, name: &str) {
        self.reader.browser.execute(UNFOLD, vec![]).await.unwrap();
        self.reader.looks_at(name).await;
        let faults = self.reader.faults.join("\n");
        assert!(faults.is_empty(), "{faults}");
    }
}

/// Somebody agrees, one is erased, one leaves, one is brought in from elsewhere.
async fn history() -> TestApp {
    let app = TestApp::start(Database::Sqlite).await;
    app.subscribe(ADA, WEEKLY).await;
    app.subscribe("bob@b.example", "").await;
    app.subscribe("cyd@b.example", WEEKLY).await;
    let leave = app.mail_to("cyd@b.example")[1].link("/unsubscribe/");
    assert_eq!(app.post(&leave, "").await.status, 200);
    let list = app.dir.path().join("contacts.csv");
    let row = "2026-11-01,ticked a box on paper,dee@b.example,Dee";
    std::fs::write(&list, format!("consented_at,method,email,name\n{row}\n")).unwrap();
    let of = ["--purpose", "newsletter:weekly", "--policy", POLICY, "--source", "Old list"];
    app.does(&[&["import", list.to_str().unwrap()][..], &of].concat());
    app.does(&["erase", "bob@b.example"]);
    app.seal().await;
    app
}

/// The key that the ledger signs with, as whoever knows it gives it.
fn key(app: &TestApp) -> String {
    app.core.flow_settings.ledger_keys.first().vkey().to_string()
}

/// A receipt that the program gave out.
struct Given {
    event_id: Uuid,
    event_type: EventType,
    leaf: String,
    jws: String,
    payload: Value,
}

/// A receipt of each event whose evidence is there.
async fn receipts(app: &TestApp) -> Vec<Given> {
    let keys = app.core.flow_settings.ledger_keys.trusted();
    let mut receipts = vec![];
    for row in rows(&app.core.db).await {
        let (terms, at) = (&app.core.flow_settings, app.core.moment());
        let found = read_receipt(&mut app.read().await, row.event_id).await.unwrap();
        let made = found.map(|found| found.issue(terms.at(&at), &app.core.links).unwrap());
        let Some(sealed) = made.and_then(|receipt| receipt.sealed().unwrap()) else { continue };
        let (event_id, event_type, leaf, jws) =
            (row.event_id, row.event_type, row.leaf, sealed.jws);
        let payload = verify(&jws, &keys).unwrap().payload;
        receipts.push(Given { event_id, event_type, leaf, jws, payload });
    }
    receipts
}

/// The receipt of what somebody agreed to.
fn given<'a>(receipts: &'a [Given], email: &str, purpose: &str) -> &'a Given {
    let is = |receipt: &&Given| {
        let ledger = &receipt.payload["ledger"];
        receipt.event_type == EventType::Given
            && ledger["body"]["email"] == email
            && ledger["context"]["purpose"] == purpose
    };
    receipts.iter().find(is).unwrap()
}
