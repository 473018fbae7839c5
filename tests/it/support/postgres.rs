//! One real `PostgreSQL` server for the whole test process, and the tether that ends such servers.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use sqlx::{Connection, PgConnection};

/// A server that listens on 127.0.0.1 and on a socket in its own temporary directory.
///
/// Every local connection is trusted: nothing but test data is ever in it.
pub struct Server {
    port: u16,
    _process: Tethered,
}

/// The server of this process, started by the first test that asks.
///
/// That test blocks its thread for the second or two it takes; the others wait on the lock.
pub fn server() -> &'static Server {
    // The outcome is kept, so every test that needs the server names the reason it is missing, not
    // only the first one.
    static SERVER: LazyLock<Result<Server, String>> = LazyLock::new(Server::start);
    SERVER.as_ref().unwrap_or_else(|reason| panic!("{reason}"))
}

impl Server {
    /// Where `database` is found: a URL for the program's configuration and for sqlx.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes `name`, as a copy of `template` if one is given. No connection to the template may be
    /// open meanwhile (`PostgreSQL` refuses to copy a database in use).
    pub async fn create_database(&self, name: &str, template: Option<&str>) {
        let mut sql = format!("CREATE DATABASE {}", quoted(name));
        if let Some(template) = template {
            sql.push_str(" TEMPLATE ");
            sql.push_str(&quoted(template));
        }
        let mut connection =
            PgConnection::connect(&self.url("postgres")).await.expect("connect to the test server");
        #[expect(clippy::disallowed_methods, reason = "CREATE DATABASE takes no bound parameters")]
        let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        statement.execute(&mut connection).await.expect("create the database");
        connection.close().await.expect("close the connection");
    }

    fn start() -> Result<Self, String> {
        let bin = binaries()?;
        // Most likely somebody took the port since it was found free.
        (0..4).find_map(|_| Self::try_start(&bin).ok()).map_or_else(|| Self::try_start(&bin), Ok)
    }

    fn try_start(bin: &Path) -> Result<Self, String> {
        let said = |error: io::Error| format!("PostgreSQL does not start: {error}");
        let directory =
            tempfile::Builder::new().prefix("postgres-").tempdir().map_err(said)?.keep();
        if is_root() {
            let chown = Command::new("chown").arg("postgres:").arg(&directory).status();
            if !chown.map_err(said)?.success() {
                return Err("there is no user postgres to run PostgreSQL as".to_owned());
            }
        }
        let data = directory.join("data");
        let log = directory.join("log");

        let mut initdb = unprivileged(&bin.join("initdb"), &directory, &log).map_err(said)?;
        initdb.arg("--pgdata").arg(&data).args(["--username=postgres", "--auth=trust"]);
        initdb.args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]);
        let mut initdb = Tethered::start(&mut initdb, "KILL", &directory).map_err(said)?;
        if !initdb.process.wait().map_err(said)?.success() {
            return Err(format!(
                "initdb failed:\n{}",
                fs::read_to_string(&log).unwrap_or_default()
            ));
        }
        initdb.leave_directory();

        let port = free_port();
        let mut postgres = unprivileged(&bin.join("postgres"), &directory, &log).map_err(said)?;
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("unix_socket_directories={}", directory.display()),
            // Each test has its own pool.
            "max_connections=300",
            // Waiting for the disk would be most of a test's time, and no test outlives the
            // machine: what a crash of the *server* loses is never looked at.
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            // It would go around the databases of all stories, over and over.
            "autovacuum=off",
        ] {
            postgres.args(["-c", setting]);
        }
        // QUIT, not KILL: the postmaster then takes its shared memory with it.
        let mut process = Tethered::start(&mut postgres, "QUIT", &directory).map_err(said)?;
        if !is_ready(&data, &mut process) {
            let log = fs::read_to_string(&log).unwrap_or_default();
            return Err(format!("PostgreSQL does not start:\n{log}"));
        }
        Ok(Self { port, _process: process })
    }
}

/// The last line of `postmaster.pid` says how far the server is; `pg_ctl` waits for the same.
/// A connection would be accepted, and refused, long before that.
fn is_ready(data: &Path, process: &mut Tethered) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_mins(1) && !process.has_ended() {
        let status = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if status.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

/// The directory with `initdb` and `postgres`: as told, else the newest Debian has, else by `PATH`.
pub fn binaries() -> Result<PathBuf, String> {
    if let Some(told) = env::var_os("TEST_POSTGRES_BIN") {
        return Ok(PathBuf::from(told));
    }
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin")))
        .collect();
    debian.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    debian
        .into_iter()
        .rev()
        .map(|(_, bin)| bin)
        .chain(env::split_paths(&path))
        .find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .ok_or_else(|| {
            "PostgreSQL's initdb and postgres are not here: run the tests with tests/run, which \
             installs them, or set TEST_POSTGRES_BIN"
                .to_owned()
        })
}

/// `program`, run in `directory` and writing to `log`; as user `postgres` when the tests run as
/// root, because neither `initdb` nor `postgres` will.
fn unprivileged(program: &Path, directory: &Path, log: &Path) -> io::Result<Command> {
    let mut command;
    if is_root() {
        command = Tethered::command(Path::new("setpriv"));
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]);
        command.arg(program);
    } else {
        command = Tethered::command(program);
    }
    let log = fs::File::create(log)?;
    command.current_dir(directory).stdout(log.try_clone()?).stderr(log);
    Ok(command)
}

pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A loopback port nobody listens on, for servers that can't choose one themselves. It may be
/// taken before they bind it, so whoever asks must be ready to ask again.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free loopback port")
        .port()
}

/// A process that ends, with all it started and its directory, when this is dropped or when the
/// tests end, however they end.
///
/// `Drop` alone is not enough: statics are never dropped, and nothing is on SIGKILL. So a shell
/// stands by whose standard input is a pipe only the test process holds; when that closes, it ends
/// the process and removes the directory. Rust's pipes are close-on-exec: no other child keeps it
/// open. Both are leaders of process groups of their own: what is sent to the tests' group (Ctrl-C,
/// `timeout`) does not take the shell away before its work, and a group can be ended as a whole.
pub(super) struct Tethered {
    process: Child,
    shell: Child,
}

/// Each line read says which group to end from then on, or to leave the directory; when no more
/// come, its time has come. `rm` is repeated because what is dying may still be writing.
const SHELL: &str = r#"
signal=$1 directory=$2 group=
while read -r line; do
    case $line in
        leave) directory= ;;
        *) group=$line ;;
    esac
done
[ -z "$group" ] || kill -s "$signal" -- "-$group"
[ -n "$directory" ] || exit 0
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$directory" && break
    sleep 0.1
done
"#;

/// Stands where the process will, and becomes it once told that the shell knows: if the tests end
/// before that, so does this.
const WRAPPER: &str = r#"read -r go && exec "$@" </dev/null"#;

impl Tethered {
    /// What [`Self::start`] takes, for the caller to add arguments to.
    pub(super) fn command(program: &Path) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", WRAPPER, "tethered"]).arg(program);
        command
    }

    /// Starts a [`Self::command`]; `signal` will end it.
    pub(super) fn start(command: &mut Command, signal: &str, directory: &Path) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SHELL, "tether", signal]).arg(directory).stdin(Stdio::piped());
        // The test's own output is not inherited: whoever reads it to its end would wait for this.
        shell.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let shell = shell.spawn()?;
        let process = command.stdin(Stdio::piped()).process_group(0).spawn()?;
        let mut tethered = Self { process, shell };
        tethered.tell(&tethered.id().to_string());
        writeln!(tethered.process.stdin.take().expect("a piped input"), "go")?;
        Ok(tethered)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn process(&mut self) -> &mut Child {
        &mut self.process
    }

    /// Whether the process has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        let ended = !matches!(self.process.try_wait(), Ok(None));
        if ended {
            // Its id may be another process's from now on.
            self.tell("");
        }
        ended
    }

    /// Lets go of a process that has ended, for the next to have its directory.
    fn leave_directory(mut self) {
        self.has_ended();
        self.tell("leave");
    }

    fn tell(&mut self, line: &str) {
        let pipe = self.shell.stdin.as_mut().expect("the pipe is open until this is dropped");
        // A shell that is gone was killed from outside: `Drop` still ends the process.
        let _ = writeln!(pipe, "{line}");
    }
}

impl Drop for Tethered {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
        // The shell's signal comes first; this one is for a process that outlives it, or a shell that
        // was killed from outside. Nothing was waited for yet, so no stranger has the id.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
