//! What somebody else put into the database: triggers, rules, row policies and views could keep what people decide from
//! being written, or from being read.

use std::sync::LazyLock;

use serde::Serialize;
use sqlx::migrate::Migrator;

use super::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, Tx};

/// How what only stores begins, as SQLite writes it down.
const STORES: [&str; 3] = ["CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "];

/// By which things are claimed; the other triggers of ours refuse.
const CLAIMS: &str = "_is_claimed";

static SQLITE_MADE: LazyLock<Made> = LazyLock::new(|| Made::by(&SQLITE_MIGRATIONS));
static POSTGRES_MADE: LazyLock<Made> = LazyLock::new(|| Made::by(&POSTGRES_MIGRATIONS));

/// What acts in this database and no migration made, each as a phrase: triggers, rules, row policies, views, and what
/// stands before a table of ours or in its place. Also the triggers of ours that are missing or do not act any more: of
/// those by which things are claimed alone, for the others only keep the program from mistakes.
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
                found.iter().filter(|(_, sql)| acts(sql) && !is_in(&SQLITE_MIGRATIONS, sql));
            let mut phrases: Vec<String> = foreign
                .map(|(name, sql)| {
                    let what = if sql.starts_with("CREATE VIEW ") { "view" } else { "trigger" };
                    format!("the {what} {name} is not of this program")
                })
                .collect();
            let claims = SQLITE_MADE.triggers.iter().filter(|made| made.name.ends_with(CLAIMS));
            let missing = claims.filter(|made| !found.iter().any(|(_, sql)| *sql == made.text));
            for Trigger { name, of, .. } in missing {
                phrases.push(format!("the trigger {name} of table {of} is missing"));
            }
            Ok(phrases)
        }
        Tx::Postgres(tx) => {
            let Made { tables, triggers } = &*POSTGRES_MADE;
            sqlx::query_scalar(FOREIGN)
                .bind(super::batch(tables)?)
                .bind(super::batch(triggers)?)
                .bind(CLAIMS)
                .fetch_all(&mut **tx)
                .await
        }
    }
}

/// On PostgreSQL: of the tables of ours, $1, as this session finds them by name, and of all that stands in its schema. A
/// trigger is of ours by its table, name, kind, arguments and function, whose text is that of the migration, $2. $3 ends
/// the names of those that must be there.
///
/// Keys refer to each other by triggers of the server's own. A condition may ask no function that somebody made, for it
/// could do more than answer. A function with settings of its own could write to other tables of the same names.
const FOREIGN: &str = r"
WITH ours AS MATERIALIZED (
    SELECT name, CAST(to_regclass(quote_ident(name)) AS oid) AS oid
    FROM json_array_elements_text(CAST($1 AS json)) AS ours (name)),
made AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST($2 AS json))
        AS made (name text, of text, kind smallint, function text, argument text, source text)),
within AS MATERIALIZED (
    SELECT r.oid, r.relname, r.relrowsecurity FROM pg_class r
    WHERE r.oid IN (SELECT oid FROM ours) OR r.relnamespace =
        (SELECT n.oid FROM pg_namespace n WHERE n.nspname = current_schema())),
found AS MATERIALIZED (
    SELECT t.oid, t.tgname AS name, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AS acts,
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
               AND p.pronamespace = CAST('pg_catalog' AS regnamespace)))
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
UNION ALL SELECT 'the relation ' || r.relname || ' stands in more than one schema of the search path: '
    || string_agg(n.nspname, ', ' ORDER BY n.nspname)
FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace JOIN ours o ON o.name = r.relname
WHERE n.nspname = ANY (current_schemas(FALSE))
GROUP BY r.relname HAVING count(*) > 1
UNION ALL SELECT 'the search path looks into other schemas before pg_catalog'
WHERE array_position(current_schemas(FALSE), 'pg_catalog') > 1
UNION ALL SELECT 'the trigger ' || m.name || ' of table ' || m.of || ' is missing'
FROM made m
WHERE m.name LIKE '%' || replace($3, '_', '\_') AND (current_setting('session_replication_role') = 'replica'
    OR NOT EXISTS (SELECT 1 FROM found f WHERE f.name = m.name AND f.known AND f.acts))";

/// Both databases keep a trigger's text as it was written.
fn is_in(migrations: &Migrator, text: &str) -> bool {
    migrations.iter().any(|migration| migration.sql.as_str().contains(text))
}

/// What the migrations come to.
#[derive(Debug)]
struct Made {
    /// The names of tables, that of the migrations themselves among them.
    tables: Vec<String>,
    triggers: Vec<Trigger>,
}

/// A trigger as its migration has it.
#[derive(Debug, Serialize)]
struct Trigger {
    name: String,
    /// The table.
    of: String,
    /// When it acts, as PostgreSQL's `tgtype` has it.
    kind: i16,
    /// What it calls on PostgreSQL, with what, and the text of that.
    function: String,
    argument: String,
    source: String,
    /// The whole of it, as SQLite writes it down.
    #[serde(skip)]
    text: String,
}

impl Made {
    /// What these have made when all of them are done.
    fn by(migrations: &Migrator) -> Self {
        let texts: Vec<&str> = migrations.iter().map(|migration| migration.sql.as_str()).collect();
        let mut made = Self { tables: vec!["_sqlx_migrations".into()], triggers: vec![] };
        for text in &texts {
            for (is_new, rest) in statements(text, "TABLE ") {
                let name = first_word(rest);
                made.tables.retain(|known| known != name);
                if is_new {
                    made.tables.push(name.into());
                }
            }
            for (is_new, rest) in statements(text, "TRIGGER ") {
                let name = first_word(rest);
                made.triggers.retain(|known| known.name != name);
                if is_new {
                    made.triggers.push(Trigger::read(rest, &texts));
                }
            }
        }
        made
    }
}

/// What stands behind `CREATE` or `DROP` and this word, in order, and whether it is created.
fn statements<'a>(text: &'a str, word: &str) -> Vec<(bool, &'a str)> {
    let parts: Vec<&str> = text.split(word).collect();
    let pairs = parts.iter().zip(parts.iter().skip(1));
    pairs
        .filter_map(|(before, rest)| {
            let is_new = before.ends_with("CREATE ");
            (is_new || before.ends_with("DROP ")).then_some((is_new, *rest))
        })
        .collect()
}

fn first_word(text: &str) -> &str {
    text.split(|end: char| end.is_whitespace() || "(;".contains(end)).next().unwrap_or_default()
}

impl Trigger {
    /// Reads what stands behind `CREATE TRIGGER`.
    fn read(rest: &str, migrations: &[&str]) -> Self {
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default();
        let kind: i16 = words
            .by_ref()
            .take_while(|word| *word != "ON")
            .map(|word| match word {
                "BEFORE" => 2,
                "INSERT" => 4,
                "DELETE" => 8,
                "UPDATE" => 16,
                "TRUNCATE" => 32,
                _ => 0,
            })
            .sum();
        let of = words.next().unwrap_or_default();
        let statement = rest.split_once(';').map_or(rest, |(statement, _)| statement);
        let each = i16::from(statement.contains("FOR EACH ROW"));
        let called = statement.split_once("EXECUTE FUNCTION ").map_or("", |(_, called)| called);
        let (function, argument) = called.split_once('(').unwrap_or_default();
        let begin = format!("CREATE FUNCTION {function}()");
        let written = migrations.iter().find_map(|text| text.split_once(&begin));
        let source = written.and_then(|(_, written)| written.split("$$").nth(1));
        let body = rest.split_once("END;").map_or("", |(body, _)| body);
        Self {
            name: name.into(),
            of: of.into(),
            kind: kind + each,
            function: function.into(),
            argument: argument.trim_end().trim_end_matches(')').trim_matches('\'').into(),
            source: source.unwrap_or_default().into(),
            text: format!("CREATE TRIGGER {body}END"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_triggers_of_both_databases_are_read() {
        for made in [&*SQLITE_MADE, &*POSTGRES_MADE] {
            let claims = made.triggers.iter().filter(|trigger| trigger.name.ends_with(CLAIMS));
            let of: Vec<&str> = claims.map(|trigger| trigger.of.as_str()).collect();
            assert_eq!(of, ["audit_entry", "notice", "policy_version"]);
            assert!(made.tables.iter().any(|name| name == "consent"));
        }
        let claim = POSTGRES_MADE.triggers.iter().find(|t| t.name == "notice_is_claimed").unwrap();
        assert_eq!((claim.kind, claim.function.as_str()), (5, "be_claimed"));
        assert_eq!(claim.argument, "notice_id");
        assert!(claim.source.contains("INSERT INTO claim") && claim.source.starts_with(" BEGIN"));
        let claim = SQLITE_MADE.triggers.iter().find(|t| t.name == "notice_is_claimed").unwrap();
        assert!(is_in(&SQLITE_MIGRATIONS, &claim.text) && claim.text.ends_with("; END"));
        let kept = POSTGRES_MADE.triggers.iter().find(|t| t.name == "notice_is_immutable").unwrap();
        assert_eq!((kept.kind, kept.argument.as_str()), (27, ""));
    }
}
