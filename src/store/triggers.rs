//! Triggers that somebody else put into the database: they could keep what people decide from being written.

use sqlx::migrate::Migrator;

use super::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, Tx};

/// How what only stores begins, as SQLite writes it down.
const STORES: [&str; 3] = ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "];

/// The names of triggers, rules and row policies that no migration made. A trigger of ours that is gone is not among
/// them: it only keeps the program from mistakes.
///
/// # Errors
/// When the database does not answer.
pub async fn list_foreign(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    match tx {
        Tx::Sqlite(tx) => {
            // By their text, for SQLite makes of a row what its text says, whatever type it bears.
            let found: Vec<(String, String)> =
                sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
                    .fetch_all(&mut **tx)
                    .await?;
            let acts = |sql: &str| !STORES.iter().any(|store| sql.starts_with(store));
            let foreign =
                found.into_iter().filter(|(_, sql)| acts(sql) && !is_in(&SQLITE_MIGRATIONS, sql));
            Ok(foreign.map(|(name, _)| name).collect())
        }
        Tx::Postgres(tx) => {
            // Type 5 is AFTER INSERT FOR EACH ROW, by which things are claimed: what such a trigger returns changes
            // nothing. Bit 4 is INSERT, which nothing of ours refuses.
            const TRIGGERS: &str = "SELECT t.tgname, p.prosrc,
                    CASE p.proname WHEN 'refuse_change' THEN t.tgtype & 4 = 0 WHEN 'be_claimed' THEN t.tgtype = 5
                                   ELSE FALSE END
                FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class r ON r.oid = t.tgrelid
                WHERE NOT t.tgisinternal AND r.relnamespace = CAST(current_schema() AS regnamespace)";
            const OTHERS: &str = "SELECT u.rulename FROM pg_rewrite u JOIN pg_class r ON r.oid = u.ev_class
                WHERE u.rulename <> '_RETURN' AND r.relnamespace = CAST(current_schema() AS regnamespace)
                UNION ALL SELECT r.relname FROM pg_class r
                WHERE r.relrowsecurity AND r.relnamespace = CAST(current_schema() AS regnamespace)";
            let found: Vec<(String, String, bool)> =
                sqlx::query_as(TRIGGERS).fetch_all(&mut **tx).await?;
            let foreign = found
                .into_iter()
                .filter(|(_, source, known)| !known || !is_in(&POSTGRES_MIGRATIONS, source));
            let mut names: Vec<String> = foreign.map(|(name, ..)| name).collect();
            names.append(&mut sqlx::query_scalar(OTHERS).fetch_all(&mut **tx).await?);
            Ok(names)
        }
    }
}

/// Both databases keep a trigger's text as it was written.
fn is_in(migrations: &Migrator, text: &str) -> bool {
    migrations.iter().any(|migration| migration.sql.as_str().contains(text))
}
