//! The newsletters and the operator's own purposes, with who agreed to each.

use axum::response::Response;
use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::timestamp::Timestamp;
use crate::store;
use crate::store::catalog::newsletters::{self, Newsletter};
use crate::store::catalog::purposes::OwnPurpose;
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::console::catalog::newsletters::offering::{Count, Offers, count};
use crate::web::console::catalog::newsletters::page::path;
use crate::web::console::catalog::newsletters::purposes;
use crate::web::console::staff_session::StaffSession;

pub(super) async fn show(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let all = newsletters::list(&mut tx).await?;
    let own = store::catalog::purposes::list(&mut tx).await?;
    let offers = Offers::find(&mut tx).await?;
    drop(tx);
    let counted = app.figures.purposes.get(()).await;
    let row = |purpose: &Purpose, name, about, path: String, offered| Row {
        name,
        code: purpose.as_str().to_owned(),
        about,
        path: format!("{path}/edit"),
        offered,
        counts: count(counted.as_deref(), purpose),
        reports: offers.reports_of(purpose).map(|report| report.title.as_str()).collect(),
    };
    let newsletters = all.iter().map(|newsletter| {
        let Newsletter { slug, name, description, .. } = newsletter;
        let offered = Some(newsletter.is_offered());
        row(&Purpose::newsletter(slug), name, description, path(slug), offered)
    });
    let purposes = own.iter().map(|OwnPurpose { code, name, words }| {
        row(code, name, words, purposes::path(code.as_str()), None)
    });
    let page = NewslettersPage {
        newsletters: newsletters.collect(),
        purposes: purposes.collect(),
        counted_at: counted.as_ref().map(|counted| counted.at),
    };
    session.show(&page)
}

/// `console/newsletters.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct NewslettersPage<'a> {
    newsletters: Vec<Row<'a>>,
    purposes: Vec<Row<'a>>,
    counted_at: Option<Timestamp>,
}

/// A newsletter, or a purpose of the operator's own.
#[derive(Clone, Serialize)]
struct Row<'a> {
    name: &'a str,
    code: String,
    about: &'a str,
    path: String,
    /// Of a newsletter, whether readers can sign up to it.
    offered: Option<bool>,
    counts: Count,
    /// The titles of the reports whose forms offer it.
    reports: Vec<&'a str>,
}

impl Page for NewslettersPage<'_> {
    const TEMPLATE: &'static str = "console/newsletters.html";

    fn samples() -> Vec<Self> {
        let weekly = Row {
            name: "The weekly",
            code: "newsletter:weekly".to_owned(),
            about: "News every Thursday",
            path: "/console/newsletters/weekly/edit".to_owned(),
            offered: Some(true),
            counts: Count::sample(4118),
            reports: vec!["Digital councils", "Skills"],
        };
        let aside = Row { about: "", offered: Some(false), reports: vec![], ..weekly.clone() };
        let own = Row {
            name: "Offers of partners",
            code: "partner-offers".to_owned(),
            about: "Partners may email me. I can withdraw at any time.",
            path: "/console/newsletters/purposes/partner-offers/edit".to_owned(),
            offered: None,
            ..weekly.clone()
        };
        let uncounted = Row { counts: Count::default(), ..weekly.clone() };
        let counted_at = Some(Timestamp::SAMPLE);
        vec![
            Self { newsletters: vec![], purposes: vec![], counted_at },
            Self { newsletters: vec![weekly, aside], purposes: vec![own], counted_at },
            Self { newsletters: vec![uncounted], purposes: vec![], counted_at: None },
        ]
    }
}
