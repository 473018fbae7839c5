//! Workers that are killed, stopped or doubled while mail is under way: no mail is lost, and one comes
//! twice only if a worker died or slept while it held it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use assent::app::Core;
use assent::domain::catalog::notice::LANG;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::signup_source::SignupSource;
use assent::domain::signup::submitted_form::{DrawnBy, Method};
use assent::flows::signup::sign_up::{SignUp, sign_up};
use assent::random::Random;
use assent::store::Db;
use assent::store::catalog::{notices, reports};
use assent::store::policy::versions;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use tempfile::TempDir;
use uuid::Uuid;

use crate::mail::durability::settings;
use crate::support::app::{Database, PATH, TestApp, count, open_db, tamper};
use crate::support::program::Served;
use crate::support::smtp::SmtpSink;
use crate::support::{both_databases, poll};

const QUEUED: &str = "SELECT count(*) FROM outbox WHERE state = 'queued'";
const SENT: &str = "SELECT count(*) FROM outbox WHERE state = 'sent'";
const HELD: &str = "SELECT count(*) FROM outbox WHERE lease_until IS NOT NULL AND state = 'queued'";

const IN_TRANSACTION: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
     AND pid <> pg_backend_pid() AND state <> 'idle'";

const DRAINED: Duration = Duration::from_mins(1);

/// An outbox that workers in processes of their own empty into a sink.
struct Outbox {
    dir: TempDir,
    url: String,
    db: Db,
    sink: SmtpSink,
    core: Core,
    form: SignUp,
}

impl Outbox {
    async fn start(database: Database, sink: &[&str]) -> Self {
        Box::pin(Self::begin(database, sink)).await
    }

    async fn begin(database: Database, sink: &[&str]) -> Self {
        let away = [("ASSENT_MAIL_URL", "smtp://127.0.0.1:1?tls=none")];
        let app = TestApp::start_with(database, &away).await;
        let (core, url) =
            (app.core.clone(), app.core.settings.database_url.expose_secret().to_owned());
        let tx = &mut app.read().await;
        let policies = versions::list(tx, LANG).await.unwrap();
        let report = reports::list(tx).await.unwrap().remove(0);
        app.get(PATH).await;
        let notices = notices::list(&mut app.read().await).await.unwrap();
        let consent =
            notices.into_iter().find(|notice| notice.purpose.is_privacy_policy()).unwrap();
        let form = SignUp {
            request_id: None,
            signup_id: Uuid::nil(),
            email: EmailAddress::parse("r0@b.example").unwrap(),
            name: None,
            organisation: None,
            job_title: None,
            report: Some((report.report_id, report.slug)),
            policy: Arc::new(policies[0].clone()),
            choices: vec![Arc::new(consent)],
            form: None,
            unticked: vec![],
            source: PATH.to_owned(),
            method: Method::Form,
            drawn_by: DrawnBy::Ours,
            page: None,
            came_from: SignupSource::default(),
            request: None,
            check: None,
            replaces: None,
        };
        let dir = app.stop().await;
        let db = open_db(&url).await;
        Self { dir, url, db, sink: SmtpSink::start(sink), core, form }
    }

    /// Lets so many more mails wait, each to an address of its own.
    async fn fill(&self, mails: usize) {
        let at = self.core.moment();
        let forms: Vec<SignUp> = (0..mails)
            .map(|n| {
                let signup_id = at.new_id();
                let email = format!("r{}@b{}.example", signup_id.simple(), n % 20);
                SignUp {
                    signup_id,
                    email: EmailAddress::parse(&email).unwrap(),
                    ..self.form.clone()
                }
            })
            .collect();
        let mut tx = self.db.write().await.unwrap();
        sign_up(&mut tx, &at, &self.core.flow_settings, &forms).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn worker(&self) -> Served {
        let (data, relay) = (self.dir.path().to_str().unwrap(), self.sink.url());
        let set = settings(data, &self.url, &relay);
        Served::begin(self.dir.path(), &set, &["serve", "--role", "worker"])
    }

    /// Waits until some mail is claimed.
    async fn under_way(&self) {
        poll::until("mail under way", || async { (count(&self.db, HELD).await > 0).then_some(()) })
            .await;
    }

    /// Waits until no mail waits.
    async fn drained(&self) {
        poll::within(DRAINED, "an empty outbox", || async {
            (count(&self.db, QUEUED).await == 0).then_some(())
        })
        .await;
    }

    /// The mails that a worker has claimed and not settled.
    async fn held(&self) -> Vec<Uuid> {
        let held =
            "SELECT outbox_id FROM outbox WHERE lease_until IS NOT NULL AND state = 'queued'";
        match &self.db {
            Db::Sqlite { readers, .. } => sqlx::query_scalar(held).fetch_all(readers).await,
            Db::Postgres { pool, .. } => sqlx::query_scalar(held).fetch_all(pool).await,
        }
        .unwrap()
    }

    /// How often each mail arrived, by its Message-ID.
    async fn arrived(&self) -> HashMap<Uuid, usize> {
        let mut arrived = HashMap::new();
        for message in self.sink.messages().await {
            let text = String::from_utf8(message).unwrap();
            let id =
                text.split_once("\r\nMessage-ID: <").and_then(|(_, rest)| rest.split_once('@'));
            *arrived.entry(id.unwrap().0.parse().unwrap()).or_default() += 1;
        }
        arrived
    }

    /// Holds when every mail was sent and arrived, and arrived again at most as often as it may.
    async fn is_delivered(&self, again: &HashMap<Uuid, usize>) {
        let arrived = self.arrived().await;
        let lost = count(&self.db, SENT).await - i64::try_from(arrived.len()).unwrap();
        assert_eq!((lost, count(&self.db, QUEUED).await), (0, 0), "lost");
        assert_eq!(
            count(&self.db, "SELECT count(*) FROM outbox WHERE state IN ('parked', 'dropped')")
                .await,
            0
        );
        for (id, times) in &arrived {
            let allowed = 1 + again.get(id).copied().unwrap_or_default();
            assert!(*times <= allowed, "{id} arrived {times} times, {allowed} at most");
        }
        // What a worker that lost its lease says of a mail is not written down.
        let said = "SELECT count(*) FROM delivery WHERE outcome = 'sent'";
        assert_eq!(count(&self.db, said).await, count(&self.db, SENT).await);
    }
}

/// Lets half a minute pass for all leases at once.
pub(super) async fn end_leases(db: &Db) {
    let over = match db {
        Db::Sqlite { .. } => "UPDATE outbox SET lease_until = 0 WHERE lease_until IS NOT NULL",
        Db::Postgres { .. } => {
            "UPDATE outbox SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"
        }
    };
    tamper(db, over).await.unwrap();
}

/// Whether a process has begun to listen for SIGTERM: before, it would die of it like any other.
fn hears_sigterm(process: u32) -> bool {
    const SIGTERM: u64 = 1 << 14;
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & SIGTERM != 0
}

async fn stop(mut worker: Served) {
    let process = worker.child.id();
    poll::until("a worker that hears", || async { hears_sigterm(process).then_some(()) }).await;
    worker.terminate();
    let status = worker.ended().await;
    assert!(status.success(), "{status}");
}

#[apply(both_databases!)]
async fn many_kills_lose_no_mail(database: Database) {
    // tests/release says more.
    let kills = std::env::var("TEST_KILLS").map_or(12, |many| many.parse().expect("a number"));
    let outbox = Outbox::start(database, &[]).await;
    let chance = Random::seeded(100);
    let mut again: HashMap<Uuid, usize> = HashMap::new();
    for _ in 0..kills {
        let waiting = count(&outbox.db, QUEUED).await;
        outbox.fill(200 - usize::try_from(waiting.min(199)).unwrap()).await;
        let worker = outbox.worker();
        outbox.under_way().await;
        // The moment of the power cut: nothing is waited for.
        let moment = 5 + u64::from(u16::from_be_bytes(chance.bytes()) % 296);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        worker.kill();
        for id in outbox.held().await {
            *again.entry(id).or_default() += 1;
        }
        end_leases(&outbox.db).await;
    }
    assert!(!again.is_empty(), "no kill met a mail under way");
    let worker = outbox.worker();
    outbox.drained().await;
    stop(worker).await;
    outbox.is_delivered(&again).await;
}

#[apply(both_databases!)]
async fn a_polite_stop_while_sending_loses_and_repeats_nothing(database: Database) {
    let outbox = Outbox::start(database, &[]).await;
    for _ in 0..3 {
        outbox.fill(300).await;
        let before = count(&outbox.db, SENT).await;
        let worker = outbox.worker();
        poll::until("mail under way", || async {
            (count(&outbox.db, SENT).await > before).then_some(())
        })
        .await;
        stop(worker).await;
        assert_eq!(count(&outbox.db, HELD).await, 0, "given back, or settled");
    }
    let worker = outbox.worker();
    outbox.drained().await;
    stop(worker).await;
    outbox.is_delivered(&HashMap::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_send_each_mail_once() {
    let outbox = Outbox::start(Database::Postgres, &[]).await;
    outbox.fill(300).await;
    let workers = [outbox.worker(), outbox.worker()];
    outbox.drained().await;
    for worker in workers {
        stop(worker).await;
    }
    outbox.is_delivered(&HashMap::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_slept_past_its_lease_repeats_only_what_it_held() {
    // A second for each message, so that it falls asleep in the middle of some.
    let outbox = Outbox::start(Database::Postgres, &["-w", "1"]).await;
    outbox.fill(40).await;
    let sleeper = outbox.worker();
    poll::until("a message under way", || async { (outbox.sink.count() > 0).then_some(()) }).await;
    // Outside a transaction: whoever sleeps inside one keeps its rows locked, lease or not.
    poll::until("asleep outside a transaction", || async {
        sleeper.signal("STOP");
        let outside = count(&outbox.db, IN_TRANSACTION).await == 0;
        if !outside {
            sleeper.signal("CONT");
        }
        outside.then_some(())
    })
    .await;
    let again: HashMap<Uuid, usize> = outbox.held().await.into_iter().map(|id| (id, 1)).collect();
    assert!(!again.is_empty(), "it held some");
    end_leases(&outbox.db).await;
    let worker = outbox.worker();
    outbox.drained().await;
    sleeper.signal("CONT");
    stop(sleeper).await;
    stop(worker).await;
    outbox.is_delivered(&again).await;
}
