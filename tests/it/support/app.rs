//! The program, in this process, on a database of its own, reached over real HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use assent::app::{Core, Program, Role};
use assent::clock::Clock;
use assent::config::{Settings, Values};
use assent::domain::catalog::notice::LANG;
use assent::domain::catalog::report::ReportStatus;
use assent::domain::consent::evidence_key::EvidenceKey;
use assent::domain::contacts::address_key::AddressSecret;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::policy::version::{Change, ChangeClass};
use assent::domain::slug::Slug;
use assent::domain::text::Line;
use assent::files::Files;
use assent::flows::catalog::add_newsletter::{NewNewsletter, add_newsletter};
use assent::flows::catalog::add_report::{add_report, publish_report};
use assent::flows::ledger::keep_verdict::{find_seen, keep_verdict};
use assent::flows::policy::publish_policy::publish_policy;
use assent::ledger::keys::LedgerKeys;
use assent::ledger::note::{KeyName, SigningKey};
use assent::mail::mailbox::Mailbox;
use assent::notary::before_export::allow_to_begin;
use assent::notary::seal_all;
use assent::outside::Outside;
use assent::random::Random;
use assent::store::catalog::reports::Report;
use assent::store::contacts::suppressions;
use assent::store::ledger::verdicts::Verdict;
use assent::store::policy::versions::NewPolicyVersion;
use assent::store::{Db, Tx};
use assent::worker::policies::{PolicyWork, work_policies};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::inbox::Mail;
use super::page_form::PageForm;
use super::{kept_pages, poll, postgres, story_time};

/// Which database a story is told on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// What the sample report's file holds.
pub const REPORT: &[u8] =
    b"%PDF-1.7\nThe sample report: not much to read, but every byte counts.\n%%EOF\n";
pub const SLUG: &str = "sample";
pub const PATH: &str = "/reports/sample";
pub const POLICY: &str = "2026-11";
/// What every change of the policy in stories changes for people.
pub const WHAT_CHANGES: &str = "We keep your details for one year, no longer for two.";
pub const NEWSLETTER: &str = "weekly";

/// The settings of every story, before its own.
pub const SETTINGS: [(&str, &str); 6] = [
    ("ASSENT_SECRET_KEY", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I="),
    ("ASSENT_CONTROLLER_NAME", "Sample Press"),
    ("ASSENT_CONTROLLER_ADDRESS", "1 Sample Street, Sampleton"),
    ("ASSENT_CONTROLLER_CONTACT", "privacy@sample.example"),
    ("ASSENT_LIMIT_SIGNUPS_PER_IP", "off"),
    ("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off"),
];

/// Stories seal when they mean to: a worker that did so meanwhile would change what they compare. Those about
/// the worker's own sealing set their own.
const NEVER: Duration = Duration::from_hours(24);

/// What a program is told whose worker seals as it goes.
pub(super) fn seals_soon(core: &mut Core) {
    core.seal_every = Duration::from_millis(200);
}

/// A running program, and what its readers can do with it.
pub struct TestApp {
    pub core: Core,
    pub clock: Clock,
    pub base: String,
    pub address: SocketAddr,
    pub dir: TempDir,
    pub(super) database_url: Option<String>,
    client: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a body").to_vec();
        Self { status, headers, body }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// The cookie to send back.
    pub fn cookie(&self) -> String {
        let set = self.header(SET_COOKIE.as_str());
        set.split(';').next().unwrap_or_default().to_owned()
    }

    /// The same for the cookie of this name, among several; nothing when it was not set.
    pub fn cookie_named(&self, name: &str) -> String {
        let mut set =
            self.headers.get_all(SET_COOKIE).iter().map(|set| set.to_str().expect("ASCII"));
        let set = set.find(|set| set.split('=').next() == Some(name)).unwrap_or_default();
        set.split(';').next().unwrap_or_default().to_owned()
    }
}

/// A database to look at, beside the program: what it ends is kept nowhere that a story looks.
pub async fn open_db(url: &str) -> Db {
    let dir = std::env::temp_dir();
    let files = Files::open(&format!("file:{}", dir.display())).expect("files");
    let key = SigningKey::new(KeyName::parse("elsewhere").expect("a name"), [0; 32]);
    let keys = Arc::new(LedgerKeys::new(key, vec![], vec![]));
    let evidence_key = EvidenceKey::of(&AddressSecret::new([0; 32]));
    let outside = Outside::open(&dir, &files, keys, evidence_key).expect("a place");
    Db::open(url, &outside).await.expect("a database")
}

static TEMPLATE: OnceCell<()> = OnceCell::const_new();

/// A PostgreSQL database of its own, copied from one that was migrated once.
async fn fresh_postgres() -> String {
    const NAME: &str = "assent_template";
    let server = postgres::server();
    TEMPLATE
        .get_or_init(|| async {
            server.create_database(NAME, None).await;
            let db = open_db(&server.url(NAME)).await;
            db.migrate().await.expect("migrations");
            db.close().await;
        })
        .await;
    let name = format!("story_{}", hex(&Random::System.bytes::<8>()));
    server.create_database(&name, Some(NAME)).await;
    server.url(&name)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    assent::domain::catalog::notice::hex(bytes)
}

impl TestApp {
    /// The program with its sample content and without limits.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same, with settings of the story's own.
    pub async fn start_with(database: Database, set: &[(&str, &str)]) -> Self {
        let app = Self::start_empty(database, set).await;
        app.publish_samples().await;
        app
    }

    /// The same, with a worker that seals as it goes.
    pub async fn start_sealing(database: Database, set: &[(&str, &str)]) -> Self {
        let app = Self::start_tuned(database, set, seals_soon).await;
        app.publish_samples().await;
        app
    }

    /// The program with nothing on offer.
    pub async fn start_empty(database: Database, set: &[(&str, &str)]) -> Self {
        Self::start_tuned(database, set, |_| ()).await
    }

    /// The same, with what no setting changes.
    pub async fn start_tuned(
        database: Database,
        set: &[(&str, &str)],
        tune: impl FnOnce(&mut Core),
    ) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(fresh_postgres().await),
        };
        let clock = story_time::clock();
        // It is large, and every story holds it.
        Box::pin(Self::start_on(dir, url, set, (clock, Random::seeded(1)), tune)).await
    }

    /// The program on a directory and a database that may have been used before.
    pub(super) async fn start_on(
        dir: TempDir,
        database_url: Option<String>,
        set: &[(&str, &str)],
        (clock, random): (Clock, Random),
        tune: impl FnOnce(&mut Core),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let base = format!("http://{address}");
        let mut environment: Vec<(String, String)> = [
            ("ASSENT_DATA_DIR", dir.path().to_str().expect("UTF-8")),
            ("ASSENT_BASE_URL", base.as_str()),
        ]
        .iter()
        .chain(&SETTINGS)
        .chain(set)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        environment.extend(database_url.clone().map(|url| ("ASSENT_DATABASE_URL".to_owned(), url)));
        let values = Values::read(None, environment.into_iter());
        let settings = Settings::check(values).expect("sound settings");
        story_time::begin(dir.path(), clock.clone());
        let mut core = Core::open(settings, clock.clone(), random).await.expect("a core");
        core.seal_every = NEVER;
        tune(&mut core);
        core.look_outside().await.expect("a look outside");
        let stop = CancellationToken::new();
        let program = Program::build(core.clone(), false).expect("a program");
        let running = tokio::spawn(program.run(Role::All, Some(listener), stop.clone()));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { core, clock, base, address, dir, database_url, client, stop, running }
    }

    /// One policy, one newsletter, one report that offers it.
    pub async fn publish_samples(&self) {
        let mut tx = self.core.db.write().await.expect("a transaction");
        self.publish_policy(&mut tx, POLICY).await;
        self.add_newsletter(&mut tx, NEWSLETTER, "The weekly").await;
        self.add_report(&mut tx, SLUG, "A sample report", &[NEWSLETTER]).await;
        tx.commit().await.expect("a commit");
    }

    pub async fn publish_policy(&self, tx: &mut Tx, label: &str) {
        let text =
            format!("# Privacy\n\nVersion {label}: we keep little.").parse().expect("a text");
        let new = NewPolicyVersion {
            label: &label.parse().expect("a label"),
            lang: LANG,
            text: &text,
            change: &Change::Editorial,
        };
        let published = publish_policy(tx, &self.core.moment(), "test", new).await;
        assert!(published.expect("published").is_some());
    }

    /// Publishes a version an hour later, counting so long if it asks again, and waits until pages know it.
    pub async fn publish_change(
        &self,
        label: &str,
        change_class: ChangeClass,
        lasts: Option<Duration>,
    ) {
        self.advance(Duration::from_hours(1));
        let text = format!("# Privacy\n\nVersion {label}: we keep less.").parse().expect("a text");
        let says = || WHAT_CHANGES.parse().expect("a sentence");
        let change = match (change_class, lasts) {
            (ChangeClass::Editorial, _) => Change::Editorial,
            (ChangeClass::Notify, _) => Change::Notify(says()),
            (ChangeClass::Reconsent, lasts) => {
                let until = self.clock.now().plus(lasts.expect("a date"));
                Change::Reconsent(says(), until)
            }
        };
        let new = NewPolicyVersion {
            label: &label.parse().expect("a label"),
            lang: LANG,
            text: &text,
            change: &change,
        };
        let mut tx = self.write().await;
        let published = publish_policy(&mut tx, &self.core.moment(), "test", new).await;
        assert!(published.expect("published").is_some());
        tx.commit().await.expect("a commit");
        poll::until("the new policy on its page", || async {
            let page = self.get("/policies/privacy").await.text();
            page.contains(&format!("Version {label}")).then_some(())
        })
        .await;
    }

    /// Does what policies ask for by now, as the worker does.
    pub async fn work_policies(&self) -> PolicyWork {
        let core = &self.core;
        let worked = work_policies(&core.db, &core.terms, &self.clock, &core.random).await;
        worked.expect("policies worked")
    }

    /// Suppresses an address for everything that the reason covers.
    pub async fn suppress(&self, email: &str, reason: SuppressionReason) {
        let email = EmailAddress::parse(email).expect("an address");
        let key = self.core.terms.address_secret.key(&email);
        let mut tx = self.write().await;
        suppressions::insert(&mut tx, self.clock.now(), &key, reason, None)
            .await
            .expect("suppressed");
        tx.commit().await.expect("a commit");
    }

    pub async fn add_newsletter(&self, tx: &mut Tx, slug: &str, name: &str) {
        let (name, about) = (Line::parse(name), Line::parse("News every Thursday"));
        let (name, about) = (name.expect("a name").expect("some"), about.expect("a description"));
        let slug = slug.parse().expect("a slug");
        let description = about.as_ref();
        let new = NewNewsletter { slug: &slug, name: &name, description, offered: true };
        let added = add_newsletter(tx, &self.core.moment(), "test", new).await;
        assert!(added.expect("added").is_some());
    }

    pub async fn add_report(&self, tx: &mut Tx, slug: &str, title: &str, newsletters: &[&str]) {
        let report = self.sample_report(slug, title).await;
        let offers: Vec<Slug> =
            newsletters.iter().map(|slug| slug.parse().expect("a slug")).collect();
        let at = self.core.moment();
        add_report(tx, &at, "test", &report, &offers).await.expect("added");
        publish_report(tx, &at, "test", &report.slug, true, LANG).await.expect("published");
    }

    pub async fn sample_report(&self, slug: &str, title: &str) -> Report {
        let at = self.core.moment();
        let id = at.new_id();
        let path = self.dir.path().join(format!("{slug}.pdf"));
        std::fs::write(&path, REPORT).expect("a file");
        let file = self.core.files.put_report(id, &path).await.expect("stored");
        Report {
            report_id: id,
            slug: slug.parse().expect("a slug"),
            title: title.to_owned(),
            summary: "What there is to say about samples.".to_owned(),
            body: Some("## Inside\n\nA *few* pages.".to_owned()),
            file_key: file.key,
            media_type: file.media_type.name.to_owned(),
            byte_size: file.byte_size,
            sha256: file.sha256,
            pages: Some(4),
            cover_key: None,
            cover_media_type: None,
            requires_name: false,
            requires_organisation: false,
            requires_job_title: false,
            status: ReportStatus::Draft,
            created_at: at.now,
            published_at: None,
        }
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn set_back(&self, by: Duration) {
        let Clock::Manual(now) = &self.clock else { unreachable!("stories hold the clock") };
        now.fetch_sub(by.as_micros().try_into().expect("microseconds"), Ordering::SeqCst);
    }

    /// A request, a millisecond after the one before: keys made later then sort later.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.advance(Duration::from_millis(1));
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.request(method.parse().expect("a method"), url)
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        kept_pages::keep(&answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// Posts a body as a form.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let request = self.request("POST", path).header(form.0, form.1).body(body.to_owned());
        self.send(request).await
    }

    /// What a page of choices, opened now, says that it was filled from: fields to send with a form.
    pub async fn seen(&self, page: &str) -> String {
        let path = page.replace(&self.base, "");
        let form = PageForm::of(&self.get(page).await.text(), &path);
        let shown: String = form.values("shown").flat_map(|code| ["&shown=", code]).collect();
        format!("&seen={}{shown}", form.value("seen"))
    }

    /// Fills the sample report's form in with an address and the one required box.
    pub async fn ask(&self, email: &str) -> Answer {
        self.post(PATH, &form(email, "")).await
    }

    /// Asks, and opens the mail that follows.
    pub async fn ask_and_read(&self, email: &str, more: &str) -> Mail {
        let before = self.mail_to(email).len();
        let answer = self.post(PATH, &form(email, more)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.next_mail(email, before).await
    }

    /// What a browser sends of the page that asks again, with these boxes ticked.
    pub async fn renewal(&self, link: &str, purposes: &[&str]) -> String {
        let page = self.get(link).await.text();
        let hidden = page.split("type=\"hidden\" name=\"").skip(1).map(|field| {
            let (name, rest) = field.split_once("\" value=\"").expect("a value");
            format!("{name}={}", rest.split_once('"').expect("its end").0)
        });
        let ticked =
            purposes.iter().map(|purpose| format!("purpose={}", purpose.replace(':', "%3A")));
        hidden.chain(ticked).collect::<Vec<_>>().join("&")
    }

    /// Opens the page that asks again, ticks these boxes, and presses its button.
    pub async fn agree_again(&self, link: &str, purposes: &[&str]) -> Answer {
        let body = self.renewal(link, purposes).await;
        self.post(link, &body).await
    }

    /// Types a code on the waiting page of this cookie.
    pub async fn type_code(&self, cookie: &str, code: &str) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let request = self.request("POST", "/check-your-inbox/code").header("cookie", cookie);
        let code = code.replace(' ', "+");
        self.send(request.header(kind.0, kind.1).body(format!("code={code}"))).await
    }

    /// Asks, confirms, gets the receipt, and gives the download page's path.
    pub async fn subscribe(&self, email: &str, more: &str) -> String {
        let before = self.mail_to(email).len();
        let mail = self.ask_and_read(email, more).await;
        let answer = self.post(&mail.link("/confirm/"), "").await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.next_mail(email, before + 1).await;
        answer.location().to_owned()
    }

    /// The same with a form that showed this version of the policy.
    pub async fn agree_under(&self, email: &str, label: &str, more: &str) {
        let before = self.mail_to(email).len();
        let body = form(email, more).replace(POLICY, label);
        assert_eq!(self.post(PATH, &body).await.status, 303);
        let mail = self.next_mail(email, before).await;
        assert_eq!(self.post(&mail.link("/confirm/"), "").await.status, 303);
        self.next_mail(email, before + 1).await;
    }

    /// Every mail in the mailbox, oldest first.
    pub fn inbox(&self) -> Vec<Mail> {
        let mailbox = Mailbox::open(&self.dir.path().join("mailbox")).expect("a mailbox");
        let names = mailbox.names().expect("names");
        let id = |name: &String| name.parse::<Uuid>().expect("an id");
        names.iter().map(|name| Mail::parse(&mailbox.read(id(name)).expect("a mail"))).collect()
    }

    pub fn mail_to(&self, email: &str) -> Vec<Mail> {
        self.inbox().into_iter().filter(|mail| mail.to.eq_ignore_ascii_case(email)).collect()
    }

    /// The mail after the first `before` to this address, once it has come.
    pub async fn next_mail(&self, email: &str, before: usize) -> Mail {
        poll::until(&format!("mail {} to {email}", before + 1), || async {
            self.mail_to(email).into_iter().nth(before)
        })
        .await
    }

    /// Gives what waits its place in the ledger.
    pub async fn seal(&self) {
        let core = &self.core;
        seal_all(&core.db, &core.terms, &core.clock, &core.random).await.expect("sealed");
    }

    /// Has the ledger checked, so that something may be exported.
    pub async fn check(&self) {
        let core = &self.core;
        let allowed = allow_to_begin(&core.db, &core.terms, &core.clock, &core.random).await;
        allowed.expect("an export may begin");
    }

    /// Waits until no mail waits.
    pub async fn mail_settled(&self) {
        poll::until("an outbox with nothing queued", || async {
            let states = assent::store::mail::outbox::count_by_state(&mut self.read().await).await;
            let queued = assent::domain::mail::outbox::OutboxState::Queued;
            states.expect("states").iter().all(|(state, _)| *state != queued).then_some(())
        })
        .await;
    }

    pub async fn read(&self) -> Tx {
        self.core.db.read().await.expect("a transaction")
    }

    pub async fn write(&self) -> Tx {
        self.core.db.write().await.expect("a transaction")
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        count(&self.core.db, sql).await
    }

    /// Runs a statement that the program itself would never run; says whether the database took it.
    pub async fn tamper(&self, sql: &'static str) -> sqlx::Result<u64> {
        tamper(&self.core.db, sql).await
    }

    /// Keeps a verdict on the ledger in place of what the running program's own check says, which it begins with.
    pub async fn says_of_ledger(&self, verdict: &Verdict) {
        let Core { db, terms, .. } = &self.core;
        poll::until("a verdict that stands", || async {
            let own = find_seen(&mut self.read().await).await.expect("an answer")?;
            let kept = keep_verdict(db, &self.core.moment(), terms, verdict, Some(own)).await;
            kept.expect("an answer").then_some(())
        })
        .await;
    }

    /// Waits until a transaction of this database waits for another's lock. Only PostgreSQL tells.
    pub async fn waits_for_lock(&self) {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
        poll::until("a transaction that waits", || async {
            (self.count(WAITING).await > 0).then_some(())
        })
        .await;
    }

    /// The export of one purpose as CSV.
    pub async fn export(&self, purpose: &str) -> String {
        let filter = assent::store::contacts::exports::ExportFilter {
            purpose: purpose.parse().expect("a purpose"),
            report: None,
            since: None,
            until: None,
            policy: None,
        };
        let mut out = Vec::new();
        let format = assent::export::Format::Csv;
        let wanted = assent::export::Wanted {
            filter: &filter,
            format,
            preset: None,
            links: None,
            authority: self.core.terms.authority(),
            scratch: self.dir.path(),
        };
        let snapshot = self.core.db.snapshot().await.expect("a snapshot");
        assent::export::write(snapshot, self.clock.now(), wanted, &mut out, |_| {})
            .await
            .expect("an export");
        String::from_utf8(out).expect("UTF-8")
    }

    /// The addresses in the export of one purpose, in its order.
    pub async fn exported(&self, purpose: &str) -> Vec<String> {
        let text = self.export(purpose).await;
        let text = text.strip_prefix('\u{feff}').expect("a byte-order mark");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.records().map(|record| record.expect("a record")[1].to_owned()).collect()
    }

    /// Stops the program as SIGTERM would and waits for its end.
    pub async fn stop(self) -> TempDir {
        self.stop.cancel();
        self.running.await.expect("a clean end");
        self.dir
    }
}

/// One number out of a database.
pub async fn count(db: &Db, sql: &'static str) -> i64 {
    match db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await,
        Db::Postgres { pool, .. } => sqlx::query_scalar(sql).fetch_one(pool).await,
    }
    .expect("a number")
}

/// Runs a statement that the program itself would never run; says whether the database took it.
pub async fn tamper(db: &Db, sql: &'static str) -> sqlx::Result<u64> {
    Ok(match db {
        Db::Sqlite { writer, .. } => sqlx::query(sql).execute(writer).await?.rows_affected(),
        Db::Postgres { pool, .. } => sqlx::query(sql).execute(pool).await?.rows_affected(),
    })
}

/// The body of the sample form with the required box ticked; `more` is appended as it is.
pub fn form(email: &str, more: &str) -> String {
    let email: String =
        percent_encoding::utf8_percent_encode(email, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
    format!("email={email}&consent=yes&policy={POLICY}&website={more}")
}
