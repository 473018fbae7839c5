//! Days and times as people type them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// A day of the calendar, without a place on earth: `2026-11-23`. When it begins and ends is for a
/// [`TimeZone`](super::time_zone::TimeZone) to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// A text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a day such as 2026-11-23")]
pub struct NotADay;

impl Day {
    /// The day of this number, as [`Day::number`] counts; the nearest one of the calendar.
    #[must_use]
    pub fn numbered(number: i64) -> Self {
        let days = jiff::Span::new().try_days(number).ok();
        let day = days.and_then(|days| EPOCH.checked_add(days).ok());
        Self(day.unwrap_or(if number < 0 { Date::MIN } else { Date::MAX }))
    }

    /// How many days after 1 January 1970 it is.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0.duration_since(EPOCH).as_hours() / 24
    }

    /// The first day of its week, a Monday.
    #[must_use]
    pub fn monday(self) -> Self {
        Self::numbered(self.number() - i64::from(self.0.weekday().to_monday_zero_offset()))
    }

    /// The day so many days on; the nearest one of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self::numbered(self.number().saturating_add(days))
    }

    /// The day of the same number so many months on, or the last of that month where it has no such day; the last one
    /// of the calendar at most.
    #[must_use]
    pub fn plus_months(self, months: u8) -> Self {
        let span = jiff::Span::new().months(i64::from(months));
        Self(self.0.checked_add(span).unwrap_or(Date::MAX))
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        day.0
    }
}

/// `2026-11-23`, of the years 1 to 9999.
impl FromStr for Day {
    type Err = NotADay;
    fn from_str(text: &str) -> Result<Self, NotADay> {
        let is_plain = text.len() == 10 && !text.starts_with(['+', '-']);
        let day: Option<Date> = text.parse().ok().filter(|_| is_plain);
        day.filter(|day| day.year() > 0).map(Self).ok_or(NotADay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        for text in ["0001-01-01", "2024-02-29", "9999-12-31"] {
            assert!(text.parse::<Day>().is_ok(), "{text}");
        }
        for text in [
            "",
            "2026-02-29",
            "2026-11-31",
            "2026-1-01",
            "20261123",
            "0000-12-31",
            "-001-01-01",
            "+002026-11-23",
            "2026-11-23T00:00",
            "2026-11-23 ",
            "23/11/2026",
            "２０２６-11-23",
        ] {
            assert_eq!(text.parse::<Day>(), Err(NotADay), "{text}");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(day("1970-01-01").number(), 0);
        assert_eq!(day("1969-12-31").number(), -1);
        for number in [-719_162, -1, 0, 1, 20_780, 2_932_896] {
            assert_eq!(Day::numbered(number).number(), number);
        }
        assert_eq!(Day::numbered(i64::MAX), day("9999-12-31"));
        assert!(Day::numbered(i64::MIN) < day("0001-01-01"));
    }

    #[test]
    fn a_month_on_is_the_same_day_or_the_last_one() {
        for (from, months, to) in [
            ("2027-01-31", 1, "2027-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2027-01-31", 3, "2027-04-30"),
            ("2026-12-31", 1, "2027-01-31"),
            ("9999-12-31", 1, "9999-12-31"),
        ] {
            assert_eq!(day(from).plus_months(months), day(to), "{from}");
        }
        assert_eq!(day("2027-02-28").plus_days(1), day("2027-03-01"));
        assert_eq!(day("9999-12-31").plus_days(i64::MAX), day("9999-12-31"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first() {
        assert_eq!(day("2026-11-29").monday(), day("2026-11-23"));
        assert_eq!(day("2026-11-23").monday(), day("2026-11-23"));
        assert_eq!(day("1969-12-31").monday(), day("1969-12-29"));
        assert_eq!(day("2024-02-29").first_of_month(), day("2024-02-01"));
    }
}
