//! `/dev/mailbox`: the demo's mail, as its readers would see it. Exists only in the demo.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use mail_parser::{Message, MessageParser};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{App, Error};
use crate::mail::mailbox::Mailbox;

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
    let mails: Vec<Value> = names
        .iter()
        .rev()
        .take(SHOWN)
        .filter_map(|name| {
            let raw = read(&app, name).ok()?;
            Some(summary(name, &MessageParser::default().parse(&raw)?))
        })
        .collect();
    let context = json!({"site": *app.site, "mails": mails});
    Ok(Html(app.templates.render("dev/mailbox.html", context)?))
}

async fn show(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Error> {
    let raw = read(&app, &id)?;
    let message = MessageParser::default().parse(&raw).ok_or(Error::NotFound)?;
    let text = message.body_text(0).unwrap_or_default();
    let links: Vec<&str> = text.lines().map(str::trim).filter(|l| l.starts_with("http")).collect();
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(raw.len());
    let mut mail = summary(&id, &message);
    mail["from"] = address(message.from()).into();
    mail["text"] = text.as_ref().into();
    mail["links"] = links.into();
    mail["headers"] = String::from_utf8_lossy(&raw[..end]).into();
    mail["has_html"] = message.body_html(0).is_some().into();
    let page = app.templates.render("dev/mail.html", json!({"site": *app.site, "mail": mail}))?;
    Ok(([(header::CONTENT_SECURITY_POLICY, FRAME_POLICY)], Html(page)).into_response())
}

async fn html(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Error> {
    let raw = read(&app, &id)?;
    let message = MessageParser::default().parse(&raw).ok_or(Error::NotFound)?;
    let body = message.body_html(0).ok_or(Error::NotFound)?;
    let body = body.replace("<a ", "<a target=\"_blank\" ");
    let headers: [(HeaderName, &str); 1] = [(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)];
    Ok((headers, Html(body)).into_response())
}

fn summary(id: &str, message: &Message<'_>) -> Value {
    json!({
        "id": id,
        "to": address(message.to()),
        "subject": message.subject().unwrap_or_default(),
        "date": message.date().map(mail_parser::DateTime::to_rfc822).unwrap_or_default(),
    })
}

fn address(header: Option<&mail_parser::Address<'_>>) -> String {
    header
        .and_then(|header| header.first())
        .and_then(|one| one.address())
        .unwrap_or_default()
        .to_owned()
}
