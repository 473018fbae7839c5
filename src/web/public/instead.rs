//! `/check-your-inbox/instead`: what was asked for goes to the address that its reader meant, in place of the one that they
//! mistyped.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::post;

use super::check_your_inbox::{back, rests};
use crate::web::form::instead::{asks_for, offered, send_instead};
use crate::web::http::fields::Fields;
use crate::web::visitor::Visitor;
use crate::web::waiting::Waiting;
use crate::web::{App, Error, origin};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/check-your-inbox/instead", post(send))
}

/// Only what the page offers is done, and each form is sent elsewhere once.
async fn send(visitor: Visitor, fields: Fields) -> Result<Response, Error> {
    let Visitor { app, ip, headers, request_id, .. } = visitor;
    origin::check(&app, &headers)?;
    let Some(waiting) = Waiting::read(&app, &headers) else { return Ok(back("", None)) };
    let catalog = app.catalog.get().await?;
    let offered = offered(&app, &catalog, &waiting).filter(|email| asks_for(&fields, email));
    let Some(email) = offered else { return Ok(back("", None)) };
    if catalog.rests(waiting.report_slug().as_ref()) {
        return Ok(rests());
    }
    app.network_limits.signups.check(ip)?;
    let waiting = send_instead(&app, &app.moment_of(request_id), &waiting, email).await?;
    Ok(back("?word=instead", waiting.header(&app)))
}
