//! The way to a PostgreSQL server, and the reason where there is none.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use tokio::time::Instant;

use super::open_error::OpenError;

/// What every transaction begins with. A pooler may give each another connection, so nothing is set for a session.
///
/// What is named without a schema stands in the one that tables are made in, and what PostgreSQL brings comes before it:
/// whoever sets another search path has nothing of theirs in between. Compiling a query takes longer here than it saves.
macro_rules! in_transaction {
    ($begin:literal, $more:literal) => {
        concat!(
            $begin,
            "; SET LOCAL jit = off; ",
            $more,
            "SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident(
                COALESCE(pg_catalog.current_schema()::pg_catalog.text, 'public')), true)"
        )
    };
}

/// Conditions that decide stand in the statements, so each sees what was committed before it, whatever the server's
/// default is; and a statement is planned once for a connection, for planning one anew takes as long as running it.
pub(super) const BEGIN_TO_WRITE: &str = in_transaction!(
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "SET LOCAL plan_cache_mode = force_generic_plan; "
);
/// All of it sees one moment.
pub(super) const BEGIN_TO_READ: &str =
    in_transaction!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "");
/// The same, and it does not wait for long behind whoever changes the tables.
pub(super) const BEGIN_TO_LOOK: &str = in_transaction!(
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL lock_timeout = '5s'; "
);

/// Reads `postgres://…`. An IPv6 address stands in brackets in a URL (RFC 3986 §3.2.2), and is looked up without them.
pub(super) fn read_url(url: &str) -> Result<PgConnectOptions, OpenError> {
    if names_several(url) {
        return Err(OpenError::SeveralHosts);
    }
    demand_files(url)?;
    let options = PgConnectOptions::from_str(url)?.application_name("assent");
    // A parameter that a pooler does not know.
    let options = options.extra_float_digits(None);
    let bare = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let bare = bare.map(ToOwned::to_owned);
    Ok(match bare {
        Some(host) => options.host(&host),
        None => options,
    })
}

/// Whether it names several servers, of which whoever connects is to find the primary (libpq's manual, §34.1.1.3).
fn names_several(url: &str) -> bool {
    let parameter = |part: &str| {
        let hosts = part.strip_prefix("host=").map(str::to_ascii_lowercase);
        part.starts_with("target_session_attrs=")
            || hosts.is_some_and(|hosts| hosts.contains(',') || hosts.contains("%2c"))
    };
    let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
    let place = place.split_once("://").map_or(place, |(_, place)| place);
    let place = place.split_once('/').map_or(place, |(place, _)| place);
    let servers = place.rsplit_once('@').map_or(place, |(_, place)| place);
    servers.contains(',') || parameters.split('&').any(parameter)
}

/// The driver names no file that it misses.
fn demand_files(url: &str) -> Result<(), OpenError> {
    const FILES: [&str; 7] =
        ["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];
    let Ok(url) = url::Url::parse(url) else { return Ok(()) };
    let named = url.query_pairs().filter(|(name, _)| FILES.contains(&name.as_ref()));
    // A certificate or key may stand there itself.
    for (_, file) in named.filter(|(_, file)| !file.trim_start().starts_with("-----BEGIN")) {
        std::fs::File::open(&*file).map_err(|error| OpenError::File(file.into_owned(), error))?;
    }
    Ok(())
}

/// Opens connections as the pool will, and fails with the reason why none can be. A pool tries again until its time is
/// over, whatever the reason, and then says that it is. What passes soon, as while the database starts or has no place, is
/// waited for as long.
pub(super) async fn reach(options: &PgConnectOptions, patience: Duration) -> Result<(), OpenError> {
    let encoding = reach_twice(options, patience).await.map_err(OpenError::from_connecting)?;
    if encoding == "UTF8" { Ok(()) } else { Err(OpenError::Encoding(encoding)) }
}

async fn reach_twice(options: &PgConnectOptions, patience: Duration) -> sqlx::Result<String> {
    let until = Instant::now() + patience;
    loop {
        // A pooler that shares its connections gives a second one what the first left behind.
        let both = async {
            try_one(options).await?;
            try_one(options).await
        };
        let tried = tokio::time::timeout_at(until, both).await;
        let error = match tried {
            Ok(Ok(encoding)) => return Ok(encoding),
            Ok(Err(error)) => error,
            Err(_) => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        };
        if !is_starting(&error) || Instant::now() + PAUSE >= until {
            return Err(error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How long until the next try.
const PAUSE: Duration = Duration::from_millis(250);

/// The reason behind the pool's, where it gave up waiting for its first connection.
pub(super) async fn explain(options: &PgConnectOptions, error: sqlx::Error) -> sqlx::Error {
    let sqlx::Error::PoolTimedOut = error else { return error };
    match tokio::time::timeout(PAUSE * 4, try_one(options)).await {
        Ok(Err(reason)) => reason,
        Ok(Ok(_)) | Err(_) => error,
    }
}

/// In which encoding texts are kept there, by a prepared statement.
async fn try_one(options: &PgConnectOptions) -> sqlx::Result<String> {
    let mut connection = PgConnection::connect_with(options).await?;
    let encoding = sqlx::query_scalar("SELECT pg_catalog.current_setting('server_encoding')")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(encoding)
}

/// Whether a connection is alive, and outside every transaction. Whoever gave up while a transaction began left that open,
/// and the driver knows of none: the next would read what was there then, or be refused.
pub(super) async fn is_outside_transactions(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let told = sqlx::raw_sql("SELECT pg_catalog.now() = pg_catalog.statement_timestamp()")
        .fetch_one(connection)
        .await;
    told?.try_get(0)
}

/// Says in the log why nothing could be begun, where no connection became free.
pub(super) fn tell_if_full(error: &sqlx::Error) {
    if let sqlx::Error::PoolTimedOut = error {
        tracing::error!(
            "no connection to the database became free in time: raise database.connections, and what the server and a \
             pooler before it allow"
        );
    }
}

/// No connection is left, or none is taken yet.
fn is_starting(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| ["53300", "57P03"].contains(&code.as_ref()))
}

/// Whether somebody between us and the database gives each transaction another of its connections: a prepared statement
/// is there already or is not there, or a setting that a session begins with is not passed on.
fn is_shared(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        let code = error.code().unwrap_or_default();
        ["42P05", "26000"].contains(&code.as_ref())
            || (code == "08P01" && error.message().contains("startup parameter"))
    })
}

impl OpenError {
    /// By the error of a first connection.
    pub(super) fn from_connecting(error: sqlx::Error) -> Self {
        if is_shared(&error) { Self::Pooler(error) } else { Self::Database(error) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    /// Where somebody listens who refuses each connection with the next of these errors, and then with the last.
    async fn refusing(errors: &'static [(&'static str, &'static str)]) -> PgConnectOptions {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://u@{}/d?sslmode=disable", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let last = errors.iter().cycle().skip(errors.len() - 1).step_by(errors.len());
            for (code, message) in errors.iter().chain(last) {
                let (mut stream, _) = listener.accept().await.unwrap();
                let length = stream.read_u32().await.unwrap();
                let mut rest = vec![0; usize::try_from(length).unwrap() - 4];
                stream.read_exact(&mut rest).await.unwrap();
                let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
                stream.write_u8(b'E').await.unwrap();
                stream.write_u32(4 + u32::try_from(fields.len()).unwrap()).await.unwrap();
                stream.write_all(fields.as_bytes()).await.unwrap();
            }
        });
        read_url(&url).unwrap()
    }

    #[tokio::test]
    async fn the_reason_is_told_and_what_passes_is_waited_for() {
        const FULL: (&str, &str) = ("53300", "too many connections for role \"u\"");
        const WRONG: (&str, &str) = ("28P01", "password authentication failed");
        let told = |error: sqlx::Error| error.as_database_error().unwrap().message().to_owned();
        let full = refusing(&[FULL]).await;
        assert_eq!(told(reach_twice(&full, 4 * PAUSE).await.unwrap_err()), FULL.1);
        assert_eq!(told(explain(&full, sqlx::Error::PoolTimedOut).await), FULL.1);
        let other = explain(&full, sqlx::Error::PoolClosed).await;
        assert!(matches!(other, sqlx::Error::PoolClosed));
        let later = refusing(&[FULL, ("57P03", "starting up"), WRONG]).await;
        assert_eq!(told(reach_twice(&later, PATIENCE).await.unwrap_err()), WRONG.1);
    }

    #[tokio::test]
    async fn a_pooler_that_shares_its_connections_is_named() {
        const CASES: [(&[(&str, &str)], bool); 5] = [
            (&[("42P05", "prepared statement \"sqlx_s_1\" already exists")], true),
            (&[("26000", "prepared statement \"sqlx_s_1\" does not exist")], true),
            (&[("08P01", "unsupported startup parameter: options")], true),
            (&[("08P01", "server conn crashed?")], false),
            (&[("3D000", "database \"d\" does not exist")], false),
        ];
        for (error, is_pooler) in CASES {
            let told = reach(&refusing(error).await, PATIENCE).await.unwrap_err();
            assert_eq!(matches!(told, OpenError::Pooler(_)), is_pooler, "{error:?}");
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://u@{}/d", listener.local_addr().unwrap());
        let told = reach_twice(&read_url(&url).unwrap(), Duration::ZERO).await;
        assert!(
            matches!(told, Err(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::TimedOut)
        );
    }

    #[test]
    fn an_ipv6_address_is_looked_up_without_its_brackets() {
        for (url, host) in [
            ("postgres://u@[::1]:5433/d", "::1"),
            ("postgres://u@[2001:DB8::1]/d", "2001:db8::1"),
            ("postgres:///d?host=[::1]", "::1"),
            ("postgres:///d?host=::1", "::1"),
            ("postgres://u@127.0.0.1/d", "127.0.0.1"),
            ("postgres://u@db.example.org/d", "db.example.org"),
        ] {
            assert_eq!(read_url(url).unwrap().get_host(), host, "{url}");
        }
        let socket = read_url("postgres:///d?host=/run/postgresql").unwrap();
        assert_eq!(socket.get_socket().unwrap().to_str(), Some("/run/postgresql"));
        assert!(read_url("postgres://u@[::1/d").is_err());
    }

    #[test]
    fn several_servers_and_files_that_are_missing_are_named() {
        for (url, several) in [
            ("postgres://u:p,w@a:1/d", false),
            ("postgres://u@a:1,b:2/d", true),
            ("postgres://a,b/d", true),
            ("postgresql://a,b/d", true),
            ("postgres:///d?host=a,b", true),
            ("postgres:///d?host=a%2Cb", true),
            ("postgres://a/d?target_session_attrs=read-write", true),
            ("postgres://a/d?application_name=a,b", false),
            ("postgres://a/d@b,c", false),
            ("postgres://a,b/d@x", true),
        ] {
            let told = read_url(url);
            assert_eq!(matches!(told, Err(OpenError::SeveralHosts)), several, "{url}");
        }
        let told = read_url("postgres://a/d?sslmode=verify-full&sslrootcert=/no/such.pem");
        assert!(matches!(told, Err(OpenError::File(file, _)) if file == "/no/such.pem"));
        assert!(read_url("postgres://a/d?sslkey=-----BEGIN%20PRIVATE%20KEY-----").is_ok());
    }
}
