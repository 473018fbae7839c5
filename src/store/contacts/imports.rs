//! Contacts brought in from elsewhere, a batch in a handful of statements.

use std::collections::HashSet;

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::RowMac;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::search_index::{self, Described};
use crate::store::rows::{self, Now, Table, bound_columns};
use crate::store::{Sql, Tx, suppresses};

/// Where an address stands with one purpose.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct KnownAddress {
    /// Who it is.
    pub address_key: AddressKey,
    /// Their subscriber, if there is one.
    pub subscriber_id: Option<Uuid>,
    /// Why they must not be written to for the purpose, if they must not; a reason that covers
    /// everything comes before one that covers the purpose.
    pub suppressed: Option<SuppressionReason>,
    /// Where their consent stands, if they ever agreed.
    pub state: Option<EventType>,
    /// When it came to stand so.
    pub changed_at: Option<Timestamp>,
}

/// Where each of these addresses stands with the purpose, in no order. Whoever left the privacy policy
/// counts as having left all, for nothing stands without it.
pub async fn list_known(
    tx: &mut Tx,
    purpose: &Purpose,
    keys: &[&AddressKey],
) -> sqlx::Result<Vec<KnownAddress>> {
    // Each is looked up by itself: a plan for joins that was made while these tables were empty reads them from end to
    // end once they are large.
    const LIST: Sql = Sql::same(concat!(
        ", known AS MATERIALIZED (
             SELECT a.address_key, given.purpose,
                 (SELECT u.subscriber_id FROM subscriber u WHERE u.address_key = a.address_key) AS subscriber_id
             FROM asked a CROSS JOIN given)
         SELECT k.address_key, k.subscriber_id,
             (SELECT s.reason FROM suppression s WHERE s.address_key = k.address_key
                AND ",
        suppresses!("s", "IN (k.purpose, 'privacy-policy')"),
        "
              ORDER BY s.reason LIMIT 1) AS suppressed,
             (SELECT c.state FROM consent c
              WHERE c.subscriber_id = k.subscriber_id AND c.purpose = k.purpose) AS state,
             (SELECT e.recorded_at FROM consent c JOIN consent_event e ON e.event_id = c.event_id
              WHERE c.subscriber_id = k.subscriber_id AND c.purpose = k.purpose) AS changed_at
         FROM known k"
    ));
    rows::fetch_all(tx, LIST, &[&Table("given", &[purpose])], Table("asked", keys)).await
}

bound_columns!(&Purpose, |given| { purpose: "text" = given.as_str() });

/// A person as a file knows them; one row of a batch.
#[derive(Clone, Debug)]
pub struct ImportedSubscriber<'a> {
    /// The key they will have, if they are new.
    pub subscriber_id: Uuid,
    /// Their address.
    pub email: &'a str,
    /// Who that is.
    pub address_key: &'a AddressKey,
    /// Their name.
    pub name: Option<&'a str>,
    /// Where they work.
    pub organisation: Option<&'a str>,
    /// What they do there.
    pub job_title: Option<&'a str>,
    /// The words they are found by, if they are new.
    pub words: String,
    /// The MAC that binds the key to the address, if they are new.
    pub mac: RowMac,
}

bound_columns!(ImportedSubscriber<'_>, |contact| {
    subscriber_id: "uuid" = contact.subscriber_id,
    email: "text" = contact.email,
    address_key: "bytea" = contact.address_key.as_bytes(),
    name: "text" = contact.name,
    organisation: "text" = contact.organisation,
    job_title: "text" = contact.job_title,
    words: "text" = contact.words.as_str(),
    mac: "bytea" = contact.mac.as_slice(),
});

/// A subscriber whose row is locked, and the number of their next event.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Taken {
    /// Who.
    pub address_key: AddressKey,
    /// The number their next event takes.
    pub seq: i64,
    /// The MAC that binds their key to the address, if there is one.
    pub mac: Option<Vec<u8>>,
    /// Who that is by now. Their key is another than the file's if they were known.
    #[sqlx(flatten)]
    pub described: Described,
}

/// The subscribers of a batch, each address once: made, or found with their blanks filled in, for what
/// people said of themselves wins over a file. Each is locked until the transaction ends and has one
/// number of their events reserved. Locked in the order of their keys, so that two imports at once wait
/// for each other and never in a circle.
pub async fn upsert_subscribers(
    tx: &mut Tx,
    now: Timestamp,
    rows: &[ImportedSubscriber<'_>],
) -> sqlx::Result<Vec<Taken>> {
    // SQLite reads the ON of a conflict as that of a join unless a WHERE comes before it.
    const UPSERT: Sql = Sql::same(
        "INSERT INTO subscriber (subscriber_id, email, address_key, name, organisation, job_title, words, last_seq,
             verified_at, created_at, mac)
         SELECT subscriber_id, email, address_key, name, organisation, job_title, words, 1, now, now, mac
         FROM contact CROSS JOIN given WHERE true ORDER BY address_key
         ON CONFLICT (address_key) DO UPDATE SET
             name = COALESCE(subscriber.name, excluded.name),
             organisation = COALESCE(subscriber.organisation, excluded.organisation),
             job_title = COALESCE(subscriber.job_title, excluded.job_title),
             last_seq = subscriber.last_seq + 1
         RETURNING address_key, last_seq AS seq, mac, subscriber_id, email, name, organisation, job_title, words",
    );
    let new: HashSet<Uuid> = rows.iter().map(|row| row.subscriber_id).collect();
    let given = [Now(now)];
    let taken: Vec<Taken> =
        rows::fetch_all(tx, UPSERT, &[&Table("given", &given)], Table("contact", rows)).await?;
    let (made, known): (Vec<_>, Vec<_>) = taken
        .iter()
        .map(|taken| taken.described.clone())
        .partition(|described| new.contains(&described.subscriber_id));
    search_index::refresh(tx, &made, &known).await?;
    Ok(taken)
}

/// What the consents of one import share.
#[derive(Clone, Copy, Debug)]
pub struct ImportedTerms<'a> {
    /// For what.
    pub purpose: &'a Purpose,
    /// The words they rest on.
    pub notice_id: Uuid,
    /// The policy they rest on.
    pub policy_version_id: Uuid,
    /// Where they come from.
    pub source: &'a str,
}

/// Consent that was given elsewhere; one row of a batch.
#[derive(Clone, Debug)]
pub struct ImportedConsent {
    /// Whose.
    pub subscriber_id: Uuid,
    /// The event that records it.
    pub event_id: Uuid,
    /// When it was given there.
    pub consented_at: Timestamp,
    /// The MAC over the consent.
    pub mac: RowMac,
}

bound_columns!(ImportedConsent, |consent| {
    subscriber_id: "uuid" = consent.subscriber_id,
    event_id: "uuid" = consent.event_id,
    consented_at: "timestamptz" = consent.consented_at,
    mac: "bytea" = consent.mac.as_slice(),
});

bound_columns!(ImportedTerms<'_>, |given| {
    purpose: "text" = given.purpose.as_str(),
    notice_id: "uuid" = given.notice_id,
    policy_version_id: "uuid" = given.policy_version_id,
    source: "text" = given.source,
});

/// Replaces the present state of locked subscribers by consent given elsewhere.
pub async fn upsert_consents(
    tx: &mut Tx,
    terms: &ImportedTerms<'_>,
    rows: &[ImportedConsent],
) -> sqlx::Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO consent (subscriber_id, purpose, state, event_id, notice_id, policy_version_id, report_id, source,
             requested_at, confirmed_at, mac)
         SELECT subscriber_id, purpose, 'given', event_id, notice_id, policy_version_id, NULL, source,
             consented_at, consented_at, mac
         FROM agreed CROSS JOIN given WHERE true
         ON CONFLICT (subscriber_id, purpose) DO UPDATE SET
             state = excluded.state, event_id = excluded.event_id,
             notice_id = excluded.notice_id, policy_version_id = excluded.policy_version_id,
             report_id = excluded.report_id, source = excluded.source,
             requested_at = excluded.requested_at, confirmed_at = excluded.confirmed_at,
             mac = excluded.mac",
    );
    let given = std::slice::from_ref(terms);
    rows::execute(tx, UPSERT, &[&Table("given", given)], Table("agreed", rows)).await.map(drop)
}
