//! `/console/suppressions`: addresses that are not mailed, why, and letting one be mailed again.

pub(in crate::web::console) mod import_list;
mod labels;
pub(in crate::web::console) mod lift;
pub(in crate::web::console) mod page;

use axum::response::Response;

use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::suppress::suppress;
use crate::store::Tx;
use crate::store::catalog::purposes;
use crate::store::contacts::subscribers;
use crate::store::contacts::suppression_list::{self, COUNTED, Listed, SuppressionPosition};
use crate::web::address::with_fields;
use crate::web::console::contacts::suppressions::labels::{title, told};
use crate::web::console::contacts::suppressions::page::{
    LookedUp, ReasonTab, SuppressionRow, SuppressionsPage,
};
use crate::web::console::form::fault;
use crate::web::console::paging::{ON_A_PAGE, page_of};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/suppressions", Right::See, show),
        Route::post("/console/suppressions", Right::Suppress, add),
    ];
    routes.extend(lift::routes());
    routes.extend(import_list::routes());
    routes
}

/// Where an address is looked up.
pub(in crate::web::console) fn look_up(email: &EmailAddress) -> String {
    with_fields("/console/suppressions", &[("address", email.as_str())])
}

async fn show(session: StaffSession, Asked(fields): Asked) -> Result<Response, Error> {
    let word = word(&session.app, &fields).await?;
    let mut errors = vec![];
    let typed = fields.one("address");
    let looked_for = if fields.all("address").is_empty() {
        None
    } else {
        let read = EmailAddress::parse(typed).map_err(|error| error.to_string());
        read.map_err(|message| errors.push(fault("address", message))).ok()
    };
    let shown = whole(&session, &fields, looked_for.as_ref()).await?;
    let page = SuppressionsPage { typed, word, errors, ..shown };
    session.show_with(&page, &page.errors)
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
    let who = person.map_or_else(|| "this address".to_owned(), |person| person.email.to_string());
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

/// The page with nothing typed into it.
async fn whole<'a>(
    session: &StaffSession,
    fields: &Fields,
    looked_for: Option<&'a EmailAddress>,
) -> Result<SuppressionsPage<'a>, Error> {
    let app = &session.app;
    let reason = fields.one("reason").parse::<SuppressionReason>().ok();
    let mut tx = app.db.read().await?;
    let tabs = tabs(&mut tx, reason).await?;
    let named = purposes::list_named(&mut tx).await?;
    let row = |listed| SuppressionRow::new(listed, &named, session);
    let looked = match looked_for {
        Some(email) => {
            let key = app.settings.address_secret.key(email);
            let found = suppression_list::list_of(&mut tx, &key).await?;
            Some(LookedUp { address: email.as_str(), rows: found.into_iter().map(row).collect() })
        }
        None => None,
    };
    let (listed, newer, older) = list(&mut tx, fields, reason).await?;
    Ok(SuppressionsPage {
        tabs,
        reason: reason.map(SuppressionReason::as_str),
        rows: listed.into_iter().map(row).collect(),
        newer,
        older,
        looked,
        typed: "",
        added: "",
        word: None,
        bring: import_list::PATH,
        errors: vec![],
    })
}

/// How many there are of each reason; a number that is not counted to its end is followed by a plus.
async fn tabs(tx: &mut Tx, chosen: Option<SuppressionReason>) -> Result<Vec<ReasonTab>, Error> {
    let path = "/console/suppressions";
    let mut tabs = vec![ReasonTab {
        title: "All",
        path: path.to_owned(),
        current: chosen.is_none(),
        number: None,
        more: false,
    }];
    for reason in SuppressionReason::ALL {
        let count = suppression_list::count(tx, reason).await?;
        tabs.push(ReasonTab {
            title: title(reason),
            path: format!("{path}?reason={}", reason.as_str()),
            current: chosen == Some(reason),
            number: Some(count.min(COUNTED)),
            more: count > COUNTED,
        });
    }
    Ok(tabs)
}

/// One page of the list, and the addresses of the newer one and of the older one.
type ListPage = (Vec<Listed>, Option<String>, Option<String>);

async fn list(
    tx: &mut Tx,
    fields: &Fields,
    reason: Option<SuppressionReason>,
) -> Result<ListPage, Error> {
    let (after, before) = (read(fields.one("after")), read(fields.one("before")));
    let backwards = after.is_none() && before.is_some();
    let from = after.as_ref().or(before.as_ref());
    let found = suppression_list::list(tx, reason, (from, backwards), ON_A_PAGE + 1).await?;
    let (mut listed, more) = page_of(found, ON_A_PAGE);
    if backwards {
        listed.reverse();
    }
    let edge =
        |side, place: Option<SuppressionPosition>| place.map(|place| path(reason, side, &place));
    let older = edge("after", listed.last().map(Listed::place)).filter(|_| more || backwards);
    let newer = edge("before", listed.first().map(Listed::place).or_else(|| from.cloned()));
    let newer = newer.filter(|_| if backwards { more } else { from.is_some() });
    Ok((listed, newer, older))
}

fn path(reason: Option<SuppressionReason>, side: &str, place: &SuppressionPosition) -> String {
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
fn read(text: &str) -> Option<SuppressionPosition> {
    let mut parts = text.splitn(4, '~');
    let since = Timestamp::from_micros(parts.next()?.parse().ok()?);
    // Outside the calendar of either database.
    let since = Some(since).filter(|since| (0..1 << 53).contains(&since.micros()))?;
    let address_key = AddressKey::from_hex(parts.next()?)?;
    let reason = parts.next()?.parse().ok()?;
    Some(SuppressionPosition { since, address_key, reason, purpose: parts.next()?.to_owned() })
}

/// Stops all mail to an address.
async fn add(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let typed = fields.one("email");
    let email = match EmailAddress::parse(typed) {
        Ok(email) if !fields.is_repeated("email") && !fields.is_faulty("email") => email,
        parsed => {
            let message = parsed.err().map_or("Enter one address".to_owned(), |e| e.to_string());
            let errors = vec![fault("email", message)];
            let shown = whole(&session, &Fields::default(), None).await?;
            let page = SuppressionsPage { added: typed, errors, ..shown };
            return session.refuse(&page);
        }
    };
    let key = app.settings.address_secret.key(&email);
    let act = session.act();
    let added = app.db.run(|tx| Box::pin(suppress(tx, &act, &key))).await?;
    Ok(told(if added { "added" } else { "there" }, &key))
}
