//! SMTP servers on aiosmtpd: with TLS, and with faults on request.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::task::spawn_blocking;

use super::super::postgres::Tethered;
use super::{Delivery, files, program, temporary_directory};

/// What a [`FaultyServer`] does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Answers so many tries for each recipient with 450 4.7.1 before it takes one.
    Greylist { tries: usize },
    /// Answers every login with 535 5.7.8. Without this it accepts any.
    RefusePassword,
    /// Answers MAIL with 550 5.7.1.
    RefuseSender,
    /// Answers RCPT by how the address begins: `unknown` with 550 5.1.1, `full` with 552 5.2.2,
    /// `blocked` with 554 5.7.1, `garbled` with what is no reply.
    RefuseRecipients,
    /// Answers the end of a message with 554 5.7.1.
    RefuseContent,
    /// Answers at `stage` with 421 and hangs up.
    Close(Stage),
    /// Reads a message to its end, does not take it, and never answers.
    Hang,
    /// Hangs up at the end of a message, without an answer, whether or not it took it.
    Drop { taken: bool },
    /// Takes no address beyond ASCII (no SMTPUTF8), for connections that begin from now on.
    Ascii,
    /// Answers each command so late.
    Slow(Duration),
    /// Takes no more than so many connections at once: answers further ones with 421.
    Crowd(usize),
    /// Takes no message above so many bytes, for connections that begin from now on.
    Size(usize),
    /// Answers by codes alone, without text (RFC 5321 §4.2): nothing wrong.
    Terse,
    /// Answers in letters that are not UTF-8.
    Foreign,
}

/// Where a conversation can be cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connection,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    /// The end of the message.
    Message,
}

impl Fault {
    /// What `smtp_server.py` reads: a word and its measure.
    fn words(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Greylist { tries } => format!("greylist {tries}"),
            Self::RefusePassword => "refuse password".to_owned(),
            Self::RefuseSender => "refuse sender".to_owned(),
            Self::RefuseRecipients => "refuse recipient".to_owned(),
            Self::RefuseContent => "refuse content".to_owned(),
            Self::Close(stage) => format!("close {}", stage.word()),
            Self::Hang => "hang".to_owned(),
            Self::Drop { taken: true } => "drop taken".to_owned(),
            Self::Drop { taken: false } => "drop untaken".to_owned(),
            Self::Ascii => "ascii".to_owned(),
            Self::Slow(each) => format!("slow {}", each.as_millis()),
            Self::Crowd(most) => format!("crowd {most}"),
            Self::Size(most) => format!("size {most}"),
            Self::Terse => "terse".to_owned(),
            Self::Foreign => "foreign".to_owned(),
        }
    }
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Ehlo => "EHLO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Message => "message",
        }
    }
}

/// An SMTP server in clear that misbehaves on request, and can change while it runs.
pub struct FaultyServer(Server);

impl FaultyServer {
    /// Starts a server on a free loopback port.
    pub fn start(fault: Fault) -> Self {
        let server = Self(Server::start("plain"));
        server.turn(fault);
        server
    }

    /// Does this wrong from now on.
    pub fn turn(&self, fault: Fault) {
        self.0.turn(fault);
    }

    /// Where mail is sent: a URL for the program's configuration.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.0.port)
    }

    /// The same, for who signs in.
    pub fn url_with_login(&self) -> String {
        self.url().replace("://", "://reports:secret@")
    }

    /// The messages it took so far, with their envelopes, oldest first.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        self.0.deliveries().await
    }

    /// How often somebody connected.
    pub fn connections(&self) -> usize {
        self.0.seen("connection")
    }

    /// How often somebody tried to sign in.
    pub fn logins(&self) -> usize {
        self.0.seen("login")
    }

    /// How often a message was to be handed over to this address, refused or not.
    pub fn tries(&self, recipient: &str) -> usize {
        self.0.seen(&format!("recipient {recipient}"))
    }

    /// How many messages were sent to their end, taken or not.
    pub fn ends(&self) -> usize {
        self.0.seen("message")
    }
}

/// How a [`StartTlsServer`] speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// In clear until STARTTLS, and no mail before it.
    Required,
    /// From the first byte.
    Implicit,
}

/// An SMTP server for `localhost` with a certificate by an authority of its own. It accepts every
/// login, and records whose it was.
pub struct StartTlsServer {
    tls: Tls,
    server: Server,
}

impl StartTlsServer {
    /// Starts a server on a free loopback port.
    pub fn start(tls: Tls) -> Self {
        let server = Server::start(match tls {
            Tls::Required => "starttls",
            Tls::Implicit => "implicit",
        });
        Self { tls, server }
    }

    /// Where mail is sent: a URL for the program's configuration, by name, because the certificate
    /// is for the name.
    pub fn url(&self) -> String {
        match self.tls {
            Tls::Required => format!("smtp://localhost:{}?tls=required", self.server.port),
            Tls::Implicit => format!("smtps://localhost:{}", self.server.port),
        }
    }

    /// Does this from now on.
    pub fn turn(&self, fault: Fault) {
        self.server.turn(fault);
    }

    /// The authority to trust, as PEM. Nothing else knows it.
    pub fn ca_file(&self) -> PathBuf {
        self.server.directory.join("ca.pem")
    }

    /// The messages received so far, oldest first.
    pub async fn messages(&self) -> Vec<Vec<u8>> {
        self.deliveries().await.into_iter().map(|delivery| delivery.message).collect()
    }

    /// The messages with their envelopes, oldest first.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        self.server.deliveries().await
    }
}

/// `smtp_server.py` in a process and a directory of its own.
struct Server {
    port: u16,
    directory: PathBuf,
    _process: Tethered,
}

impl Server {
    fn start(mode: &str) -> Self {
        let python = program("TEST_AIOSMTPD_PYTHON", &["/usr/bin/python3", "python3"]);
        let directory = temporary_directory("smtp-server-");
        let log = directory.join("log");
        let mut command = Tethered::command(&python);
        command
            .args(["-c", include_str!("../smtp_server.py"), mode])
            .arg(&directory)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("a log file"));
        let mut process = Tethered::start(&mut command, "KILL", &directory)
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", python.display()));
        let output = process.process().stdout.take().expect("a piped output");
        // No line means that it ended: the pipe closed.
        let line = BufReader::new(output).lines().next().and_then(Result::ok);
        let port = line.and_then(|line| line.parse().ok()).unwrap_or_else(|| {
            panic!(
                "the SMTP test server does not start; it needs aiosmtpd and openssl, which \
                 tests/run installs:\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            )
        });
        Self { port, directory, _process: process }
    }

    fn turn(&self, fault: Fault) {
        let path = self.directory.join("fault");
        let part = path.with_extension("part");
        fs::write(&part, fault.words()).expect("a file");
        fs::rename(&part, path).expect("a file");
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let directory = self.directory.join("messages");
        spawn_blocking(move || Self::read(&directory)).await.expect("read the messages")
    }

    fn read(directory: &Path) -> Vec<Delivery> {
        let mut names = files(directory);
        names.retain(|name| name.extension().is_some_and(|extension| extension == "json"));
        names.sort();
        names.iter().map(|name| parse_record(&fs::read(name).expect("a record"))).collect()
    }

    fn seen(&self, what: &str) -> usize {
        let seen = fs::read_to_string(self.directory.join("seen")).unwrap_or_default();
        seen.lines().filter(|line| *line == what).count()
    }
}

fn parse_record(record: &[u8]) -> Delivery {
    let record: serde_json::Value = serde_json::from_slice(record).expect("a record in JSON");
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let at = Duration::from_secs_f64(record["at"].as_f64().expect("a time"));
    Delivery {
        envelope_from: text(&record["from"]).unwrap_or_default(),
        envelope_to: record["to"].as_array().into_iter().flatten().filter_map(text).collect(),
        login: text(&record["login"]),
        at: SystemTime::UNIX_EPOCH + at,
        message: STANDARD.decode(record["message"].as_str().unwrap_or_default()).expect("base64"),
    }
}
