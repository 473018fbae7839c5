//! `/preferences/{token}/erase`: everything held goes (GDPR Art. 17).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;

use crate::domain::signup::link::LinkKind;
use crate::domain::signup::submitted_form::Method;
use crate::flows::contacts::erase::{Erasing, erase_subscriber};
use crate::templates::page::Page;
use crate::web::http::fields::Fields;
use crate::web::public::nothing_held::erased;
use crate::web::public::preferences::page::{SOURCE, Said, refused};
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/preferences/{token}/erase", post(press))
}

async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let link = app.links.secrets.open(LinkKind::Manage, &token).ok_or(Error::NotFound)?;
    if fields.all("confirm") != ["yes"] {
        let message = "Tick the box to say that we should erase your details";
        return refused(&app, &token, &Said::wrong("confirm", message)).await;
    }
    let at = app.moment();
    let how = Erasing { at: &at, method: Method::Form, source: SOURCE, actor: None };
    let held = app.db.run(|tx| Box::pin(erase_subscriber(tx, &app.settings, link.id, how))).await?;
    if !held {
        return Err(erased());
    }
    Ok(app.page(&ErasedPage {})?.into_response())
}

/// `public/erased.html`.
#[derive(Serialize)]
pub(in crate::web) struct ErasedPage {}

impl Page for ErasedPage {
    const TEMPLATE: &'static str = "public/erased.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
