//! A member of staff signs in. A try is counted before its password is looked at, and looked at by the
//! caller, outside any transaction.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::{Error, Terms};
use crate::domain::address_key::AddressKey;
use crate::domain::email_address::EmailAddress;
use crate::domain::notice::sha256;
use crate::domain::password::PasswordHash;
use crate::domain::staff::{account_back_off, actor, network_back_off};
use crate::random::Moment;
use crate::store::staff::{self, Staff};
use crate::store::{Tx, audit_entries, sign_in_tries, staff_sessions};

/// Counts a try of this account from this address of the network; says how long to wait instead when
/// earlier tries failed too often. The same for accounts that do not exist.
///
/// # Errors
/// When the database does not take it.
pub async fn count_try(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    email: &EmailAddress,
    ip: IpAddr,
) -> Result<Option<Duration>, Error> {
    let secret = &terms.address_secret;
    let network = count_one(tx, at, &secret.network_key(ip), network_back_off).await?;
    let account = count_one(tx, at, &secret.account_key(email), account_back_off).await?;
    Ok(network.max(account))
}

async fn count_one(
    tx: &mut Tx,
    at: &Moment,
    subject: &AddressKey,
    back_off: fn(i32) -> Duration,
) -> Result<Option<Duration>, Error> {
    if let Some(tries) = sign_in_tries::count(tx, at.now, subject).await? {
        sign_in_tries::put_off(tx, subject, at.now.plus(back_off(tries))).await?;
        return Ok(None);
    }
    let until = sign_in_tries::waits_until(tx, subject).await?;
    Ok(Some(until.map_or(Duration::ZERO, |until| until.since(at.now))))
}

/// What a browser that signed in is known by.
pub struct NewSession<'a> {
    /// Whose it is, as it was when they proved to be its owner.
    pub proved: &'a Staff,
    /// What its cookie holds.
    pub token: &'a str,
    /// Its name and system.
    pub browser: &'a str,
}

/// Begins a session, and forgives the tries before it; `false` when the account was disabled, or its
/// password or two-factor changed since the proof: then there is none.
///
/// # Errors
/// When the database does not take it.
pub async fn begin_session(
    tx: &mut Tx,
    at: &Moment,
    terms: &Terms,
    email: &EmailAddress,
    ip: IpAddr,
    session: &NewSession<'_>,
) -> Result<bool, Error> {
    let staff_id = session.proved.staff_id;
    let account = staff::lock(tx, staff_id).await?;
    if !account.is_some_and(|account| account.is_still(session.proved)) {
        return Ok(false);
    }
    forgive_tries(tx, terms, email, ip).await?;
    let token_sha256 = sha256(session.token.as_bytes());
    staff_sessions::insert(tx, at, staff_id, &token_sha256, session.browser).await?;
    let actor = actor(staff_id);
    audit_entries::append(tx, at, &actor, "sign-in", &json!({"browser": session.browser})).await?;
    Ok(true)
}

/// Forgives the tries of somebody who succeeded.
///
/// # Errors
/// When the database does not take it.
pub async fn forgive_tries(
    tx: &mut Tx,
    terms: &Terms,
    email: &EmailAddress,
    ip: IpAddr,
) -> Result<(), Error> {
    // In the order in which tries are counted, so that neither waits for the other in turn.
    sign_in_tries::forgive_one(tx, &terms.address_secret.network_key(ip)).await?;
    sign_in_tries::delete(tx, &terms.address_secret.account_key(email)).await?;
    Ok(())
}

/// Keeps the hash of a password that was right, made anew with today's parameters; `false` when the
/// password was changed meanwhile.
///
/// # Errors
/// When the database does not take it.
pub async fn renew_hash(
    tx: &mut Tx,
    staff_id: Uuid,
    before: &PasswordHash,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    Ok(staff::replace_password(tx, staff_id, before, hash).await?)
}

/// Writes down that a try failed; for an account that does not exist, that somebody tried.
///
/// # Errors
/// When the database does not take it.
pub async fn record_refusal(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Option<Uuid>,
    why: &str,
) -> Result<(), Error> {
    let by = staff_id.map_or_else(|| "nobody".to_owned(), actor);
    audit_entries::append(tx, at, &by, "sign-in.refused", &json!({"why": why})).await?;
    Ok(())
}

/// Ends another session of somebody's own; `false` when there is none such.
///
/// # Errors
/// When the database does not take it.
pub async fn end_session(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    staff_session_id: Uuid,
) -> Result<bool, Error> {
    let ended = staff_sessions::delete(tx, staff_id, staff_session_id).await?;
    if ended {
        let detail = json!({"sessions_ended": 1});
        audit_entries::append(tx, at, &actor(staff_id), "account.end-session", &detail).await?;
    }
    Ok(ended)
}

/// Ends all of somebody's own sessions but the one they are in; returns how many.
///
/// # Errors
/// When the database does not take it.
pub async fn end_other_sessions(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    but: Uuid,
) -> Result<u64, Error> {
    let ended = staff_sessions::delete_all(tx, staff_id, Some(but)).await?;
    if ended > 0 {
        let detail = json!({"sessions_ended": ended});
        audit_entries::append(tx, at, &actor(staff_id), "account.end-session", &detail).await?;
    }
    Ok(ended)
}

/// Ends the session that somebody signs out of.
///
/// # Errors
/// When the database does not take it.
pub async fn sign_out(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    staff_session_id: Uuid,
) -> Result<(), Error> {
    if staff_sessions::delete(tx, staff_id, staff_session_id).await? {
        audit_entries::append(tx, at, &actor(staff_id), "sign-out", &json!({})).await?;
    }
    Ok(())
}
