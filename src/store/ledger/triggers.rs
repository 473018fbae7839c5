//! The tables and triggers that PostgreSQL's migrations make, read from their text.

use serde::Serialize;
use sqlx::migrate::Migrator;

/// What the migrations come to.
#[derive(Debug)]
pub(in crate::store) struct Made {
    /// The names of tables, that of the migrations themselves among them.
    pub tables: Vec<String>,
    /// All triggers.
    pub triggers: Vec<Trigger>,
}

/// A trigger as its migration has it.
#[derive(Debug, Serialize)]
pub(in crate::store) struct Trigger {
    pub name: String,
    /// The table.
    of: String,
    /// When it acts, as PostgreSQL's `tgtype` has it.
    kind: i16,
    /// What it calls on PostgreSQL, with what, and the text of that.
    function: String,
    argument: String,
    source: String,
}

impl Made {
    /// What these have made when all of them are done.
    pub fn by(migrations: &Migrator) -> Self {
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
        Self {
            name: name.into(),
            of: of.into(),
            kind: kind + each,
            function: function.into(),
            argument: argument.trim_end().trim_end_matches(')').trim_matches('\'').into(),
            source: source.unwrap_or_default().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations;

    #[test]
    fn the_triggers_of_the_migrations_are_read() {
        let made = Made::by(&migrations::POSTGRES);
        let claims = made.triggers.iter().filter(|trigger| trigger.name.ends_with("_is_claimed"));
        let of: Vec<&str> = claims.map(|trigger| trigger.of.as_str()).collect();
        assert_eq!(of, ["audit_entry", "notice", "policy_version"]);
        assert!(made.tables.iter().any(|name| name == "consent"));
        let claim = made.triggers.iter().find(|t| t.name == "notice_is_claimed").unwrap();
        assert_eq!((claim.kind, claim.function.as_str()), (5, "be_claimed"));
        assert_eq!(claim.argument, "notice_id");
        assert!(claim.source.contains("INSERT INTO claim") && claim.source.starts_with(" BEGIN"));
        let kept = made.triggers.iter().find(|t| t.name == "notice_is_immutable").unwrap();
        assert_eq!((kept.kind, kept.argument.as_str()), (27, ""));
    }
}
