//! What needs the password once more, though somebody is signed in: a desk may stand open.

use crate::flows::staff::sign_in::{count_try, forgive_tries, record_refusal};
use crate::store::staff::members::{self, Staff};
use crate::web::Error;
use crate::web::console::staff::known;
use crate::web::console::staff::sign_in_page::wait_words;
use crate::web::console::staff_session::StaffSession;
use crate::web::visitor::Visitor;

/// The account of whoever is at the desk, when this is its password; else what to do, in words for the
/// field. Tries are counted as those to sign in are.
pub(super) async fn prove(
    session: &StaffSession,
    visitor: &Visitor,
    typed: &str,
) -> Result<Result<Staff, String>, Error> {
    let app = &session.app;
    if typed.is_empty() {
        return Ok(Err("Enter your current password".to_owned()));
    }
    let caller = known::caller(visitor, &session.email, Some(session.staff_id));
    let at = app.moment();
    let counted = app.db.run(|tx| {
        Box::pin(async {
            let wait = count_try(tx, &at, &app.settings, &caller).await?;
            let account = members::find(tx, session.staff_id).await?.ok_or(Error::NotFound)?;
            Ok::<_, Error>((wait, account))
        })
    });
    let (wait, account) = counted.await?;
    if let Some(wait) = wait {
        return Ok(Err(wait_words(wait)));
    }
    let kept = account.password_hash.clone();
    let right = app.hash_permits.is_right(kept, typed.to_owned()).await?;
    if right {
        app.db.run(|tx| Box::pin(forgive_tries(tx, &app.settings, &caller))).await?;
        return Ok(Ok(account));
    }
    let (at, who) = (app.moment(), Some(session.staff_id));
    app.db.run(|tx| Box::pin(record_refusal(tx, &at, who, "password"))).await?;
    Ok(Err("This is not your current password".to_owned()))
}
