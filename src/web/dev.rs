//! `/dev/mailbox`: the demo's mail, as its readers would see it. Exists only in the demo.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use mail_parser::{Message, MessageParser};
use serde::Serialize;
use uuid::Uuid;

use super::{App, Error};
use crate::mail::mailbox::Mailbox;
use crate::templates::page::Page;

/// How many mails the page names.
const SHOWN: usize = 100;

/// The mail's own frame: its inline styles, no script; links open a page of their own.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                           base-uri 'none'; frame-ancestors 'self'; \
                           sandbox allow-popups allow-popups-to-escape-sandbox";
const FRAME_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                            frame-src 'self'; form-action 'self'; base-uri 'none'; \
                            frame-ancestors 'none'";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dev/mailbox", get(index))
        .route("/dev/mailbox/{id}", get(show))
        .route("/dev/mailbox/{id}/html", get(html))
}

fn mailbox(app: &App) -> Result<&Mailbox, Error> {
    app.dev_mailbox.as_ref().ok_or(Error::NotFound)
}

fn read(app: &App, id: &str) -> Result<Vec<u8>, Error> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    mailbox(app)?.read(id).map_err(|_| Error::NotFound)
}

async fn index(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let names = mailbox(&app)?.names().map_err(|_| Error::Unavailable)?;
    let mails = names
        .iter()
        .rev()
        .take(SHOWN)
        .filter_map(|name| {
            let raw = read(&app, name).ok()?;
            Some(MailSummary::new(name, &MessageParser::default().parse(&raw)?))
        })
        .collect();
    app.page(&MailboxPage { mails })
}

async fn show(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Error> {
    let raw = read(&app, &id)?;
    let message = MessageParser::default().parse(&raw).ok_or(Error::NotFound)?;
    let text = message.body_text(0).unwrap_or_default();
    let links = text.lines().map(str::trim).filter(|line| line.starts_with("http"));
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(raw.len());
    let mail = ShownMail {
        summary: MailSummary::new(&id, &message),
        from: address(message.from()),
        links: links.collect(),
        text: &text,
        headers: String::from_utf8_lossy(&raw[..end]),
        has_html: message.body_html(0).is_some(),
    };
    let page = app.page(&MailPage { mail })?;
    Ok(([(header::CONTENT_SECURITY_POLICY, FRAME_POLICY)], page).into_response())
}

async fn html(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Error> {
    let raw = read(&app, &id)?;
    let message = MessageParser::default().parse(&raw).ok_or(Error::NotFound)?;
    let body = message.body_html(0).ok_or(Error::NotFound)?;
    let body = body.replace("<a ", "<a target=\"_blank\" ");
    let headers: [(HeaderName, &str); 1] = [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)];
    Ok((headers, Html(body)).into_response())
}

/// `dev/mailbox.html`.
#[derive(Serialize)]
pub(super) struct MailboxPage {
    mails: Vec<MailSummary>,
}

impl Page for MailboxPage {
    const TEMPLATE: &'static str = "dev/mailbox.html";

    fn samples() -> Vec<Self> {
        vec![Self { mails: vec![MailSummary::sample()] }, Self { mails: vec![] }]
    }
}

/// `dev/mail.html`.
#[derive(Serialize)]
pub(super) struct MailPage<'a> {
    mail: ShownMail<'a>,
}

/// One mail, with all that there is of it.
#[derive(Serialize)]
struct ShownMail<'a> {
    #[serde(flatten)]
    summary: MailSummary,
    from: String,
    text: &'a str,
    links: Vec<&'a str>,
    headers: Cow<'a, str>,
    has_html: bool,
}

impl Page for MailPage<'_> {
    const TEMPLATE: &'static str = "dev/mail.html";

    fn samples() -> Vec<Self> {
        let page = |links, has_html| Self {
            mail: ShownMail {
                summary: MailSummary::sample(),
                from: "reports@example.org".to_owned(),
                text: "Open this link.",
                links,
                headers: "Subject: Your link".into(),
                has_html,
            },
        };
        vec![page(vec!["https://reports.example.org"], true), page(vec![], false)]
    }
}

/// A mail in the list.
#[derive(Serialize)]
struct MailSummary {
    id: String,
    to: String,
    subject: String,
    date: String,
}

impl MailSummary {
    fn new(id: &str, message: &Message<'_>) -> Self {
        Self {
            id: id.to_owned(),
            to: address(message.to()),
            subject: message.subject().unwrap_or_default().to_owned(),
            date: message.date().map(mail_parser::DateTime::to_rfc822).unwrap_or_default(),
        }
    }

    fn sample() -> Self {
        Self {
            id: "1".to_owned(),
            to: "reader@council.example".to_owned(),
            subject: "Your link".to_owned(),
            date: "Mon, 23 Nov 2026 09:00:00 +0000".to_owned(),
        }
    }
}

fn address(header: Option<&mail_parser::Address<'_>>) -> String {
    header
        .and_then(|header| header.first())
        .and_then(|one| one.address())
        .unwrap_or_default()
        .to_owned()
}
