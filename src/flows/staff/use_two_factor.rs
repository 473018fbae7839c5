//! A member of staff sets two-factor up, proves themselves by a code, or turns it off again.

use assent_ledger::digest::sha256;
use serde_json::json;
use uuid::Uuid;

use crate::domain::signup::code::Code;
use crate::domain::staff::action::Action;
use crate::domain::staff::member::actor;
use crate::domain::staff::two_factor::{CodeSecret, RECOVERY_CODES, RecoveryCode};
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::members::{self, Staff};
use crate::store::staff::{audit_entries, codes, sessions};

/// The secret of an account; `None` while none was begun.
#[must_use]
pub fn secret_of(settings: &FlowSettings, account: &Staff) -> Option<CodeSecret> {
    let salt = account.code_salt.as_ref()?;
    Some(CodeSecret::from_derived(&settings.address_secret.code_secret(account.staff_id, salt)))
}

/// Begins to set it up, under a secret of its own; `false` when it is on.
pub async fn begin(tx: &mut Tx, at: &Moment, staff_id: Uuid) -> Result<bool, Error> {
    Ok(codes::begin(tx, staff_id, &at.new_code_salt()).await?)
}

/// The first code of an authenticator.
#[derive(Clone, Copy)]
pub struct FirstCode<'a> {
    /// The account that it is for.
    pub account: &'a Staff,
    /// As it was typed.
    pub typed: &'a str,
    /// The session that it was typed in, which stays.
    pub session_id: Uuid,
}

/// Turns it on when the code typed is right, and gives the recovery codes, which are shown this once; ends
/// the other sessions of the account.
pub async fn turn_on(
    tx: &mut Tx,
    Case { at, settings }: Case<'_>,
    first: FirstCode<'_>,
) -> Result<Option<Vec<RecoveryCode>>, Error> {
    let FirstCode { account, typed, session_id } = first;
    let secret = secret_of(settings, account);
    let step =
        secret.zip(Code::parse(typed)).and_then(|(secret, code)| secret.step_of(code, at.now));
    let Some(step) = step else { return Ok(None) };
    if !codes::turn_on(tx, at.now, account, step).await? {
        return Ok(None);
    }
    let codes = new_codes(tx, at, account.staff_id).await?;
    let ended = sessions::delete_all(tx, account.staff_id, Some(session_id)).await?;
    let by = actor(account.staff_id);
    let detail = json!({"sessions_ended": ended});
    audit_entries::append(tx, at, &by, Action::AccountTwoFactorOn.with(&detail)).await?;
    Ok(Some(codes))
}

/// Puts fresh recovery codes in place of those before; gives them, to be shown this once. `None` when the
/// account changed since its owner proved to be that.
pub async fn renew_recovery(
    tx: &mut Tx,
    at: &Moment,
    proved: &Staff,
) -> Result<Option<Vec<RecoveryCode>>, Error> {
    if !holds(tx, proved).await? {
        return Ok(None);
    }
    let codes = new_codes(tx, at, proved.staff_id).await?;
    let by = actor(proved.staff_id);
    audit_entries::append(tx, at, &by, Action::AccountRecoveryCodes.with(&json!({}))).await?;
    Ok(Some(codes))
}

/// Whether an account is still as it was proved, held so that it stays so.
async fn holds(tx: &mut Tx, proved: &Staff) -> Result<bool, Error> {
    let account = members::lock(tx, proved.staff_id).await?;
    Ok(account.is_some_and(|account| account.is_still(proved)))
}

async fn new_codes(tx: &mut Tx, at: &Moment, staff_id: Uuid) -> Result<Vec<RecoveryCode>, Error> {
    let codes: Vec<RecoveryCode> =
        (0..RECOVERY_CODES).map(|_| RecoveryCode::new(at.new_recovery_code())).collect();
    let hashes: Vec<[u8; 32]> = codes.iter().map(RecoveryCode::sha256).collect();
    codes::replace_recovery(tx, staff_id, &hashes).await?;
    Ok(codes)
}

/// What came of turning it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum TurnedOff {
    /// It is off.
    Done,
    /// The role of its owner requires it.
    Required,
    /// The account changed since its owner proved to be that.
    Changed,
}

/// Turns it off on its owner's word, where it was on when they proved to be that.
pub async fn turn_off(tx: &mut Tx, at: &Moment, proved: &Staff) -> Result<TurnedOff, Error> {
    if !holds(tx, proved).await? {
        return Ok(TurnedOff::Changed);
    }
    if !codes::turn_off(tx, proved.staff_id, false).await? {
        return Ok(TurnedOff::Required);
    }
    let by = actor(proved.staff_id);
    audit_entries::append(tx, at, &by, Action::AccountTwoFactorOff.with(&json!({}))).await?;
    Ok(TurnedOff::Done)
}

/// The second step of signing in to an account: it ends with the password, with two-factor, and with the
/// first code that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondStep {
    /// Whose it is.
    pub staff_id: Uuid,
    /// The hash of what it ends with.
    pub bound_to: [u8; 32],
}

impl SecondStep {
    /// The one that an account has now; `None` when it has none, or no access.
    pub async fn find(tx: &mut Tx, account: &Staff) -> Result<Option<Self>, Error> {
        let (None, Some(hash), Some(since)) =
            (account.disabled_at, &account.password_hash, account.code_since)
        else {
            return Ok(None);
        };
        let (since, last) = (since.micros().to_be_bytes(), account.code_last_step.to_be_bytes());
        let mut bytes = [hash.as_str().as_bytes(), &since, &last].concat();
        bytes.extend(codes::list_recovery(tx, account.staff_id).await?.concat());
        Ok(Some(Self { staff_id: account.staff_id, bound_to: sha256(&bytes) }))
    }
}

/// What came of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Accepted {
    /// It is right, and used up.
    Right,
    /// It is wrong, or was used before.
    Wrong,
    /// The step itself is over.
    Over,
}

/// Accepts what was typed at a second step: a code of the authenticator or a recovery code, either once.
pub async fn accept(
    tx: &mut Tx,
    case: Case<'_>,
    step: SecondStep,
    typed: &str,
) -> Result<Accepted, Error> {
    let Some(account) = members::lock(tx, step.staff_id).await? else { return Ok(Accepted::Over) };
    if SecondStep::find(tx, &account).await? != Some(step) {
        return Ok(Accepted::Over);
    }
    let right = use_code(tx, case, &account, typed).await?;
    Ok(if right { Accepted::Right } else { Accepted::Wrong })
}

async fn use_code(
    tx: &mut Tx,
    Case { at, settings }: Case<'_>,
    account: &Staff,
    typed: &str,
) -> Result<bool, Error> {
    if let Some(code) = Code::parse(typed) {
        let step = secret_of(settings, account).and_then(|secret| secret.step_of(code, at.now));
        let Some(step) = step else { return Ok(false) };
        return Ok(codes::use_step(tx, account.staff_id, step).await?);
    }
    let Some(code) = RecoveryCode::parse(typed) else { return Ok(false) };
    let used = codes::use_recovery(tx, at.now, account.staff_id, &code.sha256()).await?;
    if used {
        let left = codes::count_recovery(tx, account.staff_id).await?;
        let by = actor(account.staff_id);
        audit_entries::append(tx, at, &by, Action::SignInRecoveryCode.with(&json!({"left": left})))
            .await?;
    }
    Ok(used)
}
