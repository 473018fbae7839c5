//! What was written to whoever complained or asked, and what goes of their requests when its time is over.

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{LetterTemplate, LetterWay, RequestKind};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::mail::outbox::OutboxState;
use crate::domain::timestamp::Timestamp;
use crate::store::{Effect, Sql, Tx, on};

/// A letter, and what became of its mail.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RequestLetter {
    /// What it is for.
    pub template: LetterTemplate,
    /// How it leaves.
    pub way: LetterWay,
    /// What it says; nothing where the program wrote it, or it was erased.
    pub words: Option<String>,
    /// Its mail.
    pub outbox_id: Option<Uuid>,
    /// When it was written.
    pub written_at: Timestamp,
    /// By whom, as the audit names them.
    pub written_by: String,
    /// Where its mail stands.
    pub state: Option<OutboxState>,
    /// When that was settled.
    pub finished_at: Option<Timestamp>,
    /// Why it was not sent.
    pub reason: Option<String>,
    /// Whether it came back because there is no such mailbox.
    pub came_back: bool,
}

impl RequestLetter {
    /// Whether it arrives as far as is known: it was sent or waits, and did not come back.
    #[must_use]
    pub fn arrives(&self) -> bool {
        let leaves = matches!(self.state, Some(OutboxState::Queued | OutboxState::Sent));
        self.way == LetterWay::Post || (leaves && !self.came_back)
    }
}

/// A letter that is to be written down.
pub struct NewRequestLetter<'a> {
    /// Its key.
    pub request_letter_id: Uuid,
    /// What it is about.
    pub privacy_request_id: Uuid,
    /// What it is for.
    pub template: LetterTemplate,
    /// How it leaves.
    pub way: LetterWay,
    /// What it says.
    pub words: Option<&'a str>,
    /// The key of its mail, if it has one.
    pub outbox_id: Option<Uuid>,
    /// The form that asks for it, which makes one.
    pub form_id: Uuid,
    /// Who writes it.
    pub written_by: &'a str,
}

/// Writes one down; `false` when its form made one already.
pub async fn insert(tx: &mut Tx, now: Timestamp, new: &NewRequestLetter<'_>) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO request_letter (request_letter_id, privacy_request_id, template, way, words, outbox_id,
                                         form_id, written_at, written_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (form_id) DO NOTHING",
        )
        .bind(new.request_letter_id)
        .bind(new.privacy_request_id)
        .bind(new.template)
        .bind(new.way)
        .bind(new.words)
        .bind(new.outbox_id)
        .bind(new.form_id)
        .bind(now)
        .bind(new.written_by)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1)
    })
}

/// Whether this form made a letter about this request.
pub async fn is_of_form(
    tx: &mut Tx,
    privacy_request_id: Uuid,
    form_id: Uuid,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM request_letter WHERE form_id = $2 AND privacy_request_id = $1)"
    )
    .bind(privacy_request_id)
    .bind(form_id)
    .fetch_one(conn)
    .await
    })
}

/// All about a request, the oldest first.
pub async fn list(tx: &mut Tx, privacy_request_id: Uuid) -> sqlx::Result<Vec<RequestLetter>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT l.template, l.way, l.words, l.outbox_id, l.written_at, l.written_by, o.state, o.finished_at, o.reason,
                EXISTS (SELECT 1 FROM bounce b WHERE b.outbox_id = l.outbox_id AND b.kind = 'hard') AS came_back
         FROM request_letter l LEFT JOIN outbox o ON o.outbox_id = l.outbox_id
         WHERE l.privacy_request_id = $1 ORDER BY l.written_at, l.request_letter_id"
    )
    .bind(privacy_request_id)
    .fetch_all(conn)
    .await
    })
}

/// What a waiting mail about a request says, and to whom.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MailedLetter {
    /// The request.
    pub privacy_request_id: Uuid,
    /// What whoever asked knows it by.
    pub reference: RequestReference,
    /// What they want.
    pub kind: RequestKind,
    /// When it reached us.
    pub received_at: Timestamp,
    /// Where it goes; nowhere once they were erased.
    pub email: Option<EmailAddress>,
    /// Who that is.
    pub address_key: Option<AddressKey>,
    /// What says that the address is the one that was written down.
    pub mac: Option<Vec<u8>>,
    /// What the letter is for.
    pub template: LetterTemplate,
    /// What it says.
    pub words: Option<String>,
}

/// The letter of a mail; `None` once its request was deleted.
pub async fn find_mailed(tx: &mut Tx, outbox_id: Uuid) -> sqlx::Result<Option<MailedLetter>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT r.privacy_request_id, r.reference, r.kind, r.received_at, r.email, r.address_key, r.mac, l.template,
                l.words
         FROM request_letter l JOIN privacy_request r ON r.privacy_request_id = l.privacy_request_id
         WHERE l.outbox_id = $1"
    )
    .bind(outbox_id)
    .fetch_optional(conn)
    .await
    })
}

/// Notes of all requests of an address that all else that was held of it was erased.
pub async fn mark_erased(
    tx: &mut Tx,
    now: Timestamp,
    address_key: &AddressKey,
) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE privacy_request SET erased_at = $2 WHERE address_key = $1 AND erased_at IS NULL"
    )
    .bind(address_key)
    .bind(now)
    .execute(conn)
    .await
    .map(drop))
}

/// Which requests need nothing of what they hold any more: their sender was erased, they are closed, and no letter waits.
macro_rules! to_reduce {
    () => {
        "(SELECT r.privacy_request_id FROM privacy_request r
          WHERE r.erased_at IS NOT NULL AND r.closed_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM request_letter l JOIN outbox o ON o.outbox_id = l.outbox_id
                            WHERE l.privacy_request_id = r.privacy_request_id AND o.state = 'queued'))"
    };
}

/// Takes out of the requests of people who were erased what says who they are and what they wrote, as soon as each is
/// answered; returns of how many. What stays is the proof that it was answered, which the law asks for (UK GDPR
/// Art. 5(2), 17(3)(b) and (e); Data Protection Act 2018 s. 164A): what it was, its dates and its outcome, and the keyed
/// hash of the address, by which it is found when its sender asks or complains elsewhere.
pub async fn reduce(tx: &mut Tx) -> sqlx::Result<u64> {
    const LETTERS: &str = concat!(
        "UPDATE request_letter SET words = NULL WHERE words IS NOT NULL AND privacy_request_id IN ",
        to_reduce!()
    );
    const REQUESTS: &str = concat!(
        "UPDATE privacy_request SET name = NULL, email = NULL, mac = NULL, words = NULL, outcome_note = NULL,
             extension_reason = NULL
         WHERE (name IS NOT NULL OR email IS NOT NULL OR words IS NOT NULL OR outcome_note IS NOT NULL
                OR extension_reason IS NOT NULL)
           AND privacy_request_id IN ",
        to_reduce!()
    );
    let reduced = on!(tx, |conn| {
        sqlx::query(LETTERS).execute(&mut *conn).await?;
        sqlx::query(REQUESTS).execute(conn).await.map(|done| done.rows_affected())
    })?;
    if reduced > 0 {
        tx.after(Effect::ForgetLog);
    }
    Ok(reduced)
}

/// A statement about the mail of letters about these requests, $1, whose list stands between both parts.
macro_rules! of_mail {
    ($before:literal) => {
        of_mail!($before, "")
    };
    ($before:literal, $after:literal) => {
        Sql {
            sqlite: concat!(
                $before,
                " WHERE outbox_id IN (SELECT outbox_id FROM request_letter WHERE privacy_request_id IN
                      (SELECT unhex(value, '-') FROM json_each($1)))"
            ),
            postgres: concat!(
                $before,
                " WHERE outbox_id IN (SELECT outbox_id FROM request_letter WHERE privacy_request_id IN
                      (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json))))",
                $after
            ),
        }
    };
}

/// Deletes up to `count` requests that were closed by a moment, their letters, and the mail of these; returns how many.
/// On PostgreSQL it steps over those that somebody works on.
pub async fn delete_closed(tx: &mut Tx, before: Timestamp, count: i64) -> sqlx::Result<u64> {
    const WHICH: Sql = Sql {
        sqlite: "SELECT privacy_request_id FROM privacy_request WHERE closed_at <= $1 ORDER BY closed_at LIMIT $2",
        postgres: "SELECT privacy_request_id FROM privacy_request WHERE closed_at <= $1 ORDER BY closed_at LIMIT $2
                   FOR UPDATE SKIP LOCKED",
    };
    // In the order in which deliveries are written down, and fenced: whoever delivers such a mail at this moment finds
    // another number. A writing transaction on SQLite is alone already.
    const IN_ORDER: Sql =
        of_mail!("SELECT outbox_id FROM outbox", " ORDER BY outbox_id FOR UPDATE");
    const FENCE: Sql = of_mail!("UPDATE outbox SET claims = claims + 1");
    const DELIVERIES: Sql = of_mail!("DELETE FROM delivery");
    const MAIL: Sql = of_mail!("DELETE FROM outbox");
    // Their letters go with them.
    const REQUESTS: Sql = Sql {
        sqlite: "DELETE FROM privacy_request
                 WHERE privacy_request_id IN (SELECT unhex(value, '-') FROM json_each($1))",
        postgres: "DELETE FROM privacy_request WHERE privacy_request_id IN
                   (SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST($1 AS json)))",
    };
    let ids: Vec<Uuid> = on!(tx, WHICH, |conn, sql| sqlx::query_scalar(sql)
        .bind(before)
        .bind(count)
        .fetch_all(conn)
        .await)?;
    if ids.is_empty() {
        return Ok(0);
    }
    tx.after(Effect::ForgetLog);
    let ids = crate::store::batch(&ids)?;
    for statement in [IN_ORDER, FENCE, DELIVERIES, MAIL] {
        on!(tx, statement, |conn, sql| sqlx::query(sql).bind(&ids).execute(conn).await.map(drop))?;
    }
    on!(tx, REQUESTS, |conn, sql| sqlx::query(sql)
        .bind(&ids)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))
}
