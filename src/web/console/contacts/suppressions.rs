//! `/console/suppressions`: addresses that are not mailed, why, and letting one be mailed again.

mod bring;
mod lift;
mod words;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::suppress::suppress;
use crate::store::Tx;
use crate::store::catalog::purposes;
use crate::store::contacts::subscribers;
use crate::store::contacts::suppression_list::{self, COUNTED, Listed, Place};
use crate::web::address::with_fields;
use crate::web::console::contacts::suppressions::words::{title, told};
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::FieldError;
use crate::web::console::paging::{ON_A_PAGE, page_of};
use crate::web::console::route::Route;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

const PAGE: &str = "console/suppressions.html";

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/suppressions", Right::See, show),
        Route::post("/console/suppressions", Right::Suppress, add),
    ];
    routes.extend(lift::routes());
    routes.extend(bring::routes());
    routes
}

/// Where an address is looked up.
pub(in crate::web::console) fn look_up(email: &str) -> String {
    with_fields("/console/suppressions", &[("address", email)])
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let word = word(&app, &fields).await?;
    let mut errors = vec![];
    let typed = fields.one("address");
    let looked_for = if fields.all("address").is_empty() {
        None
    } else {
        let read = EmailAddress::parse(typed).map_err(|error| error.to_string());
        read.map_err(|message| errors.push(fault("address", message))).ok()
    };
    let context =
        context(&app, &desk, &fields, (looked_for.as_ref(), typed, ""), word.as_deref(), &errors);
    let context = context.await?;
    if errors.is_empty() {
        desk.page(&app, PAGE, context)
    } else {
        desk.refused(&app, PAGE, context)
    }
}

/// What became of the last action, and of which address. It is named by its key, for addresses do not belong
/// into addresses of pages; so only that of a subscriber can be shown.
async fn word(app: &App, fields: &Fields) -> Result<Option<String>, Error> {
    let mut tx = app.db.read().await?;
    let id = match AddressKey::from_hex(fields.one("key")) {
        Some(key) => subscribers::find_id(&mut tx, &key).await?,
        None => None,
    };
    let person = match id {
        Some(id) => subscribers::find(&mut tx, id).await?,
        None => None,
    };
    let who = person.map_or_else(|| "this address".to_owned(), |person| person.email);
    Ok(match fields.one("word") {
        "added" => Some(format!("Nothing is mailed to {who} any more.")),
        "there" => Some(format!("Staff had stopped mail to {who} before.")),
        "lifted" => Some(format!("Mail to {who} is possible again, as far as that reason goes.")),
        "brought" => Some(brought(fields)),
        "gone" => Some(format!("Nothing stopped mail to {who} for that reason any more.")),
        _ => None,
    })
}

/// What became of a list that was brought along; a number that was made up is none.
fn brought(fields: &Fields) -> String {
    let number = |name| fields.one(name).parse().unwrap_or(0_u64);
    let (suppressed, already) = (number("suppressed"), number("already"));
    format!("The list was brought along: {suppressed} suppressed now, {already} suppressed before.")
}

/// The page; `typed` stands in the field that looks an address up, `added` in the one that adds one.
async fn context(
    app: &App,
    desk: &Desk,
    fields: &Fields,
    (looked_for, typed, added): (Option<&EmailAddress>, &str, &str),
    word: Option<&str>,
    errors: &[FieldError],
) -> Result<Value, Error> {
    let reason = SuppressionReason::named(fields.one("reason"));
    let mut tx = app.db.read().await?;
    let tabs = tabs(&mut tx, reason).await?;
    let named = purposes::list_named(&mut tx).await?;
    let looked = match looked_for {
        Some(email) => {
            let key = app.terms.address_secret.key(email);
            let found = suppression_list::list_of(&mut tx, &key).await?;
            let rows: Vec<Value> = found.iter().map(|listed| row(listed, &named, desk)).collect();
            Some(json!({"address": email.as_str(), "rows": rows}))
        }
        None => None,
    };
    let (rows, newer, older) = page(&mut tx, (desk, &named), fields, reason).await?;
    Ok(json!({
        "tabs": tabs, "reason": reason.map(SuppressionReason::as_str), "rows": rows, "newer": newer,
        "older": older, "looked": looked, "typed": typed, "added": added, "word": word,
        "bring": bring::PATH, "errors": errors,
    }))
}

/// How many there are of each reason; a number that is not counted to its end is followed by a plus.
async fn tabs(tx: &mut Tx, chosen: Option<SuppressionReason>) -> Result<Vec<Value>, Error> {
    let path = "/console/suppressions";
    let mut tabs =
        vec![json!({"title": "All", "path": path, "current": chosen.is_none(), "number": null,
                    "more": false})];
    for reason in SuppressionReason::ALL {
        let count = suppression_list::count(tx, reason).await?;
        tabs.push(json!({
            "title": title(reason), "path": format!("{path}?reason={}", reason.as_str()),
            "current": chosen == Some(reason), "number": count.min(COUNTED), "more": count > COUNTED,
        }));
    }
    Ok(tabs)
}

/// The purposes that there are, with the names they have.
type Named = [(Purpose, Option<String>)];

fn row(listed: &Listed, named: &Named, desk: &Desk) -> Value {
    let purpose = match named.iter().find(|(code, _)| code.as_str() == listed.purpose) {
        Some((code, name)) => code.named(name.as_deref()),
        None if listed.purpose != "*" => listed.purpose.clone(),
        None if listed.reason == SuppressionReason::NotMe => "Confirmations".to_owned(),
        None => "All mail".to_owned(),
    };
    let lift = listed.reason.is_lifted_by_staff() && desk.may(Right::Suppress);
    json!({
        "reason": listed.reason.as_str(), "for": purpose, "since": listed.since,
        "source": listed.source, "email": listed.email,
        "person": listed.subscriber_id.map(|id| format!("/console/subscribers/{id}")),
        "lift": lift.then(|| lift::path(&listed.address_key, listed.reason)),
    })
}

type Page = (Vec<Value>, Option<String>, Option<String>);

async fn page(
    tx: &mut Tx,
    (desk, named): (&Desk, &Named),
    fields: &Fields,
    reason: Option<SuppressionReason>,
) -> Result<Page, Error> {
    let (after, before) = (read(fields.one("after")), read(fields.one("before")));
    let backwards = after.is_none() && before.is_some();
    let from = after.as_ref().or(before.as_ref());
    let found = suppression_list::list(tx, reason, (from, backwards), ON_A_PAGE + 1).await?;
    let (mut listed, more) = page_of(found, ON_A_PAGE);
    if backwards {
        listed.reverse();
    }
    let edge = |side, place: Option<Place>| place.map(|place| path(reason, side, &place));
    let older = edge("after", listed.last().map(Listed::place)).filter(|_| more || backwards);
    let newer = edge("before", listed.first().map(Listed::place).or_else(|| from.cloned()));
    let newer = newer.filter(|_| if backwards { more } else { from.is_some() });
    Ok((listed.iter().map(|listed| row(listed, named, desk)).collect(), newer, older))
}

fn path(reason: Option<SuppressionReason>, side: &str, place: &Place) -> String {
    let at = format!(
        "{}~{}~{}~{}",
        place.since.micros(),
        place.address_key.to_hex(),
        place.reason.as_str(),
        place.purpose
    );
    let reason = reason.map_or("", SuppressionReason::as_str);
    with_fields("/console/suppressions", &[("reason", reason), (side, &at)])
}

/// A place as [`path`] wrote it; one that was made up is none.
fn read(text: &str) -> Option<Place> {
    let mut parts = text.splitn(4, '~');
    let since = Timestamp::from_micros(parts.next()?.parse().ok()?);
    // Outside the calendar of either database.
    let since = Some(since).filter(|since| (0..1 << 53).contains(&since.micros()))?;
    let address_key = AddressKey::from_hex(parts.next()?)?;
    let reason = SuppressionReason::named(parts.next()?)?;
    Some(Place { since, address_key, reason, purpose: parts.next()?.to_owned() })
}

/// Stops all mail to an address.
async fn add(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let typed = fields.one("email");
    let email = match EmailAddress::parse(typed) {
        Ok(email) if !fields.is_repeated("email") && !fields.is_faulty("email") => email,
        parsed => {
            let message = parsed.err().map_or("Enter one address".to_owned(), |e| e.to_string());
            let errors = [fault("email", message)];
            let nowhere = Fields::default();
            let context = context(&app, &desk, &nowhere, (None, "", typed), None, &errors).await?;
            return desk.refused(&app, PAGE, context);
        }
    };
    let key = app.terms.address_secret.key(&email);
    let mut tx = app.db.write().await?;
    let added = suppress(&mut tx, &app.moment(), &desk.actor(), &key).await?;
    tx.commit().await?;
    Ok(told(if added { "added" } else { "there" }, &key))
}
