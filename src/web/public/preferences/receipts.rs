//! `/preferences/{token}/receipts/{id}`: a consent receipt to print, and as a file that machines check.

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use assent_ledger::note::encode_hash;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::how_given::HowGiven;
use crate::domain::contacts::imported_contact::ImportedWords;
use crate::domain::ledger::verifier_page::verifier_link;
use crate::domain::signup::submitted_form::Method;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::receipt::{Place, Receipt, Sealed, read_receipt};
use crate::templates::page::Page;
use crate::web::headers::UNLISTED;
use crate::web::public::preferences::page::find;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/preferences/{token}/receipts/{id}", get(show))
}

/// The file stands under the receipt's own path with this ending.
const FILE: &str = ".jws";

async fn show(
    State(app): State<Arc<App>>,
    Path((token, id)): Path<(String, String)>,
) -> Result<Response, Error> {
    let event_id = id.strip_suffix(FILE).unwrap_or(&id).parse().map_err(|_| Error::NotFound)?;
    let mut tx = app.db.read().await?;
    let subscriber = find(&app, &mut tx, &token).await?;
    let found = read_receipt(&mut tx, event_id).await?;
    drop(tx);
    // Only their own: an id is no secret, and the link is not of somebody else.
    let found = found.filter(|found| found.subject_id() == subscriber.subscriber_id);
    let at = app.moment();
    let receipt = found.ok_or(Error::NotFound)?.issue(app.settings.at(&at), &app.links)?;
    if id.ends_with(FILE) {
        // Entered within seconds; a receipt without its proof would be none.
        file(&id, receipt.sealed()?.ok_or(Error::Unavailable)?)
    } else {
        page(&app, &token, &id, &receipt).map(IntoResponse::into_response)
    }
}

fn file(id: &str, sealed: Sealed) -> Result<Response, Error> {
    let name =
        format!("attachment; filename=\"receipt-{id}\"").parse().map_err(|_| Error::Internal)?;
    let kind = header::HeaderValue::from_static("application/jose");
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name), UNLISTED];
    Ok((headers, sealed.jws).into_response())
}

fn page(app: &App, token: &str, id: &str, receipt: &Receipt) -> Result<Html<String>, Error> {
    let Receipt { event, body, place } = receipt;
    let sealed = if let Place::Sealed(sealed) = place { Some(sealed) } else { None };
    let label = body["policy"]["label"].as_str();
    let how = HowGiven::read(body);
    let is_import = how.method.as_deref() == Some(Method::Import.as_str());
    let ledger = sealed.map(|sealed| {
        let head = sealed.head.checkpoint();
        LedgerPlace {
            index: sealed.index,
            size: head.size,
            root: encode_hash(&head.root),
            origin: head.origin.clone(),
            key: app.settings.ledger_keys.first().vkey().to_string(),
        }
    });
    let check_url = sealed.and_then(|sealed| verifier_link(&sealed.jws));
    let words = body["notice"]["text"].as_str();
    app.page(&ReceiptPage {
        token,
        id,
        event: ReceiptEvent {
            name: event.purpose.named(event.name.as_deref()),
            event_type: event.event_type,
            purpose: event.purpose.clone(),
            words,
            has_words: words.is_some_and(|words| !ImportedWords::are_unknown(words)),
            at: event.recorded_at,
            stated_at: body["requested_at"].as_str().filter(|_| is_import),
            policy_label: label,
            policy_url: label.map(|label| format!("/policies/privacy/{label}")),
            how,
            address: body["email"].as_str(),
            report: body["report"].as_str(),
        },
        file_url: ledger.as_ref().map(|_| format!("/preferences/{token}/receipts/{id}{FILE}")),
        check_url,
        ledger,
        is_damaged: matches!(place, Place::Damaged),
    })
}

/// `public/receipt.html`.
#[derive(Serialize)]
pub(in crate::web) struct ReceiptPage<'a> {
    token: &'a str,
    id: &'a str,
    event: ReceiptEvent<'a>,
    /// None while it waits for its place, and where the ledger is damaged.
    ledger: Option<LedgerPlace>,
    is_damaged: bool,
    file_url: Option<String>,
    /// The page that checks it, with the receipt in the link.
    check_url: Option<String>,
}

/// What happened, by its evidence.
#[derive(Clone, Serialize)]
struct ReceiptEvent<'a> {
    name: String,
    #[serde(rename = "type")]
    event_type: EventType,
    purpose: Purpose,
    words: Option<&'a str>,
    /// Whether these are words that were agreed to, and not what is on record in their place.
    has_words: bool,
    at: Timestamp,
    /// Consent that was brought in was given when its evidence says, and recorded later.
    stated_at: Option<&'a str>,
    policy_label: Option<&'a str>,
    policy_url: Option<String>,
    #[serde(flatten)]
    how: HowGiven,
    address: Option<&'a str>,
    report: Option<&'a str>,
}

/// Where it stands in the ledger, and under which head.
#[derive(Serialize)]
struct LedgerPlace {
    index: u64,
    size: u64,
    root: String,
    origin: String,
    key: String,
}

impl Page for ReceiptPage<'_> {
    const TEMPLATE: &'static str = "public/receipt.html";

    fn samples() -> Vec<Self> {
        let given = ReceiptEvent {
            name: "The weekly".to_owned(),
            event_type: EventType::Given,
            purpose: Purpose::newsletter(&Slug::sample()),
            words: Some("Send me the weekly."),
            has_words: true,
            at: Timestamp::SAMPLE,
            stated_at: None,
            policy_label: Some("2026-11"),
            policy_url: Some("/policies/privacy/2026-11".to_owned()),
            how: HowGiven::sample(),
            address: Some("reader@council.example"),
            report: Some("digital-councils"),
        };
        let withdrawn = ReceiptEvent {
            event_type: EventType::Withdrawn,
            words: None,
            has_words: false,
            policy_label: None,
            policy_url: None,
            how: HowGiven { method: Some("form".to_owned()), ..HowGiven::default() },
            report: None,
            ..given.clone()
        };
        let elsewhere =
            HowGiven::elsewhere_samples().map(|how| ReceiptEvent { how, ..given.clone() });
        let brought_in = ReceiptEvent {
            has_words: false,
            stated_at: Some("2026-11-23T09:00:00.000000Z"),
            policy_url: None,
            how: HowGiven {
                method: Some("import".to_owned()),
                source: Some("old-list.csv".to_owned()),
                ..HowGiven::default()
            },
            ..given.clone()
        };
        let page = |event, is_sealed: bool| Self {
            token: "TOKEN",
            id: "1",
            event,
            ledger: is_sealed.then(|| LedgerPlace {
                index: 4,
                size: 312,
                root: "R09PRCBST09U".to_owned(),
                origin: "reports.example.org".to_owned(),
                key: "reports.example.org+1234abcd+S0VZ".to_owned(),
            }),
            file_url: is_sealed.then(|| "/preferences/TOKEN/receipts/1.jws".to_owned()),
            check_url: is_sealed.then(|| verifier_link("JWS").unwrap_or_default()),
            is_damaged: false,
        };
        let damaged = Self { is_damaged: true, ..page(given.clone(), false) };
        let mut all =
            vec![page(given, true), page(withdrawn, false), page(brought_in, true), damaged];
        all.extend(elsewhere.map(|event| page(event, true)));
        all
    }
}
