//! `GET /it`: for IT departments, so that they can let our mail in before anybody misses it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde::Serialize;

use crate::mail::compose::TextFile;
use crate::mail::letters::AnyMail;
use crate::mail::letters::signup::{ConfirmMail, ReceiptMail};
use crate::mail::postmaster::{DkimNames, Postmaster, Sample, sample_headers};
use crate::templates::page::Page;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/it", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let (base_url, date) = (&app.links.base_url, app.clock.now());
    let leave = format!("{base_url}/unsubscribe/TOKEN");
    let promises = TextFile::promises(String::new());
    let headers = |mail: &dyn AnyMail, leave, attached| {
        let sample = Sample { mail, leave, date, attached };
        sample_headers(&app.templates, &app.sender, &app.site, sample).map_err(|error| {
            tracing::error!(error = ?error, "a sample mail could not be built");
            Error::Internal
        })
    };
    app.page(&ItPage {
        postmaster: Cow::Borrowed(&app.postmaster),
        base_url,
        limits: app.settings.mail_limit.words(),
        headers: SampleHeaders {
            confirm: headers(&ConfirmMail::sample(), None, None)?,
            receipt: headers(&ReceiptMail::sample(), Some(&leave), Some(&promises))?,
        },
    })
}

/// `public/it.html`.
#[derive(Serialize)]
pub(super) struct ItPage<'a> {
    postmaster: Cow<'a, Postmaster>,
    base_url: &'a str,
    /// How many confirmations one mailbox gets, such as `4 in a day`.
    limits: Vec<String>,
    headers: SampleHeaders,
}

/// The headers of sample mails.
#[derive(Serialize)]
struct SampleHeaders {
    confirm: String,
    receipt: String,
}

impl Page for ItPage<'_> {
    const TEMPLATE: &'static str = "public/it.html";

    fn samples() -> Vec<Self> {
        let page = |dkim, limits: &[&str]| Self {
            postmaster: Cow::Owned(Postmaster {
                from: "Example Press <reports@example.org>".to_owned(),
                from_domain: "example.org".to_owned(),
                return_path_domain: "bounces.example.org".to_owned(),
                message_id_domain: "reports.example.org".to_owned(),
                dkim,
            }),
            base_url: "https://reports.example.org",
            limits: limits.iter().map(|limit| (*limit).to_owned()).collect(),
            headers: SampleHeaders {
                confirm: "Subject: Your link".to_owned(),
                receipt: "Subject: Your receipt".to_owned(),
            },
        };
        let selectors = vec!["r2026".to_owned(), "e2026".to_owned()];
        let signed = DkimNames { domain: "example.org".to_owned(), selectors };
        vec![page(Some(signed), &["2 in 15 minutes", "4 in a day"]), page(None, &[])]
    }
}
