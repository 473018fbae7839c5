//! `/console/requests`: complaints about data protection, and what people ask for by their rights.

mod acts;
pub(in crate::web::console) mod add;
mod labels;
pub(in crate::web::console) mod letter;
mod naming;
mod one;
pub(in crate::web::console) mod one_page;

use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::request_times::kept_words;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::privacy_requests::{self, PrivacyRequest, RequestPosition};
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::address::with_fields;
use crate::web::console::contacts::requests::labels::{Next, StateTag, next, state, title};
use crate::web::console::contacts::requests::naming::{PATH, path_of};
use crate::web::console::form::{Faults, fault};
use crate::web::console::paging::{ON_A_PAGE, page_of};
use crate::web::console::request_fields::Asked;
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::console::tab::Tab;

/// What people complain of or ask for is seen by those alone who answer it.
const RIGHT: Right = Right::AnswerRequests;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, RIGHT, show),
        Route::get("/console/requests/new", RIGHT, add::ask),
        Route::post("/console/requests/new", RIGHT, add::add),
        Route::get("/console/requests/{id}", RIGHT, one::show),
        Route::get("/console/requests/{id}/letters/{kind}", RIGHT, letter::ask),
        Route::post("/console/requests/{id}/letters/{kind}", RIGHT, letter::send),
        Route::post("/console/requests/{id}/resume", RIGHT, acts::resume),
        Route::post("/console/requests/{id}/close", RIGHT, acts::close),
    ]
}

async fn show(session: StaffSession, Asked(fields): Asked) -> Result<Response, Error> {
    let app = &session.app;
    let mut errors = vec![];
    let mut tx = app.db.read().await?;
    let typed = fields.one("reference");
    if !typed.trim().is_empty() {
        match typed.parse::<RequestReference>() {
            Ok(reference) => match privacy_requests::find_id(&mut tx, &reference).await? {
                Some(id) => return Ok(Redirect::to(&path_of(id)).into_response()),
                None => errors.push(fault("reference", "There is no request of this reference")),
            },
            Err(error) => errors.push(fault("reference", error)),
        }
    }
    let now = app.clock.now();
    let is_open = fields.one("state") != "closed";
    let after = read(fields.one("after"));
    let found = if is_open {
        privacy_requests::list_open(&mut tx, after, ON_A_PAGE + 1).await?
    } else {
        privacy_requests::list_closed(&mut tx, after, ON_A_PAGE + 1).await?
    };
    drop(tx);
    let (listed, more) = page_of(found, ON_A_PAGE);
    let state = if is_open { "" } else { "closed" };
    let last = listed.last().filter(|_| more).map(|last| position(last, is_open));
    let tab = |title, word: &str, current| {
        let path = with_fields(PATH, &[("state", word)]);
        Tab { title, path, current }
    };
    let page = RequestsPage {
        tabs: vec![tab("Open", "", is_open), tab("Closed", "closed", !is_open)],
        is_open,
        rows: listed.into_iter().map(|request| RequestRow::new(request, now)).collect(),
        first: after.map(|_| with_fields(PATH, &[("state", state)])),
        next: last.map(|last| with_fields(PATH, &[("state", state), ("after", &last)])),
        typed,
        kept: kept_words(app.settings.requests_retention),
        errors,
    };
    session.show_with(&page, &page.errors)
}

/// Where a page ends, as its link to the next one says it.
fn position(request: &PrivacyRequest, is_open: bool) -> String {
    let at = if is_open { request.due_at } else { request.closed_at.unwrap_or(request.due_at) };
    format!("{}~{}", at.micros(), request.privacy_request_id)
}

/// The same, read; one that was made up is none.
fn read(text: &str) -> Option<RequestPosition> {
    let (at, id) = text.split_once('~')?;
    let micros: i64 = at.parse().ok()?;
    // Within the calendars of both databases.
    let at = Timestamp::from_micros(micros);
    let is_one = at.micros() == micros;
    let privacy_request_id = id.parse().ok()?;
    is_one.then_some(RequestPosition { at, privacy_request_id })
}

/// `console/requests.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct RequestsPage<'a> {
    tabs: Vec<Tab>,
    is_open: bool,
    rows: Vec<RequestRow>,
    first: Option<String>,
    next: Option<String>,
    /// What stands in the field that looks a reference up.
    typed: &'a str,
    /// How long closed ones are kept.
    kept: String,
    errors: Faults,
}

/// One in the list.
#[derive(Clone, Serialize)]
struct RequestRow {
    path: String,
    reference: RequestReference,
    kind: &'static str,
    /// Whose it is, as far as that is known.
    who: Option<String>,
    received_at: Timestamp,
    next: Next,
    state: StateTag,
}

impl RequestRow {
    fn new(request: PrivacyRequest, now: Timestamp) -> Self {
        Self {
            path: path_of(request.privacy_request_id),
            kind: title(request.kind),
            next: next(&request),
            state: state(&request, now),
            received_at: request.received_at,
            who: request.name.or_else(|| request.email.map(|email| email.to_string())),
            reference: request.reference,
        }
    }
}

impl Page for RequestsPage<'_> {
    const TEMPLATE: &'static str = "console/requests.html";

    fn samples() -> Vec<Self> {
        let row = |next, state: StateTag, who: Option<&str>| RequestRow {
            path: "/console/requests/ID".to_owned(),
            reference: RequestReference::sample(),
            kind: "Complaint",
            who: who.map(ToOwned::to_owned),
            received_at: Timestamp::SAMPLE,
            next,
            state,
        };
        let tab = |title, current| Tab { title, path: PATH.to_owned(), current };
        let until = |words| Next { words, until: Some(Timestamp::SAMPLE) };
        let rows = vec![
            row(until("Acknowledge"), StateTag::new("Overdue", "bad"), Some("Ada Hughes")),
            row(until("Answer"), StateTag::new("Open", "wait"), Some("ada@example.org")),
            row(
                Next { words: "Waits for proof of identity", until: None },
                StateTag::new("Waiting", "off"),
                None,
            ),
        ];
        let page = |is_open, rows| RequestsPage {
            tabs: vec![tab("Open", is_open), tab("Closed", !is_open)],
            is_open,
            rows,
            first: None,
            next: None,
            typed: "",
            kept: "3 years".to_owned(),
            errors: vec![],
        };
        let more = RequestsPage {
            first: Some(PATH.to_owned()),
            next: Some("/console/requests?after=PLACE".to_owned()),
            typed: "x",
            errors: vec![fault("reference", "write a reference")],
            ..page(true, rows)
        };
        vec![more, page(true, vec![]), page(false, vec![])]
    }
}
