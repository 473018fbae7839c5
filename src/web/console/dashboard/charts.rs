//! Figures as the charts and tables of the page want them.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::domain::day::Day;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::figures::FormDay;
use crate::web::state::dashboard_figures::{Figures, of_form};
use crate::web::state::dashboard_span::Span;

/// At most so many columns stand side by side for days, and for weeks.
const MOST_COLUMNS: i64 = 92;

/// A form, and where its signups went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    pub submitted: i64,
    pub mailed: i64,
    pub bounced: i64,
    pub confirmed: i64,
    pub downloaded: i64,
}

impl Way {
    /// The way of one form's signups.
    pub(super) fn for_form(figures: &Figures, report_id: Option<Uuid>) -> Self {
        let days = figures.days.iter().filter(|day| day.report_id == report_id);
        let (submitted, confirmed) =
            days.fold((0, 0), |(sent, done), day| (sent + day.submitted, done + day.confirmed));
        Self {
            submitted,
            mailed: of_form(&figures.mailed, report_id),
            bounced: of_form(&figures.bounced, report_id),
            confirmed,
            downloaded: of_form(&figures.downloaded, report_id),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.submitted += other.submitted;
        self.mailed += other.mailed;
        self.bounced += other.bounced;
        self.confirmed += other.confirmed;
        self.downloaded += other.downloaded;
    }

    /// The steps of its funnel.
    pub(super) fn steps(&self) -> [FunnelStep; 5] {
        let step = |label, number, lost| FunnelStep { label, number, lost };
        [
            step("Submitted", self.submitted, false),
            step("Mailed a link", self.mailed, false),
            step("Mail came back", self.bounced, true),
            step("Confirmed", self.confirmed, false),
            step("Downloaded", self.downloaded, false),
        ]
    }

    /// One row of the table.
    pub(super) fn row<'a>(&self, title: &'a str) -> WayRow<'a> {
        let &Self { submitted, mailed, bounced, confirmed, downloaded } = self;
        WayRow { title, submitted, mailed, bounced, confirmed, downloaded }
    }
}

/// A step of a funnel; `lost` is one that nobody wants.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct FunnelStep {
    label: &'static str,
    number: i64,
    lost: bool,
}

/// A form in the table.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct WayRow<'a> {
    title: &'a str,
    submitted: i64,
    mailed: i64,
    bounced: i64,
    confirmed: i64,
    downloaded: i64,
}

/// A column: the first of its days, how many came, and how many of them confirmed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct Column {
    pub day: Timestamp,
    pub number: i64,
    pub part: i64,
}

/// What one column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
}

impl Unit {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Day => "Signups for each day",
            Self::Week => "Signups for each week, by its Monday",
            Self::Month => "Signups for each month, by its first day",
        }
    }

    /// Its word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of what this day falls into.
    fn first(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Week => day.monday(),
            Self::Month => day.first_of_month(),
        }
    }

    /// The first day of the next one.
    fn next(self, first: Day) -> Day {
        match self {
            Self::Day => Day::numbered(first.number() + 1),
            Self::Week => Day::numbered(first.number() + 7),
            // No month is longer than 31 days or shorter than 28.
            Self::Month => Day::numbered(first.number() + 31).first_of_month(),
        }
    }
}

/// What was sent on one day, and how much of that is confirmed: the figures of its column.
pub(super) fn on(days: &[FormDay], at: Day) -> (i64, i64) {
    let at = days.iter().filter(|day| day.day == at.number());
    at.fold((0, 0), |(sent, done), day| (sent + day.submitted, done + day.confirmed))
}

/// Columns from the first day to the last, those without a signup too.
pub(super) fn columns<'a>(
    days: impl Iterator<Item = &'a FormDay>,
    span: Span,
    now: Timestamp,
    timezone: &TimeZone,
) -> (Unit, Vec<Column>) {
    let mut counted: BTreeMap<Day, (i64, i64)> = BTreeMap::new();
    for day in days {
        let (submitted, confirmed) = counted.entry(Day::numbered(day.day)).or_default();
        *submitted += day.submitted;
        *confirmed += day.confirmed;
    }
    let last = timezone.day_of(now);
    let first = span.first_day(last).or_else(|| counted.keys().next().copied()).unwrap_or(last);
    let unit = match last.number() - first.number() + 1 {
        ..=MOST_COLUMNS => Unit::Day,
        n if n <= 7 * MOST_COLUMNS => Unit::Week,
        _ => Unit::Month,
    };
    let mut columns: BTreeMap<Day, (i64, i64)> = BTreeMap::new();
    let mut at = unit.first(first);
    while at <= last {
        columns.insert(at, (0, 0));
        at = unit.next(at);
    }
    for (day, (submitted, confirmed)) in counted {
        let column = columns.entry(unit.first(day)).or_default();
        column.0 += submitted;
        column.1 += confirmed;
    }
    let columns = columns.into_iter();
    let column = |(day, (number, part))| Column { day: timezone.begins(day), number, part };
    (unit, columns.map(column).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(at: &str, submitted: i64) -> FormDay {
        let day = at.parse::<Day>().unwrap().number();
        FormDay { report_id: None, day, submitted, confirmed: 1 }
    }

    fn drawn(days: &[FormDay], span: Span) -> (Unit, Vec<(String, i64)>) {
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let (unit, columns) = columns(days.iter(), span, now, &TimeZone::UTC);
        let column = |c: &Column| (c.day.to_string()[..10].to_owned(), c.number);
        (unit, columns.iter().map(column).collect())
    }

    #[test]
    fn quiet_days_have_their_column() {
        let (unit, columns) = drawn(&[day("2026-11-20", 2), day("2026-11-20", 3)], Span::Week);
        assert_eq!((unit, columns.len()), (Unit::Day, 7));
        assert_eq!(columns[0], ("2026-11-17".to_owned(), 0));
        assert_eq!(columns[3], ("2026-11-20".to_owned(), 5));
        assert_eq!(columns[6], ("2026-11-23".to_owned(), 0));
        assert_eq!(drawn(&[], Span::All).1.len(), 1);
    }

    #[test]
    fn a_long_time_is_told_in_weeks_and_a_longer_one_in_months() {
        let (unit, columns) = drawn(&[day("2026-01-01", 4)], Span::All);
        assert_eq!((unit, columns[0].clone()), (Unit::Week, ("2025-12-29".to_owned(), 4)));
        assert_eq!(columns.last(), Some(&("2026-11-23".to_owned(), 0)));
        let (unit, columns) = drawn(&[day("2023-01-31", 1), day("2024-02-29", 7)], Span::All);
        assert_eq!((unit, columns.len()), (Unit::Month, 47));
        assert_eq!(columns[13], ("2024-02-01".to_owned(), 7));
    }
}
