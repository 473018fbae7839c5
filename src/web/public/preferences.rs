//! `/preferences/{token}`: what somebody agreed to, and every way to change it. Their link is the key; there
//! is no password to forget.

mod agreed;
pub(super) mod disclosure;
pub(super) mod erase;
mod form_copy;
mod page;
pub(super) mod receipts;
mod save;
pub(super) mod shown;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{Html, Response};
use axum::routing::{get, post};

use crate::domain::request_id::RequestId;
use crate::domain::signup::link::LinkKind;
use crate::flows::By;
use crate::flows::consent::withdraw::{Leave, Leaving, withdraw};
use crate::web::http::body::drain;
use crate::web::http::fields::Fields;
use crate::web::public::preferences::page::{
    SOURCE, Said, WITHDRAWN, back, find, is_just_now, page,
};
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/preferences/{token}", get(show).post(save::save))
        .route("/preferences/{token}/withdraw-all", post(withdraw_all))
        .merge(erase::router())
        .merge(disclosure::router())
        .merge(form_copy::router())
        .merge(receipts::router())
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
    page(&app, &token, &Said { word, ..Said::default() }).await
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
    let leave = Leave { subscriber_id: link.id, leaving: &Leaving::All };
    let (case, by) = (app.settings.at(&at), By::form(SOURCE));
    app.db.run(|tx| Box::pin(withdraw(tx, case, leave, by))).await?;
    find(&app, &mut app.db.read().await?, &token).await?;
    Ok(back(&token, "withdrawn", at.now))
}
