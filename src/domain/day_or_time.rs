//! A day or a moment, as somebody types one end of a span.

use std::fmt;
use std::str::FromStr;

use super::day::Day;
use super::time_zone::TimeZone;
use super::timestamp::Timestamp;

/// One end of a span of time: a day, all of which is included, or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrTime {
    /// A whole day of the site's.
    Day(Day),
    /// A moment, as RFC 3339 writes it.
    Time(Timestamp),
}

/// A text is neither a day nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a day such as 2026-11-23, or a time such as 2026-11-23T09:00:00Z")]
pub struct NotATime;

impl DayOrTime {
    /// Its first moment.
    #[must_use]
    pub fn begins(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => zone.begins(day),
            Self::Time(at) => at,
        }
    }

    /// The first moment after it.
    #[must_use]
    pub fn ends(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => zone.ends(day),
            Self::Time(at) => at.next(),
        }
    }
}

/// As it is typed.
impl fmt::Display for DayOrTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Time(at) => at.fmt(f),
        }
    }
}

impl FromStr for DayOrTime {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let day = text.parse().map(Self::Day).ok();
        day.or_else(|| Timestamp::parse(text).map(Self::Time)).ok_or(NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_included() {
        let zone: TimeZone = "Europe/London".parse().unwrap();
        let ends = |text: &str| {
            let typed: DayOrTime = text.parse().unwrap();
            (typed.begins(&zone).to_string(), typed.ends(&zone).to_string())
        };
        assert_eq!(
            ends("2026-06-30"),
            ("2026-06-29T23:00:00.000000Z".to_owned(), "2026-06-30T23:00:00.000000Z".to_owned())
        );
        assert_eq!(
            ends("2026-06-30T12:00:00+01:00"),
            ("2026-06-30T11:00:00.000000Z".to_owned(), "2026-06-30T11:00:00.000001Z".to_owned())
        );
        assert_eq!("yesterday".parse::<DayOrTime>(), Err(NotATime));
    }
}
