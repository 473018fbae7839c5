//! `/complaints`: the form for a complaint about data protection (Data Protection Act 2018 s. 164A(2)). Whoever sends it is
//! told its reference at once, whatever is known of the address and whether or not anything can be mailed there.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{RequestChannel, RequestKind};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::request_text::RequestText;
use crate::domain::contacts::request_times::{acknowledge_by, kept_words};
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::receive_request::{Received, receive_complaint};
use crate::templates::page::Page;
use crate::web::http::fields::{FieldError, Fields};
use crate::web::visitor::Visitor;
use crate::web::{App, Error, origin};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/complaints", get(show).post(receive))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let blank = Fields::default();
    app.page(&page(&app, &blank, vec![]))
}

async fn receive(visitor: Visitor, fields: Fields) -> Result<Response, Error> {
    let Visitor { app, ip, headers, request_id, .. } = &visitor;
    origin::check(app, headers)?;
    if let Err(error) = app.network_limits.complaints.check(*ip) {
        return not_stored(app, &fields, error);
    }
    let (complaint, email) = match read(app, &fields) {
        Ok(read) => read,
        Err(errors) => {
            let page = app.page(&page(app, &fields, errors))?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let at = app.moment_of(request_id.clone());
    let received = Received {
        kind: RequestKind::Complaint,
        channel: RequestChannel::Form,
        name: complaint.name.as_ref(),
        email: Some(&email),
        words: Some(&complaint.words),
        received_at: at.now,
        form_id: complaint.form_id,
    };
    let case = app.settings.at(&at);
    let stored = app.db.run(|tx| Box::pin(receive_complaint(tx, case, (&received, &email)))).await;
    match stored {
        Ok(reference) => {
            let acknowledged_by = acknowledge_by(at.now, &app.settings.timezone);
            let page = ComplaintReceivedPage { reference, email, acknowledged_by };
            Ok(app.page(&page)?.into_response())
        }
        Err(error) => match Error::from(error) {
            error @ (Error::Away(_) | Error::Unavailable) => not_stored(app, &fields, error),
            error => Err(error),
        },
    }
}

/// The form with all that was typed, under the status of what kept it from being stored; sent again, it is the same form.
fn not_stored(app: &App, fields: &Fields, error: Error) -> Result<Response, Error> {
    let words = match &error {
        Error::TooMany(_) => {
            "Too many forms came from your network. What you wrote is still here: wait a little, then send it again."
        }
        _ => {
            "We could not store this just now. What you wrote is still here: wait a few seconds, then send it again."
        }
    };
    let Html(text) = app.page(&page(app, fields, vec![FieldError::new("form", words)]))?;
    let (mut head, _) = error.into_response().into_parts();
    // This is its page.
    head.extensions.remove::<Error>();
    let html = header::HeaderValue::from_static("text/html; charset=utf-8");
    head.headers.insert(header::CONTENT_TYPE, html);
    head.headers.remove(header::CONTENT_LENGTH);
    Ok(Response::from_parts(head, Body::from(text)))
}

const ONE_LINE: &str = "Use letters, numbers and punctuation only, on one line";

/// What was written on the form.
struct Complaint {
    name: Option<Line>,
    words: RequestText,
    form_id: Uuid,
}

/// Reads the form, or says what to do about each field.
fn read(app: &App, fields: &Fields) -> Result<(Complaint, EmailAddress), Vec<FieldError>> {
    let mut errors = Vec::new();
    for name in ["email", "name", "words"] {
        if fields.is_repeated(name) {
            errors.push(FieldError::new(name, "Fill in this field once"));
        }
    }
    let mut wrong = |field, message: String| {
        errors.push(FieldError::new(field, message));
    };
    let email = match EmailAddress::parse(fields.one("email")) {
        _ if fields.is_faulty("email") => {
            wrong("email", ONE_LINE.to_owned());
            None
        }
        _ if fields.one("email").trim().is_empty() => {
            wrong("email", "Enter the email address that we can answer to".to_owned());
            None
        }
        Ok(email) => Some(email),
        Err(error) => {
            wrong("email", error.to_string());
            None
        }
    };
    let name = match Line::parse(fields.one("name")) {
        Ok(name) if !fields.is_faulty("name") => name,
        read => {
            wrong("name", read.err().map_or(ONE_LINE.to_owned(), |error| error.to_string()));
            None
        }
    };
    let words = match RequestText::parse(fields.text("words")) {
        Ok(Some(words)) => Some(words),
        Ok(None) => {
            wrong("words", "Write what happened".to_owned());
            None
        }
        Err(error) => {
            wrong("words", error.to_string());
            None
        }
    };
    // Whoever sends none, or another's, sends a form of their own.
    let form_id = fields.one("form_id").parse().unwrap_or_else(|_| app.moment().new_id());
    match (email, words) {
        (Some(email), Some(words)) if errors.is_empty() => {
            Ok((Complaint { name, words, form_id }, email))
        }
        _ => Err(errors),
    }
}

fn page<'a>(app: &App, fields: &'a Fields, errors: Vec<FieldError>) -> ComplaintPage<'a> {
    let form_id = fields.one("form_id").parse().unwrap_or_else(|_| app.moment().new_id());
    ComplaintPage {
        form: ComplaintForm {
            form_id,
            email: fields.one("email"),
            name: fields.one("name"),
            words: fields.text("words"),
            errors,
        },
        kept: kept_words(app.settings.requests_retention),
    }
}

/// `public/complaint.html`.
#[derive(Serialize)]
pub(super) struct ComplaintPage<'a> {
    form: ComplaintForm<'a>,
    /// How long it is kept once it is closed.
    kept: String,
}

/// What the form holds.
#[derive(Serialize)]
struct ComplaintForm<'a> {
    /// Which form it is, so that one that is sent twice is told from two that say the same.
    form_id: Uuid,
    email: &'a str,
    name: &'a str,
    words: &'a str,
    errors: Vec<FieldError>,
}

impl Page for ComplaintPage<'_> {
    const TEMPLATE: &'static str = "public/complaint.html";

    fn samples() -> Vec<Self> {
        let page = |email, name, words, errors| {
            let form = ComplaintForm { form_id: Uuid::nil(), email, name, words, errors };
            ComplaintPage { form, kept: "3 years".to_owned() }
        };
        vec![
            page("", "", "", vec![]),
            page(
                "reader",
                "Ada",
                "You still write to me.",
                FieldError::samples(&["email", "name", "words", "form"]),
            ),
        ]
    }
}

/// `public/complaint_received.html`.
#[derive(Serialize)]
pub(super) struct ComplaintReceivedPage {
    reference: RequestReference,
    /// Where the answer goes, for whoever mistyped it.
    email: EmailAddress,
    /// Until when the law has it acknowledged.
    acknowledged_by: Timestamp,
}

impl Page for ComplaintReceivedPage {
    const TEMPLATE: &'static str = "public/complaint_received.html";

    fn samples() -> Vec<Self> {
        vec![Self {
            reference: RequestReference::sample(),
            email: EmailAddress::sample(),
            acknowledged_by: Timestamp::SAMPLE,
        }]
    }
}
