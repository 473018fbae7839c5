//! `GET /thank-you`: where a confirmed newsletter signup leads. It holds no key, so what is agreed to is said in the
//! browser that has just confirmed alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;
use axum::routing::get;
use serde::Serialize;

use super::downloads::page::AgreedWords;
use crate::store::consent::consents;
use crate::templates::page::Page;
use crate::web::cookie::JustConfirmed;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/thank-you", get(show))
}

async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Html<String>, Error> {
    let subscriber_id = JustConfirmed::read(&app, &headers);
    let standing = match subscriber_id {
        Some(id) => consents::list(&mut app.db.read().await?, id).await?,
        None => vec![],
    };
    let subscriber_id = subscriber_id.filter(|_| !standing.is_empty());
    app.page(&ThankYouPage {
        agreed: AgreedWords::from_consents(&standing),
        manage_url: subscriber_id.map(|id| JustConfirmed::manage_path(&app, id)),
    })
}

/// `public/thank_you.html`.
#[derive(Serialize)]
pub(super) struct ThankYouPage<'a> {
    agreed: AgreedWords<'a>,
    /// Where its owner changes their choices; none in another browser than the one that just confirmed.
    manage_url: Option<String>,
}

impl Page for ThankYouPage<'_> {
    const TEMPLATE: &'static str = "public/thank_you.html";

    fn samples() -> Vec<Self> {
        let manage_url = Some("/preferences/TOKEN".to_owned());
        vec![
            Self { agreed: AgreedWords::default(), manage_url: None },
            Self { agreed: AgreedWords::sample(), manage_url },
        ]
    }
}
