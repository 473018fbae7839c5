//! Mail decided on and not yet handed over.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::mail::outbox::{DeliveryOutcome, MailKind, OutboxState};
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::random::Moment;
use crate::store::rows::{self, AnyTable, Now, Table, bound_columns};
use crate::store::{Effect, Sql, Tx, on};

/// A mail that a worker holds until its lease ends.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ClaimedMail {
    /// Its key, which also names the message.
    pub outbox_id: Uuid,
    /// What it is.
    pub kind: MailKind,
    /// The signup it is about, if it is about one.
    pub signup_id: Option<Uuid>,
    /// The subscriber it is about, if it is about one.
    pub subscriber_id: Option<Uuid>,
    /// The policy version it tells of, if it tells of one.
    pub policy_version_id: Option<Uuid>,
    /// The link for a member of staff that it carries, if it carries one.
    pub staff_link_id: Option<Uuid>,
    /// The member of staff whom it goes to, where it carries no link.
    pub staff_id: Option<Uuid>,
    /// The webhook that it tells of, if it tells of one.
    pub webhook_endpoint_id: Option<Uuid>,
    /// Counts the claims; the fence against a worker that lost its lease.
    pub claims: i32,
    /// Counts the tries that ended with a word to come back later.
    pub attempts: i32,
    /// When it was decided.
    pub created_at: Timestamp,
    /// The request that decided it, if one did.
    pub request_id: Option<RequestId>,
}

/// How long a claimed mail is nobody else's.
pub const LEASE: Duration = Duration::from_secs(30);

/// What an unlimited mail is about.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// A signup.
    Signup(Uuid),
    /// A subscriber.
    Subscriber(Uuid),
    /// A link for a member of staff.
    StaffLink(Uuid),
    /// A webhook that was switched off, told to a member of staff.
    Webhook {
        /// Whom.
        staff_id: Uuid,
        /// Which.
        webhook_endpoint_id: Uuid,
    },
    /// Nobody: it goes to an address of the settings.
    Nobody,
}

/// The mails of this kind about a signup that were handed over, the newest first, as many as are looked at.
pub async fn list_sent(tx: &mut Tx, kind: MailKind, signup_id: Uuid) -> sqlx::Result<Vec<Uuid>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT outbox_id FROM outbox
         WHERE signup_id = $1 AND kind = $2 AND state = 'sent'
         ORDER BY finished_at DESC, outbox_id DESC LIMIT 50"
    )
    .bind(signup_id)
    .bind(kind)
    .fetch_all(conn)
    .await)
}

/// Writes a mail that follows from what its reader or the operator did, and so is not limited.
pub async fn insert(tx: &mut Tx, at: &Moment, kind: MailKind, about: About) -> sqlx::Result<()> {
    tx.after(Effect::RingMail);
    let (mut signup, mut subscriber, mut staff_link, mut webhook) = (None, None, None, None);
    match about {
        About::Signup(id) => signup = Some(id),
        About::Subscriber(id) => subscriber = Some(id),
        About::StaffLink(id) => staff_link = Some(id),
        About::Webhook { staff_id, webhook_endpoint_id } => {
            webhook = Some((staff_id, webhook_endpoint_id));
        }
        About::Nobody => {}
    }
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO outbox (outbox_id, kind, signup_id, subscriber_id, staff_link_id, staff_id,
                                 webhook_endpoint_id, state, next_at, created_at, request_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8, $8, $9)",
        )
        .bind(at.new_id())
        .bind(kind)
        .bind(signup)
        .bind(subscriber)
        .bind(staff_link)
        .bind(webhook.map(|(staff_id, _)| staff_id))
        .bind(webhook.map(|(_, webhook_endpoint_id)| webhook_endpoint_id))
        .bind(at.now)
        .bind(at.request_id())
        .execute(conn)
        .await
        .map(drop)
    })
}

/// Writes a mail that answers a complaint or a request, under the key by which its letter knows it.
pub async fn insert_letter(tx: &mut Tx, at: &Moment, outbox_id: Uuid) -> sqlx::Result<()> {
    tx.after(Effect::RingMail);
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO outbox (outbox_id, kind, state, next_at, created_at, request_id)
             VALUES ($1, $2, 'queued', $3, $3, $4)",
        )
        .bind(outbox_id)
        .bind(MailKind::RequestLetter)
        .bind(at.now)
        .bind(at.request_id())
        .execute(conn)
        .await
        .map(drop)
    })
}

/// Takes up to `count` due mails for this worker, but none that it holds still: a lease that ended while the
/// database was away is no reason to send a mail whose outcome waits to be written down. On PostgreSQL workers step over each other's rows,
/// and leases run by the database's own clock, which replicas share.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    count: i64,
    held: &[HeldMail],
) -> sqlx::Result<Vec<ClaimedMail>> {
    // As an array, for a plan that is kept may join the whole table with those few.
    const CLAIM: Sql = Sql {
        sqlite: "UPDATE outbox SET lease_until = $2, claims = claims + 1 WHERE outbox_id IN
                     (SELECT outbox_id FROM outbox
                      WHERE state = 'queued' AND next_at <= $1
                        AND NOT EXISTS (SELECT 1 FROM alarm WHERE subject = 'mail-paused')
                        AND (lease_until IS NULL OR lease_until <= $1)
                        AND outbox_id NOT IN (SELECT unhex(value->>'outbox_id', '-') FROM json_each($4))
                      ORDER BY next_at LIMIT $3)
                 RETURNING outbox_id, kind, signup_id, subscriber_id, policy_version_id, staff_link_id,
                     staff_id, webhook_endpoint_id, claims, attempts, created_at, request_id",
        postgres: "UPDATE outbox SET lease_until = now() + ($2 - $1), claims = claims + 1
                   WHERE outbox_id = ANY (ARRAY
                       (SELECT outbox_id FROM outbox
                        WHERE state = 'queued' AND next_at <= $1
                          AND NOT EXISTS (SELECT 1 FROM alarm WHERE subject = 'mail-paused')
                          AND (lease_until IS NULL OR lease_until <= now())
                          AND outbox_id NOT IN (SELECT held.outbox_id FROM
                              json_to_recordset(CAST($4 AS json)) AS held (outbox_id uuid))
                        ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED))
                   RETURNING outbox_id, kind, signup_id, subscriber_id, policy_version_id, staff_link_id,
                     staff_id, webhook_endpoint_id, claims, attempts, created_at, request_id",
    };
    let held = crate::store::batch(held)?;
    on!(tx, CLAIM, |conn, sql| sqlx::query_as(sql)
        .bind(now)
        .bind(now.plus(LEASE))
        .bind(count)
        .bind(held)
        .fetch_all(conn)
        .await)
}

impl ClaimedMail {
    /// Which claim of which mail this is.
    #[must_use]
    pub fn held(&self) -> HeldMail {
        HeldMail { outbox_id: self.outbox_id, claims: self.claims }
    }

    /// The request that decided it, as the log names it.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        self.request_id.as_ref().map(RequestId::as_str)
    }
}

/// A mail that a worker holds, by the number of its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, sqlx::FromRow)]
pub struct HeldMail {
    /// The mail.
    pub outbox_id: Uuid,
    /// Which claim of it.
    pub claims: i32,
}

/// Prolongs the leases of mails under way; returns those that are still held. On PostgreSQL it steps over
/// those whose outcome is being written down at this moment.
pub async fn renew(tx: &mut Tx, now: Timestamp, held: &[HeldMail]) -> sqlx::Result<Vec<HeldMail>> {
    const RENEW: Sql = Sql {
        sqlite: "UPDATE outbox SET lease_until = $3
                 WHERE state = 'queued' AND (outbox_id, claims) IN
                     (SELECT unhex(value->>'outbox_id', '-'), value->>'claims' FROM json_each($1))
                 RETURNING outbox_id, claims",
        postgres: "UPDATE outbox SET lease_until = now() + ($3 - $2) WHERE outbox_id IN
                       (SELECT o.outbox_id
                        FROM json_to_recordset(CAST($1 AS json)) AS held (outbox_id uuid, claims integer)
                        JOIN outbox o ON o.outbox_id = held.outbox_id AND o.claims = held.claims
                        WHERE o.state = 'queued'
                        ORDER BY o.outbox_id FOR UPDATE OF o SKIP LOCKED)
                   RETURNING outbox_id, claims",
    };
    let held = crate::store::batch(held)?;
    on!(tx, RENEW, |conn, sql| sqlx::query_as(sql)
        .bind(held)
        .bind(now)
        .bind(now.plus(LEASE))
        .fetch_all(conn)
        .await)
}

/// How one try at a claimed mail ended.
pub struct Delivery<'a> {
    /// The mail, and which claim of it.
    pub mail: &'a ClaimedMail,
    /// How.
    pub outcome: DeliveryOutcome,
    /// In words, without an address.
    pub detail: &'a str,
    /// When to try again, if it is to be tried again.
    pub next_at: Option<Timestamp>,
}

impl Delivery<'_> {
    fn state(&self) -> OutboxState {
        match self.outcome {
            DeliveryOutcome::Sent => OutboxState::Sent,
            DeliveryOutcome::Deferred => OutboxState::Queued,
            DeliveryOutcome::Parked => OutboxState::Parked,
            DeliveryOutcome::Dropped => OutboxState::Dropped,
        }
    }

    fn reason(&self) -> Option<&str> {
        (self.outcome != DeliveryOutcome::Sent).then_some(self.detail)
    }
}

bound_columns!(Delivery<'_>, |ended| {
    outbox_id: "uuid" = ended.mail.outbox_id,
    claims: "integer" = ended.mail.claims,
    state: "text" = <&str>::from(ended.state()),
    next_at: "timestamptz" = ended.next_at,
    reason: "text" = ended.reason(),
});

/// A row of `delivery`: one try that ended.
struct NewDelivery<'a> {
    delivery_id: Uuid,
    ended: &'a Delivery<'a>,
}

bound_columns!(NewDelivery<'_>, |new| {
    delivery_id: "uuid" = new.delivery_id,
    outbox_id: "uuid" = new.ended.mail.outbox_id,
    attempt: "integer" = new.ended.mail.attempts + 1,
    outcome: "text" = <&str>::from(new.ended.outcome),
    detail: "text" = new.ended.detail,
});

/// Records how tries ended and settles or requeues their mails; returns those that this worker still held. What another
/// holds by now is left as it is: its word counts. What is sent or dropped needs its request no more.
pub async fn mark_delivered(
    tx: &mut Tx,
    at: &Moment,
    deliveries: &[Delivery<'_>],
) -> sqlx::Result<HashSet<Uuid>> {
    // What is queued has not finished; asked by its state, a plan that is kept reads all that is due for each batch.
    const SETTLE: Sql = Sql::same(
        "UPDATE outbox SET state = ended.state, lease_until = NULL,
             next_at = COALESCE(ended.next_at, outbox.next_at),
             finished_at = CASE WHEN ended.state <> 'queued' THEN now END, reason = ended.reason,
             attempts = attempts + 1, request_id = CASE WHEN ended.state IN ('queued', 'parked') THEN request_id END
         FROM ended CROSS JOIN given
         WHERE outbox.outbox_id = ended.outbox_id AND outbox.claims = ended.claims AND outbox.finished_at IS NULL
         RETURNING outbox.outbox_id",
    );
    const RECORD: Sql = Sql::same(
        "INSERT INTO delivery (delivery_id, outbox_id, attempt, outcome, detail, finished_at)
         SELECT delivery_id, outbox_id, attempt, outcome, detail, now FROM new CROSS JOIN given",
    );
    let given = [Now(at.now)];
    let given: [&dyn AnyTable; 1] = [&Table("given", &given)];
    let settled: Vec<(Uuid,)> =
        rows::fetch_all(tx, SETTLE, &given, Table("ended", deliveries)).await?;
    let settled: HashSet<Uuid> = settled.into_iter().map(|(outbox_id,)| outbox_id).collect();
    let tries: Vec<NewDelivery<'_>> = deliveries
        .iter()
        .filter(|ended| settled.contains(&ended.mail.outbox_id))
        .map(|ended| NewDelivery { delivery_id: at.new_id(), ended })
        .collect();
    rows::execute(tx, RECORD, &given, Table("new", &tries)).await?;
    Ok(settled)
}

/// Gives a claimed mail back untried, as when the relay is away: no try is counted. It is due again at once,
/// or not before a moment.
pub async fn release(
    tx: &mut Tx,
    mail: &ClaimedMail,
    not_before: Option<Timestamp>,
) -> sqlx::Result<()> {
    on!(tx, |conn| sqlx::query(
        "UPDATE outbox SET lease_until = NULL, next_at = COALESCE($3, next_at)
         WHERE outbox_id = $1 AND claims = $2 AND state = 'queued'"
    )
    .bind(mail.outbox_id)
    .bind(mail.claims)
    .bind(not_before)
    .execute(conn)
    .await
    .map(drop))
}

/// Takes every mail that waits for sent at the moment it was decided, with one try, without sending it: what
/// a demo tells of invented people goes to nobody.
pub async fn mark_all_sent(tx: &mut Tx) -> sqlx::Result<()> {
    on!(tx, |conn| {
        // Its try takes the key of the mail, which no other try has.
        sqlx::query(
            "INSERT INTO delivery (delivery_id, outbox_id, attempt, outcome, detail, finished_at)
             SELECT outbox_id, outbox_id, 1, 'sent', 'a demo', created_at FROM outbox WHERE state = 'queued'",
        )
        .execute(&mut *conn)
        .await?;
        sqlx::query(
            "UPDATE outbox SET state = 'sent', finished_at = created_at, attempts = 1
             WHERE state = 'queued'",
        )
        .execute(conn)
        .await
        .map(drop)
    })
}

/// How many mails stand in each state.
pub async fn count_by_state(tx: &mut Tx) -> sqlx::Result<Vec<(OutboxState, i64)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT state, count(*) FROM outbox GROUP BY state ORDER BY state"
    )
    .fetch_all(conn)
    .await)
}

/// Why mails were parked, oldest first.
pub async fn list_parked(tx: &mut Tx) -> sqlx::Result<Vec<(Uuid, String)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT outbox_id, reason FROM outbox WHERE state = 'parked' ORDER BY outbox_id"
    )
    .fetch_all(conn)
    .await)
}

/// Whether there is a new head to be mailed: one that may be seen, younger than any mail about one; and no such mail
/// after `since`.
pub async fn checkpoint_mail_is_due(tx: &mut Tx, since: Timestamp) -> sqlx::Result<bool> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT 1 FROM (SELECT created_at FROM checkpoint
                            WHERE size <= (SELECT shown FROM ledger_head)
                            ORDER BY size DESC LIMIT 1) AS h
             WHERE NOT EXISTS (
                 SELECT 1 FROM outbox o WHERE o.kind = 'checkpoint'
                   AND (o.created_at > $1 OR o.created_at >= h.created_at)))"
    )
    .bind(since)
    .fetch_one(conn)
    .await)
}

/// When the mail about a head was decided that was sent before the one of this moment; none before the first.
pub async fn find_mailed_before(tx: &mut Tx, before: Timestamp) -> sqlx::Result<Option<Timestamp>> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT created_at FROM outbox
         WHERE kind = 'checkpoint' AND state = 'sent' AND created_at < $1
         ORDER BY created_at DESC LIMIT 1"
    )
    .bind(before)
    .fetch_optional(conn)
    .await)
}
