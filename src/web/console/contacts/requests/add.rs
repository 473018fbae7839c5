//! `/console/requests/new`: what somebody asked for by letter, by telephone or in another way is entered.

use std::borrow::Cow;

use axum::response::Response;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{RequestChannel, RequestKind};
use crate::domain::contacts::request_text::RequestText;
use crate::domain::contacts::request_times::received_on;
use crate::domain::day::Day;
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::receive_request::{Received, enter_request};
use crate::templates::page::Page;
use crate::web::choice::{Choice, SelectOption};
use crate::web::console::contacts::requests::labels::{about, channel, title};
use crate::web::console::contacts::requests::naming::back;
use crate::web::console::form::{Faults, fault, line, once};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(super) async fn ask(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let none = Fields::default();
    let page = page(app, &none, vec![]);
    let today = app.site.timezone.day_of(app.clock.now()).to_string();
    session.show(&RequestNewPage { received: today.into(), ..page })
}

fn page<'a>(app: &App, sent: &'a Fields, errors: Faults) -> RequestNewPage<'a> {
    RequestNewPage {
        form_id: sent.one("form_id").parse().unwrap_or_else(|_| app.moment().new_id()),
        kinds: kinds(),
        channels: channels(),
        kind: sent.one("kind"),
        channel: sent.one("channel"),
        received: sent.one("received").into(),
        name: sent.one("name"),
        email: sent.one("email"),
        words: sent.text("words"),
        errors,
    }
}

fn kinds() -> Vec<Choice<'static>> {
    let choice = |kind: RequestKind| Choice {
        value: kind.as_str(),
        title: title(kind),
        hint: Some(about(kind)),
    };
    RequestKind::ALL.into_iter().map(choice).collect()
}

fn channels() -> Vec<SelectOption<'static>> {
    let option = |one: RequestChannel| SelectOption::new(one.as_str(), channel(one));
    RequestChannel::OF_STAFF.into_iter().map(option).collect()
}

pub(super) async fn add(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let read = match read(&fields, app, app.clock.now()) {
        Ok(read) => read,
        Err(errors) => return session.refuse(&page(app, &fields, errors)),
    };
    let act = session.act();
    let received = Received {
        kind: read.kind,
        channel: read.channel,
        name: read.name.as_ref(),
        email: read.email.as_ref(),
        words: read.words.as_ref(),
        received_at: read.received_at,
        form_id: read.form_id,
    };
    let entered =
        app.db.run(|tx| Box::pin(enter_request(tx, &act, &app.settings, &received))).await?;
    Ok(back(entered.ok_or(Error::Internal)?, "entered"))
}

/// What was entered.
struct Entered {
    kind: RequestKind,
    channel: RequestChannel,
    name: Option<Line>,
    email: Option<EmailAddress>,
    words: Option<RequestText>,
    received_at: Timestamp,
    form_id: Uuid,
}

fn read(fields: &Fields, app: &App, now: Timestamp) -> Result<Entered, Faults> {
    let mut faults = Faults::new();
    once(fields, &["kind", "channel", "received", "email", "words"], &mut faults);
    let kind: Option<RequestKind> = fields.one("kind").parse().ok();
    if kind.is_none() {
        faults.push(fault("kind", "Choose what they want"));
    }
    let channel: Option<RequestChannel> = fields.one("channel").parse().ok();
    let channel = channel.filter(|one| RequestChannel::OF_STAFF.contains(one));
    if channel.is_none() {
        faults.push(fault("channel", "Choose how it reached us"));
    }
    let received_at = match fields.one("received").trim().parse::<Day>() {
        Ok(day) => received_on(day, now, &app.site.timezone)
            .ok_or_else(|| fault("received", "Write a day that has come: it counts from then")),
        Err(error) => Err(fault("received", error)),
    };
    let received_at = received_at.map_err(|wrong| faults.push(wrong));
    let name = line(fields, "name", &mut faults);
    let typed = fields.one("email").trim();
    let email = match EmailAddress::parse(typed) {
        _ if fields.is_faulty("email") => {
            faults.push(fault("email", "Use letters, numbers and punctuation only, on one line"));
            None
        }
        _ if typed.is_empty() => None,
        Ok(email) => Some(email),
        Err(error) => {
            faults.push(fault("email", error));
            None
        }
    };
    let words = RequestText::parse(fields.text("words")).unwrap_or_else(|error| {
        faults.push(fault("words", error));
        None
    });
    // Somebody must be there to be answered, or something to look into.
    if faults.is_empty() && name.is_none() && email.is_none() && words.is_none() {
        faults.push(fault("words", "Write whose request it is, or what they said"));
    }
    let form_id = fields.one("form_id").parse().ok();
    if form_id.is_none() {
        faults.push(fault("form", "Load this page again, and fill in its form"));
    }
    match (kind, channel, received_at, form_id) {
        (Some(kind), Some(channel), Ok(received_at), Some(form_id)) if faults.is_empty() => {
            Ok(Entered { kind, channel, name, email, words, received_at, form_id })
        }
        _ => Err(faults),
    }
}

/// `console/request_new.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct RequestNewPage<'a> {
    /// What this page's form enters its one request by.
    form_id: Uuid,
    kinds: Vec<Choice<'static>>,
    channels: Vec<SelectOption<'static>>,
    kind: &'a str,
    channel: &'a str,
    received: Cow<'a, str>,
    name: &'a str,
    email: &'a str,
    words: &'a str,
    errors: Faults,
}

impl Page for RequestNewPage<'_> {
    const TEMPLATE: &'static str = "console/request_new.html";

    fn samples() -> Vec<Self> {
        let page = |kind, received: &'static str, errors| RequestNewPage {
            form_id: Uuid::nil(),
            kinds: kinds(),
            channels: channels(),
            kind,
            channel: "letter",
            received: received.into(),
            name: "Ada Hughes",
            email: "",
            words: "She wants to know where we have her address from.",
            errors,
        };
        let fields = ["kind", "channel", "received", "name", "email", "words", "form"];
        let errors = fields.map(|field| fault(field, "do this instead")).into();
        vec![page("access", "2026-11-23", vec![]), page("", "yesterday", errors)]
    }
}
