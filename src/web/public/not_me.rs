//! `/confirm/{token}/not-me`: for the owner of an address that somebody else typed.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;
use serde::Serialize;

use crate::domain::signup::submitted_form::SignupStatus;
use crate::flows::signup::confirm::LinkState;
use crate::flows::signup::not_me::not_me;
use crate::templates::page::Page;
use crate::web::error::Gone;
use crate::web::public::confirm::{find, gone};
use crate::web::public::unconfirmed_form::{AskedReport, MASKED_SAMPLE, is_waiting, masked};
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/confirm/{token}/not-me", get(show).post(press))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let mut tx = app.db.read().await?;
    let (link, signup) = find(&app, &mut tx, &token).await?;
    drop(tx);
    if !is_waiting(&signup, link, app.clock.now()) {
        return Err(settled(&app, signup.status, &token, &signup));
    }
    let (report, address) = (AskedReport::from_signup(&signup), masked(&signup));
    app.page(&NotMePage { token: &token, report, address })
}

/// `public/not_me.html`.
#[derive(Serialize)]
pub(super) struct NotMePage<'a> {
    token: &'a str,
    report: Option<AskedReport<'a>>,
    address: String,
}

impl Page for NotMePage<'_> {
    const TEMPLATE: &'static str = "public/not_me.html";

    fn samples() -> Vec<Self> {
        let address = MASKED_SAMPLE.to_owned();
        vec![
            Self { token: "TOKEN", report: Some(AskedReport::sample()), address: address.clone() },
            Self { token: "TOKEN", report: None, address },
        ]
    }
}

/// Pressing again gives the same.
async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let now = app.clock.now();
    let cancelled = app.db.run(|tx| {
        Box::pin(async {
            let (_, signup) = find(&app, tx, &token).await?;
            let cancelled = not_me(tx, now, &signup).await?;
            Ok::<_, Error>((signup, cancelled))
        })
    });
    let (signup, cancelled) = cancelled.await?;
    if !cancelled && signup.status != SignupStatus::Cancelled {
        return Err(settled(&app, signup.status, &token, &signup));
    }
    app.page(&NotMeDonePage {})
}

/// `public/not_me_done.html`.
#[derive(Serialize)]
pub(super) struct NotMeDonePage {}

impl Page for NotMeDonePage {
    const TEMPLATE: &'static str = "public/not_me_done.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

fn settled(
    app: &App,
    status: SignupStatus,
    token: &str,
    signup: &crate::store::signup::signups::Signup,
) -> Error {
    match status {
        SignupStatus::Confirmed => Gone {
            title: "This request was confirmed".to_owned(),
            message:
                "Somebody who reads this mailbox pressed the button. If that was not you, write \
                      to us and we will undo it."
                    .to_owned(),
            fresh: None,
            start_again: None,
        }
        .into(),
        _ => gone(app, LinkState::Cancelled, token, signup),
    }
}
