//! `/console/webhooks`: which programs are told what happens.

mod acts;
mod naming;
mod one;
mod one_page;
mod secret;

use axum::response::Response;
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use naming::{PATH, host, path_of, state};
pub(in crate::web::console) use one_page::WebhookPage;
pub(in crate::web::console) use secret::WebhookSecretPage;

use crate::domain::staff::right::Right;
use crate::domain::staff::webhook::{EventTypes, WebhookEvent};
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::staff::add_webhook::{AskedWebhook, add_webhook};
use crate::outgoing_http::{AllowedHosts, read_public_address};
use crate::store::staff::webhook_deliveries;
use crate::store::staff::webhook_endpoints;
use crate::templates::page::Page;
use crate::web::choice::Choice;
use crate::web::console::form::{Faults, fault, needed, once};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

const RIGHT: Right = Right::ManageWebhooks;

/// The longest address that is taken, in bytes.
const LONGEST_URL: usize = 2000;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get(PATH, RIGHT, show),
        Route::post(PATH, RIGHT, add),
        Route::get("/console/webhooks/{id}", RIGHT, one::show),
        Route::post("/console/webhooks/{id}/test", RIGHT, acts::try_it_out),
        Route::post("/console/webhooks/{id}/replay", RIGHT, acts::replay),
        Route::post("/console/webhooks/{id}/replay-all", RIGHT, acts::replay_undelivered),
        Route::post("/console/webhooks/{id}/rotate", RIGHT, acts::rotate),
        Route::post("/console/webhooks/{id}/off", RIGHT, acts::off),
        Route::post("/console/webhooks/{id}/on", RIGHT, acts::on),
        Route::post("/console/webhooks/{id}/delete", RIGHT, acts::delete),
    ]
}

fn types() -> Vec<Choice<'static>> {
    let option = |event: WebhookEvent| {
        let title = match event {
            WebhookEvent::SignupConfirmed => "Somebody confirmed a form",
            WebhookEvent::ConsentGiven => "Somebody agreed, or agreed again",
            WebhookEvent::ConsentWithdrawn => "Somebody left",
            WebhookEvent::ConsentLapsed => "A consent ran out",
            WebhookEvent::SubscriberErased => "Somebody was erased",
            WebhookEvent::ReportDownloaded => "Somebody fetched a report",
            WebhookEvent::MailBounced => "A mail came back, or its reader complained",
            WebhookEvent::ImportFinished => "A file was imported",
            WebhookEvent::Test => "A try",
        };
        let hint = match event {
            WebhookEvent::SubscriberErased => {
                "subscriber.erased: always told along with signups, consents and downloads, so that nobody goes on mailing them"
            }
            _ => event.as_str(),
        };
        Choice { value: event.as_str(), title, hint: Some(hint) }
    };
    WebhookEvent::ALL.into_iter().map(option).collect()
}

async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let word =
        (asked.one("word") == "deleted").then_some("The webhook is deleted: it is told nothing.");
    let none = Fields::default();
    let page = page(&session.app, &none).await?;
    session.show(&WebhooksPage { word, ..page })
}

async fn page<'a>(app: &'a App, sent: &'a Fields) -> Result<WebhooksPage<'a>, Error> {
    let mut tx = app.db.read().await?;
    let endpoints = webhook_endpoints::list(&mut tx).await?;
    let waiting = webhook_deliveries::count_waiting(&mut tx).await?;
    drop(tx);
    let rows = endpoints.into_iter().map(|endpoint| {
        let id = endpoint.webhook_endpoint_id;
        Row {
            path: path_of(id),
            host: host(&endpoint.url),
            types: endpoint.event_types.words().map(ToOwned::to_owned).collect(),
            state: state(&endpoint),
            waiting: waiting.iter().find(|(of, _)| *of == id).map_or(0, |(_, count)| *count),
            created_at: endpoint.created_at,
            description: endpoint.description,
        }
    });
    Ok(WebhooksPage {
        word: None,
        form_id: app.moment().new_id(),
        webhooks: rows.collect(),
        types: types(),
        sent: Sent {
            url: sent.one("url"),
            description: sent.one("description"),
            types: sent.all("types"),
        },
        errors: vec![],
    })
}

async fn add(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let read = match read(&fields, &app.webhook_hosts) {
        Ok(read) => read,
        Err(errors) => {
            let page = page(app, &fields).await?;
            return session.refuse(&WebhooksPage { errors, ..page });
        }
    };
    let act = session.act();
    let asked = AskedWebhook {
        url: &read.url,
        description: &read.description,
        event_types: &read.types,
        form_id: read.form_id,
    };
    let added = app.db.run(|tx| Box::pin(add_webhook(tx, &act, &app.settings, asked))).await?;
    // The only page that ever shows it; loaded again, it shows none.
    session.show(&WebhookSecretPage {
        description: read.description.as_str(),
        path: added.as_ref().map_or_else(|| PATH.to_owned(), |a| path_of(a.webhook_endpoint_id)),
        secret: added.map(|added| added.secret.text()),
        before_until: None,
    })
}

/// What is asked for by a form, and which one that is.
struct Read {
    url: Url,
    description: Line,
    types: EventTypes,
    form_id: Uuid,
}

fn read(fields: &Fields, allowed: &AllowedHosts) -> Result<Read, Faults> {
    let mut faults = Faults::new();
    once(fields, &["url"], &mut faults);
    let text = fields.one("url");
    let url = if text.len() > LONGEST_URL || fields.is_faulty("url") {
        Err(format!("Use at most {LONGEST_URL} letters, digits and signs of an address"))
    } else {
        read_public_address(text, allowed).map_err(|error| error.to_string())
    };
    let url = url.map_err(|why| {
        if faults.is_empty() {
            faults.push(fault("url", why));
        }
    });
    let description = needed(fields, "description", "Say what program it is", &mut faults);
    let words = fields.all("types");
    let chosen: Vec<WebhookEvent> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let is_offered = chosen.iter().all(|event| WebhookEvent::ALL.contains(event));
    let types = EventTypes::new(&chosen).filter(|_| chosen.len() == words.len() && is_offered);
    if types.is_none() {
        faults.push(fault("types", "Choose what it is told of"));
    }
    let form_id = fields.one("form_id").parse().ok();
    if form_id.is_none() {
        faults.push(fault("form", "Load this page again, and fill in its form"));
    }
    match (url, description, types, form_id) {
        (Ok(url), Some(description), Some(types), Some(form_id)) if faults.is_empty() => {
            Ok(Read { url, description, types, form_id })
        }
        _ => Err(faults),
    }
}

/// `console/webhooks.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct WebhooksPage<'a> {
    word: Option<&'static str>,
    /// What this page's form adds its one webhook by.
    form_id: Uuid,
    webhooks: Vec<Row>,
    types: Vec<Choice<'static>>,
    sent: Sent<'a>,
    errors: Faults,
}

/// One in the list.
#[derive(Clone, Serialize)]
struct Row {
    path: String,
    description: String,
    host: String,
    types: Vec<String>,
    state: &'static str,
    /// How many events it did not take yet.
    waiting: i64,
    created_at: Timestamp,
}

/// What the form holds.
#[derive(Serialize)]
struct Sent<'a> {
    url: &'a str,
    description: &'a str,
    types: Vec<&'a str>,
}

impl Page for WebhooksPage<'_> {
    const TEMPLATE: &'static str = "console/webhooks.html";

    fn samples() -> Vec<Self> {
        let on = Row {
            path: "/console/webhooks/ID".to_owned(),
            description: "The CRM of marketing".to_owned(),
            host: "crm.example.org".to_owned(),
            types: vec!["consent.given".to_owned(), "consent.withdrawn".to_owned()],
            state: "on",
            waiting: 0,
            created_at: Timestamp::SAMPLE,
        };
        let failing = Row { state: "failing", waiting: 3, ..on.clone() };
        let off = Row { state: "off", ..failing.clone() };
        let page = |webhooks, errors| WebhooksPage {
            word: None,
            form_id: Uuid::nil(),
            webhooks,
            types: types(),
            sent: Sent { url: "http://crm", description: "", types: vec!["consent.given"] },
            errors,
        };
        let words =
            [("url", "Write https://"), ("types", "Choose what it is told of"), ("form", "Again")];
        vec![
            page(vec![], words.map(|(field, words)| fault(field, words)).to_vec()),
            WebhooksPage {
                word: Some("The webhook is deleted."),
                ..page(vec![on, failing, off], vec![])
            },
        ]
    }
}
