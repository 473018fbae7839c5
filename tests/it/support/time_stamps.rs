//! A time-stamping authority (RFC 3161) of a story's own: OpenSSL, with a certificate by an authority of its own, asked
//! over HTTP, with the clock of the story. It misbehaves on request.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use super::story_time;
use super::test_server::{Reply, TestServer};

const CONFIG: &str = "
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = ours
[ours]
serial = serial
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
";

/// What it does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Answers 500.
    Ill,
    /// Answers what is no DER.
    Garbled,
    /// Grants nothing.
    Rejects,
    /// Stamps something else.
    OtherHead,
    /// Answers with what it answered before.
    Again,
    /// Says nothing of the question that it answers.
    NoNonce,
    /// States a time that is still to come.
    Ahead,
}

/// One that listens.
pub struct TimeStamps {
    server: TestServer,
    directory: Arc<TempDir>,
    turned: Arc<Mutex<Turned>>,
}

/// What it does wrong, and whose clock it has: that of the story in a directory.
#[derive(Clone, Default)]
struct Turned {
    fault: Fault,
    story: Option<PathBuf>,
}

impl TimeStamps {
    pub async fn start() -> Self {
        Self::start_at(0).await
    }

    pub async fn start_at(port: u16) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        certify(directory.path());
        let turned = Arc::new(Mutex::new(Turned::default()));
        let (place, seen) = (directory.clone(), turned.clone());
        let answer = move |path: &str, body: &[u8]| {
            assert_eq!(path, "/stamps?policy=1");
            let turned = seen.lock().unwrap().clone();
            answer(place.path(), &turned, body)
        };
        Self { server: TestServer::start_at(port, answer).await, directory, turned }
    }

    /// What the program is told of it.
    pub fn setting(&self) -> String {
        setting(self.server.address.port())
    }

    /// Does this wrong from now on.
    pub fn turn(&self, fault: Fault) {
        self.turned.lock().unwrap().fault = fault;
    }

    /// Has the clock of the story in this directory from now on.
    pub fn keep_time_of(&self, story: &Path) {
        self.turned.lock().unwrap().story = Some(story.to_owned());
    }

    /// The authority that vouches for it.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// What OpenSSL says of a response over these bytes.
    pub fn verify(&self, data: &[u8], response: &Path) -> bool {
        let file = self.directory.path().join("data");
        fs::write(&file, data).unwrap();
        let authority = self.authority();
        let [data, response, authority] =
            [&file, response, &authority].map(|p| p.to_str().unwrap());
        let verified = openssl(
            self.directory.path(),
            &["ts", "-verify", "-data", data, "-in", response, "-CAfile", authority],
        );
        String::from_utf8_lossy(&verified.stdout).contains("Verification: OK")
            || String::from_utf8_lossy(&verified.stderr).contains("Verification: OK")
    }
}

/// What the program is told of one that listens on this port, or will.
pub fn setting(port: u16) -> String {
    format!("http://127.0.0.1:{port}/stamps?policy=1")
}

fn openssl(directory: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").current_dir(directory).args(arguments).output().expect("openssl")
}

fn does(directory: &Path, arguments: &[&str]) {
    let done = openssl(directory, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn certify(directory: &Path) {
    fs::write(directory.join("config"), CONFIG).unwrap();
    fs::write(directory.join("serial"), "01\n").unwrap();
    let new = ["req", "-config", "config", "-newkey", "rsa:2048", "-nodes"];
    let root = ["-x509", "-subj", "/CN=authority", "-days", "3650", "-extensions", "authority"];
    let kept = ["-keyout", "ca.key", "-out", "ca.pem"];
    does(directory, &[&new[..], &root, &kept].concat());
    let asked = ["-subj", "/CN=stamper", "-keyout", "tsa.key", "-out", "tsa.csr"];
    does(directory, &[&new[..], &asked].concat());
    let sign =
        ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "3650"];
    let as_stamper = ["-extfile", "config", "-extensions", "stamper", "-out", "tsa.pem"];
    does(directory, &[&sign[..], &["-CAcreateserial"], &as_stamper].concat());
}

fn answer(directory: &Path, turned: &Turned, query: &[u8]) -> Reply {
    let says = |body| Reply::Says(200, "application/timestamp-reply", body);
    let other = |more: &[&str]| {
        let digest = "0".repeat(64);
        let asked = ["ts", "-query", "-config", "config", "-sha256", "-digest", &digest];
        does(directory, &[&asked[..], more, &["-out", "query"]].concat());
    };
    match turned.fault {
        Fault::Ill => return Reply::Says(500, "text/plain", vec![]),
        Fault::Garbled => return says(b"no time stamp".to_vec()),
        Fault::Again => return says(fs::read(directory.join("response")).unwrap()),
        Fault::Rejects => other(&["-tspolicy", "1.2.3.4.9"]),
        Fault::OtherHead => other(&[]),
        Fault::NoNonce => {
            let asked = directory.join("query");
            fs::write(&asked, query).unwrap();
            let text = openssl(directory, &["ts", "-query", "-in", "query", "-text"]);
            let digest = imprint(&String::from_utf8_lossy(&text.stdout));
            let asked = ["ts", "-query", "-config", "config", "-sha256", "-digest", &digest];
            does(directory, &[&asked[..], &["-no_nonce", "-cert", "-out", "query"]].concat());
        }
        Fault::None | Fault::Ahead => fs::write(directory.join("query"), query).unwrap(),
    }
    let mut reply = Command::new("openssl");
    reply.args(["ts", "-reply", "-config", "config", "-queryfile", "query", "-out", "response"]);
    if let Some(story) = &turned.story {
        let is_ahead = turned.fault == Fault::Ahead;
        let by = if is_ahead { Duration::from_mins(10) } else { Duration::ZERO };
        reply.envs(story_time::environment_ahead(story, by));
    }
    let done = reply.current_dir(directory).output().expect("openssl");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    says(fs::read(directory.join("response")).unwrap())
}

/// The digits of OpenSSL's dump of a question's imprint.
fn imprint(text: &str) -> String {
    let lines = text.lines().filter_map(|line| line.trim_start().split_once(" - "));
    let digits = lines.flat_map(|(_, dump)| dump.chars().take(48));
    digits.filter(char::is_ascii_hexdigit).collect()
}
