//! The whole database as one file, of one moment, while others write; and back.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};
use url::Url;

use super::Db;

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
                let mut arguments = vec!["--format=custom".into(), "--no-owner".into()];
                arguments.push(format!("--file={}", file.display()));
                run("pg_dump", url, arguments).await?;
            }
        }
        let written = std::fs::File::open(file).and_then(|file| file.sync_all());
        written.map_err(|error| DumpError::Write(file.to_owned(), error))
    }
}

/// Reads what [`Db::dump`] wrote of a PostgreSQL database into the one of this URL, whole or not at all.
///
/// # Errors
/// When PostgreSQL's program cannot be run or fails.
pub async fn load_postgres(
    url: &SecretString,
    file: &Path,
    replace: bool,
) -> Result<(), DumpError> {
    let mut arguments: Vec<String> =
        ["--no-owner", "--single-transaction", "--exit-on-error"].map(str::to_owned).into();
    if replace {
        arguments.extend(["--clean", "--if-exists"].map(str::to_owned));
    }
    arguments.push(file.display().to_string());
    run("pg_restore", url, arguments).await
}

/// Runs PostgreSQL's own program on a database; its password is not in the list of processes.
async fn run(
    program: &'static str,
    url: &SecretString,
    arguments: Vec<String>,
) -> Result<(), DumpError> {
    let mut command = std::process::Command::new(program);
    let mut shown = url.expose_secret().to_owned();
    if let Ok(mut parsed) = Url::parse(&shown) {
        if let Some(password) = parsed.password() {
            let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
            command.env("PGPASSWORD", password.as_ref());
        }
        if parsed.set_password(None).is_ok() {
            shown = parsed.to_string();
        }
    }
    command.arg(format!("--dbname={shown}")).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    let output = output.map_err(|error| DumpError::Missing(program, error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(DumpError::Failed(program, said.lines().last().unwrap_or("without a word").to_owned()))
}

/// Whether there is a database of this program under this URL.
///
/// # Errors
/// When PostgreSQL does not answer.
pub async fn is_there(url: &SecretString) -> Result<bool, DumpError> {
    if let Some(path) = url.expose_secret().strip_prefix("sqlite:") {
        return Ok(Path::new(path.trim_start_matches("//")).exists());
    }
    let mut connection = sqlx::PgConnection::connect(url.expose_secret()).await?;
    let there = sqlx::query_scalar("SELECT to_regclass('ledger_head') IS NOT NULL")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(there)
}
