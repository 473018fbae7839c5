//! The program as its users start it: the built binary, in a process of its own.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use super::http_client;
use super::{poll, postgres, story_time};

pub const BINARY: &str = env!("CARGO_BIN_EXE_assent");

/// A command of the program with these settings alone, at the time of the story in this directory.
pub fn command(dir: &Path, set: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.env_clear().current_dir(dir).env("ASSENT_DATA_DIR", dir.join("data")).args(arguments);
    command.envs(story_time::environment(dir)).envs(set.iter().copied()).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(dir: &Path, set: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(dir, set, arguments).output().expect("the program")
}

/// Runs a command that must succeed; returns what it printed.
pub fn run_well(dir: &Path, set: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run(dir, set, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A served program; killed when dropped.
pub struct Served {
    pub child: Child,
    pub base: String,
}

impl Served {
    /// Starts `serve` or `demo` on a free port and waits until it answers.
    pub async fn start(dir: &Path, set: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::begin(dir, set, arguments).answering().await
    }

    /// The same, with its log in this file.
    pub async fn logging(dir: &Path, set: &[(&str, &str)], log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("a file");
        Self::begin_into(dir, set, &["serve"], log.into()).answering().await
    }

    async fn answering(self) -> Self {
        poll::until("the program to answer", || async {
            http_client::get(&format!("{}/readyz", self.base))
                .await
                .ok()?
                .status()
                .is_success()
                .then_some(())
        })
        .await;
        self
    }

    /// The same without the wait: a worker answers nobody.
    pub fn begin(dir: &Path, set: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::begin_into(dir, set, arguments, Stdio::null())
    }

    fn begin_into(dir: &Path, set: &[(&str, &str)], arguments: &[&str], log: Stdio) -> Self {
        let listen = format!("127.0.0.1:{}", postgres::free_port());
        let base = format!("http://{listen}");
        let child = command(dir, set, arguments)
            .env("ASSENT_LISTEN", &listen)
            .env("ASSENT_BASE_URL", &base)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program");
        Self { child, base }
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let (name, id) = (format!("-{name}"), self.child.id().to_string());
        assert!(Command::new("kill").args([name, id]).status().expect("kill").success());
    }

    /// Asks it to stop, as a service manager would.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Waits for its end, which is promised within 30 seconds of being asked.
    pub async fn ended(&mut self) -> ExitStatus {
        poll::within(Duration::from_secs(30), "its end", || {
            std::future::ready(self.child.try_wait().expect("its state"))
        })
        .await
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().expect("killed");
            self.child.wait().expect("ended");
        }
        story_time::tidy_up_after(self.child.id());
    }
}
