//! A reader types the code of mail 1 instead of following its link.

use std::time::Duration;

use super::Error;
use crate::domain::address_key::AddressKey;
use crate::domain::code::{Code, TRIES_A_DAY};
use crate::domain::link::{Link, LinkSecrets};
use crate::random::Moment;
use crate::store::signups::{self, Signup};
use crate::store::{Tx, code_tries};

/// How long a code that confirmed leads on as it did: a button pressed twice is not a mistake.
const AGAIN: Duration = Duration::from_mins(10);

/// Counts a try for an address; `false` when the day's tries are used up, and then no code may be looked at.
/// Commit before looking: a wrong code counts whatever happens next.
///
/// # Errors
/// When the database does not take it; then it is not counted.
pub async fn count_try(tx: &mut Tx, at: &Moment, address_key: &AddressKey) -> Result<bool, Error> {
    Ok(code_tries::count(tx, at.now, address_key, TRIES_A_DAY).await?)
}

/// The signup of this address that a code stands for, pending or confirmed a moment ago. A repeated form is a
/// signup of its own, and the code that arrived may be that of an earlier one.
///
/// # Errors
/// When the database does not answer.
pub async fn find_by_code(
    tx: &mut Tx,
    at: &Moment,
    secrets: &LinkSecrets,
    address_key: &AddressKey,
    code: Code,
) -> Result<Option<Signup>, Error> {
    let since = at.now.minus(AGAIN);
    let open = signups::list_with_code(tx, address_key, at.now, since).await?;
    Ok(open.into_iter().find(|signup| {
        let link = Link { id: signup.signup_id, generation: signup.generation };
        secrets.is_code(link, code)
    }))
}
