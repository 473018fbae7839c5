//! `/confirm/{token}`: what will be confirmed, and the one button that does it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::check_your_inbox;
use super::signup_form::{changed_words, policy_link};
use crate::domain::email_address::EmailAddress;
use crate::domain::link::{Link, LinkKind};
use crate::domain::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::flows::confirm::{Confirmation, Standing, confirm, standing};
use crate::flows::send_fresh_link::fresh_confirmation;
use crate::store::consent_events::{self, Choice};
use crate::store::notices::Notice;
use crate::store::signups::{self, Signup};
use crate::store::{Tx, download_grants};
use crate::web::catalog::{Catalog, Offer};
use crate::web::cookie::JustConfirmed;
use crate::web::error::{Fresh, Gone};
use crate::web::fields::Fields;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/confirm/{token}", get(show).post(press))
        .route("/confirm/{token}/fresh", post(fresh))
}

/// The signup behind a confirmation token: 404 for a token that is not ours, 410 once it was purged.
pub(super) async fn find(app: &App, tx: &mut Tx, token: &str) -> Result<(Link, Signup), Error> {
    let link = app.links.secrets.open(LinkKind::Confirm, token).ok_or(Error::NotFound)?;
    let signup = signups::find(tx, link.id).await?.ok_or_else(forgotten)?;
    Ok((link, signup))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let (link, signup) = find(&app, &mut tx, &token).await?;
    match standing(&signup, link, app.clock.now()) {
        Standing::Open => {
            let asked = consent_events::list_choices(&mut tx, signup.signup_id).await?;
            drop(tx);
            let shown = Shown { token: &token, signup: &signup, asked: &asked, refused: None };
            page(&app, &catalog, &shown)
        }
        Standing::Confirmed => {
            let next = next(&app, &mut tx, &signup).await?;
            drop(tx);
            let context = json!({"site": *app.site, "report": title(&signup),
                                 "address": masked(&signup), "next": next});
            Ok(Html(app.templates.render("public/confirmed.html", context)?))
        }
        closed => Err(gone(&app, closed, &token, &signup)),
    }
}

/// What the page shows besides what is on offer.
struct Shown<'a> {
    token: &'a str,
    signup: &'a Signup,
    /// What was ticked on the form.
    asked: &'a [Choice],
    /// What was sent from the page and refused, and what to do: the field and the words.
    refused: Option<(&'a Fields, &'static str, String)>,
}

fn page(app: &App, catalog: &Catalog, shown: &Shown<'_>) -> Result<Html<String>, Error> {
    let Shown { token, signup, asked, refused } = shown;
    let choice = |purpose: &Purpose| asked.iter().find(|choice| choice.purpose == *purpose);
    let offers = offers(catalog, signup, asked);
    let boxes = |field: &str| -> Vec<Value> {
        let offers = offers.iter().filter(|offer| offer.field() == field);
        offers
            .map(|offer| {
                let choice = choice(&offer.purpose);
                let ticked = |(fields, ..): &(&Fields, _, _)| {
                    offer.is_ticked(fields) && !is_changed(offer, asked, fields)
                };
                let checked = refused.as_ref().map_or(choice.is_some(), ticked);
                json!({"value": offer.value(), "name": offer.name, "checked": checked,
                       "words": choice.map_or(&offer.notice.words, |choice| &choice.words),
                       "notice": offer.shown_hash().map(|hash| choice.map_or(hash, |c| &c.sha256))})
            })
            .collect()
    };
    let policy = catalog.policy(&signup.policy_label).ok_or(Error::Internal)?;
    let consent = choice(&Purpose::privacy_policy()).map(|choice| &choice.words);
    let error = |(_, field, words): &(_, &str, String)| json!({"field": field, "message": words});
    let context = json!({
        "site": *app.site,
        "token": token,
        "report": title(signup),
        "address": masked(signup),
        "consent": {"words": consent},
        "policy": policy_link(policy),
        "newsletters": boxes("newsletter"),
        "purposes": boxes("purpose"),
        "form": {"errors": refused.iter().map(error).collect::<Vec<Value>>()},
        "valid_until": signup.expires_at,
    });
    Ok(Html(app.templates.render("public/confirm.html", context)?))
}

/// The boxes that can be changed while confirming: those of the form, and those ticked there.
fn offers<'a>(catalog: &'a Catalog, signup: &Signup, asked: &[Choice]) -> Vec<&'a Offer> {
    let form = signup.report_slug.as_ref().and_then(|slug| catalog.report(slug));
    let stands = |offer: &Offer| match form {
        Some(offered) => offered.offers.iter().any(|o| o.purpose == offer.purpose),
        None => catalog.newsletters.iter().any(|o| o.purpose == offer.purpose),
    };
    let ticked_before = |offer: &Offer| asked.iter().any(|c| c.purpose == offer.purpose);
    let all = catalog.all_offers().chain(&catalog.set_aside);
    all.filter(|offer| stands(offer) || ticked_before(offer)).collect()
}

/// What to do about a box that was ticked on this page alone and has gone from it since: the field to look at,
/// and the words.
fn gone_box(
    catalog: &Catalog,
    offers: &[&Offer],
    fields: &Fields,
) -> Option<(&'static str, String)> {
    let stands = |offer: &Offer| offers.iter().any(|shown| shown.purpose == offer.purpose);
    let mut all = catalog.all_offers().chain(&catalog.set_aside);
    let gone = all.find(|offer| offer.is_ticked(fields) && !stands(offer))?;
    let left = offers.iter().any(|shown| shown.field() == gone.field());
    let field = if left { gone.field() } else { "form" };
    let name = &gone.name;
    Some((field, format!("“{name}” is not offered any more: see what is left, then confirm")))
}

/// Whether a box that was ticked on this page alone has other words by now. One that was ticked on the
/// form keeps the words of the form.
fn is_changed(offer: &Offer, asked: &[Choice], fields: &Fields) -> bool {
    let new = asked.iter().all(|choice| choice.purpose != offer.purpose);
    new && offer.is_ticked(fields) && offer.has_changed_since(fields)
}

async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let at = app.moment();
    let mut tx = app.db.write().await?;
    let (link, mut signup) = find(&app, &mut tx, &token).await?;
    let mut just_now = false;
    if standing(&signup, link, at.now) == Standing::Open {
        let asked = consent_events::list_choices(&mut tx, signup.signup_id).await?;
        let offers = offers(&catalog, &signup, &asked);
        let mut changed = offers.iter().filter(|offer| is_changed(offer, &asked, &fields));
        let changed = changed.next().map(|offer| (offer.field(), changed_words(offer)));
        let unread = gone_box(&catalog, &offers, &fields).or(changed);
        if was_shown(&fields)
            && let Some((field, words)) = unread
        {
            drop(tx);
            let refused = Some((&fields, field, words));
            let shown = Shown { token: &token, signup: &signup, asked: &asked, refused };
            let page = page(&app, &catalog, &shown)?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        let ticked = ticked(&offers, &fields)?;
        let confirmed = confirm(&mut tx, &at, &app.terms, &signup, ticked.as_deref()).await?;
        match confirmed {
            Confirmation::Confirmed => {
                tx.commit().await?;
                app.mail_waits.notify_one();
            }
            Confirmation::Overtaken => drop(tx),
        }
        tx = app.db.read().await?;
        (_, signup) = find(&app, &mut tx, &token).await?;
        just_now = confirmed == Confirmation::Confirmed;
    }
    match standing(&signup, link, at.now) {
        Standing::Confirmed => lead_on(&app, &mut tx, &signup, just_now).await,
        closed => Err(gone(&app, closed, &token, &signup)),
    }
}

/// Whether the page was there, and with it its boxes.
fn was_shown(fields: &Fields) -> bool {
    fields.one("choices") == "shown"
}

/// The boxes ticked on the page; `None` when there was no page, as with an empty body: then the
/// choices of the form stand.
fn ticked(offers: &[&Offer], fields: &Fields) -> Result<Option<Vec<Arc<Notice>>>, Error> {
    if !was_shown(fields) {
        return Ok(None);
    }
    for field in ["newsletter", "purpose"] {
        let known = |value: &&str| offers.iter().any(|o| o.field() == field && o.value() == *value);
        if !fields.all(field).iter().all(known) {
            return Err(Error::Malformed);
        }
    }
    let ticked = offers.iter().filter(|offer| offer.is_ticked(fields));
    Ok(Some(ticked.map(|offer| offer.notice.clone()).collect()))
}

async fn fresh(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let at = app.moment();
    let mut tx = app.db.write().await?;
    let (_, signup) = find(&app, &mut tx, &token).await?;
    if catalog.rests(signup.report_slug.as_ref()) {
        return Ok(check_your_inbox::rests());
    }
    if fresh_confirmation(&mut tx, &at, &app.terms, &signup).await? {
        tx.commit().await?;
        app.mail_waits.notify_one();
    }
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/check-your-inbox?word=fresh")])
        .into_response())
}

/// Leads on from a confirmed signup; the browser that has just confirmed it is known by a cookie.
pub(super) async fn lead_on(
    app: &App,
    tx: &mut Tx,
    signup: &Signup,
    just_now: bool,
) -> Result<Response, Error> {
    let to = [(header::LOCATION, next(app, tx, signup).await?)];
    let mut response = (StatusCode::SEE_OTHER, to).into_response();
    let subscriber_id = signup.subscriber_id.filter(|_| just_now);
    if let Some(cookie) = subscriber_id.and_then(|id| JustConfirmed::header(app, id)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Where a confirmed signup leads on to.
async fn next(app: &App, tx: &mut Tx, signup: &Signup) -> Result<String, Error> {
    let grant = download_grants::find(tx, signup.signup_id).await?;
    Ok(grant.map_or_else(
        || "/thank-you".to_owned(),
        |grant| {
            let link = Link { id: grant.download_grant_id, generation: grant.generation };
            format!("/downloads/{}", app.links.secrets.token(LinkKind::Download, link))
        },
    ))
}

/// The page for a link that opens nothing any more.
pub(super) fn gone(app: &App, closed: Standing, token: &str, signup: &Signup) -> Error {
    let (title, message, renews) = match closed {
        Standing::Superseded => (
            "A newer link was sent",
            "Open the newest message from us and use the link in it.".to_owned(),
            true,
        ),
        Standing::Cancelled => (
            "This request was cancelled",
            "The owner of the address told us that it was not them, so nothing follows from it."
                .to_owned(),
            false,
        ),
        Standing::Expired | Standing::Open | Standing::Confirmed => (
            "This link has expired",
            format!(
                "It worked until {}. We can send you a fresh one.",
                app.site.timezone.minute(signup.expires_at)
            ),
            true,
        ),
    };
    let fresh = renews.then(|| Fresh {
        action: format!("/confirm/{token}/fresh"),
        button: "Email me a fresh link".to_owned(),
    });
    Gone { title: title.to_owned(), message, fresh, start_again: None }.into()
}

fn forgotten() -> Error {
    Gone {
        title: "This request is no longer here".to_owned(),
        message: "It was not confirmed in time, or its owner had us delete it. You can ask again."
            .to_owned(),
        fresh: None,
        start_again: Some("/".to_owned()),
    }
    .into()
}

/// The report's title, as templates take it.
pub(super) fn title(signup: &Signup) -> Value {
    signup.report_title.as_ref().map_or(Value::Null, |title| json!({"title": title}))
}

/// The address as a page that may be forwarded shows it.
pub(super) fn masked(signup: &Signup) -> String {
    EmailAddress::parse(&signup.email).map(|address| address.masked()).unwrap_or_default()
}

/// Whether the signup behind a link still waits for its button, or could be made to.
pub(super) fn is_waiting(signup: &Signup, link: Link, now: Timestamp) -> bool {
    matches!(standing(signup, link, now), Standing::Open | Standing::Expired | Standing::Superseded)
}
