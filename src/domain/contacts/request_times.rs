//! Until when a request must be answered, and how long it is kept.

use std::time::Duration;

use crate::domain::day::Day;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;

/// Within how many days a complaint is acknowledged (Data Protection Act 2018 s. 164A(3)). The first is the day after the
/// one it arrives on; that the law goes on to the next working day where the last is none, is not made use of.
const ACKNOWLEDGED_WITHIN: i64 = 30;

/// Until when a complaint that arrived then is to be acknowledged: the end of the thirtieth day after.
#[must_use]
pub fn acknowledge_by(received_at: Timestamp, timezone: &TimeZone) -> Timestamp {
    timezone.ends(timezone.day_of(received_at).plus_days(ACKNOWLEDGED_WITHIN))
}

/// What the time for an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answering {
    /// When the request arrived.
    pub received_at: Timestamp,
    /// Whether its sender was told that it takes two months more (UK GDPR Art. 12(3)).
    pub is_extended: bool,
    /// On how many days it waited for proof of who they are (Art. 12(6)).
    pub paused_days: i64,
}

impl Answering {
    /// Until when it is to be answered: the end of the day of the same number one month on, or three months, or the last
    /// of that month where it has no such day. Days on which it waited for proof of identity come on top; the law would
    /// let the month begin anew with that proof (Art. 12A), so nothing is due later here than there. For the outcome of
    /// a complaint the law has no date, only no undue delay: it is held to the same month, so that none is forgotten.
    #[must_use]
    pub fn due_at(&self, timezone: &TimeZone) -> Timestamp {
        let months = if self.is_extended { 3 } else { 1 };
        let day = timezone.day_of(self.received_at).plus_months(months);
        timezone.ends(day.plus_days(self.paused_days.max(0)))
    }
}

/// How many days a request waited from one moment to another.
#[must_use]
pub fn days_between(from: Timestamp, until: Timestamp, timezone: &TimeZone) -> i64 {
    (timezone.day_of(until).number() - timezone.day_of(from).number()).max(0)
}

/// How long something is kept, in words: `3 years`.
#[must_use]
pub fn kept_words(kept: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    // As settings count them: a year of 365.25 days and a month of its twelfth part.
    let units = [(31_557_600, "year"), (2_630_016, "month"), (DAY, "day"), (60 * 60, "hour")];
    let seconds = kept.as_secs();
    let fits = units.iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (number, unit) = match fits {
        Some((unit, name)) => (seconds / unit, *name),
        // A little longer than it is, rather than less.
        None => (seconds.div_ceil(DAY), "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// The day on which a letter or a call reached us, as the moment that a request begins with: none that is still to come.
#[must_use]
pub fn received_on(day: Day, now: Timestamp, timezone: &TimeZone) -> Option<Timestamp> {
    let begins = timezone.begins(day);
    (begins <= now).then_some(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> TimeZone {
        "Europe/London".parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn last_day(received: &str, is_extended: bool, paused_days: i64) -> String {
        let answering = Answering { received_at: at(received), is_extended, paused_days };
        let end = answering.due_at(&london());
        let day = london().day_of(end.previous());
        assert_eq!(london().ends(day), end, "it is the end of a day");
        day.to_string()
    }

    #[test]
    fn a_month_ends_on_the_same_day_or_the_last_one() {
        for (received, due, extended) in [
            ("2026-11-23T09:00:00Z", "2026-12-23", "2027-02-23"),
            ("2027-01-31T09:00:00Z", "2027-02-28", "2027-04-30"),
            ("2028-01-30T09:00:00Z", "2028-02-29", "2028-04-30"),
            ("2026-11-30T23:59:59Z", "2026-12-30", "2027-02-28"),
            ("2026-12-31T12:00:00Z", "2027-01-31", "2027-03-31"),
            ("2027-03-31T12:00:00Z", "2027-04-30", "2027-06-30"),
            // In London it is the next day already.
            ("2027-05-30T23:30:00Z", "2027-06-30", "2027-08-31"),
        ] {
            assert_eq!(last_day(received, false, 0), due, "{received}");
            assert_eq!(last_day(received, true, 0), extended, "{received}");
        }
    }

    #[test]
    fn days_of_waiting_come_on_top() {
        assert_eq!(last_day("2027-01-31T09:00:00Z", false, 5), "2027-03-05");
        assert_eq!(last_day("2027-01-31T09:00:00Z", true, 1), "2027-05-01");
        assert_eq!(last_day("2027-01-31T09:00:00Z", false, -5), "2027-02-28");
        let (asked, came) = (at("2027-02-01T23:00:00Z"), at("2027-02-03T01:00:00Z"));
        assert_eq!(days_between(asked, came, &london()), 2);
        assert_eq!(days_between(came, asked, &london()), 0, "a clock that was set back");
        assert_eq!(days_between(asked, asked, &london()), 0);
    }

    #[test]
    fn a_complaint_is_acknowledged_within_thirty_days() {
        for (received, by) in [
            ("2026-11-23T00:00:00Z", "2026-12-23"),
            ("2027-01-31T23:59:59Z", "2027-03-02"),
            ("2028-01-31T12:00:00Z", "2028-03-01"),
            ("2027-05-31T23:30:00Z", "2027-07-01"),
        ] {
            let end = acknowledge_by(at(received), &london());
            let day = london().day_of(end.previous());
            assert_eq!((day.to_string(), london().ends(day)), (by.to_owned(), end), "{received}");
        }
    }

    #[test]
    fn how_long_it_is_kept_is_said_in_the_largest_unit() {
        let day = Duration::from_hours(24);
        for (kept, words) in [
            (Duration::from_hours(3 * 8_766), "3 years"),
            (Duration::from_hours(8_766), "1 year"),
            (Duration::from_secs(6 * 2_630_016), "6 months"),
            (90 * day, "90 days"),
            (day, "1 day"),
            (Duration::from_hours(36), "36 hours"),
            (Duration::from_mins(90), "1 day"),
        ] {
            assert_eq!(kept_words(kept), words);
        }
    }

    #[test]
    fn nothing_arrives_tomorrow() {
        let (now, day) = (at("2026-11-23T23:30:00Z"), |text: &str| text.parse::<Day>().unwrap());
        assert_eq!(
            received_on(day("2026-11-23"), now, &london()),
            Some(at("2026-11-23T00:00:00Z"))
        );
        assert_eq!(received_on(day("2026-11-24"), now, &london()), None);
    }
}
