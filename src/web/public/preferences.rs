//! `/preferences/{token}`: what somebody agreed to, and every way to change it. Their link is the key; there
//! is no password to forget.

mod disclosure;
mod erase;
mod receipts;
mod save;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::signup_form::policy_link;
use crate::domain::imported_contact::ImportedWords;
use crate::domain::link::LinkKind;
use crate::domain::purpose::Purpose;
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::flows::withdraw::{Leaving, withdraw};
use crate::store::Tx;
use crate::store::consents::{self, Standing};
use crate::store::renewals;
use crate::store::subscribers::{self, Subscriber};
use crate::web::body::drain;
use crate::web::catalog::Catalog;
use crate::web::error::Gone;
use crate::web::fields::Fields;
use crate::web::{App, Error};

/// The page, as evidence names it.
const SOURCE: &str = "/preferences";
/// For how many seconds the page says what was just done, at the address that a press led to.
const SAID_FOR: i64 = 600;
const WITHDRAWN: &str =
    "You have withdrawn everything. We send you a receipt, and nothing after it.";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/preferences/{token}", get(show).post(save::save))
        .route("/preferences/{token}/withdraw-all", post(withdraw_all))
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
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let just_now = is_just_now(query.one("at"), app.clock.now());
    let word = match query.one("word") {
        "saved" if just_now => {
            Some("Your choices are saved. A receipt is on its way if they changed.")
        }
        "stands" if just_now => Some(
            "Your changes are saved. What you agree to had changed since you opened the page: it is \
             shown here as it stands now, and nothing was agreed to anew.",
        ),
        "withdrawn" => Some(WITHDRAWN),
        _ => None,
    };
    page(&app, &token, &Said { word, ..Said::default() }).await.map(Html)
}

/// What the page says besides what stands.
#[derive(Default)]
struct Said<'a> {
    word: Option<&'a str>,
    /// The field that is wrong, and what to do.
    error: Option<(&'a str, Cow<'a, str>)>,
    /// New ticks of a refused form, to be sent again.
    kept: Vec<Purpose>,
    /// The name as typed; the one on record when the form had none.
    name: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn wrong(field: &'a str, message: impl Into<Cow<'a, str>>) -> Self {
        Self { error: Some((field, message.into())), ..Self::default() }
    }

    fn typed(self, name: Option<&'a str>) -> Self {
        Self { name, ..self }
    }
}

/// The page of somebody's choices as they stand. It says which of their events it was filled from, so that a form
/// sent from an older page is known.
async fn page(app: &App, token: &str, said: &Said<'_>) -> Result<String, Error> {
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let subscriber = find(app, &mut tx, token).await?;
    let standing = consents::list(&mut tx, subscriber.subscriber_id).await?;
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let asked = renewals::list_asked(&mut tx, subscriber.subscriber_id, policy).await?;
    drop(tx);
    let until = renewals::open_until(&asked, app.clock.now());
    let renew_url = app.links.renew(subscriber.subscriber_id);
    let name = said.name.or(subscriber.name.as_deref()).unwrap_or_default();
    let any_in_force = standing.iter().any(|standing| standing.state.in_force());
    // An address that was kept, or opened again, says nothing that is over.
    let word = said.word.filter(|word| *word != WITHDRAWN || !any_in_force);
    let context = json!({
        "site": *app.site,
        "token": token,
        "word": word,
        "error": said.error.as_ref().map(|(field, message)| json!({"field": field, "message": message})),
        "address": subscriber.email,
        "name": name,
        // What is kept ticked here is not agreed to anew: its own page shows today's words for that.
        "renew": until.map(|until| json!({"until": until, "url": renew_url})),
        "policy": policy_link(policy),
        "seen": consents::reach(&standing),
        "purposes": rows(&catalog, token, &standing, &said.kept),
        "any_in_force": any_in_force,
        "without_policy": stands_without_policy(&standing),
    });
    Ok(app.templates.render("public/preferences.html", context)?)
}

/// Whether something is in force and the privacy policy is not: what was brought in from elsewhere stands by itself.
fn stands_without_policy(standing: &[Standing]) -> bool {
    let mut in_force = standing.iter().filter(|s| s.state.in_force()).peekable();
    in_force.peek().is_some() && in_force.all(|standing| !standing.purpose.is_privacy_policy())
}

/// What is on record in place of the words that somebody agreed to elsewhere, where nobody kept these.
pub(super) fn on_record(standing: &Standing) -> Option<&str> {
    let words = standing.words.as_str();
    ImportedWords::are_unknown(words).then_some(words)
}

/// A row for each purpose that can be agreed to, and for each that was.
fn rows(catalog: &Catalog, token: &str, standing: &[Standing], kept: &[Purpose]) -> Vec<Value> {
    let consent = catalog.consent.iter().map(|notice| ("Privacy policy", "", notice, None));
    let offers = catalog
        .all_offers()
        .map(|o| (o.name.as_str(), o.description.as_str(), &o.notice, o.shown_hash()));
    let mut rows: Vec<Value> = consent
        .chain(offers)
        .map(|(name, description, notice, hash)| {
            let mine = standing.iter().find(|standing| standing.purpose == notice.purpose);
            let shown = (name, description, notice.words.as_str(), hash);
            let mut row = row(token, &notice.purpose, shown, mine, kept);
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
        row(token, &standing.purpose, (name, "", &standing.words, None), Some(standing), kept)
    }));
    rows
}

fn row(
    token: &str,
    purpose: &Purpose,
    (name, description, words, hash): (&str, &str, &str, Option<&str>),
    mine: Option<&Standing>,
    kept: &[Purpose],
) -> Value {
    let in_force = mine.filter(|standing| standing.state.in_force());
    json!({
        "code": purpose,
        "name": name,
        "description": description,
        // Whoever agreed reads the words they agreed to.
        "words": in_force.map_or(words, |standing| &standing.words),
        "on_record": in_force.and_then(on_record),
        // Which words were shown, where they can be edited while the page is open.
        "notice": hash,
        "checked": in_force.is_some() || kept.contains(purpose),
        // Whether its box can be ticked anew.
        "offered": false,
        "state": mine.map(|standing| standing.state.as_str()),
        // What was brought in says itself since when it stands.
        "since": mine.map(|mine| in_force.map_or(mine.changed_at, |standing| standing.confirmed_at)),
        "policy_label": in_force.map(|standing| &standing.policy_label),
        "policy_url": in_force.map(|standing| format!("/policies/privacy/{}", standing.policy_label)),
        "receipt_url": mine.map(|s| format!("/preferences/{token}/receipts/{}", s.event_id)),
    })
}

async fn refused(app: &App, token: &str, said: &Said<'_>) -> Result<Response, Error> {
    let page = page(app, token, said).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page)).into_response())
}

async fn withdraw_all(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
    request: Request,
) -> Result<Response, Error> {
    drain(request).await?;
    let link = app.links.secrets.open(LinkKind::Manage, &token).ok_or(Error::NotFound)?;
    let at = app.moment_of(request_id);
    let mut tx = app.db.write().await?;
    withdraw(&mut tx, &at, &app.terms, link.id, &Leaving::All, SOURCE).await?;
    tx.commit().await?;
    find(&app, &mut app.db.read().await?, &token).await?;
    app.mail_waits.notify_one();
    Ok(back(&token, "withdrawn", at.now))
}

/// Leads to the page with a word on what was just done; a bookmark of that address says nothing of it later.
fn back(token: &str, word: &str, now: Timestamp) -> Response {
    let to = format!("/preferences/{token}?word={word}&at={}", seconds(now));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

fn is_just_now(said_at: &str, now: Timestamp) -> bool {
    let age = said_at.parse().map(|at: i64| seconds(now).saturating_sub(at));
    // Clocks of replicas may differ a little.
    age.is_ok_and(|age| (-60..=SAID_FOR).contains(&age))
}

fn seconds(at: Timestamp) -> i64 {
    at.micros() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_said_for_ten_minutes() {
        let now = Timestamp::parse("2026-11-23T09:00:00.9Z").unwrap();
        let at = |age: i64| (seconds(now) - age).to_string();
        for (said_at, just_now) in
            [(at(0), true), (at(600), true), (at(601), false), (at(-60), true), (at(-61), false)]
        {
            assert_eq!(is_just_now(&said_at, now), just_now, "{said_at}");
        }
        for hostile in
            ["", "x", "-9223372036854775808", "9223372036854775807", "99999999999999999999", "1 "]
        {
            assert!(!is_just_now(hostile, now), "{hostile}");
        }
    }
}
