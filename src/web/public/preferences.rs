//! `/preferences/{token}`: what somebody agreed to, and every way to change it. Their link is the key; there
//! is no password to forget.

mod ask;
mod disclosure;
mod erase;
mod receipts;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::signup_form::policy_link;
use crate::domain::link::LinkKind;
use crate::domain::purpose::Purpose;
use crate::domain::text::Line;
use crate::flows::choose::{Choices, Chosen, choose};
use crate::flows::withdraw::{Leaving, withdraw};
use crate::store::Tx;
use crate::store::consents::{self, Standing};
use crate::store::notices::Notice;
use crate::store::renewals;
use crate::store::subscribers::{self, Subscriber};
use crate::web::body::drain;
use crate::web::catalog::Catalog;
use crate::web::error::Gone;
use crate::web::fields::Fields;
use crate::web::{App, Error};

/// The page, as evidence names it.
const SOURCE: &str = "/preferences";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/preferences/{token}", get(show).post(save))
        .route("/preferences/{token}/withdraw-all", post(withdraw_all))
        .merge(ask::router())
        .merge(erase::router())
        .merge(disclosure::router())
        .merge(receipts::router())
}

/// Whose page it is: 404 for a token that is not ours, 410 once they were erased.
async fn find(app: &App, tx: &mut Tx, token: &str) -> Result<Subscriber, Error> {
    let link = app.links.secrets.open(LinkKind::Manage, token).ok_or(Error::NotFound)?;
    subscribers::find(tx, link.id).await?.ok_or_else(erased)
}

/// The page of a link to somebody who is not here any more.
pub(super) fn erased() -> Error {
    Gone {
        title: "We hold nothing under this link".to_owned(),
        message: "What we held was deleted. You can sign up again at any time.".to_owned(),
        fresh: None,
        start_again: Some("/".to_owned()),
    }
    .into()
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Html<String>, Error> {
    let word = match query.as_deref() {
        Some("word=saved") => {
            Some("Your choices are saved. A receipt is on its way if they changed.")
        }
        Some("word=withdrawn") => {
            Some("You have withdrawn everything. We send you a receipt, and nothing after it.")
        }
        _ => None,
    };
    page(&app, &token, None, &Said { word, error: None }).await.map(Html)
}

/// What stands above the page's forms.
struct Said<'a> {
    word: Option<&'a str>,
    error: Option<(&'a str, String)>,
}

/// A form that was sent and refused.
#[derive(Clone, Copy, Default)]
struct Sent<'a> {
    ticked: &'a [Purpose],
    /// Whose words have changed since the page was opened.
    unread: &'a [Purpose],
    /// The name as typed; the one on record when the form had none.
    name: Option<&'a str>,
}

/// The page of somebody's choices; with `sent`, as it was refused.
async fn page(
    app: &App,
    token: &str,
    sent: Option<Sent<'_>>,
    said: &Said<'_>,
) -> Result<String, Error> {
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let subscriber = find(app, &mut tx, token).await?;
    let standing = consents::list(&mut tx, subscriber.subscriber_id).await?;
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let asked = renewals::list_asked(&mut tx, subscriber.subscriber_id, policy).await?;
    drop(tx);
    let until = renewals::open_until(&asked, app.clock.now());
    let renew_url = app.links.renew(subscriber.subscriber_id);
    let name = sent.and_then(|sent| sent.name).or(subscriber.name.as_deref()).unwrap_or_default();
    let context = json!({
        "site": *app.site,
        "token": token,
        "word": said.word,
        "error": said.error.as_ref().map(|(field, message)| json!({"field": field, "message": message})),
        "address": subscriber.email,
        "name": name,
        // What is kept ticked here is not agreed to anew: its own page shows today's words for that.
        "renew": until.map(|until| json!({"until": until.minute(), "url": renew_url})),
        "policy": policy_link(policy),
        "purposes": rows(&catalog, token, &standing, sent),
        "any_in_force": standing.iter().any(|standing| standing.state.in_force()),
    });
    Ok(app.templates.render("public/preferences.html", context)?)
}

/// A row for each purpose that can be agreed to, and for each that was.
fn rows(
    catalog: &Catalog,
    token: &str,
    standing: &[Standing],
    sent: Option<Sent<'_>>,
) -> Vec<Value> {
    let consent = catalog.consent.iter().map(|notice| ("Privacy policy", "", notice, None));
    let offers = catalog
        .all_offers()
        .map(|o| (o.name.as_str(), o.description.as_str(), &o.notice, o.shown_hash()));
    let mut rows: Vec<Value> = consent
        .chain(offers)
        .map(|(name, description, notice, hash)| {
            let mine = standing.iter().find(|standing| standing.purpose == notice.purpose);
            let shown = (name, description, notice.words.as_str(), hash);
            let mut row = row(token, &notice.purpose, shown, mine, sent);
            row["offered"] = json!(true);
            row
        })
        .collect();
    let offered = |purpose: &Purpose| {
        (purpose.is_privacy_policy() && catalog.consent.is_some())
            || catalog.all_offers().any(|offer| offer.purpose == *purpose)
    };
    // What is offered no more can still be left, and its receipt is still there.
    rows.extend(standing.iter().filter(|standing| !offered(&standing.purpose)).map(|standing| {
        let name = standing.name.as_deref().unwrap_or(standing.purpose.as_str());
        row(token, &standing.purpose, (name, "", &standing.words, None), Some(standing), sent)
    }));
    rows
}

fn row(
    token: &str,
    purpose: &Purpose,
    (name, description, words, hash): (&str, &str, &str, Option<&str>),
    mine: Option<&Standing>,
    sent: Option<Sent<'_>>,
) -> Value {
    let in_force = mine.filter(|standing| standing.state.in_force());
    // What was not read is not taken for ticked, unless it was agreed to before.
    let checked = sent.map_or(in_force.is_some(), |sent| {
        sent.ticked.contains(purpose) && (in_force.is_some() || !sent.unread.contains(purpose))
    });
    json!({
        "code": purpose,
        "name": name,
        "description": description,
        // Whoever agreed reads the words they agreed to.
        "words": in_force.map_or(words, |standing| &standing.words),
        // Which words were shown, where they can be edited while the page is open.
        "notice": hash,
        "checked": checked,
        // Whether its box can be ticked anew.
        "offered": false,
        "state": mine.map(|standing| standing.state.as_str()),
        "since": mine.map(|standing| standing.changed_at.day()),
        "policy_label": in_force.map(|standing| &standing.policy_label),
        "policy_url": in_force.map(|standing| format!("/policies/privacy/{}", standing.policy_label)),
        "receipt_url": mine.map(|s| format!("/preferences/{token}/receipts/{}", s.event_id)),
    })
}

async fn save(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let link = app.links.secrets.open(LinkKind::Manage, &token).ok_or(Error::NotFound)?;
    let catalog = app.catalog.get().await?;
    // Leaving works even while nothing can be offered.
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let typed = fields.all("name").first().copied();
    let (ticked, name) = match parse(&fields) {
        Ok(parsed) => parsed,
        Err((ticked, field, message)) => {
            let sent = Sent { ticked: &ticked, unread: &[], name: typed };
            return refused(&app, &token, sent, (field, message)).await;
        }
    };
    let notices: Vec<Arc<Notice>> = catalog
        .consent
        .iter()
        .cloned()
        .chain(
            catalog
                .all_offers()
                .filter(|offer| !offer.has_changed_since(&fields))
                .map(|offer| offer.notice.clone()),
        )
        .collect();
    let shown = fields.one("policy");
    let policy_was_shown = shown.is_empty() || shown == policy.label.as_str();
    let (ticked_now, source) = (ticked.as_slice(), SOURCE);
    let choices =
        Choices { ticked: ticked_now, notices: &notices, policy, policy_was_shown, name, source };
    let sent = Sent { ticked: &ticked, unread: &[], name: typed };
    let mut tx = app.db.write().await?;
    match choose(&mut tx, &app.moment(), &app.terms, link.id, &choices).await? {
        Chosen::Stored => tx.commit().await?,
        Chosen::Gone => return Err(erased()),
        Chosen::OldPolicy => {
            drop(tx);
            let label = &policy.label;
            let message =
                format!("Our privacy policy has changed: read version {label}, then choose again");
            return refused(&app, &token, sent, ("policy", message)).await;
        }
        Chosen::NotShown => {
            drop(tx);
            let changed = catalog.all_offers().filter(|offer| offer.has_changed_since(&fields));
            let mut unread: Vec<Purpose> = changed.map(|offer| offer.purpose.clone()).collect();
            let message = if unread.is_empty() {
                "Something you ticked is not offered any more: see what is left, then choose again"
            } else {
                "Some words on this page have changed: read them, then choose again"
            };
            let offered = |code: &Purpose| catalog.all_offers().any(|o| o.purpose == *code);
            let gone = ticked.iter().filter(|code| !code.is_privacy_policy() && !offered(code));
            unread.extend(gone.cloned());
            return refused(
                &app,
                &token,
                Sent { unread: &unread, ..sent },
                ("purpose", message.to_owned()),
            )
            .await;
        }
        Chosen::NeedsPrivacyPolicy => {
            drop(tx);
            let message = "Tick the privacy policy too: without it we may not hold your address";
            return refused(&app, &token, sent, ("purpose", message.to_owned())).await;
        }
    }
    app.mail_waits.notify_one();
    Ok(back(&token, "saved"))
}

type Parsed = (Vec<Purpose>, Option<Option<Line>>);

/// Reads the form; else what was ticked, and the field that is wrong, with what to do.
fn parse(fields: &Fields) -> Result<Parsed, (Vec<Purpose>, &'static str, String)> {
    let codes = fields.all("purpose");
    let ticked: Vec<Purpose> = codes.iter().filter_map(|code| code.parse().ok()).collect();
    let wrong = |field, message: &str| Err((ticked.clone(), field, message.to_owned()));
    if ["name", "policy"].iter().any(|name| fields.is_repeated(name)) || fields.is_faulty("purpose")
    {
        return wrong("purpose", "Send each answer once: open the page again");
    }
    if ticked.len() != codes.len() {
        return wrong("purpose", "Choose from what is shown here");
    }
    if fields.is_faulty("name") {
        return wrong("name", "Use letters, numbers and punctuation only, on one line");
    }
    let name = match fields.all("name").first() {
        None => None,
        Some(name) => match Line::parse(name) {
            Ok(name) => Some(name),
            Err(error) => return Err((ticked, "name", error.to_string())),
        },
    };
    Ok((ticked, name))
}

async fn refused(
    app: &App,
    token: &str,
    sent: Sent<'_>,
    error: (&str, String),
) -> Result<Response, Error> {
    let said = Said { word: None, error: Some(error) };
    let page = page(app, token, Some(sent), &said).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

async fn withdraw_all(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    drain(request).await?;
    let at = app.moment();
    let mut tx = app.db.write().await?;
    let subscriber_id = find(&app, &mut tx, &token).await?.subscriber_id;
    withdraw(&mut tx, &at, &app.terms, subscriber_id, &Leaving::All, SOURCE).await?;
    tx.commit().await?;
    app.mail_waits.notify_one();
    Ok(back(&token, "withdrawn"))
}

fn back(token: &str, word: &str) -> Response {
    let to = [(header::LOCATION, format!("/preferences/{token}?word={word}"))];
    (StatusCode::SEE_OTHER, to).into_response()
}
