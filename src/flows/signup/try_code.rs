//! A reader types the code of mail 1 instead of following its link.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::signup::code::{Code, TRIES_A_DAY};
use crate::domain::signup::link::{Link, LinkSecrets};
use crate::flows::Error;
use crate::random::Moment;
use crate::store::signup::code_tries;
use crate::store::signup::signups::{self, Signup};
use crate::store::{Db, Tx};

/// How long a code that confirmed leads on as it did: a button pressed twice is not a mistake.
const AGAIN: Duration = Duration::from_mins(10);

/// A code that was typed, and whose it may be.
pub struct TypedCode<'a> {
    /// What codes follow from.
    pub secrets: &'a LinkSecrets,
    /// Whose mail it came in, as its reader said on the form.
    pub address_key: &'a AddressKey,
    /// The code.
    pub code: Code,
    /// The signup of the page that it was typed on.
    pub own: Uuid,
}

/// What came of it.
#[must_use]
pub enum CodeOutcome {
    /// The tries of the day are used up: it was not looked at.
    NoTryLeft,
    /// It is the code of no form that can be confirmed by it now.
    Wrong,
    /// The signup that it stands for, pending or confirmed a moment ago: that of the page it was typed on, or of another
    /// form, whose choices must be seen before they are confirmed.
    Right(Box<Signup>),
}

/// Counts a try for an address, and looks at the code only when that is committed: a wrong one counts whatever happens
/// next. A right one is not counted in the end, so that who
/// presses twice is answered twice. `may_look` is asked once it is counted.
///
/// # Errors
/// When the database does not take the count; then nothing is looked at.
pub async fn try_code(
    db: &Db,
    at: &Moment,
    typed: &TypedCode<'_>,
    may_look: impl FnOnce() -> bool + Send,
) -> Result<CodeOutcome, Error> {
    let counted = db.run(|tx| Box::pin(count(tx, at, typed.address_key)));
    if !counted.await? || !may_look() {
        return Ok(CodeOutcome::NoTryLeft);
    }
    let mut tx = db.read().await?;
    let live = list_live(&mut tx, at, typed.address_key).await?.into_iter();
    drop(tx);
    // Of two with one code, which is a chance of one in a million, the page's own.
    let right = live
        .filter(|signup| typed.secrets.is_code(link(signup), typed.code))
        .max_by_key(|signup| signup.signup_id == typed.own);
    let Some(signup) = right else { return Ok(CodeOutcome::Wrong) };
    db.run(|tx| Box::pin(take_back(tx, at, typed.address_key))).await?;
    Ok(CodeOutcome::Right(Box::new(signup)))
}

async fn count(tx: &mut Tx, at: &Moment, address_key: &AddressKey) -> Result<bool, Error> {
    Ok(code_tries::count(tx, at.now, address_key, TRIES_A_DAY).await?)
}

async fn take_back(tx: &mut Tx, at: &Moment, address_key: &AddressKey) -> Result<(), Error> {
    Ok(code_tries::take_back(tx, at.now, address_key).await?)
}

/// The signup whose code was typed a moment ago, while that code would still be taken.
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
    Ok(signups::list_with_code(tx, address_key, at.now, at.now.minus(AGAIN)).await?)
}

/// The newest link of a signup, whose code lives.
#[must_use]
pub fn link(signup: &Signup) -> Link {
    Link { id: signup.signup_id, generation: signup.generation }
}
