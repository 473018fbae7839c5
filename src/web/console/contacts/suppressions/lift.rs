//! `/console/suppressions/lift`: why an address may be mailed again, in the words of whoever says so.

use axum::response::Response;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::address_key::{AddressKey, AddressSecret};
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::suppress::{Lifted, Stands, lift};
use crate::store::contacts::suppression_list;
use crate::templates::page::Page;
use crate::web::address::with_fields;
use crate::web::console::contacts::suppressions::labels::told;
use crate::web::console::form::{Faults, fault, needed};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

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
    let reason = fields.one("reason").parse::<SuppressionReason>().ok();
    key.zip(reason).filter(|(_, reason)| reason.is_lifted_by_staff()).ok_or(Error::NotFound)
}

async fn ask(session: StaffSession, Asked(fields): Asked) -> Result<Response, Error> {
    session.show(&page(&session.app, &fields, vec![]).await?)
}

async fn page<'a>(
    app: &App,
    fields: &'a Fields,
    errors: Faults,
) -> Result<LiftSuppressionPage<'a>, Error> {
    let (key, reason) = read(fields)?;
    let mut tx = app.db.read().await?;
    let found = suppression_list::list_of(&mut tx, &key).await?;
    let found = found.into_iter().find(|listed| listed.reason == reason).ok_or(Error::NotFound)?;
    let (since, email, why) = (found.since, found.email, fields.one("why"));
    Ok(LiftSuppressionPage { key, reason: reason.as_str(), since, email, why, errors })
}

/// `console/lift_suppression.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct LiftSuppressionPage<'a> {
    key: AddressKey,
    reason: &'static str,
    since: Timestamp,
    email: Option<String>,
    why: &'a str,
    errors: Faults,
}

impl Page for LiftSuppressionPage<'_> {
    const TEMPLATE: &'static str = "console/lift_suppression.html";

    fn samples() -> Vec<Self> {
        let page = |reason: SuppressionReason| LiftSuppressionPage {
            key: AddressSecret::new([0; 32]).subscriber_key(Uuid::nil()),
            reason: reason.as_str(),
            since: Timestamp::SAMPLE,
            email: (reason == SuppressionReason::Bounced).then(|| "ada@example.org".to_owned()),
            why: "",
            errors: vec![fault("why", "say why this address may be mailed again")],
        };
        SuppressionReason::ALL.map(page).into()
    }
}

async fn press(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let (key, reason) = read(&fields)?;
    let why = match why(&fields) {
        Ok(why) => why,
        Err(faults) => return session.refuse(&page(app, &fields, faults).await?),
    };
    let act = session.act();
    let stands = Stands { address_key: &key, reason };
    let word = match app.db.run(|tx| Box::pin(lift(tx, &act, stands, &why))).await? {
        Lifted::Lifted => "lifted",
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
