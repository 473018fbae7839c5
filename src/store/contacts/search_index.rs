//! The words that people are found by, kept in step with who they are.

use uuid::Uuid;

use crate::domain::contacts::search::SearchWords;
use crate::store::rows::{self, Table, bound_columns};
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

/// That somebody is found by a word.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found<'a> {
    word: &'a str,
    subscriber_id: Uuid,
}

bound_columns!(Found<'_>, |found| {
    word: "text" = found.word,
    subscriber_id: "uuid" = found.subscriber_id,
});

/// One person and their words in one text.
struct KeptRow {
    words: String,
    subscriber_id: Uuid,
}

bound_columns!(KeptRow, |kept| {
    words: "text" = kept.words.as_str(),
    subscriber_id: "uuid" = kept.subscriber_id,
});

/// Lets people be found by who they are by now. `made` are those whose rows were made just now with their
/// words in them; all others are compared with what they were. All are locked.
pub async fn refresh(tx: &mut Tx, made: &[Described], known: &[Described]) -> sqlx::Result<()> {
    let changes: Vec<Change> =
        made.iter().map(Change::of_new).chain(known.iter().filter_map(Change::of_known)).collect();
    let removed = found_by(&changes, |change| change.past.without(&change.present));
    delete_all(tx, &removed).await?;
    let added = found_by(&changes, |change| change.present.without(&change.past));
    insert_all(tx, &added).await?;
    let kept: Vec<KeptRow> = changes.iter().filter_map(Change::to_keep).collect();
    keep_all(tx, &kept).await
}

/// Lets somebody who is deleted be found no more.
pub async fn forget(tx: &mut Tx, subscriber_id: Uuid, words: Option<&str>) -> sqlx::Result<()> {
    let past = SearchWords::read(words.unwrap_or_default());
    let gone = [Change { subscriber_id, past, present: SearchWords::read(""), is_kept: false }];
    delete_all(tx, &found_by(&gone, |change| change.past.iter())).await
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
fn found_by<'a, I: Iterator<Item = &'a str>>(
    changes: &'a [Change],
    words: impl Fn(&'a Change) -> I,
) -> Vec<Found<'a>> {
    let of = |change: &'a Change| {
        let subscriber_id = change.subscriber_id;
        words(change).map(move |word| Found { word, subscriber_id })
    };
    let mut found: Vec<Found> = changes.iter().flat_map(of).collect();
    found.sort_unstable();
    found
}

async fn insert_all(tx: &mut Tx, found: &[Found<'_>]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO subscriber_word (word, subscriber_id)
         SELECT word, subscriber_id FROM found WHERE true
         ON CONFLICT DO NOTHING",
    );
    rows::execute(tx, INSERT, &[], Table("found", found)).await.map(drop)
}

async fn delete_all(tx: &mut Tx, found: &[Found<'_>]) -> sqlx::Result<()> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM subscriber_word
         WHERE (word, subscriber_id) IN (SELECT word, subscriber_id FROM found)",
    );
    rows::execute(tx, DELETE, &[], Table("found", found)).await.map(drop)
}

async fn keep_all(tx: &mut Tx, kept: &[KeptRow]) -> sqlx::Result<()> {
    const KEEP: Sql = Sql::same(
        "UPDATE subscriber SET words = kept.words FROM kept
         WHERE subscriber.subscriber_id = kept.subscriber_id",
    );
    rows::execute(tx, KEEP, &[], Table("kept", kept)).await.map(drop)
}
