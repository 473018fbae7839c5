//! Everything that is held of one subscriber, for their eyes (GDPR Art. 15, 20).

use assent_ledger::event_type::EventType;
use assent_ledger::evidence;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::bounce::BounceKind;
use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::signup::submitted_form::Method;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::subscribers::Subscriber;
use crate::store::{Tx, on};

/// One form they sent.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct HeldSignup {
    /// Its key.
    pub signup_id: Uuid,
    /// The address typed.
    pub email: String,
    /// The name typed.
    pub name: Option<String>,
    /// The organisation typed.
    pub organisation: Option<String>,
    /// The job title typed.
    pub job_title: Option<String>,
    /// The report asked for.
    pub report: Option<Slug>,
    /// Where it stands.
    pub status: String,
    /// How it reached us.
    pub method: Method,
    /// The page of the form.
    pub source: String,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Where they came from to it.
    #[sqlx(flatten)]
    pub came_from: SignupSource,
}

/// One fact of the ledger about them.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HeldEvent {
    /// Its key.
    pub event_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: Purpose,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Its place among the facts of its form, or of its subscriber.
    pub seq: i64,
    /// The body, RFC 8785 text.
    pub body: Option<String>,
    /// The context that it names.
    pub context: Option<String>,
    /// The words shown.
    pub words: Option<String>,
}

impl HeldEvent {
    /// The evidence as a document; null where it was erased.
    ///
    /// # Errors
    /// When it is not as this program writes it.
    pub fn evidence(&self) -> serde_json::Result<Value> {
        let (body, context) = (self.body.as_deref(), self.context.as_deref());
        Ok(evidence::read(body, context, self.words.as_deref())?.unwrap_or_default())
    }
}

/// One right to a file, with its starts.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HeldGrant {
    /// Its key.
    pub download_grant_id: Uuid,
    /// The report.
    pub report: Slug,
    /// When it was given.
    pub granted_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// Downloads counted.
    pub used: i64,
    /// Downloads allowed.
    pub limit: i64,
}

/// One mail decided on for them.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct HeldMail {
    /// What it is.
    pub kind: MailKind,
    /// Where it stands.
    pub state: OutboxState,
    /// When it was decided.
    pub created_at: Timestamp,
}

/// One mail to them that came back.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct HeldBounce {
    /// Which mail.
    pub mail: MailKind,
    /// What came back.
    pub kind: BounceKind,
    /// Why, where the server said so.
    pub status: Option<String>,
    /// When.
    pub received_at: Timestamp,
}

/// Why they are not written to.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct HeldSuppression {
    /// Why.
    pub reason: SuppressionReason,
    /// For what; `*` is everything.
    pub purpose: String,
    /// Since when.
    pub since: Timestamp,
    /// Where it was brought along from, if it was (GDPR Art. 15(1)(g)).
    pub source: Option<String>,
}

/// Something that another program was told of them, or is still to be.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct HeldWebhook {
    /// Which program, as staff call it.
    pub program: String,
    /// What, by the name of the event.
    pub event: String,
    /// When it happened.
    pub happened_at: Timestamp,
    /// When the program took it.
    pub taken_at: Option<Timestamp>,
}

/// Their forms, newest first; those nobody confirmed too.
pub async fn list_signups(tx: &mut Tx, key: &AddressKey) -> sqlx::Result<Vec<HeldSignup>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT s.signup_id, s.email, s.name, s.organisation, s.job_title, r.slug AS report, s.status,
                s.method, COALESCE(s.page, s.source) AS source, s.created_at, s.confirmed_at,
                a.utm_source, a.utm_medium, a.utm_campaign, a.utm_term, a.utm_content, a.ref, a.page_origin
         FROM signup s LEFT JOIN report r ON r.report_id = s.report_id
         LEFT JOIN signup_source a ON a.signup_id = s.signup_id
         WHERE s.address_key = $1 ORDER BY s.created_at DESC, s.signup_id DESC"
    )
    .bind(key)
    .fetch_all(conn)
    .await
    })
}

/// All facts about them and their forms, in the order of the ledger. Here and below both ways lead through an
/// index; an OR would read the whole table.
pub async fn list_events(tx: &mut Tx, of: &Subscriber) -> sqlx::Result<Vec<HeldEvent>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT e.event_id, e.type AS event_type, e.purpose, e.recorded_at, e.seq, e.body,
                x.body AS context, n.words
         FROM consent_event e
         LEFT JOIN consent_context x ON x.sha256 = e.context_sha256
         LEFT JOIN notice n ON n.notice_id = e.notice_id
         WHERE e.subject_id IN (SELECT subscriber_id FROM subscriber WHERE subscriber_id = $2
                              UNION ALL SELECT signup_id FROM signup WHERE address_key = $1)
         ORDER BY CASE WHEN e.leaf_index IS NULL THEN 1 ELSE 0 END, e.leaf_index,
                  CASE e.subject_id WHEN $2 THEN 1 ELSE 0 END, e.seq",
        )
        .bind(&of.address_key)
        .bind(of.subscriber_id)
        .fetch_all(conn)
        .await
    })
}

/// Their rights to files, newest first.
pub async fn list_grants(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Vec<HeldGrant>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT g.download_grant_id, r.slug AS report, g.created_at AS granted_at, g.expires_at, g.used,
                g.download_limit AS \"limit\"
         FROM download_grant g JOIN report r ON r.report_id = g.report_id
         WHERE g.subscriber_id = $1 ORDER BY g.created_at DESC, g.download_grant_id DESC"
    )
    .bind(subscriber_id)
    .fetch_all(conn)
    .await
    })
}

/// The slugs and titles of the reports that they asked for or may fetch.
pub async fn list_titles(tx: &mut Tx, of: &Subscriber) -> sqlx::Result<Vec<(Slug, String)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT slug, title FROM report WHERE report_id IN (
             SELECT report_id FROM signup WHERE address_key = $1
             UNION ALL SELECT report_id FROM download_grant WHERE subscriber_id = $2)"
    )
    .bind(&of.address_key)
    .bind(of.subscriber_id)
    .fetch_all(conn)
    .await)
}

/// Each start of a download of theirs: the grant, and when.
pub async fn list_starts(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Vec<(Uuid, Timestamp)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT d.download_grant_id, d.started_at FROM download d
         JOIN download_grant g ON g.download_grant_id = d.download_grant_id
         WHERE g.subscriber_id = $1 ORDER BY d.started_at"
    )
    .bind(subscriber_id)
    .fetch_all(conn)
    .await)
}

/// The mails decided on for them, newest first.
pub async fn list_mails(tx: &mut Tx, of: &Subscriber) -> sqlx::Result<Vec<HeldMail>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT kind, state, created_at FROM outbox
         WHERE outbox_id IN (
             SELECT outbox_id FROM outbox WHERE subscriber_id = $2
             UNION ALL SELECT m.outbox_id FROM outbox m JOIN signup s ON s.signup_id = m.signup_id
                       WHERE s.address_key = $1)
         ORDER BY created_at DESC, outbox_id DESC",
        )
        .bind(&of.address_key)
        .bind(of.subscriber_id)
        .fetch_all(conn)
        .await
    })
}

/// The mails to them that came back, newest first.
pub async fn list_bounces(tx: &mut Tx, of: &Subscriber) -> sqlx::Result<Vec<HeldBounce>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT o.kind AS mail, b.kind, b.status, b.received_at
         FROM outbox o JOIN bounce b ON b.outbox_id = o.outbox_id
         WHERE o.outbox_id IN (
             SELECT outbox_id FROM outbox WHERE subscriber_id = $2
             UNION ALL SELECT m.outbox_id FROM outbox m JOIN signup s ON s.signup_id = m.signup_id
                       WHERE s.address_key = $1)
         ORDER BY b.received_at DESC, b.bounce_id DESC",
        )
        .bind(&of.address_key)
        .bind(of.subscriber_id)
        .fetch_all(conn)
        .await
    })
}

/// What other programs were told of them, newest first.
pub async fn list_webhooks(tx: &mut Tx, subscriber_id: Uuid) -> sqlx::Result<Vec<HeldWebhook>> {
    on!(tx, |conn| {
        sqlx::query_as(
            "SELECT e.description AS program, d.event_type AS event, d.created_at AS happened_at,
                d.delivered_at AS taken_at
         FROM webhook_delivery d
         JOIN webhook_endpoint e ON e.webhook_endpoint_id = d.webhook_endpoint_id
         WHERE d.subscriber_id = $1 ORDER BY d.seq DESC",
        )
        .bind(subscriber_id)
        .fetch_all(conn)
        .await
    })
}

/// What suppresses their address.
pub async fn list_suppressions(
    tx: &mut Tx,
    key: &AddressKey,
) -> sqlx::Result<Vec<HeldSuppression>> {
    on!(tx, |conn| {
        sqlx::query_as(
        "SELECT reason, purpose, since, source FROM suppression WHERE address_key = $1 ORDER BY since, reason"
    )
    .bind(key)
    .fetch_all(conn)
    .await
    })
}

/// What became of the newest confirmation mail of a form: its state, and when it was decided on; `None` when limit or
/// suppression forbade all.
pub async fn find_confirmation_mail(
    tx: &mut Tx,
    signup_id: Uuid,
) -> sqlx::Result<Option<(OutboxState, Timestamp)>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT state, created_at FROM outbox
         WHERE signup_id = $1 AND kind = 'confirm' AND due_at IS NOT NULL
         ORDER BY created_at DESC, outbox_id DESC LIMIT 1"
    )
    .bind(signup_id)
    .fetch_optional(conn)
    .await)
}
