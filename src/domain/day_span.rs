//! From when until when: the two ends of a span of time as people and programs name them, the same wherever they are
//! asked for.

use super::day_or_time::{DayOrTime, NotATime};
use super::time_zone::TimeZone;
use super::timestamp::Timestamp;

/// A span of time. Each end is a day of the site's zone or a moment, and is included; without an end it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaySpan {
    /// Its ends, as they were typed.
    typed: [Option<DayOrTime>; 2],
    /// Its first moment.
    pub since: Option<Timestamp>,
    /// The first moment after it.
    pub until: Option<Timestamp>,
}

/// A span that ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an end that is not before the beginning")]
pub struct Backwards;

/// Why two texts are no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASpan {
    /// The beginning is neither a day nor a time.
    #[error(transparent)]
    Since(NotATime),
    /// The end is neither.
    #[error(transparent)]
    Until(NotATime),
    /// The end is before the beginning.
    #[error(transparent)]
    Backwards(Backwards),
}

impl DaySpan {
    /// Reads its ends; an empty text is none.
    ///
    /// # Errors
    /// Names all that is wrong, in the order of the ends.
    pub fn parse(since: &str, until: &str, zone: &TimeZone) -> Result<Self, Vec<NotASpan>> {
        let read = |text: &str| match text.trim() {
            "" => Ok(None),
            text => read_end(text).map(Some),
        };
        match (read(since), read(until)) {
            (Ok(since), Ok(until)) => {
                Self::between(since, until, zone).map_err(|error| vec![NotASpan::Backwards(error)])
            }
            (since, until) => {
                let since = since.err().map(NotASpan::Since);
                Err(since.into_iter().chain(until.err().map(NotASpan::Until)).collect())
            }
        }
    }

    /// The span between two ends.
    ///
    /// # Errors
    /// When it ends before it begins.
    pub fn between(
        since: Option<DayOrTime>,
        until: Option<DayOrTime>,
        zone: &TimeZone,
    ) -> Result<Self, Backwards> {
        let typed = [since, until];
        let (begin, end) = (since.map(|at| at.begins(zone)), until.map(|at| at.ends(zone)));
        let is_backwards = match (since, until) {
            // A day that the zone left out ends as it begins, and may be asked for all the same.
            (Some(DayOrTime::Day(first)), Some(DayOrTime::Day(last))) => last < first,
            _ => begin.zip(end).is_some_and(|(begin, end)| end <= begin),
        };
        if is_backwards {
            return Err(Backwards);
        }
        Ok(Self { typed, since: begin, until: end })
    }

    /// Its beginning as it was typed, to ask for the same again.
    #[must_use]
    pub fn typed_since(&self) -> Option<DayOrTime> {
        self.typed[0]
    }

    /// Its end as it was typed.
    #[must_use]
    pub fn typed_until(&self) -> Option<DayOrTime> {
        self.typed[1]
    }
}

/// Programs write the plus of a distance into an address as it is, where it means a space (HTML, URL-encoded form data):
/// what reads as a time once the plus is back was meant as one.
fn read_end(text: &str) -> Result<DayOrTime, NotATime> {
    text.parse().or_else(|error| {
        let (time, distance) = text.rsplit_once(' ').ok_or(error)?;
        format!("{time}+{distance}").parse().map_err(|_| error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(zone: &str, since: &str, until: &str) -> Result<(String, String), Vec<NotASpan>> {
        let zone: TimeZone = zone.parse().unwrap();
        let span = DaySpan::parse(since, until, &zone)?;
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        Ok((text(span.since), text(span.until)))
    }

    /// The ends of a span in whole minutes, where there is nothing else.
    fn minutes(zone: &str, since: &str, until: &str) -> (String, String) {
        let (since, until) = span(zone, since, until).unwrap();
        let short = |text: String| text.replace(":00.000000Z", "Z");
        (short(since), short(until))
    }

    fn both(since: &str, until: &str) -> (String, String) {
        (since.to_owned(), until.to_owned())
    }

    #[test]
    fn days_are_those_of_the_zone_both_included() {
        let berlin = |since, until| minutes("Europe/Berlin", since, until);
        assert_eq!(
            berlin("2026-06-30", "2026-07-01"),
            both("2026-06-29T22:00Z", "2026-07-01T22:00Z")
        );
        assert_eq!(
            berlin("2026-10-25", "2026-10-25"),
            both("2026-10-24T22:00Z", "2026-10-25T23:00Z"),
            "25 hours"
        );
        assert_eq!(
            berlin("2026-03-29", "2026-03-29"),
            both("2026-03-28T23:00Z", "2026-03-29T22:00Z"),
            "23 hours"
        );
        assert_eq!(
            berlin("2026-10-24", "2026-10-24").1,
            berlin("2026-10-25", "").0,
            "no gap between two days"
        );
        // Clocks in São Paulo went from 23:59 on 3 November to 01:00 on the 4th.
        let brazil = |since, until| minutes("America/Sao_Paulo", since, until);
        assert_eq!(
            brazil("2018-11-04", "2018-11-04"),
            both("2018-11-04T03:00Z", "2018-11-05T02:00Z")
        );
        assert_eq!(
            brazil("2018-11-03", "2018-11-03"),
            both("2018-11-03T03:00Z", "2018-11-04T03:00Z")
        );
        // Samoa left 30 December 2011 out: nothing happened that day, and it may be asked for.
        let samoa = minutes("Pacific/Apia", "2011-12-30", "2011-12-30");
        assert_eq!(samoa, both("2011-12-30T10:00Z", "2011-12-30T10:00Z"));
    }

    #[test]
    fn a_time_names_its_own_distance_and_is_included() {
        let at = "2026-10-25T02:30:00+01:00";
        let included = both("2026-10-25T01:30:00.000000Z", "2026-10-25T01:30:00.000001Z");
        for zone in ["Europe/Berlin", "America/New_York", "UTC"] {
            assert_eq!(span(zone, at, at), Ok(included.clone()), "{zone}");
        }
        let until_now = span("Europe/Berlin", "2026-10-25", "2026-10-25T01:30:00Z").unwrap();
        assert_eq!(until_now.0, "2026-10-24T22:00:00.000000Z");
    }

    #[test]
    fn a_plus_that_an_address_made_a_space_is_the_plus_it_was() {
        for (lost, meant) in [
            ("2026-11-23T09:00:00 01:00", "2026-11-23T09:00:00+01:00"),
            (" 2026-11-23T09:00:00.25 05:30 ", "2026-11-23T09:00:00.25+05:30"),
        ] {
            assert_eq!(span("UTC", lost, lost), span("UTC", meant, meant), "{lost}");
        }
        for no_time in [
            "2026-11-23 09:00",
            "2026-11-23 01:00",
            "2026-11-23T09:00:00  01:00",
            "2026-11-23T09:00:00Z 01:00",
            "2026-11-23T09:00:00 1:00",
            "2026-11-23T09:00:00 0100",
            "2026-11-23T09:00:00 +01:00",
            "2026-11-23T09:00:00 -01:00",
            "2026 11 23",
        ] {
            assert_eq!(span("UTC", no_time, ""), Err(vec![NotASpan::Since(NotATime)]), "{no_time}");
        }
    }

    #[test]
    fn an_end_that_is_missing_is_none() {
        assert_eq!(span("UTC", "", ""), Ok(both("", "")));
        assert_eq!(span("UTC", " 2026-11-23 ", "").unwrap().0, "2026-11-23T00:00:00.000000Z");
        assert_eq!(DaySpan::parse("", "", &TimeZone::UTC), Ok(DaySpan::default()));
    }

    #[test]
    fn the_whole_calendar_is_a_span() {
        let all = both("0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z");
        assert_eq!(span("UTC", "0001-01-01", "9999-12-31"), Ok(all));
        for zone in ["UTC", "Pacific/Kiritimati", "America/New_York"] {
            assert!(span(zone, "9999-12-31", "9999-12-31").is_ok(), "{zone}");
            assert!(span(zone, "0001-01-01", "0001-01-01").is_ok(), "{zone}");
        }
    }

    #[test]
    fn what_is_no_span_is_told_by_its_end() {
        let (since, until) = (NotASpan::Since(NotATime), NotASpan::Until(NotATime));
        for wrong in [
            "tomorrow",
            "0000-01-01",
            "10000-01-01",
            "2026-02-29",
            "2026-11-23T09:00",
            "23.11.2026",
            "1",
            "'--",
        ] {
            assert_eq!(span("UTC", wrong, ""), Err(vec![since]), "{wrong}");
            assert_eq!(span("UTC", "2026-11-23", wrong), Err(vec![until]), "{wrong}");
            assert_eq!(span("UTC", wrong, wrong), Err(vec![since, until]), "{wrong}");
        }
        for (begin, end) in [
            ("2026-11-24", "2026-11-23"),
            ("2026-11-24T00:00:00Z", "2026-11-23"),
            ("2026-11-24", "2026-11-23T23:59:59.999999Z"),
            ("2026-11-24T00:00:00.000001Z", "2026-11-24T00:00:00Z"),
            ("9999-12-31", "0001-01-01"),
        ] {
            assert_eq!(
                span("UTC", begin, end),
                Err(vec![NotASpan::Backwards(Backwards)]),
                "{begin}"
            );
        }
        assert!(span("America/New_York", "2026-11-23", "2026-11-24T04:59:59Z").is_ok());
    }

    #[test]
    fn what_was_typed_can_be_asked_for_again() {
        let zone: TimeZone = "Europe/Berlin".parse().unwrap();
        let span = DaySpan::parse("2026-11-23", "2026-11-24T10:00:00+01:00", &zone).unwrap();
        let text = |typed: Option<DayOrTime>| typed.map(|typed| typed.to_string()).unwrap();
        let (since, until) = (text(span.typed_since()), text(span.typed_until()));
        assert_eq!((since.as_str(), until.as_str()), ("2026-11-23", "2026-11-24T09:00:00.000000Z"));
        assert_eq!(DaySpan::parse(&since, &until, &zone).unwrap().until, span.until);
    }
}
