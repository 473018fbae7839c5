//! One line a request, by its route, with an id that the answer tells, and that the worker's lines bear about what the
//! request left to do.

use std::path::Path;

use assent::domain::request_id::RequestId;
use assent::flows::contacts::begin_export::begin_export;
use assent::mail::mailbox::Mailbox;
use assent::store::contacts::export_runs::NewExportRun;
use assent::store::contacts::exportable::ExportFilter;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{Database, PATH, SETTINGS, TestApp, count, form, open_db};
use crate::support::http_client;
use crate::support::inbox::Mail;
use crate::support::program::Served;
use crate::support::smtp::SmtpSink;
use crate::support::{both_databases, poll};

const PROXY: (&str, &str) = ("ASSENT_TRUSTED_PROXIES", "127.0.0.0/8");
const JSON: (&str, &str) = ("ASSENT_LOG_FORMAT", "json");

/// How many rows of mail and of lost links still name a request.
const KEPT: &str = "SELECT (SELECT count(*) FROM outbox WHERE request_id IS NOT NULL)
                         + (SELECT count(*) FROM link_request WHERE request_id IS NOT NULL)";

/// The program in a process of its own, behind a proxy, with its log to read.
struct Logged {
    dir: TempDir,
    url: String,
    served: Served,
}

impl Logged {
    async fn start(database: Database, set: &[(&str, &str)]) -> Self {
        let app = TestApp::start(database).await;
        let url = app.core.settings.database_url.expose_secret().to_owned();
        Self::on(app.stop().await, url, set).await
    }

    async fn on(dir: TempDir, url: String, set: &[(&str, &str)]) -> Self {
        let own = [
            JSON,
            PROXY,
            ("ASSENT_DATA_DIR", dir.path().to_str().unwrap()),
            ("ASSENT_DATABASE_URL", url.as_str()),
        ];
        let set = [SETTINGS.as_slice(), &own, set].concat();
        let served = Served::logging(dir.path(), &set, &dir.path().join("log")).await;
        Self { dir, url, served }
    }

    /// Posts a form as the proxy would, with this id; the id that the answer tells.
    async fn post(&self, path: &str, id: &str, body: String) -> String {
        let client = http_client::client();
        let url = format!("{}{path}", self.served.base);
        let request = client.post(url).header("x-request-id", id).body(body);
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let answer = request.header(kind.0, kind.1).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303, "{path}");
        answer.headers()["x-request-id"].to_str().unwrap().to_owned()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// What the worker says of a mail of this kind: how it ended, and the request.
    async fn mailed(&self, kind: &str, nth: usize) -> (Value, Value) {
        poll::until(kind, || async {
            let log = self.log();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let mut told = lines.map(|line| line["fields"].clone()).filter(|fields| {
                fields["message"] == "recorded a try to mail" && fields["kind"] == kind
            });
            told.nth(nth).map(|told| (told["outcome"].clone(), told["request_id"].clone()))
        })
        .await
    }

    /// Where a link of the mail to this address leads that came last.
    fn link(&self, to: &str, path: &str) -> String {
        let mailbox = Mailbox::open(&self.dir.path().join("mailbox")).unwrap();
        let names = mailbox.names().unwrap().into_iter();
        let mails = names.map(|name| Mail::parse(&mailbox.read(name.parse().unwrap()).unwrap()));
        let mut mails = mails.filter(|mail| mail.to == to && mail.text.contains(path));
        let link = mails.next_back().unwrap().link(path);
        link.strip_prefix(&self.served.base).unwrap().to_owned()
    }

    /// One number out of its database.
    async fn count(&self, sql: &'static str) -> i64 {
        let db = open_db(&self.url).await;
        let number = count(&db, sql).await;
        db.close().await;
        number
    }
}

fn sent(id: &str) -> (Value, Value) {
    ("Sent".into(), id.into())
}

/// What the log says in lines with these words, once there are so many.
async fn lines(log: &Path, words: &str, count: usize) -> Vec<Value> {
    poll::until(words, || async {
        let text = std::fs::read_to_string(log).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let told: Vec<Value> = lines.filter(|line| line["fields"]["message"] == words).collect();
        (told.len() >= count).then_some(told)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_has_one_line_and_an_id() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let set = [SETTINGS.as_slice(), &[JSON, PROXY]].concat();
    let served = Served::logging(dir.path(), &set, &log).await;
    let client = http_client::client();
    let ask = |path: &str, name: &'static str, value: &'static str| {
        let request = client.get(format!("{}{path}", served.base)).header(name, value);
        async move {
            let answer = request.send().await.unwrap();
            let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            (answer.status().as_u16(), id, answer.bytes().await.unwrap().len())
        }
    };
    let (status, id, bytes) = ask("/confirm/secret", "x-request-id", "7f3a-1").await;
    assert_eq!((status, id.as_str()), (404, "7f3a-1"), "the proxy's own");
    let (_, made, _) = ask("/confirm/secret", "x-request-id", "two words").await;
    assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
    assert_eq!(ask("/confirm/secret", "host", "reports.elsewhere.example").await.0, 421);
    assert_eq!(ask("/livez", "x-request-id", "quiet").await.0, 200);
    assert_eq!(ask("/nothing", "x-request-id", "last").await.0, 404);

    let told = lines(&log, "answered a request", 4).await;
    let of = |id: &str| told.iter().find(|line| line["span"]["id"] == id).unwrap();
    let fields = &of("7f3a-1")["fields"];
    assert_eq!((&fields["method"], &fields["route"]), (&"GET".into(), &"/confirm/{token}".into()));
    assert_eq!((&fields["status"], &fields["bytes"]), (&404.into(), &bytes.into()));
    assert!(fields["ms"].is_u64() && bytes > 0);
    assert_eq!(of(&made)["fields"]["status"], 404);
    assert_eq!(of("last")["fields"]["route"], "-");
    assert!(!told.iter().any(|line| line["span"]["id"] == "quiet"), "nobody reads those");
    let refused = &lines(&log, "refused a request for another host", 1).await[0]["fields"];
    assert_eq!(
        (&refused["asked"], &refused["own"]),
        (&"reports.elsewhere.example".into(), &"127.0.0.1".into())
    );
    assert!(!std::fs::read_to_string(&log).unwrap().contains("secret"), "paths hold tokens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_of_a_stranger_is_not_taken() {
    let app = TestApp::start(Database::Sqlite).await;
    let request = app.request("GET", "/nothing").header("x-request-id", "mine");
    let answer = app.send(request).await;
    assert!(answer.status == 404 && answer.header("x-request-id").len() == 32);
}

#[apply(both_databases!)]
async fn what_the_worker_says_of_a_mail_bears_the_id_of_its_request(database: Database) {
    let logged =
        Logged::start(database, &[("ASSENT_LEDGER_WITNESS_MAIL", "witness@c.example")]).await;
    let (ada, email) = ("ada@b.example", "email=ada%40b.example".to_owned());
    logged.post(PATH, "abc-1", form(ada, "&newsletter=weekly")).await;
    assert_eq!(logged.mailed("Confirm", 0).await, sent("abc-1"));
    logged.post(&logged.link(ada, "/confirm/"), "abc-2", String::new()).await;
    assert_eq!(logged.mailed("Receipt", 0).await, sent("abc-2"));
    // What is asked for here is decided by the worker itself, a while later.
    logged.post("/preferences", "abc-3", email).await;
    assert_eq!(logged.mailed("PreferencesLink", 0).await, sent("abc-3"));
    let choices = logged.link(ada, "/preferences/");
    logged.post(&format!("{choices}/withdraw-all"), "abc-4", String::new()).await;
    assert_eq!(logged.mailed("Change", 0).await, sent("abc-4"));
    // An id that could not stand in a line is replaced before anything keeps it.
    for (nth, hostile) in
        ["two words", "\"},{\"", "ada@b.example", &"x".repeat(65)].into_iter().enumerate()
    {
        let email = format!("r{nth}@b.example");
        let made = logged.post(PATH, hostile, form(&email, "")).await;
        assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        assert_eq!(logged.mailed("Confirm", nth + 1).await, sent(&made));
    }
    // What nobody asked for has none.
    assert_eq!(logged.mailed("Checkpoint", 0).await, ("Sent".into(), Value::Null));
    let log = logged.log();
    assert!(!log.contains("@b.example") && !log.contains("@c.example"), "{log}");
    // Once the work is done it is kept nowhere.
    assert_eq!(logged.count(KEPT).await, 0);
    assert!(logged.count("SELECT count(*) FROM outbox WHERE state = 'sent'").await >= 9);
}

#[apply(both_databases!)]
async fn a_mail_that_waits_or_is_parked_keeps_it(database: Database) {
    for (option, outcome) in [("-r", "Deferred"), ("-f", "Parked")] {
        let sink = SmtpSink::start(&[option, "RCPT"]);
        let logged = Logged::start(database, &[("ASSENT_MAIL_URL", &sink.url())]).await;
        logged.post(PATH, "abc-1", form("ada@b.example", "")).await;
        assert_eq!(logged.mailed("Confirm", 0).await, (outcome.into(), "abc-1".into()));
        assert!(!logged.log().contains("ada@"), "{}", logged.log());
        assert_eq!(logged.count("SELECT count(*) FROM outbox WHERE request_id = 'abc-1'").await, 1);
    }
}

#[apply(both_databases!)]
async fn what_the_worker_says_of_an_export_bears_it_too(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let at = app.core.moment().for_request(RequestId::parse(b"abc-5"));
    let url = app.core.settings.database_url.expose_secret().to_owned();
    let dir = app.stop().await;
    let filter = ExportFilter {
        purpose: "newsletter:weekly".parse().unwrap(),
        report: None,
        since: None,
        until: None,
        policy: None,
    };
    let db = open_db(&url).await;
    for (actor, is_job) in [("a job", true), ("no job", false)] {
        let mut tx = db.write().await.unwrap();
        let new = NewExportRun {
            actor,
            staff_id: None,
            filter: &filter,
            format: assent::export::Format::Csv,
            preset: None,
            links: false,
            is_job,
        };
        begin_export(&mut tx, &at, new).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(
        count(&db, "SELECT count(*) FROM export_run WHERE request_id = 'abc-5'").await,
        1,
        "who waits for the answer is named in the request's own lines"
    );
    db.close().await;
    let logged = Logged::on(dir, url, &[]).await;
    let told = lines(&logged.dir.path().join("log"), "an export is ready", 1).await;
    assert_eq!(
        (&told[0]["fields"]["request_id"], &told[0]["fields"]["rows"]),
        (&"abc-5".into(), &1.into())
    );
    assert_eq!(
        logged.count("SELECT count(*) FROM export_run WHERE request_id IS NOT NULL").await,
        0
    );
}
