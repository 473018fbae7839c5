//! The owner of an address says that somebody else typed it.

use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::submitted_form::SignupStatus;
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::store::Tx;
use crate::store::contacts::suppressions::{self, Suppressed};
use crate::store::signup::signups;
use crate::store::signup::signups::Signup;

/// Cancels a signup that waits and suppresses confirmation mails to its address. One that was confirmed
/// stays: then it was them, and leaving is its own press.
///
/// # Errors
/// When the database does not take it; then nothing changed.
pub async fn not_me(tx: &mut Tx, now: Timestamp, signup: &Signup) -> Result<bool, Error> {
    let cancelled = signups::mark_cancelled(tx, signup.signup_id).await?;
    // Who sent it may have given it up before: its mail was theirs all the same.
    if cancelled || signup.status == SignupStatus::Cancelled {
        suppressions::insert(
            tx,
            now,
            &Suppressed::new(&signup.address_key, SuppressionReason::NotMe, None),
        )
        .await?;
    }
    Ok(cancelled)
}
