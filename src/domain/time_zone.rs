//! The site's time zone: when its days begin, and how people there write a moment.

use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};
use jiff::tz::{self, TimeZoneDatabase};
use serde::{Serialize, Serializer};

use super::day::Day;
use super::nearest::nearest;
use super::timestamp::Timestamp;

/// A zone of the IANA database. What people read is written in it, and the days they type are days in it; what
/// programs read stays in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(tz::TimeZone);

/// A name that no zone has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone: {}", match nearest {
    Some(known) => format!("did you mean `{known}`?"),
    None => "write a name of the IANA database, such as Europe/London".to_owned(),
})]
pub struct UnknownTimeZone {
    name: String,
    nearest: Option<String>,
}

/// A time over which a zone's clocks stood the same way from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
    /// How far the clocks were ahead of UTC, in seconds.
    pub offset: i64,
}

const EPOCH: DateTime = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);

/// Months as narrow places write them.
const SHORT: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"];

impl TimeZone {
    /// UTC.
    pub const UTC: Self = Self(tz::TimeZone::UTC);

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The day on which a moment falls.
    #[must_use]
    pub fn day_of(&self, at: Timestamp) -> Day {
        self.date_of(at).into()
    }

    /// The first moment of a day: where clocks skip its midnight, the moment after the gap.
    #[must_use]
    pub fn begins(&self, day: Day) -> Timestamp {
        let midnight = DateTime::from(Date::from(day));
        // The library's moments end before the last day does.
        self.moment(midnight).unwrap_or_else(|| {
            let ahead = SignedDuration::from_secs(self.ahead(Timestamp::LATEST));
            let micros = (midnight.duration_since(EPOCH) - ahead).as_micros();
            Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
        })
    }

    /// The first moment after a day.
    #[must_use]
    pub fn ends(&self, day: Day) -> Timestamp {
        Date::from(day).tomorrow().map_or(Timestamp::LATEST, |next| self.begins(next.into()))
    }

    /// The moment at which clocks there show this; of two, the first, and of none, the one after the gap.
    #[must_use]
    pub fn moment(&self, shown: DateTime) -> Option<Timestamp> {
        let moment = shown.to_zoned_datetime(self.0.clone()).ok()?;
        Some(Timestamp::from_micros(moment.timestamp().as_microsecond()))
    }

    /// The day as people write it: `23 November 2026`.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> String {
        self.date_of(at).strftime("%-d %B %Y").to_string()
    }

    /// The minute as people write it: `14:05 GMT on 23 November 2026`.
    #[must_use]
    pub fn minute(&self, at: Timestamp) -> String {
        format!("{} on {}", self.clock(at), self.day(at))
    }

    /// The day where there is little room: `23 Nov 2026`.
    #[must_use]
    pub fn short_day(&self, at: Timestamp) -> String {
        let date = self.date_of(at);
        let month = usize::from(date.month().unsigned_abs()).saturating_sub(1);
        format!("{} {} {}", date.day(), SHORT.get(month).unwrap_or(&""), date.year())
    }

    /// The minute where there is little room: `23 Nov 2026, 14:05 GMT`.
    #[must_use]
    pub fn short_minute(&self, at: Timestamp) -> String {
        format!("{}, {}", self.short_day(at), self.clock(at))
    }

    /// From when on something holds that begins with this moment: a day, or a minute where it does not begin
    /// with one.
    #[must_use]
    pub fn since(&self, begin: Timestamp) -> String {
        if self.begins(self.day_of(begin)) == begin { self.day(begin) } else { self.minute(begin) }
    }

    /// Until when something holds that ends with this moment, after "until": `the end of 31 December 2026`, or
    /// `14:05 GMT on 31 December 2026` where it does not end with a day.
    #[must_use]
    pub fn until(&self, end: Timestamp) -> String {
        let last = end.previous();
        if self.ends(self.day_of(last)) == end {
            format!("the end of {}", self.day(last))
        } else {
            self.minute(end)
        }
    }

    /// Until when something holds, in fewer letters than [`Self::until`].
    #[must_use]
    pub fn short_until(&self, end: Timestamp) -> String {
        let last = end.previous();
        if self.ends(self.day_of(last)) == end {
            format!("the end of {}", self.short_day(last))
        } else {
            self.short_minute(end)
        }
    }

    /// The stretches from one moment to another, in their order.
    #[must_use]
    pub fn stretches(&self, from: Timestamp, until: Timestamp) -> Vec<Stretch> {
        let changes = self.0.following(instant(from));
        let changes = changes.map(|change| {
            (Timestamp::from_micros(change.timestamp().as_microsecond()), change.offset())
        });
        let mut stretches = Vec::new();
        let (mut begun, mut offset) = (from, self.0.to_offset(instant(from)));
        for (at, next) in changes.take_while(|(at, _)| *at < until) {
            stretches.push(Stretch { from: begun, until: at, offset: offset.seconds().into() });
            (begun, offset) = (at, next);
        }
        stretches.push(Stretch { from: begun, until, offset: offset.seconds().into() });
        stretches
    }

    fn date_of(&self, at: Timestamp) -> Date {
        self.shown(at).date()
    }

    /// What clocks show at a moment.
    fn shown(&self, at: Timestamp) -> DateTime {
        let since_epoch = SignedDuration::from_micros(at.micros());
        EPOCH.saturating_add(since_epoch + SignedDuration::from_secs(self.ahead(at)))
    }

    /// How far its clocks are ahead of UTC at a moment, in seconds.
    fn ahead(&self, at: Timestamp) -> i64 {
        self.0.to_offset(instant(at)).seconds().into()
    }

    /// The minute of its day: `14:05 GMT`, or `14:05 UTC+03` in zones whose clocks have no name.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        let clock = self.shown(at).strftime("%H:%M");
        let info = self.0.to_offset_info(instant(at));
        let name = info.abbreviation();
        if name.starts_with(['+', '-']) {
            format!("{clock} UTC{name}")
        } else {
            format!("{clock} {name}")
        }
    }
}

/// This moment as the library's type, which ends a day before ours.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::MAX)
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;
    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        let zones = TimeZoneDatabase::bundled();
        if let Ok(zone) = zones.get(name)
            && !zone.is_unknown()
        {
            return Ok(Self(zone));
        }
        let known: Vec<String> = zones.available().map(|zone| zone.as_str().to_owned()).collect();
        // Who writes `London` means a city, and none of its region's names is like it.
        let city = known.iter().find(|zone| {
            zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name.trim()))
        });
        let near =
            city.map(String::as_str).or_else(|| nearest(name, known.iter().map(String::as_str)));
        Err(UnknownTimeZone { name: name.to_owned(), nearest: near.map(ToOwned::to_owned) })
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// The first moment of a day and the first after it, and how many hours lie between.
    fn span(zone: &TimeZone, day: &str) -> (String, String, u64) {
        let day = day.parse().unwrap();
        let (begins, ends) = (zone.begins(day), zone.ends(day));
        let short = |at: Timestamp| at.to_string().replace(":00.000000Z", "Z");
        (short(begins), short(ends), ends.since(begins).as_secs() / 3600)
    }

    #[test]
    fn a_moment_is_written_as_people_there_write_it() {
        let moment = at("2026-07-01T23:05:59.9Z");
        assert_eq!(TimeZone::UTC.minute(moment), "23:05 UTC on 1 July 2026");
        let london = zone("Europe/London");
        assert_eq!(london.minute(moment), "00:05 BST on 2 July 2026");
        assert_eq!(london.short_minute(moment), "2 July 2026, 00:05 BST");
        assert_eq!(london.short_day(at("2026-09-09T00:00:00Z")), "9 Sept 2026");
        assert_eq!(zone("America/Sao_Paulo").minute(moment), "20:05 UTC-03 on 1 July 2026");
        assert_eq!(zone("Asia/Kathmandu").minute(moment), "04:50 UTC+0545 on 2 July 2026");
        for end in [Timestamp::EARLIEST, Timestamp::LATEST] {
            assert!(!london.minute(end).is_empty());
        }
    }

    #[test]
    fn days_of_23_and_of_25_hours_begin_and_end_at_midnight() {
        let london = zone("Europe/London");
        let spring = span(&london, "2026-03-29");
        assert_eq!(spring, ("2026-03-29T00:00Z".into(), "2026-03-29T23:00Z".into(), 23));
        let autumn = span(&london, "2026-10-25");
        assert_eq!(autumn, ("2026-10-24T23:00Z".into(), "2026-10-26T00:00Z".into(), 25));
        let new_york = zone("America/New_York");
        let spring = span(&new_york, "2026-03-08");
        assert_eq!(spring, ("2026-03-08T05:00Z".into(), "2026-03-09T04:00Z".into(), 23));
        let autumn = span(&new_york, "2026-11-01");
        assert_eq!(autumn, ("2026-11-01T04:00Z".into(), "2026-11-02T05:00Z".into(), 25));
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap() {
        // Clocks in Cairo went from 23:59 on Thursday to 01:00 on Friday, 28 April 2023.
        let cairo = zone("Africa/Cairo");
        let spring = span(&cairo, "2023-04-28");
        assert_eq!(spring, ("2023-04-27T22:00Z".into(), "2023-04-28T21:00Z".into(), 23));
        assert_eq!(cairo.minute(at("2023-04-27T22:00:00Z")), "01:00 EEST on 28 April 2023");
        assert_eq!(cairo.until(at("2023-04-27T22:00:00Z")), "the end of 27 April 2023");
        // Samoa had no 30 December 2011 at all.
        assert_eq!(span(&zone("Pacific/Apia"), "2011-12-30").2, 0);
    }

    #[test]
    fn a_last_day_is_included() {
        let london = zone("Europe/London");
        let end = london.ends("2026-06-30".parse().unwrap());
        assert_eq!(end, at("2026-06-30T23:00:00Z"));
        assert_eq!(london.until(end), "the end of 30 June 2026");
        assert_eq!(london.short_until(end), "the end of 30 June 2026");
        assert_eq!(TimeZone::UTC.until(end), "23:00 UTC on 30 June 2026");
        assert_eq!(TimeZone::UTC.ends("9999-12-31".parse().unwrap()), Timestamp::LATEST);
    }

    #[test]
    fn the_last_day_is_one_as_well() {
        let last = "9999-12-31".parse().unwrap();
        for (name, begins) in [
            ("UTC", "9999-12-31T00:00Z"),
            ("Asia/Kolkata", "9999-12-30T18:30Z"),
            ("America/New_York", "9999-12-31T05:00Z"),
        ] {
            let zone = zone(name);
            assert_eq!(span(&zone, "9999-12-31").0, begins, "{name}");
            assert_eq!(zone.ends("9999-12-30".parse().unwrap()), zone.begins(last), "{name}");
            assert_eq!(zone.since(zone.begins(last)), "31 December 9999", "{name}");
            assert_eq!(zone.until(zone.ends(last)), "the end of 31 December 9999", "{name}");
        }
    }

    #[test]
    fn stretches_meet_and_have_one_offset_each() {
        let london = zone("Europe/London");
        let (from, until) = (at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
        let stretches = london.stretches(from, until);
        assert_eq!(stretches.iter().map(|s| s.offset).collect::<Vec<_>>(), [0, 3600, 0]);
        assert_eq!(stretches[0].until, at("2026-03-29T01:00:00Z"));
        assert!(stretches.windows(2).all(|two| two[0].until == two[1].from));
        assert_eq!((stretches[0].from, stretches[2].until), (from, until));
        let whole = Stretch { from, until, offset: 0 };
        assert_eq!(TimeZone::UTC.stretches(from, until), [whole]);
    }

    #[test]
    fn an_unknown_zone_is_answered_with_the_nearest() {
        let said = |name: &str| name.parse::<TimeZone>().unwrap_err().to_string();
        for (name, meant) in [
            ("Europe/Lodon", "Europe/London"),
            ("London", "Europe/London"),
            ("new_york", "America/New_York"),
            ("America/NewYork", "America/New_York"),
        ] {
            let error = said(name);
            assert!(error.ends_with(&format!("did you mean `{meant}`?")), "{error}");
        }
        assert!(said("Narnia").contains("such as Europe/London"));
        assert!(said("").contains("such as Europe/London"));
        assert!(said("Etc/Unknown").contains("not a time zone"));
        assert_eq!(zone("europe/london").name(), "Europe/London");
        assert_eq!(zone("UTC"), TimeZone::UTC);
        assert_eq!(TimeZone::UTC.name(), "UTC");
    }
}
