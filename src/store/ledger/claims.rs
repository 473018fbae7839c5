//! All else that is claimed: actions, words and policies, in the order in which they were hashed into the ledger.

use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::policy::version::ChangeClass;
use crate::domain::timestamp::Timestamp;
use crate::store::rows::{self, Table, bound_columns};
use crate::store::{Sql, Tx, on};

/// One claim with what it is about, of which one part is there.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Claim {
    /// The key of what it is about.
    pub claim_id: Uuid,
    /// Its place in their order, from 1; none while it waits for one.
    pub number: Option<i64>,
    /// When somebody did something.
    pub at: Option<Timestamp>,
    /// Who did it.
    pub actor: Option<String>,
    /// What they did.
    pub action: Option<String>,
    /// To what.
    pub detail: Option<Json<Value>>,
    /// What words are for.
    pub purpose: Option<Purpose>,
    /// Their hash.
    pub notice_sha256: Option<String>,
    /// The label of a policy.
    pub policy_label: Option<String>,
    /// Its hash.
    pub policy_sha256: Option<String>,
    /// What it changes for people.
    pub policy_changes: Option<String>,
    /// What it asks of them.
    pub policy_class: Option<ChangeClass>,
    /// When it was published.
    pub policy_published_at: Option<Timestamp>,
    /// The end of what was agreed to before it, where it asks again.
    pub policy_renew_until: Option<Timestamp>,
}

macro_rules! claims {
    ($which:literal) => {
        concat!(
            "SELECT c.claim_id, c.number, a.at, a.actor, a.action, a.detail, n.purpose,
                    n.sha256 AS notice_sha256, p.label AS policy_label, p.sha256 AS policy_sha256,
                    p.changes AS policy_changes, p.change_class AS policy_class,
                    p.published_at AS policy_published_at, p.renew_until AS policy_renew_until
             FROM claim c
             LEFT JOIN audit_entry a ON a.audit_entry_id = c.claim_id
             LEFT JOIN notice n ON n.notice_id = c.claim_id
             LEFT JOIN policy_version p ON p.policy_version_id = c.claim_id ",
            $which
        )
    };
}

/// The first `count` that wait for their number.
pub async fn list_waiting(tx: &mut Tx, count: i64) -> sqlx::Result<Vec<Claim>> {
    const LIST: &str = claims!("WHERE c.number IS NULL ORDER BY c.claim_id LIMIT $1");
    on!(tx, |conn| sqlx::query_as(LIST).bind(count).fetch_all(conn).await)
}

/// Those numbered after `after`, in order, at most `count`.
pub async fn list(tx: &mut Tx, after: i64, count: i64) -> sqlx::Result<Vec<Claim>> {
    const LIST: &str = claims!("WHERE c.number > $1 ORDER BY c.number LIMIT $2");
    on!(tx, |conn| sqlx::query_as(LIST).bind(after).bind(count).fetch_all(conn).await)
}

struct Place {
    claim_id: Uuid,
    number: i64,
}

bound_columns!(Place, |place| {
    claim_id: "uuid" = place.claim_id,
    number: "bigint" = place.number,
});

/// Gives these claims the numbers from `first` on.
pub async fn mark_numbered(tx: &mut Tx, first: i64, claims: &[Claim]) -> sqlx::Result<()> {
    const NUMBER: Sql = Sql::same(
        "UPDATE claim SET number = place.number FROM place WHERE claim.claim_id = place.claim_id",
    );
    let places: Vec<Place> = (first..)
        .zip(claims)
        .map(|(number, claim)| Place { claim_id: claim.claim_id, number })
        .collect();
    rows::execute(tx, NUMBER, &[], Table("place", &places)).await.map(drop)
}

/// How many actions, words and policies there are of which nothing is claimed.
pub async fn count_missing(tx: &mut Tx) -> sqlx::Result<i64> {
    on!(tx, |conn| sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM audit_entry a
                 WHERE NOT EXISTS (SELECT 1 FROM claim c WHERE c.claim_id = a.audit_entry_id))
              + (SELECT count(*) FROM notice n
                 WHERE NOT EXISTS (SELECT 1 FROM claim c WHERE c.claim_id = n.notice_id))
              + (SELECT count(*) FROM policy_version p
                 WHERE NOT EXISTS (SELECT 1 FROM claim c WHERE c.claim_id = p.policy_version_id))"
    )
    .fetch_one(conn)
    .await)
}
