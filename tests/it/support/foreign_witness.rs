//! A witness that is not ours: the Python package `aics-witness`, which tests/release installs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::http_client;
use super::poll;
use super::postgres::{Tethered, free_port};
use super::smtp::program;

/// One that listens; ended when dropped.
pub struct ForeignWitness {
    directory: TempDir,
    port: u16,
    /// Its verifier key.
    pub vkey: String,
    serves: Option<Tethered>,
}

impl ForeignWitness {
    /// A new one, which trusts nobody and does not listen yet.
    pub fn new(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let told = does(directory.path(), &["init", "--name", name]);
        let words = told.split_whitespace();
        let vkey = words.map(str::to_owned).find(|word| word.starts_with(&format!("{name}+")));
        let vkey = vkey.unwrap_or_else(|| panic!("no key of {name}: {told}"));
        Self { directory, port: free_port(), vkey, serves: None }
    }

    /// What the program is told of it.
    pub fn setting(&self) -> String {
        format!("{}@http://127.0.0.1:{}", self.vkey, self.port)
    }

    /// Has it trust the ledger of this key, and begin to listen.
    pub async fn serve(&mut self, origin: &str, vkey: &str) {
        let directory = self.directory.path();
        does(directory, &["add-log", "--origin", origin, "--vkey", vkey]);
        let log = File::create(directory.join("log")).unwrap();
        let mut command = Tethered::command(&found());
        // Whatever the story's clock says.
        command.env_remove("LD_PRELOAD").current_dir(directory);
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        // It takes nothing away but what it made itself.
        let scratch = directory.join("scratch");
        self.serves = Some(Tethered::start(&mut command, "TERM", &scratch).unwrap());
        let health = format!("http://127.0.0.1:{}/healthz", self.port);
        poll::until("the witness to answer", || async {
            http_client::get(&health).await.ok()?.status().is_success().then_some(())
        })
        .await;
    }
}

fn found() -> PathBuf {
    program("TEST_WITNESS", &["aics-witness"])
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(found());
    command.env_remove("LD_PRELOAD").current_dir(directory).args(arguments);
    command.output().expect("the witness")
}

fn does(directory: &Path, arguments: &[&str]) -> String {
    let done = run(directory, arguments);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}
