//! Over which days figures are shown.

use crate::domain::day::Day;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;

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

    /// Its first day; none when there is no first.
    #[must_use]
    pub fn first_day(self, today: Day) -> Option<Day> {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::All => return None,
        };
        Some(Day::numbered(today.number() - (days - 1)))
    }

    /// The first moment of its first day.
    #[must_use]
    pub fn since(self, today: Day, timezone: &TimeZone) -> Timestamp {
        let first = self.first_day(today);
        first.map_or(Timestamp::from_micros(0), |first| timezone.begins(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_with_today() {
        let today = "2026-11-23".parse().unwrap();
        let london = "Europe/London".parse().unwrap();
        let since = |span: Span| span.since(today, &london).to_string();
        assert_eq!(since(Span::Week), "2026-11-17T00:00:00.000000Z");
        assert_eq!(since(Span::Month), "2026-10-24T23:00:00.000000Z", "clocks went back that day");
        assert_eq!(since(Span::All), "1970-01-01T00:00:00.000000Z");
        for (word, span) in
            [("7", Span::Week), ("all", Span::All), ("", Span::Month), ("9", Span::Month)]
        {
            assert_eq!(Span::parse(word), span);
        }
    }
}
