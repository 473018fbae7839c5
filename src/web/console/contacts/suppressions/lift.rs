//! `/console/suppressions/lift`: why an address may be mailed again, in the words of whoever says so.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::text::Line;
use crate::flows::contacts::suppress::{Lifted, lift};
use crate::store::contacts::suppression_list;
use crate::web::address::with_fields;
use crate::web::console::contacts::suppressions::words::told;
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::{Faults, FieldError, needed};
use crate::web::console::route::Route;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

const PAGE: &str = "console/lift_suppression.html";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/suppressions/lift", Right::Suppress, ask),
        Route::post("/console/suppressions/lift", Right::Suppress, press),
    ]
}

/// Where one suppression is lifted.
pub(super) fn path(address_key: &AddressKey, reason: SuppressionReason) -> String {
    let key = address_key.to_hex();
    with_fields("/console/suppressions/lift", &[("key", &key), ("reason", reason.as_str())])
}

/// What is to be lifted; only what staff may lift.
fn read(fields: &Fields) -> Result<(AddressKey, SuppressionReason), Error> {
    let key = AddressKey::from_hex(fields.one("key"));
    let reason = SuppressionReason::named(fields.one("reason"));
    key.zip(reason).filter(|(_, reason)| reason.is_lifted_by_staff()).ok_or(Error::NotFound)
}

async fn ask(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let context = context(&app, &fields, &[]).await?;
    desk.page(&app, PAGE, context)
}

async fn context(app: &App, fields: &Fields, errors: &[FieldError]) -> Result<Value, Error> {
    let (key, reason) = read(fields)?;
    let mut tx = app.db.read().await?;
    let found = suppression_list::list_of(&mut tx, &key).await?;
    let found = found.into_iter().find(|listed| listed.reason == reason).ok_or(Error::NotFound)?;
    Ok(json!({
        "key": key, "reason": reason.as_str(), "since": found.since, "email": found.email,
        "why": fields.one("why"), "errors": errors,
    }))
}

async fn press(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (key, reason) = read(&fields)?;
    let why = match why(&fields) {
        Ok(why) => why,
        Err(faults) => {
            let context = context(&app, &fields, &faults).await?;
            return desk.refused(&app, PAGE, context);
        }
    };
    let mut tx = app.db.write().await?;
    let lifted = lift(&mut tx, &app.moment(), &desk.actor(), (&key, reason), &why).await?;
    let word = match lifted {
        Lifted::Lifted => {
            tx.commit().await?;
            "lifted"
        }
        Lifted::NotThere => "gone",
        Lifted::NotOurs => return Err(Error::NotFound),
    };
    Ok(told(word, &key))
}

/// The words, which go into the audit and so hold no address.
fn why(fields: &Fields) -> Result<Line, Faults> {
    let mut faults = Faults::new();
    let why = needed(fields, "why", "Say why this address may be mailed again", &mut faults);
    if fields.one("why").contains(['@', '\u{ff20}', '\u{fe6b}']) {
        faults.push(fault("why", "Say why without an address: these words stay for good"));
    }
    why.filter(|_| faults.is_empty()).ok_or(faults)
}
