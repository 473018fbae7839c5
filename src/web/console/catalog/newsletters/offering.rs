//! What the screens of newsletters and of purposes have in common: who agreed, the forms that offer it, and
//! what follows a change.

use assent_ledger::event_type::EventType;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::edit::Reworded;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::flows::catalog::offer_purpose::{ReportBoxes, offer_on_reports};
use crate::store::Tx;
use crate::store::catalog::reports::{self, Report};
use crate::store::consent::consents::StateCount;
use crate::web::Error;
use crate::web::console::form::fault;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::{FieldError, Fields};
use crate::web::state::counting::Counted;

/// What became of the last action, by the word in the address.
const WORDS: [(&str, &str); 7] = [
    ("newsletter", "The newsletter is added, and readers can sign up to it."),
    ("archived", "The newsletter is added."),
    ("withdrawn", "The newsletter is archived: readers can’t sign up to it any more."),
    ("again", "The newsletter is offered: readers can sign up to it."),
    ("purpose", "The purpose is added. Choose the reports whose forms offer it."),
    ("saved", "The changes are saved. Forms show the new words from now on."),
    ("offered", "The choice of forms is saved."),
];

pub(super) fn word(asked: &Fields) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| *word == asked.one("word")).map(|(_, words)| *words)
}

/// How many people agree to a purpose, and how many do not any more; nothing, while they are counted for the
/// first time.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Count {
    agreed: Option<i64>,
    withdrawn: Option<i64>,
}

impl Count {
    pub(super) fn sample(agreed: i64) -> Self {
        Self { agreed: Some(agreed), withdrawn: Some(12) }
    }
}

pub(super) fn count(counted: Option<&Counted<Vec<StateCount>>>, purpose: &Purpose) -> Count {
    let Some(counted) = counted else { return Count::default() };
    let (mut agreed, mut withdrawn) = (0, 0);
    for (_, state, people) in counted.figures.iter().filter(|(of, ..)| of == purpose) {
        match state {
            state if state.in_force() => agreed += people,
            EventType::Withdrawn => withdrawn += people,
            _ => {}
        }
    }
    Count { agreed: Some(agreed), withdrawn: Some(withdrawn) }
}

/// Which reports there are and what their forms offer.
pub(super) struct Offers {
    reports: Vec<Report>,
    offers: Vec<(Uuid, Purpose)>,
}

impl Offers {
    pub(super) async fn find(tx: &mut Tx) -> sqlx::Result<Self> {
        Ok(Self { reports: reports::list(tx).await?, offers: reports::list_offers(tx).await? })
    }

    pub(super) fn reports_of(&self, purpose: &Purpose) -> impl Iterator<Item = &Report> {
        self.reports.iter().filter(move |report| {
            self.offers.iter().any(|(id, offered)| *id == report.report_id && offered == purpose)
        })
    }

    /// Every report as a box to tick.
    pub(super) fn boxes(self, purpose: &Purpose) -> Vec<ReportBox> {
        let offering: Vec<Slug> =
            self.reports_of(purpose).map(|report| report.slug.clone()).collect();
        let shown = self.reports.into_iter().map(|report| {
            let offered = offering.contains(&report.slug);
            ReportBox { value: report.slug.to_string(), title: report.title, hint: None, offered }
        });
        shown.collect()
    }
}

/// A report as a box to tick.
#[derive(Serialize)]
pub(super) struct ReportBox {
    value: String,
    title: String,
    /// Boxes of other forms have one.
    hint: Option<String>,
    /// Whether its form offers what the page is about.
    offered: bool,
}

impl ReportBox {
    /// One that is ticked, and one that is not.
    pub(super) fn samples() -> Vec<Self> {
        let report = |value: &str, title: &str, offered| Self {
            value: value.to_owned(),
            title: title.to_owned(),
            hint: None,
            offered,
        };
        vec![
            report("digital-councils", "Digital councils", true),
            report("skills", "Skills", false),
        ]
    }
}

/// Leads back to the page of what was changed, which says so.
pub(super) fn back(path: &str, word: &str) -> Response {
    Redirect::to(&format!("{path}/edit?word={word}")).into_response()
}

/// What follows an edit. `None` when somebody else was first: then nothing is kept.
pub(super) fn saved(path: &str, reworded: Reworded) -> Result<Option<Response>, Error> {
    match reworded {
        Reworded::Done => Ok(Some(back(path, "saved"))),
        Reworded::Unknown => Err(Error::NotFound),
        Reworded::Overtaken => Ok(None),
    }
}

/// What a page says whose words somebody else changed meanwhile; it shows theirs beside the form.
pub(super) fn overtaken() -> FieldError {
    fault(
        "name",
        "Somebody else changed this while you did: look at what \
           stands there now, then save again to put yours in its place",
    )
}

/// Lets the forms of the reports that were ticked offer a purpose, and no other that the page showed.
pub(super) async fn offer(
    session: &StaffSession,
    purpose: &Purpose,
    (path, fields): (&str, &Fields),
) -> Result<Response, Error> {
    let all = |name| -> Vec<Slug> {
        fields.all(name).iter().filter_map(|slug| slug.parse().ok()).collect()
    };
    let (shown, ticked) = (all("shown"), all("report"));
    let act = session.act();
    let boxes = ReportBoxes { shown: &shown, ticked: &ticked };
    session.app.db.run(|tx| Box::pin(offer_on_reports(tx, &act, purpose, boxes))).await?;
    Ok(back(path, "offered"))
}
