//! Filters by which templates write moments, given in RFC 3339, as people of the site's zone do.

use minijinja::{Environment, Error, ErrorKind};

use crate::domain::day::Day;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;

/// `day`, `minute`, `clock` and `until`, the same where there is little room, and `datetime` for programs; and a test
/// whether a text is a whole day.
pub(super) fn add_filters(environment: &mut Environment<'static>, timezone: &TimeZone) {
    type Write = fn(&TimeZone, Timestamp) -> String;
    let filters: [(&str, Write); 8] = [
        ("day", TimeZone::day),
        ("minute", TimeZone::minute),
        ("clock", TimeZone::clock),
        ("until", TimeZone::until),
        ("short_day", TimeZone::short_day),
        ("short_minute", TimeZone::short_minute),
        ("short_until", TimeZone::short_until),
        ("datetime", |_, at| at.to_seconds()),
    ];
    for (name, write) in filters {
        let timezone = timezone.clone();
        environment.add_filter(name, move |text: &str| match Timestamp::parse(text) {
            Some(at) => Ok(write(&timezone, at)),
            None => Err(Error::new(ErrorKind::InvalidOperation, "this is not a moment")),
        });
    }
    environment.add_test("a_day", |text: &str| text.parse::<Day>().is_ok());
}
