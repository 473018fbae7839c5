//! How long a mailed link works.

use std::time::Duration;

use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// How long a link works, as the operator set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkLifetime(Duration);

impl LinkLifetime {
    /// At least this long.
    #[must_use]
    pub const fn new(least: Duration) -> Self {
        Self(least)
    }

    /// When a link ends that is made now. One that works for whole days ends with the last of them in the site's zone, so
    /// that its reader is told a day and no minute.
    #[must_use]
    pub fn ends(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let end = now.plus(self.0);
        let in_days = self.0.as_nanos().is_multiple_of(DAY.as_nanos());
        if in_days { zone.ends(zone.day_of(end)) } else { end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_end_with_a_day_and_hours_with_a_minute() {
        let london: TimeZone = "Europe/London".parse().unwrap();
        for (hours, now, ends) in [
            (48, "2026-11-30T20:13:00Z", "2026-12-03T00:00:00Z"),
            (24, "2026-11-30T00:00:00Z", "2026-12-02T00:00:00Z"),
            (720, "2026-06-01T22:59:59Z", "2026-07-01T23:00:00Z"),
            (720, "2026-06-01T23:00:00Z", "2026-07-02T23:00:00Z"),
            (36, "2026-11-30T20:13:00Z", "2026-12-02T08:13:00Z"),
        ] {
            let now = Timestamp::parse(now).unwrap();
            let lifetime = Duration::from_hours(hours);
            let end = LinkLifetime::new(lifetime).ends(now, &london);
            assert_eq!(end, Timestamp::parse(ends).unwrap(), "{hours} hours from {now}");
            assert!(end >= now.plus(lifetime));
        }
        let late = LinkLifetime::new(DAY).ends(Timestamp::LATEST, &london);
        assert_eq!(late, Timestamp::LATEST);
    }
}
