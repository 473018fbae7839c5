//! `/console/receipts/{id}`: one fact of the ledger, by the `receipt_id` of an export; and what can be taken
//! away of one person, which is written down.

use assent_ledger::event_type::EventType;
use assent_ledger::note::encode_hash;
use axum::extract::Path;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::consent::how_given::HowGiven;
use crate::domain::ledger::verifier_page::verifier_link;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::receipt::{Place, Receipt, read_receipt};
use crate::flows::contacts::disclose::disclose;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::contacts::subscribers;
use crate::templates::page::Page;
use crate::web::console::contacts::subscribers::person::find;
use crate::web::console::contacts::subscribers::timeline::{confirmed_by, shown_by, way};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::disclosure::audit_disclosure;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/receipts/{id}", Right::See, show),
        Route::take("/console/receipts/{id}/file", Right::Export, file),
        Route::take("/console/receipts/{id}/check", Right::Export, check),
        Route::take("/console/subscribers/{id}/data", Right::Export, data),
    ]
}

async fn read(app: &App, id: &str) -> Result<Receipt, Error> {
    let event_id = id.parse().map_err(|_| Error::NotFound)?;
    let found = read_receipt(&mut app.db.read().await?, event_id).await?;
    let at = app.moment();
    Ok(found.ok_or(Error::NotFound)?.issue(app.settings.at(&at), &app.links)?)
}

async fn show(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let app = &session.app;
    let Receipt { event, body, place } = read(app, &id).await?;
    let person = subscribers::find(&mut app.db.read().await?, event.subject_id).await?;
    let is_damaged = matches!(place, Place::Damaged);
    let sealed = if let Place::Sealed(sealed) = place { Some(sealed) } else { None };
    let ledger = sealed.as_ref().map(|sealed| {
        let head = sealed.head.checkpoint();
        Placed { index: sealed.index, size: head.size, root: encode_hash(&head.root) }
    });
    let how = HowGiven::read(&body);
    let page = ReceiptPage {
        receipt: ShownReceipt {
            id: &id,
            state: event.event_type,
            title: event.purpose.named(event.name.as_deref()),
            at: event.recorded_at,
            words: body["notice"]["text"].as_str(),
            sha256: body["notice"]["sha256"].as_str(),
            policy: body["policy"]["label"].as_str(),
            method: way(how.method.as_deref().unwrap_or_default()),
            source: how.source.as_deref(),
            page: how.page.as_deref(),
            shown_by: how.drawn_by.as_deref().map(shown_by),
            form: how.form.as_deref(),
            confirmed: how.confirmed_by.as_deref().map(confirmed_by),
            report: body["report"].as_str(),
            address: body["email"].as_str(),
        },
        person: person.map(|person| format!("/console/subscribers/{}", person.subscriber_id)),
        file: ledger.is_some().then(|| format!("/console/receipts/{id}/file")),
        check: sealed
            .and_then(|sealed| verifier_link(&sealed.jws))
            .map(|_| format!("/console/receipts/{id}/check")),
        ledger,
        is_damaged,
    };
    session.show(&page)
}

/// `console/receipt.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ReceiptPage<'a> {
    receipt: ShownReceipt<'a>,
    /// The page of whom it is about.
    person: Option<String>,
    /// Its place; none while it waits for one, or where the ledger is damaged, and no file either.
    ledger: Option<Placed>,
    is_damaged: bool,
    file: Option<String>,
    /// Leads to the page that checks it; none for one that is too long for a link.
    check: Option<String>,
}

/// What it proves. Of somebody erased little is left.
#[derive(Clone, Debug, Serialize)]
struct ShownReceipt<'a> {
    id: &'a str,
    state: EventType,
    title: String,
    at: Timestamp,
    words: Option<&'a str>,
    sha256: Option<&'a str>,
    policy: Option<&'a str>,
    method: String,
    source: Option<&'a str>,
    /// The page elsewhere around the form, as it was stated.
    page: Option<&'a str>,
    shown_by: Option<&'a str>,
    /// The hash of the blank form.
    form: Option<&'a str>,
    confirmed: Option<&'a str>,
    report: Option<&'a str>,
    address: Option<&'a str>,
}

/// A place in the tree of a head.
#[derive(Clone, Debug, Serialize)]
struct Placed {
    index: u64,
    size: u64,
    root: String,
}

impl Page for ReceiptPage<'_> {
    const TEMPLATE: &'static str = "console/receipt.html";

    fn samples() -> Vec<Self> {
        let receipt = ShownReceipt {
            id: "ID",
            state: EventType::Given,
            title: "Privacy policy".to_owned(),
            at: Timestamp::SAMPLE,
            words: Some("I agree."),
            sha256: Some("HASH"),
            policy: Some("2026-11"),
            method: way("form"),
            source: Some("/embed/digital-councils"),
            page: Some("https://press.example"),
            shown_by: Some(shown_by("ours")),
            form: Some("HASH"),
            confirmed: Some(confirmed_by("link")),
            report: Some("digital-councils"),
            address: Some("ada@example.org"),
        };
        let sealed = ReceiptPage {
            receipt: receipt.clone(),
            person: Some("/console/subscribers/ID".to_owned()),
            ledger: Some(Placed { index: 1, size: 2, root: "ROOT".to_owned() }),
            file: Some("/console/receipts/ID/file".to_owned()),
            check: Some("/console/receipts/ID/check".to_owned()),
            is_damaged: false,
        };
        let emptied = ShownReceipt {
            words: None,
            sha256: None,
            policy: None,
            source: None,
            report: None,
            address: None,
            ..receipt
        };
        let emptied = ReceiptPage {
            receipt: emptied,
            person: None,
            ledger: None,
            file: None,
            check: None,
            is_damaged: false,
        };
        let damaged = ReceiptPage {
            ledger: None,
            file: None,
            check: None,
            is_damaged: true,
            ..sealed.clone()
        };
        vec![sealed, emptied, damaged]
    }
}

async fn file(
    session: StaffSession,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    // Entered within seconds; a receipt without its proof would be none.
    let sealed = read(&session.app, &id).await?.sealed()?.ok_or(Error::Unavailable)?;
    let detail = json!({"receipt_id": id});
    record(&session, &method, (Disclosure::Receipt, &detail)).await?;
    answer("application/jose", &format!("receipt-{id}.jws"), sealed.jws)
}

/// The receipt goes into the verifier by a link, which a redirect cannot be: what stands before programs such as ours
/// takes headers of some kilobytes.
async fn check(
    session: StaffSession,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let sealed = read(&session.app, &id).await?.sealed()?.ok_or(Error::Unavailable)?;
    let check_url = verifier_link(&sealed.jws).ok_or(Error::NotFound)?;
    record(&session, &method, (Disclosure::Receipt, &json!({"receipt_id": id}))).await?;
    session.show(&ReceiptCheckPage { receipt_url: format!("/console/receipts/{id}"), check_url })
}

/// `console/receipt_check.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ReceiptCheckPage {
    /// The page of the receipt.
    receipt_url: String,
    /// The page that checks it, with the receipt in the link.
    check_url: String,
}

impl Page for ReceiptCheckPage {
    const TEMPLATE: &'static str = "console/receipt_check.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            receipt_url: "/console/receipts/ID".to_owned(),
            check_url: verifier_link("JWS").unwrap_or_default(),
        }]
    }
}

async fn data(
    session: StaffSession,
    method: Method,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, &id).await?;
    let data = disclose(&mut tx, app.clock.now(), &person).await?;
    drop(tx);
    let text = data.to_file()?;
    let detail = json!({"subscriber_id": person.subscriber_id});
    record(&session, &method, (Disclosure::SubscriberData, &detail)).await?;
    answer("application/json", &format!("subscriber-{}.json", person.subscriber_id), text)
}

/// HEAD says what GET would send, and gives nothing away.
async fn record(
    session: &StaffSession,
    method: &Method,
    (what, detail): (Disclosure, &Value),
) -> Result<(), Error> {
    if *method == Method::HEAD {
        return Ok(());
    }
    audit_disclosure(&session.app, &session.actor(), what, detail).await
}

fn answer(kind: &'static str, name: &str, text: String) -> Result<Response, Error> {
    let kind = header::HeaderValue::from_static(kind);
    let name = format!("attachment; filename=\"{name}\"").parse().map_err(|_| Error::Internal)?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
