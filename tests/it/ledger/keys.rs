//! The key that signs: made once, guarded, and replaced without breaking what it signed.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use assent::app::{Core, StartError, Tables};
use assent::config::{Settings, Values};
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::signup_source::SignupSource;
use assent::domain::signup::submitted_form::{DrawnBy, Method};
use assent::flows::signup::sign_up::{SignUp, sign_up};
use assent::random::Moments;
use assent::random::Random;
use assent::sealing::seal_all;
use assent::sealing::verify::{Verification, verify};
use assent::store::catalog::notices;
use assent::store::ledger::checkpoints;
use assent::store::policy::versions;
use assent_ledger::note::{KeyName, SigningKey, VerifyingKey};
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;

use super::{assert_refused, newest, seal};
use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::{both_databases, program, story_time};

/// An installation after its program stopped: where its data lie.
struct Stopped {
    dir: tempfile::TempDir,
    url: String,
    old: SigningKey,
}

impl Stopped {
    /// Somebody agreed, it was sealed, and the program was stopped.
    async fn after_a_signup(database: Database) -> Self {
        let app = TestApp::start(database).await;
        app.subscribe("ada@b.example", "").await;
        seal(&app).await;
        let url = app.core.settings.database_url.expose_secret().to_owned();
        let old = app.core.flow_settings.ledger_keys.first().clone();
        Self { dir: app.stop().await, url, old }
    }

    fn settings<'a>(&'a self, set: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = [
            ("ASSENT_DATA_DIR", self.dir.path().to_str().unwrap()),
            ("ASSENT_DATABASE_URL", &self.url),
        ];
        SETTINGS.iter().chain(&own).chain(set).copied().collect()
    }

    async fn open(&self, set: &[(&str, &str)]) -> Result<Core, StartError> {
        let set = self.settings(set);
        let set = set.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = Values::read(None, set);
        Core::open(
            Settings::check(values).unwrap(),
            Tables::Migrate,
            story_time::clock(),
            Random::System,
        )
        .await
    }

    fn key_file(&self) -> PathBuf {
        self.dir.path().join("ledger.key")
    }
}

async fn checked(core: &Core) -> Verification {
    verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), |_| ())
        .await
        .unwrap()
}

/// Another event, and a head over it by whatever keys this core has.
async fn another_head(core: &Core) {
    let mut tx = core.db.write().await.unwrap();
    let notice = notices::list(&mut tx).await.unwrap().remove(0);
    let policy = versions::list(&mut tx, "en-GB").await.unwrap().remove(0);
    let form = SignUp {
        request_id: None,
        signup_id: core.moment().new_id(),
        email: EmailAddress::parse("bob@b.example").unwrap(),
        name: None,
        organisation: None,
        job_title: None,
        report: None,
        policy: policy.into(),
        choices: vec![notice.into()],
        form: None,
        unticked: vec![],
        source: "/newsletters".to_owned(),
        method: Method::Form,
        drawn_by: DrawnBy::Ours,
        page: None,
        came_from: SignupSource::default(),
        request: None,
        check: None,
        replaces: None,
    };
    sign_up(&mut tx, &core.moment(), &core.flow_settings, &[form]).await.unwrap();
    tx.commit().await.unwrap();
    seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap();
}

fn text(keys: &[&SigningKey]) -> String {
    let texts: Vec<String> =
        keys.iter().map(|key| key.to_text().expose_secret().to_owned()).collect();
    texts.join(",")
}

fn vkeys(keys: &[&SigningKey]) -> Vec<VerifyingKey> {
    keys.iter().map(|key| key.vkey()).collect()
}

#[apply(both_databases!)]
async fn it_is_made_at_the_first_start_and_nobody_else_may_read_it(database: Database) {
    let stopped = Stopped::after_a_signup(database).await;
    let file = stopped.key_file();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(kept.trim(), text(&[&stopped.old]));
    let core = stopped.open(&[]).await.unwrap();
    assert_eq!(
        core.flow_settings.ledger_keys.first().vkey(),
        stopped.old.vkey(),
        "the same at every start"
    );
    assert!(checked(&core).await.is_sound());
    core.db.close().await;
}

#[apply(both_databases!)]
async fn another_key_is_refused(database: Database) {
    let stopped = Stopped::after_a_signup(database).await;
    let other = SigningKey::new(stopped.old.name().clone(), [5; 32]);
    let given = text(&[&other]);
    let set = stopped.settings(&[("ASSENT_LEDGER_KEY", &given)]);
    let output = program::run(stopped.dir.path(), &set, &["ledger", "checkpoint"]);
    assert_refused(&output, "another key signed this database's ledger");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&stopped.old.vkey().to_string()) && said.contains("ASSENT_LEDGER_OLD_KEYS"),
        "{said}"
    );
    assert!(!said.contains("PRIVATE"), "{said}");
    for odd in ["x", "PRIVATE+KEY+a+00000000+AAAA", &given[..given.len() - 6]] {
        let set = stopped.settings(&[("ASSENT_LEDGER_KEY", odd)]);
        let output = program::run(stopped.dir.path(), &set, &["ledger", "checkpoint"]);
        assert_refused(&output, "ledger.key");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(&given[..40]), "no key is told");
    }
    // A lost file is made anew only where no ledger was signed by another.
    std::fs::remove_file(stopped.key_file()).unwrap();
    let elsewhere = ("ASSENT_SECRET_KEY", "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3Q=");
    let refused = stopped.open(&[elsewhere]).await;
    assert!(matches!(refused, Err(StartError::ForeignLedgerKey(_))));
}

#[apply(both_databases!)]
async fn it_is_replaced_in_two_steps(database: Database) {
    let stopped = Stopped::after_a_signup(database).await;
    let (old, new) = (&stopped.old, SigningKey::new(stopped.old.name().clone(), [6; 32]));
    // For a while both sign, so that whoever knows either can follow.
    let both = text(&[&new, old]);
    let core = stopped.open(&[("ASSENT_LEDGER_KEY", &both)]).await.unwrap();
    another_head(&core).await;
    let note = newest(&core.db, &vkeys(&[&new, old])).await;
    assert_eq!(note.signatures().len(), 2);
    for key in vkeys(&[&new, old]) {
        assert_eq!(note.verified_by(std::slice::from_ref(&key)), Some(&key));
    }
    assert!(checked(&core).await.is_sound());
    core.db.close().await;

    // Then the new one signs alone, and the old one is remembered by its public half.
    let (alone, remembered) = (text(&[&new]), old.vkey().to_string());
    let set = [("ASSENT_LEDGER_KEY", alone.as_str()), ("ASSENT_LEDGER_OLD_KEYS", &remembered)];
    let core = stopped.open(&set).await.unwrap();
    another_head(&core).await;
    assert_eq!(newest(&core.db, &vkeys(&[&new])).await.signatures().len(), 1);
    assert!(checked(&core).await.is_sound());
    core.db.close().await;

    // Forgotten, what it signed alone proves nothing any more.
    let core = stopped.open(&set[..1]).await.unwrap();
    let first =
        checkpoints::list(&mut core.db.read().await.unwrap(), 0, 1).await.unwrap().remove(0);
    let found = checked(&core).await.findings;
    let words =
        format!("the checkpoint of {} events is not signed by a key of this ledger", first.size);
    assert!(found.first().is_some_and(|finding| finding.contains(&words)), "{found:?}");
    core.db.close().await;
    // And the old one alone is not let in again.
    let refused = stopped.open(&[]).await;
    assert!(matches!(refused, Err(StartError::ForeignLedgerKey(_))));
}

#[apply(both_databases!)]
async fn a_new_key_without_the_old_one_is_refused(database: Database) {
    let stopped = Stopped::after_a_signup(database).await;
    let name = KeyName::parse("elsewhere.example/ledger").unwrap();
    let new = SigningKey::new(name, [6; 32]);
    let alone = text(&[&new]);
    let refused = stopped.open(&[("ASSENT_LEDGER_KEY", &alone)]).await;
    assert!(
        matches!(refused, Err(StartError::ForeignLedgerKey(told)) if told == stopped.old.vkey().to_string())
    );
}
