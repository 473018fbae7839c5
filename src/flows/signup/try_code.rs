//! A reader types the code of mail 1 instead of following its link.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::signup::code::{Code, TRIES_A_DAY};
use crate::domain::signup::link::{Link, LinkSecrets};
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::code_tries;
use crate::store::signup::signups::{self, Signup};

/// How long a code that confirmed leads on as it did: a button pressed twice is not a mistake.
const AGAIN: Duration = Duration::from_mins(10);

/// How many forms of one address have a code that is taken, the newest: more than the mails that one mailbox is sent in
/// a day by default.
const LIVE: i64 = 8;

/// Counts a try for an address; `false` when the day's tries are used up, and then no code may be looked at.
/// Committed before it is looked at: a wrong code counts whatever happens next. A right one is forgiven then.
///
/// # Errors
/// When the database does not take it; then it is not counted.
pub async fn count_try(tx: &mut Tx, at: &Moment, address_key: &AddressKey) -> Result<bool, Error> {
    Ok(code_tries::count(tx, at.now, address_key, TRIES_A_DAY).await?)
}

/// Takes a try back that was counted at this moment: its code was right. So who presses twice is answered twice.
///
/// # Errors
/// When the database does not take it; then it stays counted.
pub async fn forgive_try(tx: &mut Tx, at: &Moment, address_key: &AddressKey) -> Result<(), Error> {
    Ok(code_tries::take_back(tx, at.now, address_key).await?)
}

/// The signup of this address that a code stands for, pending or confirmed a moment ago: that of the page it was
/// typed on, or of another form, whose choices must be seen before they are confirmed.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_code(
    tx: &mut Tx,
    at: &Moment,
    secrets: &LinkSecrets,
    address_key: &AddressKey,
    code: Code,
    own: Uuid,
) -> Result<Option<Signup>, Error> {
    let live = list_live(tx, at, address_key).await?.into_iter();
    // Of two with one code, which is a chance of one in a million, the page's own.
    Ok(live.filter(|signup| secrets.is_code(link(signup), code)).max_by_key(|s| s.signup_id == own))
}

/// The signup whose code was typed a moment ago, while that code would still be taken.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_link(
    tx: &mut Tx,
    at: &Moment,
    address_key: &AddressKey,
    typed: Link,
) -> Result<Option<Signup>, Error> {
    let live = list_live(tx, at, address_key).await?;
    Ok(live.into_iter().find(|signup| link(signup) == typed))
}

async fn list_live(
    tx: &mut Tx,
    at: &Moment,
    address_key: &AddressKey,
) -> Result<Vec<Signup>, Error> {
    Ok(signups::list_with_code(tx, address_key, at.now, at.now.minus(AGAIN), LIVE).await?)
}

/// The newest link of a signup, whose code lives.
#[must_use]
pub fn link(signup: &Signup) -> Link {
    Link { id: signup.signup_id, generation: signup.generation }
}
