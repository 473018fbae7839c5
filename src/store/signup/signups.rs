//! Submitted forms.

use uuid::Uuid;

use crate::domain::consent::evidence_key::{RowMac, SignupFields};
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::submitted_form::{BY_PRESS, DrawnBy, Method, SignupStatus};
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// A form about to be stored; one row of a batch.
#[derive(Clone, Debug)]
pub struct NewSignup {
    /// Its key.
    pub signup_id: Uuid,
    /// The address as typed.
    pub email: String,
    /// Who that is.
    pub address_key: AddressKey,
    /// Which mailbox it counts for.
    pub limiter_key: AddressKey,
    /// The name typed, if any.
    pub name: Option<String>,
    /// The organisation typed, if any.
    pub organisation: Option<String>,
    /// The job title typed, if any.
    pub job_title: Option<String>,
    /// The report asked for.
    pub report_id: Option<Uuid>,
    /// The policy shown.
    pub policy_version_id: Uuid,
    /// The page of the form.
    pub source: String,
    /// How it reached us.
    pub method: Method,
    /// Who drew it.
    pub drawn_by: DrawnBy,
    /// The page elsewhere on which it stood, as its sender says: origin and path.
    pub page: Option<String>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// Until when its link works.
    pub expires_at: Timestamp,
}

impl NewSignup {
    /// What its MAC is over, where its subscriber's events reached so far.
    #[must_use]
    pub fn fields(&self, reach: i64) -> SignupFields<'_> {
        SignupFields {
            signup_id: self.signup_id,
            email: &self.email,
            address_key: &self.address_key,
            report_id: self.report_id,
            policy_version_id: self.policy_version_id,
            source: &self.source,
            method: self.method,
            drawn_by: self.drawn_by,
            page: self.page.as_deref(),
            created_at: self.created_at,
            reach,
        }
    }
}

/// A form as it is bound to what stands at the moment that it is stored.
pub struct BoundSignup<'a> {
    /// The form.
    pub signup: &'a NewSignup,
    /// How far its subscriber's events reach; 0 where there is none.
    pub reach: i64,
    /// Its MAC.
    pub mac: RowMac,
}

bound_columns!(BoundSignup<'_>, |bound| {
    signup_id: "uuid" = bound.signup.signup_id,
    email: "text" = bound.signup.email.as_str(),
    address_key: "bytea" = bound.signup.address_key.as_bytes(),
    limiter_key: "bytea" = bound.signup.limiter_key.as_bytes(),
    name: "text" = bound.signup.name.as_deref(),
    organisation: "text" = bound.signup.organisation.as_deref(),
    job_title: "text" = bound.signup.job_title.as_deref(),
    report_id: "uuid" = bound.signup.report_id,
    policy_version_id: "uuid" = bound.signup.policy_version_id,
    source: "text" = bound.signup.source.as_str(),
    method: "text" = bound.signup.method.as_ref(),
    drawn_by: "text" = bound.signup.drawn_by.as_ref(),
    page: "text" = bound.signup.page.as_deref(),
    created_at: "timestamptz" = bound.signup.created_at,
    expires_at: "timestamptz" = bound.signup.expires_at,
    reach: "bigint" = bound.reach,
    mac: "bytea" = bound.mac.as_slice(),
});

/// A stored form, with what pages and mails say about it. Its address is one that can be mailed; for whoever looks at what
/// another hand may have changed it is the text that lies there, so that one such row keeps nobody from the others.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Signup<Email = EmailAddress> {
    /// Its key.
    pub signup_id: Uuid,
    /// The address as typed.
    pub email: Email,
    /// Who that is.
    pub address_key: AddressKey,
    /// Which mailbox it counts for.
    pub limiter_key: AddressKey,
    /// The name typed, if any.
    pub name: Option<String>,
    /// The organisation typed, if any.
    pub organisation: Option<String>,
    /// The job title typed, if any.
    pub job_title: Option<String>,
    /// The report asked for.
    pub report_id: Option<Uuid>,
    /// Its short name.
    pub report_slug: Option<Slug>,
    /// Its title.
    pub report_title: Option<String>,
    /// The policy shown.
    pub policy_version_id: Uuid,
    /// Its label.
    pub policy_label: Label,
    /// Its hash.
    pub policy_sha256: String,
    /// The language of its text, BCP 47.
    pub policy_lang: String,
    /// When it took effect.
    pub policy_published_at: Timestamp,
    /// The page of the form.
    pub source: String,
    /// How it reached us.
    pub method: Method,
    /// Who drew it.
    pub drawn_by: DrawnBy,
    /// The page elsewhere on which it stood, as its sender says: origin and path.
    pub page: Option<String>,
    /// Where it stands.
    pub status: SignupStatus,
    /// Which links work.
    pub generation: i32,
    /// When the form was sent.
    pub created_at: Timestamp,
    /// Until when its link works.
    pub expires_at: Timestamp,
    /// How far its subscriber's events reached when the form was sent; 0 when there was none.
    pub reach: i64,
    /// Its MAC, if it has one.
    pub mac: Option<Vec<u8>>,
    /// Who it became, once it was confirmed.
    pub subscriber_id: Option<Uuid>,
    /// Whether the address belonged to a subscriber already.
    pub known: bool,
}

impl<Email: AsRef<str>> Signup<Email> {
    /// What its MAC is over.
    #[must_use]
    pub fn fields(&self) -> SignupFields<'_> {
        SignupFields {
            signup_id: self.signup_id,
            email: self.email.as_ref(),
            address_key: &self.address_key,
            report_id: self.report_id,
            policy_version_id: self.policy_version_id,
            source: &self.source,
            method: self.method,
            drawn_by: self.drawn_by,
            page: self.page.as_deref(),
            created_at: self.created_at,
            reach: self.reach,
        }
    }
}

/// Stores the forms of one batch.
///
/// # Errors
/// When the database does not take them; then none is stored.
pub async fn insert_all(tx: &mut Tx, rows: &[BoundSignup<'_>]) -> sqlx::Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO signup (signup_id, email, address_key, limiter_key, name, organisation, job_title, report_id,
             policy_version_id, source, method, drawn_by, page, status, created_at, expires_at, reach, mac)
         SELECT signup_id, email, address_key, limiter_key, name, organisation, job_title, report_id,
             policy_version_id, source, method, drawn_by, page, 'pending', created_at, expires_at, reach, mac
         FROM form",
    );
    rows::execute(tx, INSERT, &[], Table("form", rows)).await.map(drop)
}

macro_rules! signups {
    ($rest:literal) => {
        concat!(
            "SELECT s.signup_id, s.email, s.address_key, s.limiter_key, s.name, s.organisation, s.job_title,
                    s.report_id, r.slug AS report_slug, r.title AS report_title,
                    s.policy_version_id, p.label AS policy_label, p.lang AS policy_lang, p.sha256 AS policy_sha256,
                    p.published_at AS policy_published_at, s.source, s.method, s.drawn_by, s.page, s.status, s.generation,
                    s.created_at, s.expires_at, s.reach, s.mac, s.subscriber_id,
                    EXISTS (SELECT 1 FROM subscriber k WHERE k.address_key = s.address_key) AS known
             FROM signup s
             JOIN policy_version p ON p.policy_version_id = s.policy_version_id
             LEFT JOIN report r ON r.report_id = s.report_id ",
            $rest
        )
    };
}

/// One signup; `None` once it was purged.
pub async fn find(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<Option<Signup>> {
    on!(tx, |conn| sqlx::query_as(signups!("WHERE s.signup_id = $1"))
        .bind(signup_id)
        .fetch_optional(conn)
        .await)
}

/// Whether a signup is still there; then it stays until this transaction ends.
pub async fn keep(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<bool> {
    // A writing transaction on SQLite is alone already.
    const KEEP: Sql = Sql {
        sqlite: "SELECT 1 FROM signup WHERE signup_id = $1",
        postgres: "SELECT 1 FROM signup WHERE signup_id = $1 FOR KEY SHARE",
    };
    let found: Option<i32> = on!(tx, KEEP, |conn, sql| sqlx::query_scalar(sql)
        .bind(signup_id)
        .fetch_optional(conn)
        .await)?;
    Ok(found.is_some())
}

/// All signups of an address, as they lie there.
pub async fn list_of(tx: &mut Tx, address_key: &AddressKey) -> sqlx::Result<Vec<Signup<String>>> {
    on!(tx, |conn| sqlx::query_as(signups!("WHERE s.address_key = $1 ORDER BY s.signup_id"))
        .bind(address_key)
        .fetch_all(conn)
        .await)
}

/// The newest signups of an address, one for each report and one for newsletters alone, at most `count`, newest first:
/// those that can be confirmed, as their link works or they were made after `since`, and those whose download was not
/// revoked. Nobody else changes them until the transaction ends.
pub async fn lock_newest(
    tx: &mut Tx,
    address_key: &AddressKey,
    (now, since): (Timestamp, Timestamp),
    count: i64,
) -> sqlx::Result<Vec<Signup>> {
    macro_rules! newest {
        ($lock:literal) => {
            concat!(
                signups!(
                    "WHERE s.signup_id IN (
                         SELECT signup_id FROM (
                             SELECT f.signup_id, f.status, f.generation, f.created_at, f.expires_at,
                                    row_number() OVER (PARTITION BY f.report_id
                                                       ORDER BY f.created_at DESC, f.signup_id DESC) AS nth
                             FROM signup f
                             WHERE f.address_key = $1 AND f.status <> 'cancelled') AS form
                         WHERE nth = 1 AND (
                             (status <> 'confirmed' AND generation < 65535
                              AND (expires_at > $3 OR created_at > $4))
                             OR EXISTS (SELECT 1 FROM download_grant g
                                        WHERE g.signup_id = form.signup_id
                                          AND g.revoked_at IS NULL AND g.generation < 65535))
                         ORDER BY created_at DESC, signup_id DESC LIMIT $2)
                     ORDER BY s.created_at DESC, s.signup_id DESC"
                ),
                $lock
            )
        };
    }
    const NEWEST: Sql = Sql { sqlite: newest!(""), postgres: newest!(" FOR NO KEY UPDATE OF s") };
    on!(tx, NEWEST, |conn, sql| sqlx::query_as(sql)
        .bind(address_key)
        .bind(count)
        .bind(now)
        .bind(since)
        .fetch_all(conn)
        .await)
}

/// Up to `count` signups without a MAC, in the order of their keys after this one, as they lie there.
pub async fn list_unmarked(
    tx: &mut Tx,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<Signup<String>>> {
    const LIST: &str =
        signups!("WHERE s.mac IS NULL AND s.signup_id > $1 ORDER BY s.signup_id LIMIT $2");
    on!(tx, |conn| sqlx::query_as(LIST).bind(after).bind(count).fetch_all(conn).await)
}

/// A place in the order of signups: when they were made, and their keys.
pub type SignupPlace = (Timestamp, Uuid);

/// How many signups one transaction deletes: few enough that readers never wait for it.
const UNCONFIRMED_AT_ONCE: i64 = 500;

/// Up to 500 signups made before `before` that nobody confirmed in time, oldest first behind this place, and of
/// which no event of a giving tells, whatever their status says, as they lie there. Nobody else changes them until the
/// transaction ends.
pub async fn lock_unconfirmed(
    tx: &mut Tx,
    now: Timestamp,
    before: Timestamp,
    (after, after_id): SignupPlace,
) -> sqlx::Result<Vec<Signup<String>>> {
    macro_rules! due {
        ($lock:literal) => {
            concat!(
                signups!(
                    "WHERE s.status <> 'confirmed' AND s.created_at <= $2
                       AND s.created_at >= $4 AND (s.created_at, s.signup_id) > ($4, $5)
                       AND (s.status <> 'pending' OR s.expires_at <= $1)
                       AND NOT EXISTS (SELECT 1 FROM consent_event e
                                       WHERE e.signup_id = s.signup_id AND e.type <> 'requested')
                     ORDER BY s.created_at, s.signup_id LIMIT $3"
                ),
                $lock
            )
        };
    }
    const DUE: Sql = Sql { sqlite: due!(""), postgres: due!(" FOR UPDATE OF s SKIP LOCKED") };
    on!(tx, DUE, |conn, sql| sqlx::query_as(sql)
        .bind(now)
        .bind(before)
        .bind(UNCONFIRMED_AT_ONCE)
        .bind(after)
        .bind(after_id)
        .fetch_all(conn)
        .await)
}

/// Up to `count` signups of which no confirmed choice tells, in the order of their keys after this one, as they lie there:
/// those that wait for their confirmation, and those of a press beside another report, where no box stood (`BY_PRESS`).
pub async fn list_unconfirmed_choices(
    tx: &mut Tx,
    after: Uuid,
    count: i64,
) -> sqlx::Result<Vec<Signup<String>>> {
    on!(tx, |conn| sqlx::query_as(signups!(
        "WHERE (s.status = 'pending' OR s.source = $3) AND s.signup_id > $1
         ORDER BY s.signup_id LIMIT $2"
    ))
    .bind(after)
    .bind(count)
    .bind(BY_PRESS)
    .fetch_all(conn)
    .await)
}

/// How many forms of one address have a code that is taken, the newest: more than the mails that one mailbox is sent in
/// a day by default.
const WITH_CODE: i64 = 8;

/// The signups of an address whose code may be typed, newest first: they wait, their link works, and a mail
/// with it was handed over. What nobody was mailed has no code that could be guessed. Those confirmed after
/// `since` are among them, so that pressing twice gives the same. At most so many, for each more makes a guess more
/// likely.
pub async fn list_with_code(
    tx: &mut Tx,
    address_key: &AddressKey,
    now: Timestamp,
    since: Timestamp,
) -> sqlx::Result<Vec<Signup>> {
    on!(tx, |conn| sqlx::query_as(signups!(
        "WHERE s.address_key = $1 AND s.expires_at > $2
           AND (s.status = 'pending' OR (s.status = 'confirmed' AND s.confirmed_at > $3))
           AND EXISTS (SELECT 1 FROM outbox o WHERE o.signup_id = s.signup_id
                       AND o.kind = 'confirm' AND o.state = 'sent')
         ORDER BY s.created_at DESC, s.signup_id DESC LIMIT $4"
    ))
    .bind(address_key)
    .bind(now)
    .bind(since)
    .bind(WITH_CODE)
    .fetch_all(conn)
    .await)
}

/// Confirms a signup whose link is current and in time; `false` when it was not pending any more. Of
/// two presses at once, one confirms.
pub async fn mark_confirmed(
    tx: &mut Tx,
    now: Timestamp,
    signup: &Signup,
    subscriber_id: Uuid,
) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE signup SET status = 'confirmed', confirmed_at = $3, subscriber_id = $4
         WHERE signup_id = $1 AND generation = $2 AND status = 'pending' AND expires_at > $3"
    )
    .bind(signup.signup_id)
    .bind(signup.generation)
    .bind(now)
    .bind(subscriber_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Cancels a signup that waits; one already settled stays as it is.
pub async fn mark_cancelled(tx: &mut Tx, signup_id: Uuid) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE signup SET status = 'cancelled'
         WHERE signup_id = $1 AND status IN ('pending', 'expired')"
    )
    .bind(signup_id)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}

/// Gives a waiting or expired signup its next generation of links and a new term; `false` when it is
/// settled, or its links ran out of generations.
pub async fn mark_fresh(tx: &mut Tx, signup_id: Uuid, expires_at: Timestamp) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query(
        "UPDATE signup SET status = 'pending', generation = generation + 1, expires_at = $2
         WHERE signup_id = $1 AND status IN ('pending', 'expired') AND generation < 65535"
    )
    .bind(signup_id)
    .bind(expires_at)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1))
}
