//! Over which days figures are shown.

use std::time::Duration;

use crate::domain::timestamp::Timestamp;

const A_DAY: Duration = Duration::from_hours(24);

/// The days that end with today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Span {
    /// Seven of them.
    Week,
    /// Thirty.
    #[default]
    Month,
    /// Ninety.
    Quarter,
    /// All there ever were.
    All,
}

impl Span {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::All];

    /// Its word in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Week => "7",
            Self::Month => "30",
            Self::Quarter => "90",
            Self::All => "all",
        }
    }

    /// Its name on the page.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Quarter => "90 days",
            Self::All => "All",
        }
    }

    /// Reads its word; any other is the usual span, for an address is not refused for it.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|span| span.as_str() == word).unwrap_or_default()
    }

    /// The first moment of its first day.
    #[must_use]
    pub fn since(self, now: Timestamp) -> Timestamp {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::All => return Timestamp::from_micros(0),
        };
        midnight(now).minus(A_DAY * (days - 1))
    }
}

/// The first moment of a day (UTC).
#[must_use]
pub fn midnight(of: Timestamp) -> Timestamp {
    first_moment(of.day_number())
}

/// The first moment of the day of this number.
#[must_use]
pub fn first_moment(day: i64) -> Timestamp {
    let micros = i64::try_from(A_DAY.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(day.saturating_mul(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_with_today() {
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        assert_eq!(Some(Span::Week.since(now)), Timestamp::parse("2026-11-17"));
        assert_eq!(Some(Span::Month.since(now)), Timestamp::parse("2026-10-25"));
        assert_eq!(midnight(now), Timestamp::parse("2026-11-23").unwrap());
        for (word, span) in
            [("7", Span::Week), ("all", Span::All), ("", Span::Month), ("9", Span::Month)]
        {
            assert_eq!(Span::parse(word), span);
        }
    }
}
