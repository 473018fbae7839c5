//! What somebody else put into the database: triggers, rules, views, functions and operators could keep what people
//! decide from being written, or from being read.

use std::sync::LazyLock;

use sqlx::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use tokio::sync::OnceCell;

use crate::store::ledger::triggers::Made;
use crate::store::{Tx, migrations};

/// By which things are claimed; the other triggers of ours refuse.
const CLAIMS: &str = "_is_claimed";

static POSTGRES_MADE: LazyLock<Made> = LazyLock::new(|| Made::by(&migrations::POSTGRES));

/// What stands in this database and no migration made, each as a phrase, as far as it acts or answers for something of
/// ours. Also the triggers of ours that are missing or do not act any more: of those by which things are claimed alone,
/// for the others only keep the program from mistakes.
pub async fn list_foreign(tx: &mut Tx) -> sqlx::Result<Vec<String>> {
    match tx {
        Tx::Sqlite(tx) => on_sqlite(tx).await,
        Tx::Postgres(tx) => on_postgres(tx).await,
    }
}

/// What SQLite keeps of a table, an index, a trigger or a view.
#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Object {
    name: String,
    tbl_name: String,
    sql: String,
}

/// By their text, for SQLite makes of a row what its text says, whatever type it bears.
async fn list_objects(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Object>> {
    sqlx::query_as("SELECT name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .fetch_all(connection)
        .await
}

/// What the migrations make, by making it in memory once.
async fn sqlite_made() -> sqlx::Result<&'static [Object]> {
    static MADE: OnceCell<Vec<Object>> = OnceCell::const_new();
    Ok(MADE.get_or_try_init(make).await?)
}

async fn make() -> sqlx::Result<Vec<Object>> {
    let options = SqliteConnectOptions::new().in_memory(true);
    let memory = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    migrations::SQLITE.run(&memory).await?;
    list_objects(&mut *memory.acquire().await?).await
}

async fn on_sqlite(connection: &mut SqliteConnection) -> sqlx::Result<Vec<String>> {
    let (made, found) = (sqlite_made().await?, list_objects(connection).await?);
    // A table beside ours does nothing to them; that of the migrations is made by whoever runs them.
    let is_beside = |object: &Object| {
        kind(&object.sql) == "table" && !made.iter().any(|own| own.name == object.name)
    };
    let is_other = |object: &&Object| !made.contains(object) && !is_beside(object);
    let foreign = found
        .iter()
        .filter(is_other)
        .map(|Object { name, sql, .. }| format!("the {} {name} is not of this program", kind(sql)));
    let is_missing = |object: &&Object| object.name.ends_with(CLAIMS) && !found.contains(object);
    let missing = made.iter().filter(is_missing).map(|Object { name, tbl_name, .. }| {
        format!("the trigger {name} of table {tbl_name} is missing")
    });
    Ok(foreign.chain(missing).collect())
}

/// What a statement makes.
fn kind(sql: &str) -> &'static str {
    match sql.split_whitespace().nth(1) {
        Some("VIEW") => "view",
        Some("TABLE" | "VIRTUAL") => "table",
        Some("INDEX" | "UNIQUE") => "index",
        _ => "trigger",
    }
}

/// Asked with nothing but the server's own in the search path, so that nobody else's function or operator answers.
async fn on_postgres(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    const SET_PATH: &str = "SELECT pg_catalog.set_config('search_path', $1, true)";
    let path: String = sqlx::query_scalar("SELECT pg_catalog.current_setting('search_path')")
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query(SET_PATH).bind("pg_catalog").execute(&mut *connection).await?;
    let found = sqlx::query_scalar(FOREIGN)
        .bind(crate::store::batch(&POSTGRES_MADE.tables)?)
        .bind(crate::store::batch(&POSTGRES_MADE.triggers)?)
        .bind(CLAIMS)
        .bind(&path)
        .fetch_all(&mut *connection)
        .await?;
    sqlx::query(SET_PATH).bind(&path).execute(&mut *connection).await?;
    Ok(found)
}

/// On PostgreSQL: of the tables of ours, $1, in their schema, $4, and of all that stands in it. A trigger is of ours by
/// its table, name, kind, arguments and function, whose text is that of the migration, $2. $3 ends the names of those
/// that must be there.
///
/// Keys refer to each other by triggers of the server's own. A condition may ask no function that somebody made, for it
/// could do more than answer. A function with settings of its own could write to other tables of the same names. A
/// function or operator of a name that the server has is taken in place of the server's where its types fit better.
/// What came with the server has a number below 16384.
const FOREIGN: &str = r"
WITH ours AS MATERIALIZED (
    SELECT name, CAST(to_regclass($4 || '.' || quote_ident(name)) AS oid) AS oid
    FROM json_array_elements_text(CAST($1 AS json)) AS ours (name)),
made AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST($2 AS json))
        AS made (name text, of text, kind smallint, function text, argument text, source text)),
within AS MATERIALIZED (
    SELECT r.oid, r.relname, r.relrowsecurity, r.relhastriggers FROM pg_class r
    WHERE r.oid IN (SELECT oid FROM ours) OR r.relnamespace = to_regnamespace($4)),
found AS MATERIALIZED (
    SELECT t.oid, t.tgname AS name, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND r.relhastriggers AS acts,
        EXISTS (SELECT 1 FROM made m JOIN ours o ON o.name = m.of
                WHERE o.oid = t.tgrelid AND m.name = t.tgname AND m.kind = t.tgtype
                  AND m.function = p.proname AND m.source = p.prosrc
                  AND t.tgargs = CASE m.argument WHEN '' THEN CAST('' AS bytea)
                      ELSE convert_to(m.argument, 'UTF8') || decode('00', 'hex') END)
        AND l.lanname = 'plpgsql' AND p.proconfig IS NULL AND t.tgconstraint = 0
        AND NOT EXISTS (SELECT 1 FROM pg_depend d
                        WHERE d.classid = CAST('pg_trigger' AS regclass) AND d.objid = t.oid
                          AND d.refclassid IN (CAST('pg_proc' AS regclass), CAST('pg_operator' AS regclass))
                          AND d.refobjid <> t.tgfoid) AS known
    FROM pg_trigger t
    JOIN within r ON r.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_language l ON l.oid = p.prolang
    WHERE NOT (t.tgisinternal AND p.proname LIKE 'RI\_FKey\_%'
               AND p.oid < 16384)),
near AS MATERIALIZED (
    SELECT n.oid FROM pg_namespace n
    WHERE n.oid IN (to_regnamespace($4), CAST('pg_catalog' AS regnamespace)))
(SELECT 'the trigger ' || name || ' is not of this program' FROM found WHERE NOT known ORDER BY oid)
UNION ALL SELECT 'the rule ' || u.rulename || ' is not of this program'
FROM pg_rewrite u JOIN within r ON r.oid = u.ev_class WHERE u.rulename <> '_RETURN'
UNION ALL SELECT 'the row security of ' || relname || ' is not of this program'
FROM within WHERE relrowsecurity
UNION ALL SELECT 'the relation ' || o.name || ' is no table, which is not of this program'
FROM ours o JOIN pg_class r ON r.oid = o.oid WHERE r.relkind <> 'r'
UNION ALL SELECT 'the table ' || CAST(CAST(i.inhrelid AS regclass) AS text) || ', a part of '
    || o.name || ', is not of this program'
FROM ours o JOIN pg_inherits i ON i.inhparent = o.oid
UNION ALL SELECT 'the function ' || CAST(CAST(p.oid AS regprocedure) AS text)
    || ' bears the name of one of the server''s, and is not of this program'
FROM pg_proc p
WHERE p.oid >= 16384 AND p.pronamespace IN (SELECT oid FROM near)
  AND EXISTS (SELECT 1 FROM pg_proc s WHERE s.proname = p.proname AND s.oid < 16384)
UNION ALL SELECT 'the operator ' || CAST(CAST(p.oid AS regoperator) AS text) || ' is not of this program'
FROM pg_operator p
WHERE p.oid >= 16384 AND p.oprnamespace IN (SELECT oid FROM near)
  AND EXISTS (SELECT 1 FROM pg_operator s WHERE s.oprname = p.oprname AND s.oid < 16384)
UNION ALL SELECT 'the ' || pg_describe_object(CAST('pg_cast' AS regclass), c.oid, 0) || ' is not of this program'
FROM pg_cast c WHERE c.oid >= 16384 AND c.castsource < 16384 AND c.casttarget < 16384
UNION ALL SELECT 'the column ' || o.name || '.' || a.attname || ' is of another kind, which is not of this program'
FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE a.atttypid >= 16384 OR a.attcollation >= 16384 OR a.attgenerated <> ''
UNION ALL SELECT 'the ' || pg_describe_object(d.classid, d.objid, 0) || ' asks what is not of this program'
FROM pg_depend d
WHERE d.refobjid >= 16384 AND d.refclassid IN (CAST('pg_proc' AS regclass), CAST('pg_operator' AS regclass),
        CAST('pg_opclass' AS regclass), CAST('pg_opfamily' AS regclass), CAST('pg_type' AS regclass),
        CAST('pg_collation' AS regclass))
  AND ((d.classid = CAST('pg_class' AS regclass)
          AND d.objid IN (SELECT i.indexrelid FROM pg_index i WHERE i.indrelid IN (SELECT oid FROM ours)))
    OR (d.classid = CAST('pg_constraint' AS regclass)
          AND d.objid IN (SELECT c.oid FROM pg_constraint c WHERE c.conrelid IN (SELECT oid FROM ours)))
    OR (d.classid = CAST('pg_attrdef' AS regclass)
          AND d.objid IN (SELECT f.oid FROM pg_attrdef f WHERE f.adrelid IN (SELECT oid FROM ours))))
UNION ALL SELECT 'the trigger ' || m.name || ' of table ' || m.of || ' is missing'
FROM made m
WHERE m.name LIKE '%' || replace($3, '_', '\_') AND (current_setting('session_replication_role') = 'replica'
    OR NOT EXISTS (SELECT 1 FROM found f WHERE f.name = m.name AND f.known AND f.acts))";
