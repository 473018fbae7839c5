//! The whole database as one file, of one moment, while others write; and back.

use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteLockingMode};
use sqlx::{ConnectOptions, Connection};
use url::Url;

use super::{Db, sqlite_file};
use crate::domain::alarm::MAIL_PAUSED;
use crate::domain::timestamp::Timestamp;

/// Why there is no copy, or none can be read back.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The database.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
    /// A file.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// PostgreSQL's own program.
    #[error("{0} cannot be run: install PostgreSQL's client programs of the server's version")]
    Missing(&'static str, #[source] std::io::Error),
    /// The thread that waited for it.
    #[error("the program stopped in the middle of its work")]
    Stopped(#[source] tokio::task::JoinError),
    /// It failed, and said why.
    #[error("{0} failed: {1}")]
    Failed(&'static str, String),
}

impl Db {
    /// Copies the database to a file of its own, of one moment; others read and write meanwhile. The copy is on
    /// disk when this returns.
    ///
    /// # Errors
    /// When the database does not answer, or its program cannot be run or fails.
    pub async fn dump(&self, url: &SecretString, file: &Path) -> Result<(), DumpError> {
        match self {
            Self::Sqlite { readers, .. } => {
                let options = (*readers.connect_options()).clone().pragma("query_only", "OFF");
                let mut connection: SqliteConnection = options.connect().await?;
                let path = file.display().to_string();
                sqlx::query("VACUUM INTO $1").bind(path).execute(&mut connection).await?;
                connection.close().await?;
            }
            Self::Postgres { .. } => {
                let mut writes = client("pg_dump", url);
                writes.args(["--format=custom", "--no-owner"]);
                writes.arg(format!("--file={}", file.display()));
                blocking(move || {
                    let (mut writing, told) = spawn(&mut writes, "pg_dump")?;
                    let written = writing.wait().is_ok_and(|status| status.success());
                    if written { Ok(()) } else { Err(DumpError::Failed("pg_dump", said(told))) }
                })
                .await?;
            }
        }
        let written = std::fs::File::open(file).and_then(|file| file.sync_all());
        written.map_err(|error| DumpError::Write(file.to_owned(), error))
    }
}

/// Why no mail leaves a database that is put back, until somebody says otherwise.
#[derive(Clone, Debug)]
pub struct MailPause {
    /// In words.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
}

/// What a database that is put back forgets: it may come to another file store than the one it was used with, and takes
/// that.
const FORGET_FILES: &str = "DELETE FROM key_fingerprint WHERE name = 'files'";

/// Keeps mail back in the copy of a SQLite database, before that is put in its place beside whatever file store is there.
/// The copy is on disk when this returns.
///
/// # Errors
/// When it is no database of this program, or cannot be written.
pub async fn pause_sqlite(copy: &Path, pause: &MailPause) -> Result<(), DumpError> {
    let mut connection = SqliteConnectOptions::new().filename(copy).connect().await?;
    sqlx::query(
        "INSERT INTO alarm (subject, detail, since) VALUES ($1, $2, $3)
         ON CONFLICT (subject) DO UPDATE SET detail = excluded.detail",
    )
    .bind(MAIL_PAUSED)
    .bind(&pause.why)
    .bind(pause.since)
    .execute(&mut connection)
    .await?;
    sqlx::query(FORGET_FILES).execute(&mut connection).await?;
    connection.close().await?;
    let written = std::fs::File::open(copy).and_then(|file| file.sync_all());
    written.map_err(|error| DumpError::Write(copy.to_owned(), error))
}

/// Reads what [`Db::dump`] wrote of a PostgreSQL database into the one of this URL, with its mail kept back: whole or
/// not at all.
///
/// # Errors
/// When PostgreSQL's programs cannot be run or fail.
pub async fn load_postgres(
    url: &SecretString,
    file: &Path,
    replace: bool,
    pause: &MailPause,
) -> Result<(), DumpError> {
    let mut reads = Command::new("pg_restore");
    reads.args(["--no-owner", "--file=-"]);
    if replace {
        reads.args(["--clean", "--if-exists"]);
    }
    reads.arg(file);
    let mut writes = client("psql", url);
    writes.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"]);
    // The script leaves no search path behind.
    let end = format!(
        "\nRESET search_path;\nINSERT INTO alarm (subject, detail, since) VALUES ({}, {}, {})
         ON CONFLICT (subject) DO UPDATE SET detail = excluded.detail;\n{FORGET_FILES};\nCOMMIT;\n",
        quoted(MAIL_PAUSED),
        quoted(&pause.why),
        quoted(&pause.since.to_string())
    );
    blocking(move || load(reads, writes, &end)).await
}

/// A text as SQL writes it, in the way of `standard_conforming_strings`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Pipes what one program reads to the other, in one transaction that ends only when all of it was read.
fn load(mut reads: Command, mut writes: Command, end: &str) -> Result<(), DumpError> {
    let (mut reading, said_reading) = spawn(reads.stdout(Stdio::piped()), "pg_restore")?;
    let (mut writing, said_writing) = spawn(writes.stdin(Stdio::piped()), "psql")?;
    let piped = match (reading.stdout.take(), writing.stdin.take()) {
        (Some(mut from), Some(mut to)) => {
            to.write_all(b"BEGIN;\n").and_then(|()| std::io::copy(&mut from, &mut to)).map(|_| to)
        }
        _ => Err(std::io::ErrorKind::BrokenPipe.into()),
    };
    let read = reading.wait().is_ok_and(|status| status.success());
    // Without its last words the transaction is rolled back.
    let ended = piped.and_then(|mut to| if read { to.write_all(end.as_bytes()) } else { Ok(()) });
    let written = writing.wait().is_ok_and(|status| status.success());
    if !written {
        return Err(DumpError::Failed("psql", said(said_writing)));
    }
    if !read || ended.is_err() {
        return Err(DumpError::Failed("pg_restore", said(said_reading)));
    }
    Ok(())
}

/// Starts one of PostgreSQL's programs; what it says goes to a file without a name.
pub(super) fn spawn(
    command: &mut Command,
    program: &'static str,
) -> Result<(Child, std::fs::File), DumpError> {
    let said = tempfile::tempfile().and_then(|said| Ok((said.try_clone()?, said)));
    let (theirs, said) = said.map_err(|error| DumpError::Write(std::env::temp_dir(), error))?;
    let child = command.stderr(theirs).spawn();
    Ok((child.map_err(|error| DumpError::Missing(program, error))?, said))
}

/// The first error of what a program said, without the rows that it quotes; else its last line.
pub(super) fn said(mut file: std::fs::File) -> String {
    let mut text = String::new();
    if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_err() {
        text.clear();
    }
    let error = text.lines().find(|line| line.contains("ERROR:") || line.contains("error:"));
    error.or(text.lines().last()).unwrap_or("without a word").to_owned()
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DumpError> + Send + 'static,
) -> Result<T, DumpError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(DumpError::Stopped(error)))
}

/// One of PostgreSQL's own programs, on a database; its password is not in the list of processes.
fn client(program: &'static str, url: &SecretString) -> Command {
    let mut command = Command::new(program);
    let mut named = url.expose_secret().to_owned();
    if let Ok(mut parsed) = Url::parse(&named) {
        if let Some(password) = parsed.password() {
            let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
            command.env("PGPASSWORD", password.as_ref());
        }
        if parsed.set_password(None).is_ok() {
            named = parsed.to_string();
        }
    }
    command.arg(format!("--dbname={named}")).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Whether there is a database of this program under this URL.
///
/// # Errors
/// When PostgreSQL does not answer.
pub async fn is_there(url: &SecretString) -> Result<bool, DumpError> {
    if let Some(file) = sqlite_file(url.expose_secret()) {
        return Ok(file.exists());
    }
    let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await?;
    let there = sqlx::query_scalar("SELECT to_regclass('ledger_head') IS NOT NULL")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(there)
}

/// Whether a program of ours has the database of this URL open at this moment: what it stores would be lost with a
/// database that is replaced beneath it. One that is broken is in nobody's use.
///
/// # Errors
/// When PostgreSQL does not answer.
pub async fn is_in_use(url: &SecretString) -> Result<bool, DumpError> {
    let Some(file) = sqlite_file(url.expose_secret()) else {
        let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await?;
        let is_used = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                            WHERE datname = current_database() AND application_name = 'assent'
                              AND pid <> pg_backend_pid())",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        return Ok(is_used);
    };
    // Whoever has it open shares a lock, also between two transactions, which this one wants alone.
    let alone = SqliteConnectOptions::new()
        .filename(file)
        .locking_mode(SqliteLockingMode::Exclusive)
        .busy_timeout(Duration::ZERO);
    let looked = async {
        let mut connection = alone.connect().await?;
        sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
        connection.close().await
    };
    Ok(looked.await.is_err_and(|error| super::away::is_busy(&error)))
}
