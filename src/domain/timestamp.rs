//! Moments, as both databases hold them.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment in UTC, in whole microseconds since the Unix epoch, from [`Timestamp::EARLIEST`] to
/// [`Timestamp::LATEST`]: what lies outside has no date that RFC 3339 can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first moment of the calendar: earlier than anything that happens here.
    pub const EARLIEST: Self = Self(-62_135_596_800_000_000);
    /// Its last moment.
    pub const LATEST: Self = Self(253_402_300_799_999_999);

    /// A moment for samples of pages and mails: 23 November 2026, 09:00.
    pub const SAMPLE: Self = Self(1_795_424_400_000_000);

    /// The moment so many microseconds after the Unix epoch, or the nearest of the calendar.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(Self::EARLIEST.0, Self::LATEST.0))
    }

    /// In UTC with whole seconds, as HTML's `datetime` takes it: it knows three digits of a fraction at most.
    #[must_use]
    pub fn to_seconds(self) -> String {
        let text = self.to_string();
        text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The moment so much later, the latest at most.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(micros_of(duration)))
    }

    /// The moment so much earlier, the earliest at least.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_sub(micros_of(duration)))
    }

    /// How long after `earlier` this is; nothing when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The next moment, a microsecond later.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(Duration::from_micros(1))
    }

    /// The moment before, a microsecond earlier.
    #[must_use]
    pub fn previous(self) -> Self {
        self.minus(Duration::from_micros(1))
    }

    /// Reads RFC 3339, such as `2026-11-23T09:00:00Z`. `None` for what lies outside the calendar, too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let micros = micros_since_epoch(OffsetDateTime::parse(text, &Rfc3339).ok()?);
        Some(Self::from_micros(micros)).filter(|at| at.0 == micros)
    }

    /// The number of its day (UTC), counted from 1 January 1970.
    #[must_use]
    pub fn day_number(self) -> i64 {
        self.0.div_euclid(micros_of(Duration::from_hours(24)))
    }

    /// As the `time` crate's type.
    #[must_use]
    pub fn date_time(self) -> OffsetDateTime {
        // Every moment of the calendar has one.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn micros_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn micros_since_epoch(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        Self::from_micros(micros_since_epoch(at))
    }
}

/// RFC 3339 in UTC with all six digits of its fraction, so that texts sort as moments do: the form of
/// exports, receipts and the ledger. Put together here, for a million rows have two million of them, and
/// a description of the format is read anew each time.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.date_time();
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, micros) = at.to_hms_micro();
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        for (place, digits, number) in [
            (0, 4, u32::try_from(year).map_err(|_| fmt::Error)?),
            (5, 2, u32::from(u8::from(month))),
            (8, 2, day.into()),
            (11, 2, hour.into()),
            (14, 2, minute.into()),
            (17, 2, second.into()),
            (20, 6, micros),
        ] {
            let mut rest = number;
            for digit in text[place..place + digits].iter_mut().rev() {
                *digit += u8::try_from(rest % 10).unwrap_or_default();
                rest /= 10;
            }
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_every_digit() {
        for text in ["2024-02-29T23:59:59.999999Z", "0001-01-01T00:00:00.000001Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timestamp::EARLIEST.to_string(), "0001-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::EARLIEST.to_seconds(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::LATEST.to_string(), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn reads_and_writes_rfc_3339() {
        let at = Timestamp::parse("2026-11-23T09:00:00.25Z").unwrap();
        assert_eq!(at.to_string(), "2026-11-23T09:00:00.250000Z");
        assert_eq!(Timestamp::parse("2026-11-23T10:00:00.25+01:00"), Some(at));
    }

    #[test]
    fn a_day_ends_at_midnight() {
        let number = |text| Timestamp::parse(text).unwrap().day_number();
        assert_eq!(number("1970-01-01T23:59:59.999999Z"), 0);
        assert_eq!(number("1969-12-31T23:59:59.999999Z"), -1);
        assert_eq!(number("2026-11-24T00:00:00Z"), number("2026-11-23T23:59:59Z") + 1);
    }

    #[test]
    fn no_moment_is_outside_the_calendar() {
        for text in [
            "yesterday",
            "2026-11-23",
            "0000-12-31T23:59:59.999999Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        let (first, last) = (Timestamp::EARLIEST, Timestamp::LATEST);
        assert_eq!(
            Timestamp::parse("9999-12-31T00:00:00Z").unwrap().plus(Duration::from_hours(24)),
            last
        );
        assert_eq!(last.plus(Duration::MAX), last);
        assert_eq!(first.minus(Duration::from_micros(1)), first);
        assert_eq!(last.minus(Duration::MAX), first);
        assert_eq!(Timestamp::from_micros(i64::MIN), first);
        assert_eq!(Timestamp::from_micros(i64::MAX), last);
        for moment in [first, last] {
            assert_eq!(Timestamp::from(moment.date_time()), moment);
        }
    }
}
