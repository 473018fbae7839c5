//! Whose a copy of the database is, and how far its ledger came: read before the copy is put anywhere.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::SignedNote;
use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::dump::{DumpError, blocking, said, spawn};
use crate::outside::Head;

/// The tables that are read.
const HEADS: &str = "checkpoint";
const FINGERPRINTS: &str = "key_fingerprint";

/// What it says.
#[derive(Debug, Default)]
pub struct DumpContents {
    /// The newest head in it that the keys here signed.
    pub newest: Option<Head>,
    /// Whether it has any head, whoever signed it.
    pub has_heads: bool,
    /// The fingerprint of the address key that it was written under.
    pub address_key: Option<String>,
    /// The public key that signed its ledger last.
    pub ledger_key: Option<String>,
}

impl DumpContents {
    /// Reads what [`super::Db::dump`] wrote.
    ///
    /// # Errors
    /// When the file is no copy of a database of this program, or PostgreSQL's program cannot be run.
    pub async fn read(
        copy: &Path,
        is_sqlite: bool,
        keys: &Arc<LedgerKeys>,
    ) -> Result<Self, DumpError> {
        if is_sqlite {
            return Self::read_sqlite(copy, keys).await;
        }
        let (copy, keys) = (copy.to_owned(), keys.clone());
        blocking(move || Self::read_postgres(&copy, &keys)).await
    }

    async fn read_sqlite(copy: &Path, keys: &LedgerKeys) -> Result<Self, DumpError> {
        let mut contents = Self::default();
        // The copy stays as it is, to the byte.
        let options = SqliteConnectOptions::new().filename(copy).read_only(true).immutable(true);
        let mut connection = options.connect().await?;
        let prints = sqlx::query_as("SELECT name, fingerprint FROM key_fingerprint");
        let prints: Vec<(String, String)> = prints.fetch_all(&mut connection).await?;
        for (name, fingerprint) in prints {
            contents.see_key(&name, fingerprint);
        }
        let heads = sqlx::query_scalar("SELECT note FROM checkpoint ORDER BY size DESC");
        let mut heads = heads.fetch(&mut connection);
        while let Some(note) = heads.try_next().await? {
            let note: String = note;
            contents.see_head(&note, keys);
        }
        drop(heads);
        connection.close().await?;
        Ok(contents)
    }

    fn read_postgres(copy: &Path, keys: &LedgerKeys) -> Result<Self, DumpError> {
        let mut reads = Command::new("pg_restore");
        reads.args(["--data-only", "--file=-"]);
        reads.args([HEADS, FINGERPRINTS].map(|table| format!("--table={table}"))).arg(copy);
        let (mut reading, told) =
            spawn(reads.stdin(Stdio::null()).stdout(Stdio::piped()), "pg_restore")?;
        let mut contents = Self::default();
        let script = reading.stdout.take().map(BufReader::new);
        let seen = script.map_or(Ok(()), |script| contents.see_script(script, keys));
        match (reading.wait().is_ok_and(|status| status.success()), seen) {
            (true, Ok(())) => Ok(contents),
            (true, Err(error)) => Err(DumpError::Failed("pg_restore", error.to_string())),
            (false, _) => Err(DumpError::Failed("pg_restore", said(told))),
        }
    }

    /// Reads the rows in a script of `pg_restore`.
    fn see_script(&mut self, script: impl BufRead, keys: &LedgerKeys) -> std::io::Result<()> {
        let mut rows: Option<Rows> = None;
        for line in script.lines() {
            let line = line?;
            match &rows {
                None => rows = Rows::begin(&line),
                Some(_) if line == r"\." => rows = None,
                Some(of) => match of.table.as_str() {
                    HEADS => self.see_head(&of.cell(&line, "note").unwrap_or_default(), keys),
                    FINGERPRINTS => {
                        let (name, print) = (of.cell(&line, "name"), of.cell(&line, "fingerprint"));
                        self.see_key(&name.unwrap_or_default(), print.unwrap_or_default());
                    }
                    _ => {}
                },
            }
        }
        Ok(())
    }

    fn see_head(&mut self, note: &str, keys: &LedgerKeys) {
        self.has_heads = true;
        let Ok(signed) = SignedNote::parse(note) else { return };
        let head = signed.checkpoint();
        let Some(epoch) = Epoch::from_name(&head.origin, keys.origin()) else { return };
        // There may be a million: only one that would be the newest has its signature looked at.
        if self.newest.as_ref().is_none_or(|newest| newest.rank() < (epoch, head.size))
            && let Some(head) = Head::parse(note, keys)
        {
            self.newest = Some(head);
        }
    }

    fn see_key(&mut self, name: &str, fingerprint: String) {
        match name {
            "address" => self.address_key = Some(fingerprint),
            "ledger" => self.ledger_key = Some(fingerprint),
            _ => {}
        }
    }
}

/// The rows of one table as PostgreSQL's `COPY … FROM stdin` writes them, a line each.
struct Rows {
    table: String,
    columns: Vec<String>,
}

impl Rows {
    /// Reads `COPY SCHEMA.TABLE (COLUMN, COLUMN) FROM stdin;`; `None` for any other line.
    fn begin(line: &str) -> Option<Self> {
        let (table, columns) = line.strip_prefix("COPY ")?.split_once(" (")?;
        let named = |name: &str| name.trim_matches('"').to_owned();
        let table = named(table.rsplit('.').next()?);
        let columns = columns.strip_suffix(") FROM stdin;")?.split(", ").map(named).collect();
        Some(Self { table, columns })
    }

    /// The cell of that column; none where there is no such column or nothing in it.
    fn cell(&self, line: &str, column: &str) -> Option<String> {
        let at = self.columns.iter().position(|name| name == column)?;
        let cell = line.split('\t').nth(at).filter(|cell| *cell != r"\N")?;
        let mut text = String::with_capacity(cell.len());
        let mut chars = cell.chars();
        while let Some(char) = chars.next() {
            let char = if char == '\\' { chars.next().map_or('\\', unescaped) } else { char };
            text.push(char);
        }
        Some(text)
    }
}

fn unescaped(char: char) -> char {
    match char {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;

    fn keys(seed: u8) -> LedgerKeys {
        let name = KeyName::parse("a.example/ledger").unwrap();
        LedgerKeys::new(SigningKey::new(name, [seed; 32]), vec![], vec![])
    }

    fn note(keys: &LedgerKeys, number: i64, size: u64) -> String {
        let epoch = Epoch::numbered(number).unwrap();
        let origin = epoch.name(keys.origin());
        Checkpoint { origin, size, root: [7; 32] }.sign(&keys.signing_in(epoch).unwrap())
    }

    /// A script as `pg_restore --data-only` writes it.
    fn script(notes: &[String]) -> String {
        let rows = notes.iter().enumerate().map(|(at, note)| {
            format!(
                "{at}\t\\\\x07\t{}\t2026-11-23 09:00:00+00\t\\N\t\\\\x01\n",
                note.replace('\n', "\\n")
            )
        });
        let rows: String = rows.collect();
        format!(
            "--\n-- PostgreSQL database dump\n--\n\nSET row_security = off;\n\n\
             COPY public.checkpoint (size, root, note, created_at, previous, mac) FROM stdin;\n{rows}\\.\n\n\n\
             COPY public.other (name, fingerprint) FROM stdin;\naddress\tof another table\n\\.\n\n\
             COPY public.key_fingerprint (name, fingerprint) FROM stdin;\naddress\t0011\nledger\ta\\\\b\\tc\n\\.\n"
        )
    }

    fn seen(script: &str) -> DumpContents {
        let mut contents = DumpContents::default();
        contents.see_script(script.as_bytes(), &keys(1)).unwrap();
        contents
    }

    #[test]
    fn the_newest_head_of_a_script_is_the_newest_that_was_signed() {
        let (own, other) = (keys(1), keys(2));
        let notes = [note(&own, 1, 5), note(&own, 1, 9), note(&other, 1, 20), note(&own, 1, 7)];
        let contents = seen(&script(&notes));
        assert_eq!(contents.newest.unwrap().size(), 9);
        assert_eq!(contents.address_key.unwrap(), "0011");
        assert_eq!(contents.ledger_key.unwrap(), "a\\b\tc");
        // One of a later epoch is newer, and what is none is passed over.
        let notes = [note(&own, 1, 9), note(&own, 2, 6), "nonsense".into(), String::new()];
        assert_eq!(seen(&script(&notes)).newest.unwrap().note.as_str(), notes[1]);
    }

    #[test]
    fn heads_by_others_alone_are_told_from_none() {
        let others = seen(&script(&[note(&keys(2), 1, 20)]));
        assert!(others.newest.is_none() && others.has_heads);
        let none = seen(&script(&[]));
        assert!(none.newest.is_none() && !none.has_heads);
    }

    #[test]
    fn what_is_no_script_says_nothing() {
        for odd in [
            "",
            "COPY public.checkpoint (size) FROM stdin;\n1\n\\.\n",
            "COPY public.key_fingerprint (name, fingerprint) FROM stdin;\naddress\n",
            "COPY checkpoint note FROM stdin;\nx\n",
            "COPY key_fingerprint (name, fingerprint) FROM stdin;\n\\N\t\\N\n\\",
        ] {
            let contents = seen(odd);
            assert!(contents.newest.is_none(), "{odd}");
            assert!(contents.address_key.is_none_or(|print| print.is_empty()), "{odd}");
        }
    }

    #[tokio::test]
    async fn what_is_no_database_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("database");
        let keys = Arc::new(keys(1));
        assert!(DumpContents::read(&file, true, &keys).await.is_err());
        for bytes in [&b""[..], b"nonsense", b"SQLite format 3\0"] {
            std::fs::write(&file, bytes).unwrap();
            assert!(DumpContents::read(&file, true, &keys).await.is_err());
        }
    }
}
