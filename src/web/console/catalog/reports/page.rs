//! `/console/reports/{slug}`: one report, and what can be edited of it.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report::ReportStatus;
use crate::domain::catalog::report_details::ReportDetails;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;
use crate::flows::catalog::edit_report::{Saved, SeenEdit, details_of, save_report};
use crate::store::Tx;
use crate::store::catalog::reports::{self, Report};
use crate::store::policy::versions;
use crate::web::address::key;
use crate::web::console::catalog::reports::form::{self, Boxes, Values};
use crate::web::console::catalog::reports::refusal::refusal;
use crate::web::console::catalog::reports::report_page::{Changed, OneReport, ReportPage};
use crate::web::console::catalog::reports::summary::{Figures, contacts_path};
use crate::web::console::form::{Faults, fault};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::{FieldError, Fields};
use crate::web::{App, Error};

/// What became of the last action, by the word in the address.
const WORDS: [(&str, &str); 6] = [
    ("added", "The report is added as a draft."),
    ("saved", "The changes are saved."),
    ("merged", "The changes are saved. What somebody else changed meanwhile was kept."),
    ("published", "The report is published: readers can ask for it."),
    (
        "file",
        "The file is replaced. Links that were mailed before lead to the new one from now on.",
    ),
    ("cover", "The cover is replaced."),
];

pub(super) async fn show(
    session: StaffSession,
    Path(slug_text): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = WORDS.iter().find(|(word, _)| *word == asked.one("word")).map(|(_, words)| *words);
    let mut page = ReportView::find(&session.app, &key(&slug_text)?).await?;
    page.word = word;
    page.answer(&session, StatusCode::OK)
}

pub(super) async fn save(
    session: StaffSession,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let slug = key(&slug_text)?;
    let mut page = ReportView::find(app, &slug).await?;
    let details = match form::parse(&fields, &page.boxes) {
        Ok(details) => details,
        Err(faults) => return page.refused(&session, &fields, faults),
    };
    let act = session.act();
    let edit = SeenEdit { seen: fields.one("seen"), mine: &details };
    match app.db.run(|tx| Box::pin(save_report(tx, &act, &slug, edit))).await {
        Ok(Saved::Done { kept }) => {
            let word = if kept.is_empty() { "saved" } else { "merged" };
            Ok(Redirect::to(&format!("/console/reports/{slug}?word={word}")).into_response())
        }
        Ok(Saved::Overtaken { mine, now }) => {
            page.errors = mine.conflicts.iter().map(|name| overtaken(name)).collect();
            page.changed = changed(&page.boxes, &mine.conflicts, &now);
            page.seen = now.seen();
            page.values = Values::from_details(&mine.details);
            page.answer(&session, StatusCode::CONFLICT)
        }
        Err(error) => page.refused(&session, &fields, vec![refusal(error)?]),
    }
}

fn overtaken(field: &'static str) -> FieldError {
    let words = "Somebody else changed this while you did: save again to put yours in its place";
    fault(field, words)
}

/// What stands now in the fields that two people changed, in words.
fn changed(boxes: &Boxes, conflicts: &[&'static str], now: &ReportDetails) -> Vec<Changed> {
    let words = |field: &str, value: Value| match value {
        Value::String(text) => text,
        Value::Array(items) => {
            let ticked = items.iter().filter_map(Value::as_str);
            ticked.map(|value| boxes.title(field, value)).collect::<Vec<_>>().join(", ")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let title = |name| match name {
        "title" => "Title",
        "summary" => "Summary",
        "body" => "Text of the page",
        "pages" => "Number of pages",
        "required" => "What readers must fill in",
        "return_to" => "Where readers can go on",
        "work_addresses" => "Private addresses",
        "disposable_addresses" => "Throw-away addresses",
        "allowed_domains" => "Domains taken alone",
        "refused_domains" => "Domains not taken",
        "newsletter" => "Newsletters offered",
        _ => "Purposes offered",
    };
    let now = now.fields().into_iter().filter(|(name, _)| conflicts.contains(name));
    now.map(|(field, value)| Changed { field, title: title(field), now: words(field, value) })
        .collect()
}

/// The page of one report, whatever it answers.
pub(super) struct ReportView {
    report: Report,
    figures: Figures,
    counted_at: Option<Timestamp>,
    missing: Vec<&'static str>,
    contacts_path: String,
    boxes: Boxes,
    values: Values,
    seen: String,
    errors: Faults,
    changed: Vec<Changed>,
    unlinked: Option<String>,
    word: Option<&'static str>,
}

impl ReportView {
    pub(super) async fn find(app: &App, slug: &Slug) -> Result<Self, Error> {
        let mut tx = app.db.read().await?;
        let report = reports::find(&mut tx, slug).await?.ok_or(Error::NotFound)?;
        let details = details_of(&mut tx, &report).await?;
        let missing = missing(app, &mut tx).await?;
        let newsletter = details.newsletters.first().map(Purpose::newsletter);
        let first = newsletter.as_ref().or(details.purposes.first());
        let mut boxes = Boxes::find(app, &mut tx).await?;
        drop(tx);
        boxes.linked.clone_from(&report.return_to);
        let counted = app.figures.reports.get(()).await;
        Ok(Self {
            figures: Figures::for_report(counted.as_deref(), &report),
            counted_at: counted.map(|counted| counted.at),
            missing,
            contacts_path: contacts_path(&report, first),
            boxes,
            values: Values::from_details(&details),
            seen: details.seen(),
            errors: vec![],
            changed: vec![],
            unlinked: unlinked(app, &report),
            word: None,
            report,
        })
    }

    /// The page again, with what was typed.
    fn refused(
        mut self,
        session: &StaffSession,
        fields: &Fields,
        faults: Faults,
    ) -> Result<Response, Error> {
        self.values = Values::typed(fields);
        fields.one("seen").clone_into(&mut self.seen);
        self.with(session, faults)
    }

    /// The page with what is wrong, and nothing typed.
    pub(super) fn with(
        mut self,
        session: &StaffSession,
        faults: Faults,
    ) -> Result<Response, Error> {
        self.errors = faults;
        self.answer(session, StatusCode::UNPROCESSABLE_ENTITY)
    }

    pub(super) fn answer(
        self,
        session: &StaffSession,
        status: StatusCode,
    ) -> Result<Response, Error> {
        let offered = self.report.status == ReportStatus::Published;
        let page = ReportPage {
            report: OneReport::new(&self.report, self.contacts_path),
            figures: self.figures,
            counted_at: self.counted_at,
            form: self.values.shown(&self.boxes, self.seen),
            missing: if offered { vec![] } else { self.missing },
            errors: self.errors,
            changed: self.changed,
            unlinked: self.unlinked,
            word: self.word,
        };
        session.answer(&page, status)
    }
}

/// The page where readers could go on, while its site is none of `embed_origins`.
fn unlinked(app: &App, report: &Report) -> Option<String> {
    let address = report.return_to.as_ref().filter(|address| !address.is_of(&app.embed_origins));
    address.map(ToString::to_string)
}

/// What is still to be done before a report can be published: `controller`, `policy`.
async fn missing(app: &App, tx: &mut Tx) -> Result<Vec<&'static str>, Error> {
    let mut missing = Vec::new();
    if !app.site.controller.is_complete() {
        missing.push("controller");
    }
    if versions::find_newest(tx, LANG).await?.is_none() {
        missing.push("policy");
    }
    Ok(missing)
}
