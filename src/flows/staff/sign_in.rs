//! A member of staff signs in. A try is counted before its password is looked at, and looked at by the
//! caller, outside any transaction.

use std::net::IpAddr;
use std::time::Duration;

use assent_ledger::digest::sha256;
use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::action::Action;
use crate::domain::staff::member::{account_back_off, actor, network_back_off};
use crate::domain::staff::password::PasswordHash;
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::members::{self, Staff};
use crate::store::staff::sessions::{self, StartedSession};
use crate::store::staff::{audit_entries, sign_in_tries};

/// A browser in which the owner of an account signed in before: the key of the account, and 16 random bytes.
#[derive(Clone, Copy)]
pub struct KnownBrowser(pub [u8; 32]);

impl KnownBrowser {
    /// Another browser of this account's owner.
    #[must_use]
    pub fn new(at: &Moment, staff_id: Uuid) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(staff_id.as_bytes());
        bytes[16..].copy_from_slice(&at.new_browser());
        Self(bytes)
    }

    /// Whose it is.
    #[must_use]
    pub fn staff_id(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0[..16]);
        Uuid::from_bytes(bytes)
    }
}

/// Who tries to sign in, as tries are counted.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The address of the account, whether or not there is one.
    pub email: &'a EmailAddress,
    /// Where in the network they are.
    pub ip: IpAddr,
    /// What their browser is known by, if the account's owner signed in with it before.
    pub browser: Option<KnownBrowser>,
}

impl Caller<'_> {
    fn network(&self, settings: &FlowSettings) -> AddressKey {
        settings.address_secret.network_key(self.ip)
    }

    /// A known browser counts by itself, and all strangers together: who fails at an account again and again
    /// makes strangers wait, and not its owner.
    fn account(&self, settings: &FlowSettings) -> AddressKey {
        let secret = &settings.address_secret;
        self.browser
            .map_or_else(|| secret.account_key(self.email), |known| secret.browser_key(&known.0))
    }
}

/// Counts a try; says how long to wait instead when earlier tries failed too often. The same for accounts
/// that do not exist. Who must wait for one is not counted for the other: nothing is looked at then.
pub async fn count_try(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    caller: &Caller<'_>,
) -> Result<Option<Duration>, Error> {
    let (network, account) = (caller.network(settings), caller.account(settings));
    let waits = wait(tx, at, &network).await?.max(wait(tx, at, &account).await?);
    if waits.is_some() {
        return Ok(waits);
    }
    let network = count_one(tx, at, &network, network_back_off).await?;
    let account = count_one(tx, at, &account, account_back_off).await?;
    Ok(network.max(account))
}

/// Counts a try of the second step, which who does not know the password never comes to: for the account alone,
/// since the first step was counted for the network.
pub async fn count_code_try(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    caller: &Caller<'_>,
) -> Result<Option<Duration>, Error> {
    count_one(tx, at, &caller.account(settings), account_back_off).await
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
    Ok(Some(wait(tx, at, subject).await?.unwrap_or(Duration::ZERO)))
}

/// How long a subject must still wait.
async fn wait(tx: &mut Tx, at: &Moment, subject: &AddressKey) -> Result<Option<Duration>, Error> {
    let until = sign_in_tries::waits_until(tx, subject).await?;
    Ok(until.filter(|until| *until > at.now).map(|until| until.since(at.now)))
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
pub async fn begin_session(
    tx: &mut Tx,
    Case { at, settings }: Case<'_>,
    caller: &Caller<'_>,
    session: &NewSession<'_>,
) -> Result<bool, Error> {
    let staff_id = session.proved.staff_id;
    let account = members::lock(tx, staff_id).await?;
    if !account.is_some_and(|account| account.is_still(session.proved)) {
        return Ok(false);
    }
    forgive_tries(tx, settings, caller).await?;
    let token_sha256 = sha256(session.token.as_bytes());
    let started =
        StartedSession { staff_id, token_sha256: &token_sha256, browser: session.browser };
    sessions::insert(tx, at, started).await?;
    let actor = actor(staff_id);
    audit_entries::append(
        tx,
        at,
        &actor,
        Action::SignIn.with(&json!({"browser": session.browser})),
    )
    .await?;
    Ok(true)
}

/// Forgives the tries of somebody who succeeded. Those of strangers stay counted where it was a known browser.
pub async fn forgive_tries(
    tx: &mut Tx,
    settings: &FlowSettings,
    caller: &Caller<'_>,
) -> Result<(), Error> {
    // In the order in which tries are counted, so that neither waits for the other in turn.
    sign_in_tries::forgive_one(tx, &caller.network(settings)).await?;
    sign_in_tries::delete(tx, &caller.account(settings)).await?;
    Ok(())
}

/// Keeps the hash of a password that was right, made anew with today's parameters; `false` when the
/// password was changed meanwhile.
pub async fn renew_hash(
    tx: &mut Tx,
    staff_id: Uuid,
    before: &PasswordHash,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    Ok(members::replace_password(tx, staff_id, before, hash).await?)
}

/// Writes down that a try failed; for an account that does not exist, that somebody tried.
pub async fn record_refusal(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Option<Uuid>,
    why: &str,
) -> Result<(), Error> {
    let by = staff_id.map_or_else(|| "nobody".to_owned(), actor);
    audit_entries::append(tx, at, &by, Action::SignInRefused.with(&json!({"why": why}))).await?;
    Ok(())
}

/// Ends another session of somebody's own; `false` when there is none such.
pub async fn end_session(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    staff_session_id: Uuid,
) -> Result<bool, Error> {
    let ended = sessions::delete(tx, staff_id, staff_session_id).await?;
    if ended {
        let detail = json!({"sessions_ended": 1});
        audit_entries::append(tx, at, &actor(staff_id), Action::AccountEndSession.with(&detail))
            .await?;
    }
    Ok(ended)
}

/// Ends all of somebody's own sessions but the one they are in; returns how many.
pub async fn end_other_sessions(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    but: Uuid,
) -> Result<u64, Error> {
    let ended = sessions::delete_all(tx, staff_id, Some(but)).await?;
    if ended > 0 {
        let detail = json!({"sessions_ended": ended});
        audit_entries::append(tx, at, &actor(staff_id), Action::AccountEndSession.with(&detail))
            .await?;
    }
    Ok(ended)
}

/// Ends the session that somebody signs out of.
pub async fn sign_out(
    tx: &mut Tx,
    at: &Moment,
    staff_id: Uuid,
    staff_session_id: Uuid,
) -> Result<(), Error> {
    if sessions::delete(tx, staff_id, staff_session_id).await? {
        audit_entries::append(tx, at, &actor(staff_id), Action::SignOut.with(&json!({}))).await?;
    }
    Ok(())
}
