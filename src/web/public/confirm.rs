//! `/confirm/{token}`: what will be confirmed, and the one button that does it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::signup_form::policy_link;
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
            page(&app, &catalog, &token, &signup, &asked)
        }
        Standing::Confirmed => {
            let next = next(&app, &mut tx, &signup).await?;
            drop(tx);
            let context = json!({"site": *app.site, "report": title(&signup),
                                 "address": masked(&signup), "next": next});
            Ok(Html(app.templates.render("public/confirmed.html", context)?))
        }
        closed => Err(gone(closed, &token, &signup)),
    }
}

fn page(
    app: &App,
    catalog: &Catalog,
    token: &str,
    signup: &Signup,
    asked: &[Choice],
) -> Result<Html<String>, Error> {
    let words = |purpose: &Purpose| asked.iter().find(|choice| choice.purpose == *purpose);
    let newsletters: Vec<Value> = offers(catalog, signup, asked)
        .into_iter()
        .map(|Offer { newsletter, notice }| {
            let ticked = words(&notice.purpose);
            json!({"slug": newsletter.slug, "name": newsletter.name, "checked": ticked.is_some(),
                   "words": ticked.map_or(&notice.words, |choice| &choice.words)})
        })
        .collect();
    let policy = catalog.policy(&signup.policy_label).ok_or(Error::Internal)?;
    let consent = words(&Purpose::privacy_policy()).map(|choice| &choice.words);
    let context = json!({
        "site": *app.site,
        "token": token,
        "report": title(signup),
        "address": masked(signup),
        "consent": {"words": consent},
        "policy": policy_link(policy),
        "newsletters": newsletters,
        "valid_until": signup.expires_at.minute(),
    });
    Ok(Html(app.templates.render("public/confirm.html", context)?))
}

/// The newsletters that can be changed while confirming: those of the form, and those asked for.
fn offers<'a>(catalog: &'a Catalog, signup: &Signup, asked: &[Choice]) -> Vec<&'a Offer> {
    let form = signup.report_slug.as_ref().and_then(|slug| catalog.report(slug));
    let stands = |offer: &Offer| match form {
        Some(offered) => offered.offers.iter().any(|o| o.notice.purpose == offer.notice.purpose),
        None => true,
    };
    let ticked_before = |offer: &Offer| asked.iter().any(|c| c.purpose == offer.notice.purpose);
    catalog.newsletters.iter().filter(|offer| stands(offer) || ticked_before(offer)).collect()
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
    if standing(&signup, link, at.now) == Standing::Open {
        let asked = consent_events::list_choices(&mut tx, signup.signup_id).await?;
        let ticked = ticked(&offers(&catalog, &signup, &asked), &fields)?;
        match confirm(&mut tx, &at, &app.terms, &signup, ticked.as_deref()).await? {
            Confirmation::Confirmed => {
                tx.commit().await?;
                app.mail_waits.notify_one();
            }
            Confirmation::Overtaken => drop(tx),
        }
        tx = app.db.read().await?;
        (_, signup) = find(&app, &mut tx, &token).await?;
    }
    match standing(&signup, link, at.now) {
        Standing::Confirmed => {
            let to = [(header::LOCATION, next(&app, &mut tx, &signup).await?)];
            Ok((StatusCode::SEE_OTHER, to).into_response())
        }
        closed => Err(gone(closed, &token, &signup)),
    }
}

/// The boxes ticked on the page; `None` when there was no page, as with an empty body: then the
/// choices of the form stand.
fn ticked(offers: &[&Offer], fields: &Fields) -> Result<Option<Vec<Arc<Notice>>>, Error> {
    if fields.one("choices") != "shown" {
        return Ok(None);
    }
    let asked = fields.all("newsletter");
    let known = |slug: &&str| offers.iter().any(|o| o.newsletter.slug.as_str() == *slug);
    if !asked.iter().all(known) {
        return Err(Error::Malformed);
    }
    let chosen = offers.iter().filter(|o| asked.contains(&o.newsletter.slug.as_str()));
    Ok(Some(chosen.map(|offer| offer.notice.clone()).collect()))
}

async fn fresh(State(app): State<Arc<App>>, Path(token): Path<String>) -> Result<Response, Error> {
    let at = app.moment();
    let mut tx = app.db.write().await?;
    let (_, signup) = find(&app, &mut tx, &token).await?;
    if fresh_confirmation(&mut tx, &at, &app.terms, &signup).await? {
        tx.commit().await?;
        app.mail_waits.notify_one();
    }
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/check-your-inbox?word=fresh")])
        .into_response())
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
pub(super) fn gone(closed: Standing, token: &str, signup: &Signup) -> Error {
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
            format!("It worked until {}. We can send you a fresh one.", signup.expires_at.minute()),
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
        message: "It was not confirmed in time, so we deleted it. You can ask again.".to_owned(),
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
