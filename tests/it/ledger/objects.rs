//! Endings in the file store that another hand changed: no machine believes them, and the one that put them puts them
//! right.

use std::path::{Path, PathBuf};
use std::process::Output;

use macro_rules_attribute::apply;
use secrecy::ExposeSecret;

use super::{EXPORT, WEEKLY, assert_sound};
use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::stopped::Stopped;
use crate::support::{both_databases, program};

/// A program that was stopped after somebody left, and what another machine needs to join it.
struct Left {
    stopped: Stopped,
    database_url: String,
    base: String,
    object: PathBuf,
    right: Vec<u8>,
}

impl Left {
    async fn new(database: Database) -> Self {
        let app = TestApp::start(database).await;
        for email in ["ada@b.example", "bob@b.example"] {
            app.subscribe(email, WEEKLY).await;
        }
        let ada = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
        assert_eq!(app.post(&format!("{ada}/withdraw-all"), "").await.status, 303);
        app.mail_settled().await;
        let database_url = app.core.settings.database_url.expose_secret().to_owned();
        let base = app.base.clone();
        let stopped = app.halt().await;
        let folder = std::fs::read_dir(stopped.dir.path().join("files/outside/endings")).unwrap();
        let mut objects: Vec<PathBuf> = folder.map(|object| object.unwrap().path()).collect();
        let object = objects.pop().unwrap();
        assert!(objects.is_empty(), "{objects:?}");
        let right = std::fs::read(&object).unwrap();
        Self { stopped, database_url, base, object, right }
    }

    fn name(&self) -> &str {
        self.object.file_name().unwrap().to_str().unwrap()
    }

    /// Runs a command on a data directory, with the database and the file store of the stopped program.
    fn run(&self, data_dir: &Path, arguments: &[&str]) -> Output {
        let dir = self.stopped.dir.path();
        let files = format!("file:{}", dir.join("files").display());
        let own = [
            ("ASSENT_DATA_DIR", data_dir.to_str().unwrap()),
            ("ASSENT_BASE_URL", self.base.as_str()),
            ("ASSENT_DATABASE_URL", self.database_url.as_str()),
            ("ASSENT_FILES_URL", files.as_str()),
        ];
        let set: Vec<(&str, &str)> = SETTINGS.iter().chain(&own).copied().collect();
        program::run(dir, &set, arguments)
    }

    /// A data directory that is new, but for the keys.
    fn new_machine(&self) -> tempfile::TempDir {
        let machine = tempfile::tempdir().unwrap();
        for key in ["secret.key", "address.key", "ledger.key"] {
            let from = self.stopped.dir.path().join(key);
            if from.exists() {
                std::fs::copy(from, machine.path().join(key)).unwrap();
            }
        }
        machine
    }
}

#[apply(both_databases!)]
async fn one_that_was_cut_short_hides_nobody_who_left(database: Database) {
    let left = Left::new(database).await;
    let first = left.right.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    for wrong in [first, b""] {
        std::fs::write(&left.object, wrong).unwrap();
        let machine = left.new_machine();
        let refused = left.run(machine.path(), &EXPORT);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && refused.stdout.is_empty(), "{said}");
        assert!(
            said.contains(left.name()) && said.contains("was changed by another hand"),
            "{said}"
        );
    }
    // The machine that has the lines puts it right as soon as it runs.
    let machine = left.new_machine();
    let contacts = left.run(left.stopped.dir.path(), &EXPORT);
    let contacts = String::from_utf8(contacts.stdout).unwrap();
    assert!(
        contacts.contains("bob@b.example") && !contacts.contains("ada@b.example"),
        "{contacts}"
    );
    assert_eq!(std::fs::read(&left.object).unwrap(), left.right);
    let again = left.run(machine.path(), &EXPORT);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    let noted = std::fs::read(machine.path().join("endings.log")).unwrap();
    assert_eq!(noted, left.right);
}

#[apply(both_databases!)]
async fn one_that_kept_its_size_is_found_by_the_check(database: Database) {
    let left = Left::new(database).await;
    let wrong = vec![b'x'; left.right.len()];
    std::fs::write(&left.object, &wrong).unwrap();
    let machine = left.new_machine();
    let found = left.run(machine.path(), &["ledger", "verify"]);
    let told = String::from_utf8(found.stdout).unwrap();
    assert_eq!(found.status.code(), Some(1), "{told}");
    assert!(told.contains(left.name()) && told.contains("was changed by another hand"), "{told}");
    assert_eq!(std::fs::read(&left.object).unwrap(), wrong);
    let Left { stopped, object, right, .. } = left;
    let app = stopped.start(&[]).await;
    assert_sound(&app).await;
    assert_eq!(std::fs::read(&object).unwrap(), right);
}
