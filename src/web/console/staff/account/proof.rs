//! What needs the password once more, though somebody is signed in: a desk may stand open.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::flows::staff::sign_in::{count_try, forgive_tries, record_refusal};
use crate::store::staff::members::{self, Staff};
use crate::web::console::desk::Desk;
use crate::web::console::staff::known;
use crate::web::console::staff::sign_in_page::wait_words;
use crate::web::{App, Error};

/// The account of whoever is at the desk, when this is its password; else what to do, in words for the
/// field. Tries are counted as those to sign in are.
pub(super) async fn prove(
    app: &App,
    desk: &Desk,
    (headers, ip): (&HeaderMap, IpAddr),
    typed: &str,
) -> Result<Result<Staff, String>, Error> {
    if typed.is_empty() {
        return Ok(Err("Enter your present password".to_owned()));
    }
    let caller = known::caller(app, headers, (&desk.email, ip), Some(desk.staff_id));
    let mut tx = app.db.write().await?;
    let wait = count_try(&mut tx, &app.moment(), &app.terms, &caller).await?;
    let account = members::find(&mut tx, desk.staff_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    if let Some(wait) = wait {
        return Ok(Err(wait_words(wait)));
    }
    let kept = account.password_hash.clone();
    let right = app.hash_turns.is_right(kept, typed.to_owned()).await?;
    let mut tx = app.db.write().await?;
    if right {
        forgive_tries(&mut tx, &app.terms, &caller).await?;
    } else {
        record_refusal(&mut tx, &app.moment(), Some(desk.staff_id), "password").await?;
    }
    tx.commit().await?;
    Ok(if right { Ok(account) } else { Err("This is not your present password".to_owned()) })
}
