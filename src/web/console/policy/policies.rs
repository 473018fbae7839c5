//! `/console/policies`: every version of the privacy policy, and publishing the next.

mod next;
pub(in crate::web::console) mod steps;

use std::collections::HashMap;

use axum::response::Response;
use futures_util::future::join_all;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::notice::LANG;
use crate::domain::policy::version::ChangeClass;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::store::consent::renewals::Answers;
use crate::store::policy::versions;
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::console::request_fields::Asked;
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/policies", Right::See, list),
        Route::get("/console/policies/new", Right::PublishPolicy, next::ask),
        Route::post("/console/policies/new", Right::PublishPolicy, next::go_on),
    ]
}

async fn list(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let app = &session.app;
    let mut tx = app.db.read().await?;
    let all = versions::list(&mut tx, LANG).await?;
    drop(tx);
    let mailed: Vec<Uuid> = all
        .iter()
        .filter(|version| version.change_class != ChangeClass::Editorial)
        .map(|version| version.policy_version_id)
        .collect();
    let answers = join_all(mailed.iter().map(|id| app.figures.answers.get(*id)));
    let (counted, answers) = tokio::join!(app.figures.policies.get(()), answers);
    let answers: HashMap<Uuid, Answered> = mailed
        .into_iter()
        .zip(answers)
        .filter_map(|(id, counted)| Some((id, Answered::from(&counted?.figures))))
        .collect();
    let versions = all.iter().enumerate().map(|(at, version)| {
        let people = counted.as_ref().map(|counted| {
            let held = counted.figures.iter().find(|(id, _)| *id == version.policy_version_id);
            held.map_or(0, |(_, people)| *people)
        });
        Version {
            label: version.label.as_str(),
            path: format!("/policies/privacy/{}", version.label),
            published_at: version.published_at,
            change: version.change_class.name(),
            changes: version.changes.as_deref(),
            until: version.renew_until,
            people,
            answers: answers.get(&version.policy_version_id).copied(),
            sha256: &version.sha256,
            in_force: at == 0,
        }
    });
    let page = PoliciesPage {
        versions: versions.collect(),
        counted_at: counted.as_ref().map(|counted| counted.at),
        word: (asked.one("word") == "published").then_some("The version is in force."),
    };
    session.show(&page)
}

/// `console/policies.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct PoliciesPage<'a> {
    /// The newest first.
    versions: Vec<Version<'a>>,
    counted_at: Option<Timestamp>,
    word: Option<&'static str>,
}

/// A version of the privacy policy.
#[derive(Clone, Serialize)]
struct Version<'a> {
    label: &'a str,
    path: String,
    published_at: Timestamp,
    /// What it asked of people: `editorial`, `notify` or `reconsent`.
    change: &'static str,
    changes: Option<&'a str>,
    until: Option<Timestamp>,
    /// How many people it holds for; nothing, while they are counted for the first time.
    people: Option<i64>,
    /// Of a version that told or asked people.
    answers: Option<Answered>,
    sha256: &'a str,
    in_force: bool,
}

/// What people did whom a version asked again; of those it was told to, how many they are.
#[derive(Clone, Copy, Serialize)]
struct Answered {
    mailed: i64,
    kept: i64,
    left: i64,
    silent: i64,
}

impl From<&Answers> for Answered {
    fn from(answers: &Answers) -> Self {
        let Answers { mailed, kept, went, .. } = *answers;
        Self { mailed, kept, left: went, silent: answers.silent() }
    }
}

impl Page for PoliciesPage<'_> {
    const TEMPLATE: &'static str = "console/policies.html";

    fn samples() -> Vec<Self> {
        let answers = Answered::from(&Answers { mailed: 4118, kept: 3000, went: 18 });
        let first = Version {
            label: "2026-11",
            path: "/policies/privacy/2026-11".to_owned(),
            published_at: Timestamp::SAMPLE,
            change: ChangeClass::Editorial.name(),
            changes: None,
            until: None,
            people: Some(4118),
            answers: None,
            sha256: "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
            in_force: false,
        };
        let told = Version {
            label: "2027-01",
            change: ChangeClass::Notify.name(),
            answers: Some(answers),
            ..first.clone()
        };
        let newest = Version {
            label: "2027-03",
            change: ChangeClass::Reconsent.name(),
            changes: Some("We keep your details for two years, no longer for one."),
            until: Some(Timestamp::SAMPLE),
            in_force: true,
            ..told.clone()
        };
        let uncounted = Version { people: None, in_force: true, ..first.clone() };
        let counted_at = Some(Timestamp::SAMPLE);
        let word = Some("The version is in force.");
        vec![
            Self { versions: vec![], counted_at, word: None },
            Self { versions: vec![newest, told, first], counted_at, word },
            Self { versions: vec![uncounted], counted_at: None, word: None },
        ]
    }
}
