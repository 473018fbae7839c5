//! The words that people are found by, kept in step with who they are.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::search::SearchWords;
use crate::store::{Sql, Tx, on};

/// Who somebody is by now, and the words they were found by until now.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Described {
    /// Their key.
    pub subscriber_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: Option<String>,
    /// Where they work.
    pub organisation: Option<String>,
    /// As what.
    pub job_title: Option<String>,
    /// What [`SearchWords::kept`] gave last.
    pub words: Option<String>,
}

/// What one person was found by, and is now.
struct Change {
    subscriber_id: Uuid,
    past: SearchWords,
    present: SearchWords,
    /// Whether the subscriber's own row is to say so: it does already when it was made with its words.
    is_kept: bool,
}

impl Change {
    fn from_row(row: &Described) -> Self {
        Self {
            subscriber_id: row.subscriber_id,
            past: SearchWords::read(row.words.as_deref().unwrap_or_default()),
            present: SearchWords::new(
                &row.email,
                [&row.name, &row.organisation, &row.job_title].map(Option::as_deref),
            ),
            is_kept: true,
        }
    }

    fn of_new(row: &Described) -> Self {
        Self { past: SearchWords::read(""), is_kept: false, ..Self::from_row(row) }
    }

    fn of_known(row: &Described) -> Option<Self> {
        let change = Self::from_row(row);
        (row.words.is_none() || change.past != change.present).then_some(change)
    }

    fn to_keep(&self) -> Option<KeptRow> {
        let subscriber_id = self.subscriber_id;
        self.is_kept.then(|| KeptRow { words: self.present.kept(), subscriber_id })
    }
}

/// Who has each word. Common words stand in it once, which makes it a fifth as long as a row for each.
type Holders<'a> = BTreeMap<&'a str, Vec<Uuid>>;

/// One person and their words in one text.
#[derive(Serialize)]
struct KeptRow {
    words: String,
    subscriber_id: Uuid,
}

/// Lets people be found by who they are by now. `made` are those whose rows were made just now with their
/// words in them; all others are compared with what they were. All are locked.
pub async fn refresh(tx: &mut Tx, made: &[Described], known: &[Described]) -> sqlx::Result<()> {
    let changes: Vec<Change> =
        made.iter().map(Change::of_new).chain(known.iter().filter_map(Change::of_known)).collect();
    let removed = holders(&changes, |change| change.past.without(&change.present));
    delete_all(tx, &removed).await?;
    let added = holders(&changes, |change| change.present.without(&change.past));
    insert_all(tx, &added).await?;
    let kept: Vec<KeptRow> = changes.iter().filter_map(Change::to_keep).collect();
    keep_all(tx, &kept).await
}

/// Lets somebody who is deleted be found no more.
pub async fn forget(tx: &mut Tx, subscriber_id: Uuid, words: Option<&str>) -> sqlx::Result<()> {
    let past = SearchWords::read(words.unwrap_or_default());
    let gone = [Change { subscriber_id, past, present: SearchWords::read(""), is_kept: false }];
    delete_all(tx, &holders(&gone, |change| change.past.iter())).await
}

/// Splits up the next so many people who were never split up; returns how many there were. Those whom
/// another replica is splitting up are left to it.
pub async fn backfill(tx: &mut Tx, at_once: i64) -> sqlx::Result<usize> {
    const UNSPLIT: Sql = Sql {
        sqlite: "SELECT subscriber_id, email, name, organisation, job_title, words FROM subscriber
                 WHERE words IS NULL ORDER BY subscriber_id LIMIT $1",
        postgres:
            "SELECT subscriber_id, email, name, organisation, job_title, words FROM subscriber
                   WHERE words IS NULL ORDER BY subscriber_id LIMIT $1 FOR UPDATE SKIP LOCKED",
    };
    let found: Vec<Described> =
        on!(tx, UNSPLIT, |conn, sql| sqlx::query_as(sql).bind(at_once).fetch_all(conn).await)?;
    refresh(tx, &[], &found).await?;
    Ok(found.len())
}

/// Who has those words of each change, in the order of the words, so that neighbours are written together.
fn holders<'a, I: Iterator<Item = &'a str>>(
    changes: &'a [Change],
    words: impl Fn(&'a Change) -> I,
) -> Holders<'a> {
    let mut holders = Holders::new();
    for change in changes {
        for word in words(change) {
            holders.entry(word).or_default().push(change.subscriber_id);
        }
    }
    holders
}

async fn insert_all(tx: &mut Tx, holders: &Holders<'_>) -> sqlx::Result<()> {
    const INSERT: Sql = Sql {
        sqlite: "INSERT INTO subscriber_word (word, subscriber_id)
                 SELECT held.key, unhex(holder.value, '-')
                 FROM json_each($1) AS held, json_each(held.value) AS holder WHERE true
                 ON CONFLICT DO NOTHING",
        postgres: "INSERT INTO subscriber_word (word, subscriber_id)
                   SELECT held.key, CAST(holder.value AS uuid)
                   FROM json_each(CAST($1 AS json)) AS held,
                       json_array_elements_text(held.value) AS holder
                   ON CONFLICT DO NOTHING",
    };
    if holders.is_empty() { Ok(()) } else { write(tx, &INSERT, holders).await }
}

async fn delete_all(tx: &mut Tx, holders: &Holders<'_>) -> sqlx::Result<()> {
    const DELETE: Sql = Sql {
        sqlite: "DELETE FROM subscriber_word WHERE (word, subscriber_id) IN
                     (SELECT held.key, unhex(holder.value, '-')
                      FROM json_each($1) AS held, json_each(held.value) AS holder)",
        postgres: "DELETE FROM subscriber_word WHERE (word, subscriber_id) IN
                       (SELECT held.key, CAST(holder.value AS uuid)
                        FROM json_each(CAST($1 AS json)) AS held,
                            json_array_elements_text(held.value) AS holder)",
    };
    if holders.is_empty() { Ok(()) } else { write(tx, &DELETE, holders).await }
}

async fn keep_all(tx: &mut Tx, rows: &[KeptRow]) -> sqlx::Result<()> {
    const KEEP: Sql = Sql {
        sqlite: "UPDATE subscriber SET words = kept.words
                 FROM (SELECT value->>'words' AS words, unhex(value->>'subscriber_id', '-') AS id
                       FROM json_each($1)) AS kept
                 WHERE subscriber.subscriber_id = kept.id",
        postgres: "UPDATE subscriber SET words = kept.words
                   FROM json_to_recordset(CAST($1 AS json)) AS kept (words text, subscriber_id uuid)
                   WHERE subscriber.subscriber_id = kept.subscriber_id",
    };
    if rows.is_empty() { Ok(()) } else { write(tx, &KEEP, &rows).await }
}

async fn write(tx: &mut Tx, sql: &Sql, values: &impl Serialize) -> sqlx::Result<()> {
    let values =
        serde_json::to_string(values).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    on!(tx, sql, |conn, sql| sqlx::query(sql).bind(values).execute(conn).await.map(drop))
}
