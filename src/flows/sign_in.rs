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
use crate::store::{Tx, audit_entries, sign_in_tries, staff, staff_sessions};

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
    /// Whose it is.
    pub staff_id: Uuid,
    /// What its cookie holds.
    pub token: &'a str,
    /// Its name and system.
    pub browser: &'a str,
}

/// Begins a session, and forgives the tries before it.
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
) -> Result<(), Error> {
    sign_in_tries::delete(tx, &terms.address_secret.account_key(email)).await?;
    sign_in_tries::forgive_one(tx, &terms.address_secret.network_key(ip)).await?;
    let token_sha256 = sha256(session.token.as_bytes());
    staff_sessions::insert(tx, at, session.staff_id, &token_sha256, session.browser).await?;
    let actor = actor(session.staff_id);
    audit_entries::append(tx, at, &actor, "sign-in", &json!({"browser": session.browser})).await?;
    Ok(())
}

/// Keeps the hash of a password that was right, made anew with today's parameters.
///
/// # Errors
/// When the database does not take it.
pub async fn renew_hash(tx: &mut Tx, staff_id: Uuid, hash: &PasswordHash) -> Result<(), Error> {
    staff::set_password(tx, staff_id, hash).await?;
    Ok(())
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
