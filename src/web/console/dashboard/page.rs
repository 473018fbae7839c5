//! The console's first page.

use serde::Serialize;

use super::charts::{Column, FunnelStep, Unit, Way, WayRow};
use super::steps::Step;
use crate::domain::timestamp::Timestamp;
use crate::templates::page::Page;
use crate::web::choice::SelectOption;
use crate::web::console::alarms::AlarmNote;
use crate::web::console::tab::Tab;

/// `console/dashboard.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct DashboardPage<'a> {
    pub alarms: Vec<AlarmNote>,
    pub steps: Vec<Step>,
    pub spans: Vec<Tab>,
    pub days: &'static str,
    /// The form whose figures are shown; empty for all of them.
    pub form: &'a str,
    pub forms: Vec<SelectOption<'a>>,
    /// Where to look again.
    pub again: String,
    /// Nothing while they are counted for the first time.
    pub figures: Option<ShownFigures<'a>>,
}

/// The figures of a span.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ShownFigures<'a> {
    pub counted_at: Timestamp,
    pub today: ShownToday,
    /// The form that they are of.
    pub title: &'a str,
    pub funnel: [FunnelStep; 5],
    pub rows: Vec<WayRow<'a>>,
    pub total: WayRow<'a>,
    pub unit: &'static str,
    pub columns_title: &'static str,
    pub columns: Vec<Column>,
    pub domains: Vec<Bar<'a>>,
    /// Where the readers of the form that was chosen came from.
    pub sources: Vec<SourceRow<'a>>,
    pub dropped: Vec<DroppedRow<'a>>,
    /// Before it, only what was confirmed is still there.
    pub whole_since: Option<Timestamp>,
}

/// How today is going.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct ShownToday {
    pub signups: i64,
    pub waiting: i64,
    pub confirmed: i64,
    pub downloads: i64,
}

/// A bar of a chart.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct Bar<'a> {
    pub label: &'a str,
    pub number: i64,
}

/// A way by which readers came to a form; without a source, all other ways.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct SourceRow<'a> {
    pub source: Option<&'a str>,
    pub campaign: Option<&'a str>,
    pub submitted: i64,
    pub confirmed: i64,
    pub downloaded: i64,
}

/// How many signups of a form were dropped.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct DroppedRow<'a> {
    pub title: &'a str,
    pub dropped: i64,
}

impl SourceRow<'_> {
    fn samples() -> Vec<Self> {
        let row = |source, campaign| Self {
            source,
            campaign,
            submitted: 60,
            confirmed: 40,
            downloaded: 30,
        };
        vec![
            row(Some("newsletter"), Some("autumn")),
            row(Some("press.example"), None),
            row(None, None),
        ]
    }
}

impl Page for DashboardPage<'_> {
    const TEMPLATE: &'static str = "console/dashboard.html";

    fn samples() -> Vec<Self> {
        let (at, form) = (Timestamp::SAMPLE, "Digital councils 2026");
        let way =
            Way { submitted: 1240, mailed: 1232, bounced: 4, confirmed: 1200, downloaded: 1180 };
        let figures = ShownFigures {
            counted_at: at,
            today: ShownToday { signups: 12, waiting: 3, confirmed: 9, downloads: 14 },
            title: "All forms",
            funnel: way.steps(),
            rows: vec![way.row(form)],
            total: way.row("All forms"),
            unit: Unit::Day.as_str(),
            columns_title: Unit::Day.title(),
            columns: vec![
                Column { day: at, number: 31, part: 28 },
                Column { day: at, number: 0, part: 0 },
            ],
            domains: vec![Bar { label: "leeds.example", number: 40 }],
            sources: SourceRow::samples(),
            dropped: vec![DroppedRow { title: form, dropped: 3 }],
            whole_since: Some(at),
        };
        let nothing = ShownFigures {
            rows: vec![],
            domains: vec![],
            sources: vec![],
            dropped: vec![],
            whole_since: None,
            ..figures.clone()
        };
        let tab = |title, current| Tab { title, path: "/console?days=30".to_owned(), current };
        let busy = DashboardPage {
            alarms: vec![AlarmNote::sample()],
            steps: vec![],
            spans: vec![tab("7 days", false), tab("30 days", true)],
            days: "30",
            form: "",
            forms: vec![SelectOption::new("reports/digital-councils", form)],
            again: "/console?days=30".to_owned(),
            figures: Some(figures),
        };
        // Everything is set up, and nobody came.
        let quiet = DashboardPage { alarms: vec![], figures: Some(nothing), ..busy.clone() };
        let new = DashboardPage { steps: Step::samples(), ..quiet.clone() };
        let being_counted = DashboardPage { figures: None, ..busy.clone() };
        vec![busy, quiet, new, being_counted]
    }
}
