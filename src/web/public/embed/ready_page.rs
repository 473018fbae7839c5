//! The last step, in the frame: what was asked for is confirmed, and a report can be fetched.

use axum::response::Html;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::report::readable_size;
use crate::domain::signup::link::{Link, LinkKind};
use crate::domain::timestamp::Timestamp;
use crate::store::consent::events;
use crate::store::signup::download_grants;
use crate::templates::page::Page;
use crate::web::form::frame::Frame;
use crate::web::public::return_link::ReturnLink;
use crate::web::{App, Error};

/// The page of a signup that is confirmed. Not the choices of the address's owner, for somebody may have guessed the code.
pub(super) async fn page(app: &App, frame: &Frame, signup_id: Uuid) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let grant = download_grants::find(&mut tx, signup_id).await?;
    let confirmed = events::list_confirmed(&mut tx, signup_id).await?;
    drop(tx);
    let report = grant.as_ref().map(|grant| {
        let link = Link { id: grant.download_grant_id, generation: grant.generation };
        ReadyReport {
            token: app.links.secrets.token(LinkKind::Download, link),
            title: &grant.report_title,
            format: grant.media_type.format,
            size: readable_size(grant.byte_size),
            until: grant.expires_at,
            return_to: ReturnLink::of_report(app, &catalog, &grant.report_slug),
        }
    });
    let subscribed =
        confirmed.iter().any(|confirmed| confirmed.purpose.newsletter_slug().is_some());
    app.page(&EmbedReadyPage { frame: frame.clone(), report, subscribed })
}

/// `public/embed_ready.html`.
#[derive(Serialize)]
pub(in crate::web) struct EmbedReadyPage<'a> {
    frame: Frame,
    report: Option<ReadyReport<'a>>,
    /// Whether a newsletter is among what was confirmed.
    subscribed: bool,
}

/// The report, to be fetched.
#[derive(Clone, Serialize)]
struct ReadyReport<'a> {
    token: String,
    title: &'a str,
    format: &'static str,
    size: String,
    until: Timestamp,
    /// Where its reader can go on.
    return_to: Option<ReturnLink<'a>>,
}

impl Page for EmbedReadyPage<'_> {
    const TEMPLATE: &'static str = "public/embed_ready.html";

    fn samples() -> Vec<Self> {
        let [told, untold] = Frame::samples();
        let report = Some(ReadyReport {
            token: "TOKEN".to_owned(),
            title: "Digital councils: where they stand",
            format: "PDF",
            size: "1.2 MB".to_owned(),
            until: Timestamp::SAMPLE,
            return_to: Some(ReturnLink::sample()),
        });
        vec![
            Self { frame: told.clone(), report: report.clone(), subscribed: true },
            Self {
                frame: untold,
                report: report.map(|report| ReadyReport { return_to: None, ..report }),
                subscribed: false,
            },
            Self { frame: told, report: None, subscribed: true },
        ]
    }
}
