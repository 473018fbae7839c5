//! `/console/exports/consented`: contacts straight to the browser.

use axum::body::Body;
use axum::http::Method;
use axum::response::{IntoResponse, Response};

use crate::domain::sentence::sentence;
use crate::store::contacts::exportable;
use crate::web::Error;
use crate::web::console::contacts::exports::wish::{asker, page, read};
use crate::web::console::form::fault;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff_session::StaffSession;
use crate::web::export::{NotSent, headers, send};

pub(super) async fn download(
    session: StaffSession,
    method: Method,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let ask = match read(&mut tx, &session, &fields).await? {
        Ok(ask) => ask,
        Err(errors) => return page(&session, &mut tx, &fields, Err(errors)).await,
    };
    // HEAD says what GET would send, and exports nothing.
    if method == Method::HEAD {
        return Ok((headers(app, &ask), Body::empty()).into_response());
    }
    let most = app.settings.streamed_most;
    let count = exportable::count(&mut tx, app.clock.now(), &ask.filter, most + 1).await?;
    drop(tx);
    let refused = async |words: &str| {
        let tx = &mut app.db.read().await?;
        page(&session, tx, &fields, Err(vec![fault("form", words)])).await
    };
    if count > most {
        return refused(
            "These are too many to send while you wait: have the file made in the background",
        )
        .await;
    }
    match send(app, asker(&session), ask).await {
        Ok(response) => Ok(response),
        Err(NotSent::Busy) => {
            refused("Other exports are under way. Try again when one of them has finished").await
        }
        Err(NotSent::Refused(refusal)) => refused(&sentence(&refusal)).await,
        Err(NotSent::Failed(error)) => Err(error),
    }
}
