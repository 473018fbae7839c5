//! `/console`: how the reports are doing today.

mod charts;
pub(super) mod page;
mod steps;

use axum::response::Response;
use uuid::Uuid;

use self::charts::{Way, columns, on};
use self::page::{Bar, DashboardPage, DroppedRow, ShownFigures, ShownToday, SourceRow};
use self::steps::Offers;
use super::request_fields::Asked;
use super::route::Route;
use super::staff_session::StaffSession;
use crate::domain::catalog::notice::LANG;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::staff::right::Right;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::store::background_tasks;
use crate::store::catalog::reports::Report;
use crate::store::catalog::{newsletters, reports};
use crate::store::contacts::privacy_requests;
use crate::store::policy::versions;
use crate::web::address::with_fields;
use crate::web::choice::SelectOption;
use crate::web::console::alarms::AlarmNote;
use crate::web::console::tab::Tab;
use crate::web::console::tasks::alarm as tasks_alarm;
use crate::web::state::counting::Counted;
pub(super) use crate::web::state::dashboard_figures::Figures;
pub(super) use crate::web::state::dashboard_span::Span;
use crate::web::{App, Error};

const PATH: &str = "/console";

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(PATH, Right::See, show)]
}

/// A form that people sign up through: a report's, or the newsletters'.
struct Shown {
    report_id: Option<Uuid>,
    word: String,
    title: String,
}

impl Shown {
    fn option(&self) -> SelectOption<'_> {
        SelectOption::new(self.word.as_str(), self.title.as_str())
    }
}

async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let app = &session.app;
    let span = Span::parse(asked.one("days"));
    let mut tx = app.db.read().await?;
    let standing = crate::store::alarms::list(&mut tx).await?;
    let tasks = background_tasks::list(&mut tx).await?;
    let verdict = find_verdict(&mut tx, &app.settings.evidence_key).await?;
    let overdue = if session.may(Right::AnswerRequests) {
        privacy_requests::find_overdue(&mut tx, app.clock.now(), 2).await?
    } else {
        (0, None)
    };
    let reports = reports::list(&mut tx).await?;
    let has_newsletter = !newsletters::list(&mut tx).await?.is_empty();
    let has_policy = !versions::list(&mut tx, LANG).await?.is_empty();
    drop(tx);
    let controller = &app.site.controller;
    let offers = Offers { controller, has_policy, has_newsletter, reports: &reports };
    let steps = steps::next(&offers, &session);
    let found = verdict.iter().filter_map(AlarmNote::of_ledger).chain(tasks_alarm(&tasks));
    let alarms = found.chain(standing.iter().map(AlarmNote::from));
    let alarms = alarms.chain(AlarmNote::of_requests(overdue)).collect();
    let forms = forms(reports);
    let chosen = forms.iter().find(|form| form.word == asked.one("form"));
    let figures = app.figures.spans.get(span).await;
    let chosen_word = chosen.map_or("", |form| form.word.as_str());
    let path = |span: Span| with_fields(PATH, &[("days", span.as_str()), ("form", chosen_word)]);
    let tab = |one: Span| Tab { title: one.title(), path: path(one), current: one == span };
    let page = DashboardPage {
        alarms,
        steps,
        spans: Span::ALL.map(tab).into(),
        days: span.as_str(),
        form: chosen_word,
        forms: forms.iter().map(Shown::option).collect(),
        again: path(span),
        figures: figures.as_deref().map(|counted| shown(app, counted, span, (&forms, chosen))),
    };
    session.show(&page)
}

fn forms(reports: Vec<Report>) -> Vec<Shown> {
    let of_report = |report: Report| Shown {
        report_id: Some(report.report_id),
        word: form_name(Some(&report.slug)),
        title: report.title,
    };
    let alone =
        Shown { report_id: None, word: form_name(None), title: "Newsletters alone".to_owned() };
    reports.into_iter().map(of_report).chain([alone]).collect()
}

/// Where the readers of one form came from; last those who came by none of these ways. Nothing where nobody's is known.
fn sources<'a>(figures: &'a Figures, report_id: Option<Uuid>, way: &Way) -> Vec<SourceRow<'a>> {
    let counted = figures.sources.iter().filter(|one| one.report_id == report_id);
    let mut rows: Vec<SourceRow<'a>> = counted
        .map(|one| SourceRow {
            source: one.source.as_deref(),
            campaign: one.campaign.as_deref(),
            submitted: one.submitted,
            confirmed: one.confirmed,
            downloaded: one.downloaded,
        })
        .collect();
    // What came while the others were counted may be missing in one of the two.
    let left = |whole: i64, of: fn(&SourceRow<'_>) -> i64| {
        (whole - rows.iter().map(of).sum::<i64>()).max(0)
    };
    let others = SourceRow {
        source: None,
        campaign: None,
        submitted: left(way.submitted, |row| row.submitted),
        confirmed: left(way.confirmed, |row| row.confirmed),
        downloaded: left(way.downloaded, |row| row.downloaded),
    };
    if !rows.is_empty() && others.submitted > 0 {
        rows.push(others);
    }
    rows
}

/// The figures of the form that was chosen, or of all.
fn shown<'a>(
    app: &App,
    counted: &'a Counted<Figures>,
    span: Span,
    (forms, chosen): (&'a [Shown], Option<&'a Shown>),
) -> ShownFigures<'a> {
    let Counted { at, figures, .. } = counted;
    let timezone = &app.site.timezone;
    let mut rows = Vec::new();
    let mut total = Way::default();
    for form in forms {
        let way = Way::for_form(figures, form.report_id);
        total.add(&way);
        // What nobody used in these days says nothing.
        if way.submitted > 0 {
            rows.push(way.row(&form.title));
        }
    }
    let way = chosen.map_or(total.clone(), |form| Way::for_form(figures, form.report_id));
    let days =
        figures.days.iter().filter(|day| chosen.is_none_or(|form| form.report_id == day.report_id));
    let (unit, columns) = columns(days, span, *at, timezone);
    let domains = figures.domains.iter();
    let whole_since = at.minus(app.settings.pending_retention);
    let since = span.since(timezone.day_of(*at), timezone);
    let (signups, confirmed) = on(&figures.days, timezone.day_of(*at));
    let today = &figures.today;
    let dropped = forms
        .iter()
        .filter(|form| chosen.is_none_or(|chosen| chosen.word == form.word))
        .filter_map(|form| {
            let counted = figures.dropped.iter().find(|dropped| dropped.form == form.word)?;
            Some(DroppedRow { title: &form.title, dropped: counted.dropped })
        });
    ShownFigures {
        counted_at: *at,
        today: ShownToday {
            signups,
            waiting: today.waiting,
            confirmed,
            downloads: today.downloads,
        },
        title: chosen.map_or("All forms", |form| form.title.as_str()),
        funnel: way.steps(),
        rows,
        total: total.row("All forms"),
        unit: unit.as_str(),
        columns_title: unit.title(),
        columns,
        domains: domains.map(|one| Bar { label: &one.domain, number: one.people }).collect(),
        sources: chosen.map(|form| sources(figures, form.report_id, &way)).unwrap_or_default(),
        dropped: dropped.collect(),
        whole_since: (since < whole_since).then_some(whole_since),
    }
}
