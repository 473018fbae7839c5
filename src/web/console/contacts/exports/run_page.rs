//! The page of one export.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::consent::withdrawals::Withdrawal;
use crate::templates::page::Page;
use crate::web::console::contacts::exports::row::RunRow;

/// `console/export.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ExportPage<'a> {
    pub run: RunRow<'a>,
    pub is_open: bool,
    pub is_job: bool,
    /// How many contacts it will hold, once that is known.
    pub expected: Option<i64>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub reason: Option<&'a str>,
    /// Where its file is, while it is kept, with its size and until when.
    pub file: Option<String>,
    pub size: Option<String>,
    pub until: Option<Timestamp>,
    /// Who left since; nothing while that can't be told.
    pub withdrawn: Option<WithdrawnSince>,
    /// That can't be told any more.
    pub stale: bool,
    pub word: Option<&'static str>,
}

/// Who must be removed from every copy of its file.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct WithdrawnSince {
    pub count: i64,
    /// The first of them.
    pub shown: Vec<Removal>,
}

/// One of them; without key and address where they were erased.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct Removal {
    subscriber_id: Option<Uuid>,
    email: Option<String>,
    why: String,
    at: Timestamp,
}

impl From<Withdrawal> for Removal {
    fn from(row: Withdrawal) -> Self {
        Self {
            subscriber_id: row.email.as_ref().map(|_| row.subscriber_id),
            email: row.email,
            why: row.event,
            at: row.at,
        }
    }
}

impl Page for ExportPage<'_> {
    const TEMPLATE: &'static str = "console/export.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let sha256 = Some("9f86d081884c7d65");
        let removal = Removal {
            subscriber_id: Some(Uuid::nil()),
            email: Some("ada@example.org".to_owned()),
            why: "manual".to_owned(),
            at,
        };
        let erased = Removal { subscriber_id: None, email: None, why: "erased".to_owned(), at };
        let waiting = ExportPage {
            run: RunRow::sample("waiting", None),
            is_open: true,
            is_job: true,
            expected: None,
            started_at: None,
            finished_at: None,
            reason: None,
            file: None,
            size: None,
            until: None,
            withdrawn: None,
            stale: false,
            word: Some("The file is being made"),
        };
        let running = ExportPage {
            run: RunRow::sample("running", None),
            expected: Some(312_000),
            started_at: Some(at),
            word: None,
            ..waiting.clone()
        };
        let done = ExportPage {
            run: RunRow::sample("done", sha256),
            is_open: false,
            finished_at: Some(at),
            file: Some("/console/exports/ID/file".to_owned()),
            size: Some("82 MB".to_owned()),
            until: Some(at),
            withdrawn: Some(WithdrawnSince { count: 21, shown: vec![removal, erased] }),
            ..running.clone()
        };
        let failed = ExportPage {
            run: RunRow::sample("failed", None),
            is_open: false,
            reason: Some("the browser went away"),
            ..running.clone()
        };
        let expired = ExportPage {
            run: RunRow::sample("expired", sha256),
            file: None,
            size: None,
            until: None,
            withdrawn: Some(WithdrawnSince { count: 0, shown: vec![] }),
            ..done.clone()
        };
        let counting = ExportPage { expected: None, ..running.clone() };
        let stale = ExportPage { withdrawn: None, stale: true, ..done.clone() };
        vec![done, stale, expired, failed, running, counting, waiting]
    }
}
