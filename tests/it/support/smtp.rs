//! Real SMTP servers that keep what they receive: Postfix's `smtp-sink`, quick and able to refuse, and
//! servers on aiosmtpd, with TLS and with any fault on request.

mod server;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

use tokio::task::spawn_blocking;

use super::postgres::{Tethered, free_port, is_root};

pub use server::{Fault, FaultyServer, Stage, StartTlsServer, Tls};

/// A message a server accepted, with the envelope it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub envelope_from: String,
    pub envelope_to: Vec<String>,
    /// Who signed in to send it. `smtp-sink` does not record this.
    pub login: Option<String>,
    /// When the server had it in full.
    pub at: SystemTime,
    /// Header and body as sent, with CRLF line ends.
    pub message: Vec<u8>,
}

/// `smtp-sink` on a free loopback port.
pub struct SmtpSink {
    port: u16,
    directory: PathBuf,
    process: Tethered,
}

impl SmtpSink {
    /// Starts a sink with further options of smtp-sink(1): `&["-r", "RCPT"]` answers every
    /// recipient with 450, `&["-q", "."]` hangs up after the message, `&["-w", "5"]` is slow.
    pub fn start(options: &[&str]) -> Self {
        let program = program("TEST_SMTP_SINK", &["smtp-sink", "/usr/sbin/smtp-sink"]);
        for _ in 0..5 {
            let port = free_port();
            let directory = temporary_directory("smtp-sink-");
            let mut command = Tethered::command(&program);
            // As root it insists on a user to become. Root itself will do: the files in /proc that
            // tell which message is complete can then be read without further capabilities.
            if is_root() {
                command.args(["-u", "root"]);
            }
            command.args(options).arg("-d").arg(directory.join("message."));
            command.args([&format!("127.0.0.1:{port}"), "1000"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut process = Tethered::start(&mut command, "KILL", &directory)
                .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
            if listens(port, &mut process) {
                return Self { port, directory, process };
            }
        }
        panic!("{} does not start: run it by hand with {options:?}", program.display());
    }

    /// Where mail is sent: a URL for the program's configuration.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?tls=none", self.port)
    }

    /// The messages received in full so far, oldest first: also those the sink was told to refuse
    /// or to hang up on at their end (`-r .`, `-q .`).
    pub async fn messages(&self) -> Vec<Vec<u8>> {
        self.deliveries().await.into_iter().map(|delivery| delivery.message).collect()
    }

    /// The recipients of each message, in the order of [`Self::messages`].
    pub async fn envelope_to(&self) -> Vec<Vec<String>> {
        self.deliveries().await.into_iter().map(|delivery| delivery.envelope_to).collect()
    }

    /// How many messages have come so far, the one that is just coming too. Quicker than reading them.
    pub fn count(&self) -> usize {
        files(&self.directory).len()
    }

    /// The messages with their envelopes, oldest first.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        let (directory, process) = (self.directory.clone(), self.process.id());
        spawn_blocking(move || Self::read(&directory, process)).await.expect("read the messages")
    }

    fn read(directory: &Path, process: u32) -> Vec<Delivery> {
        // The sink keeps a file open until its message is complete, and deletes it if it never
        // will be. So the names are read before the open files.
        let names = files(directory);
        let open = open_files(process);
        let mut complete: Vec<Delivery> = names
            .into_iter()
            .filter(|path| !open.contains(path))
            .filter_map(|path| {
                let at = fs::metadata(&path).ok()?.modified().ok()?;
                Some(parse_dump(&fs::read(&path).ok()?, at))
            })
            .collect();
        complete.sort_by_key(|delivery| delivery.at);
        complete
    }
}

/// smtp-sink(1), "Dump file format": its own headers, ended by a `Received` of three lines, then
/// the message with LF line ends, then an empty line.
fn parse_dump(dump: &[u8], at: SystemTime) -> Delivery {
    let mut envelope_from = String::new();
    let mut envelope_to = Vec::new();
    let mut lines = dump.strip_suffix(b"\n").unwrap_or(dump).split_inclusive(|&byte| byte == b'\n');
    for line in lines.by_ref() {
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(": ") else {
            // The second line of `Received`; the third is the last before the message.
            lines.next();
            break;
        };
        match name {
            "X-Mail-Args" => envelope_from = address(value),
            "X-Rcpt-Args" => envelope_to.push(address(value)),
            _ => {}
        }
    }
    let mut message = Vec::with_capacity(dump.len());
    for line in lines {
        match line.strip_suffix(b"\n") {
            Some(text) => message.extend([text, b"\r\n"].concat()),
            None => message.extend_from_slice(line),
        }
    }
    Delivery { envelope_from, envelope_to, login: None, at, message }
}

/// The address in the arguments of MAIL or RCPT: `<a@b.test> SIZE=3`. A quoted local part may hold
/// a `>`, so the address ends at the last one; no parameter holds any.
fn address(arguments: &str) -> String {
    let arguments = arguments.trim();
    let end = arguments.rfind('>').unwrap_or(arguments.len());
    arguments[..end].trim_start_matches('<').to_owned()
}

/// The program `variable` names, else the first of `names` to be found.
pub(super) fn program(variable: &str, names: &[&str]) -> PathBuf {
    if let Some(told) = env::var_os(variable) {
        return PathBuf::from(told);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    names
        .iter()
        // Joining an absolute name leaves that name.
        .flat_map(|name| env::split_paths(&path).map(move |directory| directory.join(name)))
        .find(|program| program.exists())
        .unwrap_or_else(|| {
            panic!(
                "{} is not here: run the tests with tests/run, which installs it, or set {variable}",
                names[0]
            )
        })
}

fn temporary_directory(prefix: &str) -> PathBuf {
    let directory = tempfile::Builder::new().prefix(prefix).tempdir().expect("a directory").keep();
    // /proc names open files by their resolved path.
    directory.canonicalize().expect("the directory just made")
}

/// The paths in `directory`; none if it is gone.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

/// What the process holds open, by resolved path or as `socket:[INODE]`.
fn open_files(process: u32) -> HashSet<PathBuf> {
    let descriptors = files(&PathBuf::from(format!("/proc/{process}/fd")));
    descriptors.iter().filter_map(|descriptor| fs::read_link(descriptor).ok()).collect()
}

/// Waits until the process listens on `port` of 127.0.0.1; false if it ends instead, as it does
/// when somebody else took the port. A connection would not tell whose port it is, and `smtp-sink`
/// would count it as a session.
fn listens(port: u16, process: &mut Tethered) -> bool {
    const LISTEN: &str = "0A";
    let address = format!("0100007F:{port:04X}");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) && !process.has_ended() {
        let open = open_files(process.id());
        // proc_net_tcp: the second column is the local address, the fourth the state, the tenth
        // the inode.
        let sockets = fs::read_to_string("/proc/net/tcp").expect("the kernel's list of sockets");
        for socket in sockets.lines() {
            let columns: Vec<&str> = socket.split_whitespace().collect();
            if let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = columns[..]
                && local == address
                && open.contains(Path::new(&format!("socket:[{inode}]")))
            {
                return true;
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}
