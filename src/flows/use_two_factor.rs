//! A member of staff sets two-factor up, proves themselves by a code, or turns it off again.

use serde_json::json;
use uuid::Uuid;

use super::{Error, Terms};
use crate::domain::action::Action;
use crate::domain::code::Code;
use crate::domain::staff::actor;
use crate::domain::two_factor::{CodeSecret, RECOVERY_CODES, RecoveryCode};
use crate::random::Moment;
use crate::store::staff::Staff;
use crate::store::{Tx, audit_entries, staff_codes, staff_sessions};

/// The secret of an account; `None` while none was begun.
#[must_use]
pub fn secret_of(terms: &Terms, account: &Staff) -> Option<CodeSecret> {
    let salt = account.code_salt.as_ref()?;
    Some(CodeSecret::of(&terms.address_secret.code_secret(account.staff_id, salt)))
}

/// Begins to set it up, under a secret of its own; `false` when it is on.
///
/// # Errors
/// When the database does not take it.
pub async fn begin(tx: &mut Tx, at: &Moment, staff_id: Uuid) -> Result<bool, Error> {
    Ok(staff_codes::begin(tx, staff_id, &at.new_code_salt()).await?)
}

/// Turns it on when the code typed is right, and gives the recovery codes, which are shown this once; ends
/// the other sessions of the account.
///
/// # Errors
/// When the database does not take it.
pub async fn turn_on(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    account: &Staff,
    (typed, session_id): (&str, Uuid),
) -> Result<Option<Vec<RecoveryCode>>, Error> {
    let secret = secret_of(terms, account);
    let step =
        secret.zip(Code::parse(typed)).and_then(|(secret, code)| secret.step_of(code, at.now));
    let (Some(step), Some(salt)) = (step, &account.code_salt) else { return Ok(None) };
    if !staff_codes::turn_on(tx, at.now, account.staff_id, salt, step).await? {
        return Ok(None);
    }
    let codes = new_codes(tx, at, account.staff_id).await?;
    let ended = staff_sessions::delete_all(tx, account.staff_id, Some(session_id)).await?;
    let by = actor(account.staff_id);
    let detail = json!({"sessions_ended": ended});
    audit_entries::append(tx, at, &by, Action::AccountTwoFactorOn, &detail).await?;
    Ok(Some(codes))
}

/// Puts fresh recovery codes in place of those before; gives them, to be shown this once.
///
/// # Errors
/// When the database does not take it.
pub async fn renew_recovery(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
) -> Result<Vec<RecoveryCode>, Error> {
    let codes = new_codes(tx, at, staff_id).await?;
    audit_entries::append(tx, at, &actor(staff_id), Action::AccountRecoveryCodes, &json!({}))
        .await?;
    Ok(codes)
}

async fn new_codes(tx: &mut Tx, at: &Moment, staff_id: Uuid) -> Result<Vec<RecoveryCode>, Error> {
    let codes: Vec<RecoveryCode> =
        (0..RECOVERY_CODES).map(|_| RecoveryCode::new(at.new_recovery_code())).collect();
    let hashes: Vec<[u8; 32]> = codes.iter().map(RecoveryCode::sha256).collect();
    staff_codes::replace_recovery(tx, staff_id, &hashes).await?;
    Ok(codes)
}

/// Turns it off on its owner's word; `false` when it is off, or their role requires it.
///
/// # Errors
/// When the database does not take it.
pub async fn turn_off(tx: &mut Tx, at: &Moment, staff_id: Uuid) -> Result<bool, Error> {
    let off = staff_codes::turn_off(tx, staff_id, false).await?;
    if off {
        audit_entries::append(tx, at, &actor(staff_id), Action::AccountTwoFactorOff, &json!({}))
            .await?;
    }
    Ok(off)
}

/// Accepts what was typed at the second step: a code of the authenticator or a recovery code, either once.
///
/// # Errors
/// When the database does not take it.
pub async fn accept(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    account: &Staff,
    typed: &str,
) -> Result<bool, Error> {
    if let Some(code) = Code::parse(typed) {
        let step = secret_of(terms, account).and_then(|secret| secret.step_of(code, at.now));
        let Some(step) = step else { return Ok(false) };
        return Ok(staff_codes::use_step(tx, account.staff_id, step).await?);
    }
    let Some(code) = RecoveryCode::parse(typed) else { return Ok(false) };
    let used = staff_codes::use_recovery(tx, at.now, account.staff_id, &code.sha256()).await?;
    if used {
        let left = staff_codes::count_recovery(tx, account.staff_id).await?;
        let by = actor(account.staff_id);
        audit_entries::append(tx, at, &by, Action::SignInRecoveryCode, &json!({"left": left}))
            .await?;
    }
    Ok(used)
}
