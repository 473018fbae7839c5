//! The program started, with settings of the story, and stopped.

use std::path::Path;
use std::time::Duration;

use assent::app::{Core, Program, Role, Tables};
use assent::clock::Clock;
use assent::config::{Settings, Values};
use assent::flows::ledger::keep_verdict::is_due;
use assent::random::Random;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::stored::open_db;
use super::{Database, SETTINGS, TestApp};
use crate::support::{http_client, postgres, story_time};

/// Stories seal when they mean to: a worker that did so meanwhile would change what they compare. Those about
/// the worker's own sealing set their own.
const NEVER: Duration = Duration::from_hours(24);

/// What a program is told whose worker seals as it goes.
pub fn seals_soon(core: &mut Core) {
    core.seal_every = Duration::from_millis(200);
}

/// Where the program keeps its database if no setting says it.
const DATABASE_FILE: &str = "assent.db";

static TEMPLATE: OnceCell<()> = OnceCell::const_new();

/// A PostgreSQL database of its own, copied from one that was migrated once.
async fn fresh_postgres() -> String {
    const NAME: &str = "assent_template";
    let server = postgres::server();
    TEMPLATE
        .get_or_init(|| async {
            server.create_database(NAME, None).await;
            let db = open_db(&server.url(NAME)).await;
            db.migrate(Duration::from_mins(1)).await.expect("migrations");
            db.close().await;
        })
        .await;
    let name = format!("story_{}", hex(&Random::System.bytes::<8>()));
    server.create_database(&name, Some(NAME)).await;
    server.url(&name)
}

static SQLITE: OnceCell<Vec<u8>> = OnceCell::const_new();

/// A SQLite database of its own, copied from one that was migrated once.
async fn fresh_sqlite(data_dir: &Path) {
    let migrated = SQLITE
        .get_or_init(|| async {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let path = dir.path().join(DATABASE_FILE);
            let db = open_db(&format!("sqlite:{}", path.display())).await;
            db.migrate(Duration::from_mins(1)).await.expect("migrations");
            db.close().await;
            std::fs::read(path).expect("the migrated database")
        })
        .await;
    std::fs::write(data_dir.join(DATABASE_FILE), migrated).expect("a copy of it");
}

pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

impl TestApp {
    /// The program with its sample content and without limits.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The program with its sample content and settings of the story's own.
    pub async fn start_with(database: Database, set: &[(&str, &str)]) -> Self {
        let app = Self::start_empty(database, set).await;
        app.publish_samples().await;
        app
    }

    /// The program with its sample content and a worker that seals as it goes.
    pub async fn start_sealing(database: Database, set: &[(&str, &str)]) -> Self {
        let app = Self::start_tuned(database, set, seals_soon).await;
        app.publish_samples().await;
        app
    }

    /// The program with nothing on offer.
    pub async fn start_empty(database: Database, set: &[(&str, &str)]) -> Self {
        Self::start_tuned(database, set, |_| ()).await
    }

    /// The program with nothing on offer, and with what no setting changes.
    pub async fn start_tuned(
        database: Database,
        set: &[(&str, &str)],
        tune: impl FnOnce(&mut Core),
    ) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = match database {
            Database::Sqlite => {
                fresh_sqlite(dir.path()).await;
                None
            }
            Database::Postgres => Some(fresh_postgres().await),
        };
        let clock = story_time::clock();
        // It is large, and every story holds it.
        Box::pin(Self::start_on((dir, url), set, (clock, Random::seeded(1)), tune)).await
    }

    /// The program on a directory and a database that may have been used before.
    pub async fn start_on(
        (dir, database_url): (TempDir, Option<String>),
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
        let mut core =
            Core::open(settings, Tables::Migrate, clock.clone(), random).await.expect("a core");
        core.seal_every = NEVER;
        tune(&mut core);
        core.look_outside().await.expect("a look outside");
        let stop = CancellationToken::new();
        let program = Program::build(core.clone(), false).expect("a program");
        let running = tokio::spawn(program.run(Role::All, Some(listener), stop.clone()));
        let client = http_client::client();
        let app = Self { core, clock, base, address, dir, database_url, client, stop, running };
        app.first_check().await;
        app
    }

    /// Waits for the check of the ledger that the program begins with: it seals what waits, which a story would find
    /// done at another place each time. Where no verdict is come to, the story is about that.
    async fn first_check(&self) {
        let settings = &self.core.flow_settings;
        for _ in 0..100 {
            let mut tx = self.read().await;
            let is_due = is_due(&mut tx, settings, self.clock.now()).await;
            drop(tx);
            if !is_due.unwrap_or(false) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the program as SIGTERM would and waits for its end.
    pub async fn stop(self) -> TempDir {
        self.stop.cancel();
        self.running.await.expect("a clean end");
        self.dir
    }
}
