//! What the last full check of the ledger found.

use uuid::Uuid;

use crate::domain::consent::evidence_key::RowMac;
use crate::domain::timestamp::Timestamp;
use crate::store::{Tx, on};

/// The last word on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Verdict {
    /// When it was checked.
    pub checked_at: Timestamp,
    /// How many events had their place then.
    pub size: i64,
    /// The first thing that was wrong; none when all was sound.
    pub finding: Option<String>,
    /// The first thing that was strange and may have its reason.
    pub warning: Option<String>,
}

impl Verdict {
    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.finding.is_none()
    }
}

/// A verdict as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredVerdict {
    /// Its key.
    pub verdict_id: Uuid,
    /// What it says.
    #[sqlx(flatten)]
    pub verdict: Verdict,
    /// Its MAC.
    pub mac: Vec<u8>,
}

/// Replaces the last verdict; `seen` is the one that stood when the check began. That all is sound does not replace
/// what another check found meanwhile: it may have read a row before that row changed. Says whether it stands now.
pub async fn upsert(
    tx: &mut Tx,
    (verdict_id, mac): (Uuid, &RowMac),
    verdict: &Verdict,
    seen: Option<Uuid>,
) -> sqlx::Result<bool> {
    on!(tx, |conn| {
        sqlx::query(
            "INSERT INTO ledger_verdict (one, verdict_id, checked_at, size, finding, warning, mac)
         VALUES (1, $1, $2, $3, $4, $5, $6)
         ON CONFLICT (one) DO UPDATE SET verdict_id = excluded.verdict_id,
             checked_at = excluded.checked_at, size = excluded.size, finding = excluded.finding,
             warning = excluded.warning, mac = excluded.mac
         WHERE excluded.finding IS NOT NULL OR ledger_verdict.finding IS NULL
            OR ledger_verdict.verdict_id = $7",
        )
        .bind(verdict_id)
        .bind(verdict.checked_at)
        .bind(verdict.size)
        .bind(&verdict.finding)
        .bind(&verdict.warning)
        .bind(&mac[..])
        .bind(seen)
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1)
    })
}

/// The last verdict, whoever wrote it; none before the first check.
pub async fn find(tx: &mut Tx) -> sqlx::Result<Option<StoredVerdict>> {
    on!(tx, |conn| sqlx::query_as(
        "SELECT verdict_id, checked_at, size, finding, warning, mac FROM ledger_verdict"
    )
    .fetch_optional(conn)
    .await)
}
