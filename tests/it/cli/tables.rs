//! Stories of tables that are made, brought up to date, and left as they are.

use std::time::Duration;

use assent::store::{Db, OpenError};
use macro_rules_attribute::apply;

use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::operator::Desk;

#[apply(both_databases!)]
async fn one_command_alone_may_change_them(database: Database) {
    let desk = Desk::new(database).await;
    let list = ["report", "list", "--no-migrate"];
    desk.is_refused(&[], &list, &["nothing in this database", "assent migrate"]);
    desk.is_refused(&[("ASSENT_NO_MIGRATE", "1")], &["serve"], &["assent migrate"]);
    assert!(desk.run_with(&[("ASSENT_NO_MIGRATE", "1")], &["migrate"]).status.success());
    desk.does(&list);
    forget_newest(&desk).await;
    desk.is_refused(&[], &list, &["an earlier version's (changes that wait: 1)", "assent migrate"]);
}

async fn forget_newest(desk: &Desk) {
    const FORGET: &str = "DELETE FROM _sqlx_migrations
                          WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    let db = desk.open().await;
    match &db {
        Db::Sqlite { writer, .. } => drop(sqlx::query(FORGET).execute(writer).await.unwrap()),
        Db::Postgres { pool, .. } => drop(sqlx::query(FORGET).execute(pool).await.unwrap()),
    }
    db.close().await;
}

#[tokio::test]
async fn whoever_finds_them_up_to_date_needs_no_right_to_change_them() {
    let desk = Desk::stocked(Database::Postgres).await;
    let db = desk.open().await;
    let Db::Postgres { pool, .. } = &db else { unreachable!("PostgreSQL") };
    let role = desk.database_url.rsplit('/').next().unwrap().replace("story_", "role_");
    for sql in [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "CREATE ROLE $role LOGIN",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO $role",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO $role",
    ] {
        set_up(pool, sql.replace("$role", &role)).await;
    }
    let mut url = url::Url::parse(&desk.database_url).unwrap();
    url.set_username(&role).unwrap();
    let as_role = [("ASSENT_DATABASE_URL", url.as_str())];
    for command in
        [&["report", "list"][..], &["ledger", "verify"], &["export", "--purpose", "report"]]
    {
        let output = desk.run_with(&as_role, command);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("permission denied"), "{command:?}: {told}");
    }
    assert!(desk.run_with(&as_role, &["report", "list"]).status.success());
    forget_newest(&desk).await;
    desk.is_refused(&as_role, &["report", "list"], &["migrations failed"]);
    set_up(pool, format!("DROP OWNED BY {role}")).await;
    set_up(pool, format!("DROP ROLE {role}")).await;
    db.close().await;
}

async fn set_up(pool: &sqlx::PgPool, sql: String) {
    #[expect(clippy::disallowed_methods, reason = "roles and rights take no bound parameters")]
    let statement = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    statement.execute(pool).await.unwrap();
}

#[tokio::test]
async fn who_migrates_and_does_not_end_is_named() {
    let desk = Desk::stocked(Database::Postgres).await;
    let (held, waits) = (desk.open().await, desk.open().await);
    let Db::Postgres { pool, .. } = &held else { unreachable!("PostgreSQL") };
    let mut tx = pool.begin().await.unwrap();
    // What a migration begins with.
    sqlx::query("SELECT pg_advisory_xact_lock(7022083123482722305)")
        .execute(&mut *tx)
        .await
        .unwrap();
    let process: i32 =
        sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *tx).await.unwrap();
    match waits.migrate(Duration::ZERO).await {
        Err(OpenError::MigratedByAnother(holder)) => {
            assert!(
                holder.contains(&format!("process {process} ")) && holder.contains("assent"),
                "{holder}"
            );
        }
        other => panic!("{other:?}"),
    }
    let (migrated, ended) = tokio::join!(waits.migrate(Duration::from_mins(1)), tx.rollback());
    migrated.unwrap();
    ended.unwrap();
    held.close().await;
    waits.close().await;
}
