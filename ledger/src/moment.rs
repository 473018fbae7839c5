//! Moments as others write them (RFC 3339), to the second.

use std::ops::RangeInclusive;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The seconds that RFC 3339 can write in UTC, counted from the Unix epoch.
const CALENDAR: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The second of a moment, counted from the Unix epoch; `None` where it is none, or outside of the years that RFC 3339
/// can write in UTC.
pub(super) fn whole_seconds(text: &str) -> Option<i64> {
    let seconds = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp();
    CALENDAR.contains(&seconds).then_some(seconds)
}

/// A second since the Unix epoch as RFC 3339 writes it; of one that it cannot write, the number.
pub(super) fn written(seconds: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).ok();
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_else(|| seconds.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_to_its_second() {
        for (text, seconds) in [
            ("1970-01-01T00:00:01.999999Z", Some(1)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1969-12-31T23:59:59.5Z", Some(-1)),
            ("9999-12-31T23:59:59.999999Z", Some(253_402_300_799)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_799)),
            ("2017-01-01T00:59:60.5+01:00", Some(1_483_228_799)),
            ("2016-12-30T23:59:60Z", None),
            ("2016-12-31T23:58:60Z", None),
            ("2026-02-30T09:05:00Z", None),
            ("2026-11-23T24:00:00Z", None),
            ("9999-12-31T23:59:60Z", Some(253_402_300_799)),
            ("9999-12-31T23:59:59-00:01", None),
            ("0001-01-01T00:00:00+00:01", None),
            ("2026-11-23", None),
        ] {
            assert_eq!(whole_seconds(text), seconds, "{text}");
        }
        assert_eq!(written(1), "1970-01-01T00:00:01Z");
        assert_eq!(written(i64::MAX), i64::MAX.to_string());
    }
}
