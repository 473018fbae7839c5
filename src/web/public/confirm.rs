//! `/confirm/{token}`: what will be confirmed, and the one button that does it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use uuid::Uuid;

use super::check_your_inbox;
use super::open_signup::{OpenSignup, Refused, ShownChoices};
use super::unconfirmed_form::{AskedReport, MASKED_SAMPLE, masked};
use crate::domain::consent::address_confirmation::ConfirmedBy;
use crate::domain::request_id::RequestId;
use crate::domain::signup::link::{Link, LinkKind};
use crate::domain::timestamp::Timestamp;
use crate::flows::signup::confirm::{Confirmation, LinkState, Press, confirm, link_state};
use crate::flows::signup::send_fresh_link::fresh_confirmation;
use crate::store::Tx;
use crate::store::signup::download_grants;
use crate::store::signup::signups::{self, Signup};
use crate::templates::page::Page;
use crate::web::cookie::JustConfirmed;
use crate::web::error::{Fresh, Gone};
use crate::web::http::fields::{FieldError, Fields};
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
    match link_state(&signup, link, app.clock.now()) {
        LinkState::Open => {
            let open = OpenSignup::read((&mut tx, &app.settings), &catalog, &signup).await?;
            drop(tx);
            page(&app, &token, (&signup, &open), None)
        }
        LinkState::Confirmed => {
            let next = next(&app, &mut tx, signup.signup_id).await?;
            drop(tx);
            let (report, address) = (AskedReport::from_signup(&signup), masked(&signup));
            app.page(&ConfirmedPage { report, address, next })
        }
        closed => Err(gone(&app, closed, &token, &signup)),
    }
}

fn page(
    app: &App,
    token: &str,
    (signup, open): (&Signup, &OpenSignup<'_>),
    refused: Option<&Refused<'_>>,
) -> Result<Html<String>, Error> {
    app.page(&ConfirmPage {
        token,
        address: masked(signup),
        choices: open.shown(refused)?,
        form: ConfirmForm { errors: Refused::errors(refused) },
        valid_until: signup.expires_at,
    })
}

/// `public/confirm.html`.
#[derive(Serialize)]
pub(super) struct ConfirmPage<'a> {
    token: &'a str,
    address: String,
    #[serde(flatten)]
    choices: ShownChoices<'a>,
    form: ConfirmForm,
    valid_until: Timestamp,
}

#[derive(Serialize)]
struct ConfirmForm {
    errors: Vec<FieldError>,
}

impl Page for ConfirmPage<'_> {
    const TEMPLATE: &'static str = "public/confirm.html";

    fn samples() -> Vec<Self> {
        let page = |choices, errors| Self {
            token: "TOKEN",
            address: MASKED_SAMPLE.to_owned(),
            choices,
            form: ConfirmForm { errors },
            valid_until: Timestamp::SAMPLE,
        };
        let (refused, errors) = ShownChoices::refused_sample();
        vec![page(ShownChoices::sample(), vec![]), page(refused, errors)]
    }
}

/// `public/confirmed.html`.
#[derive(Serialize)]
pub(super) struct ConfirmedPage<'a> {
    report: Option<AskedReport<'a>>,
    address: String,
    /// Where it leads on to.
    next: String,
}

impl Page for ConfirmedPage<'_> {
    const TEMPLATE: &'static str = "public/confirmed.html";

    fn samples() -> Vec<Self> {
        let page = |report, next: &str| Self {
            report,
            address: MASKED_SAMPLE.to_owned(),
            next: next.to_owned(),
        };
        vec![page(Some(AskedReport::sample()), "/downloads/TOKEN"), page(None, "/thank-you")]
    }
}

async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
    fields: Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let at = app.moment_of(request_id);
    let mut tx = app.db.read().await?;
    let (link, mut signup) = find(&app, &mut tx, &token).await?;
    if link_state(&signup, link, at.now) == LinkState::Open {
        let open = OpenSignup::read((&mut tx, &app.settings), &catalog, &signup).await?;
        drop(tx);
        let sent = match open.read_page(&fields)? {
            Ok(sent) => sent,
            Err(refused) => return refuse(&app, &token, (&signup, &open), &refused),
        };
        let press = sent.as_ref().map_or(Press::Link, |page| Press::Page(page, ConfirmedBy::Link));
        // What was read decides nothing: the use case looks again at all that may have changed.
        let confirmed =
            app.db.run(|tx| Box::pin(confirm(tx, app.settings.at(&at), &signup, press))).await?;
        tx = app.db.read().await?;
        match confirmed {
            Confirmation::Confirmed { subscriber_id } => {
                return lead_on(&app, &mut tx, signup.signup_id, Some(subscriber_id)).await;
            }
            Confirmation::OldPage => {
                let open = OpenSignup::read((&mut tx, &app.settings), &catalog, &signup).await?;
                drop(tx);
                let refused = open.refuse_old_page(&fields)?;
                return refuse(&app, &token, (&signup, &open), &refused);
            }
            Confirmation::Overtaken => (_, signup) = find(&app, &mut tx, &token).await?,
        }
    }
    match link_state(&signup, link, at.now) {
        LinkState::Confirmed => lead_on(&app, &mut tx, signup.signup_id, None).await,
        closed => Err(gone(&app, closed, &token, &signup)),
    }
}

fn refuse(
    app: &App,
    token: &str,
    shown: (&Signup, &OpenSignup<'_>),
    refused: &Refused<'_>,
) -> Result<Response, Error> {
    let page = page(app, token, shown, Some(refused))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn fresh(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let at = app.moment_of(request_id);
    let rests = app.db.run(|tx| {
        Box::pin(async {
            let (_, signup) = find(&app, tx, &token).await?;
            let rests = catalog.rests(signup.report_slug.as_ref());
            if !rests {
                fresh_confirmation(tx, &at, &app.settings, &signup).await?;
            }
            Ok::<_, Error>(rests)
        })
    });
    if rests.await? {
        return Ok(check_your_inbox::rests());
    }
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/check-your-inbox?word=fresh")])
        .into_response())
}

/// Leads on from a confirmed signup; the browser in which its owner has just confirmed it is known by a cookie.
pub(super) async fn lead_on(
    app: &App,
    tx: &mut Tx,
    signup_id: Uuid,
    just_now: Option<Uuid>,
) -> Result<Response, Error> {
    let to = [(header::LOCATION, next(app, tx, signup_id).await?)];
    let mut response = (StatusCode::SEE_OTHER, to).into_response();
    if let Some(cookie) = just_now.and_then(|id| JustConfirmed::header(app, id)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Where a confirmed signup leads on to.
async fn next(app: &App, tx: &mut Tx, signup_id: Uuid) -> Result<String, Error> {
    let grant = download_grants::find(tx, signup_id).await?;
    Ok(grant.map_or_else(
        || "/thank-you".to_owned(),
        |grant| {
            let link = Link { id: grant.download_grant_id, generation: grant.generation };
            format!("/downloads/{}", app.links.secrets.token(LinkKind::Download, link))
        },
    ))
}

/// The page for a link that opens nothing any more.
pub(super) fn gone(app: &App, closed: LinkState, token: &str, signup: &Signup) -> Error {
    let (title, message, renews) = match closed {
        LinkState::Superseded => (
            "A newer link was sent",
            "Open the newest message from us and use the link in it.".to_owned(),
            true,
        ),
        LinkState::Cancelled => (
            "This request was cancelled",
            "The owner of the address told us that it was not them, or whoever sent it gave another address \
             instead. Nothing follows from it."
                .to_owned(),
            false,
        ),
        LinkState::Expired | LinkState::Open | LinkState::Confirmed => (
            "This link has expired",
            format!(
                "It worked until {}. We can send you a fresh one.",
                app.site.timezone.until(signup.expires_at)
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
