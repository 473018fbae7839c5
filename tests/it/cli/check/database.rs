//! `assent check` on databases: what serving would refuse, what is missing, who may not write.

use std::time::Duration;

use assent::store::Db;
use macro_rules_attribute::apply;
use sqlx::{Connection, PgConnection};

use super::Told;
use crate::support::app::{Database, open_db};
use crate::support::operator::Desk;
use crate::support::{both_databases, story_time};

async fn change(desk: &Desk, sql: &'static str) {
    assert!(execute(desk, sql).await > 0, "{sql}");
}

async fn execute(desk: &Desk, sql: &'static str) -> u64 {
    let db = open_db(&desk.database_url).await;
    let changed = match &db {
        Db::Sqlite { writer, .. } => {
            sqlx::query(sql).execute(writer).await.map(|done| done.rows_affected())
        }
        Db::Postgres { pool, .. } => {
            sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected())
        }
    };
    db.close().await;
    changed.unwrap()
}

#[apply(both_databases!)]
async fn what_serving_refuses_is_found(database: Database) {
    let desk = Desk::stocked(database).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let own = [
        ("ASSENT_DATA_DIR", elsewhere.path().to_str().unwrap()),
        ("ASSENT_DATABASE_URL", desk.database_url.as_str()),
    ];
    let told = Told::by(&desk, &own, &[]);
    assert_eq!(told.wrong(), ["database"], "{:?}", told.lines);
    assert!(
        told.lines.iter().any(|line| line.contains("ASSENT_ADDRESS_KEY_FILE")),
        "{:?}",
        told.lines
    );
    let key = desk.path("data/address.key");
    let key = [own[0], own[1], ("ASSENT_ADDRESS_KEY_FILE", key.to_str().unwrap())];
    let told = Told::by(&desk, &key, &[]);
    assert!(
        told.lines.iter().any(|line| line.contains("ASSENT_LEDGER_KEY_FILE")),
        "{:?}",
        told.lines
    );

    change(
        &desk,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                       VALUES (9999, 'later', TRUE, '', 1)",
    )
    .await;
    let told = Told::by(&desk, &[], &[]);
    assert!(
        told.of("database").contains("a newer version")
            && told.of("database").contains("change 9999"),
        "{:?}",
        told.lines
    );
    desk.is_refused(&[], &["report", "list"], &["a newer version", "change 9999"]);
    change(&desk, "DELETE FROM _sqlx_migrations WHERE version > 2").await;
    let told = Told::by(&desk, &[], &[]);
    assert!(told.of("database").contains("assent migrate"), "{:?}", told.lines);
    assert_eq!(told.wrong(), ["database"]);
}

#[apply(both_databases!)]
async fn tables_of_another_program_are_no_new_database(database: Database) {
    let desk = Desk::new(database).await;
    std::fs::create_dir(desk.path("data")).unwrap();
    execute(&desk, "CREATE TABLE subscriber (id integer)").await;
    let told = Told::by(&desk, &[], &[]);
    assert!(told.of("database").starts_with("tables of another program"), "{:?}", told.lines);
}

#[apply(both_databases!)]
async fn what_people_ended_is_looked_for(database: Database) {
    let desk = Desk::new(database).await;
    let clock = story_time::clock();
    story_time::begin(desk.dir.path(), clock.clone());
    desk.does(&["policy", "publish", "policy.md", "--version", "1"]);
    desk.write("left.csv", b"email\nada@council.example\n");
    desk.does(&[
        "import",
        "left.csv",
        "--suppress",
        "--source",
        "the old tool",
        "--reason",
        "complained",
    ]);
    clock.advance(Duration::from_mins(2));
    assert_eq!(Told::by(&desk, &[], &[]).of("endings"), "ok");
    change(&desk, "DELETE FROM suppression").await;
    for _ in 0..2 {
        let told = Told::by(&desk, &[], &[]);
        assert!(
            told.of("endings")
                .starts_with("people who left or were erased, unknown to the database: 1; ")
        );
    }
    desk.does(&["migrate"]);
    assert_eq!(Told::by(&desk, &[], &[]).of("endings"), "ok");
}

#[apply(both_databases!)]
async fn a_database_that_lost_everything_is_no_new_one(database: Database) {
    let desk = Desk::stocked(database).await;
    desk.does(&["ledger", "checkpoint"]);
    let ledger = |more: &[(&str, &str)]| {
        let output = desk.run_with(more, &["check"]);
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().find(|line| line.starts_with("ledger: ")).unwrap().to_owned();
        (output.status.code(), line)
    };
    // Nobody has an account.
    assert_eq!(ledger(&[]), (Some(1), "ledger: ok".to_owned()));
    let other = Desk::new(database).await;
    let file = desk.path("emptied.db");
    let url = match database {
        Database::Sqlite => format!("sqlite:{}", file.display()),
        Database::Postgres => other.database_url.clone(),
    };
    let (code, line) = ledger(&[("ASSENT_DATABASE_URL", &url)]);
    assert!(code == Some(1) && line.contains("holds nothing of this program"), "{line}");
    // A look changes nothing.
    assert_eq!(ledger(&[("ASSENT_DATABASE_URL", &url)]), (Some(1), line));
    assert_eq!(ledger(&[]), (Some(1), "ledger: ok".to_owned()));
}

#[tokio::test]
async fn why_no_connection_is_given_is_said() {
    let desk = Desk::new(Database::Postgres).await;
    let name = desk.database_url.rsplit('/').next().unwrap();
    let sql = format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 0");
    let mut connection = PgConnection::connect(&desk.database_url).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "CREATE ROLE takes no bound parameters")]
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    statement.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let full = desk.database_url.replace("postgres@", &format!("{name}@"));
    let full = [("ASSENT_DATABASE_URL", full.as_str())];
    desk.is_refused(&full, &["migrate"], &["too many connections for role"]);
    let told = Told::by(&desk, &full, &[]);
    assert!(told.of("database").contains("too many connections for role"), "{:?}", told.lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_takes_nothing_is_found() {
    let desk = Desk::stocked(Database::Postgres).await;
    for sql in [
        "CREATE ROLE reads_only LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reads_only",
    ] {
        execute(&desk, sql).await;
    }
    let url = desk.database_url.replace("postgres://postgres@", "postgres://reads_only@");
    assert_ne!(url, desk.database_url);
    let told = Told::by(&desk, &[("ASSENT_DATABASE_URL", &url)], &[]);
    assert!(told.of("database").starts_with("its user may not write"), "{:?}", told.lines);
    // Whoever changes the tables keeps nobody waiting for long.
    let db = open_db(&desk.database_url).await;
    let Db::Postgres { pool, .. } = &db else { panic!("no PostgreSQL") };
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *tx)
        .await
        .unwrap();
    let told = Told::by(&desk, &[], &[]);
    let said = told.of("database");
    // The server's timer, or ours where the clock of tests keeps that one from ringing.
    assert!(
        said.contains("lock timeout") || said.starts_with("no answer within"),
        "{:?}",
        told.lines
    );
    tx.rollback().await.unwrap();
    db.close().await;
}
