//! Moments as programs write them into files.

use jiff::civil::DateTime;

use super::day_or_time::DayOrTime;
use super::time_zone::TimeZone;
use super::timestamp::Timestamp;

/// The moment that a cell names: a day or RFC 3339, a time of the clock with or without its distance from UTC, or
/// what Go prints. A day begins, and a clock without a distance stands, in `zone`. `None` for what may be read in two
/// ways, such as `03/04/2024`.
#[must_use]
pub fn read(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(typed) = text.parse::<DayOrTime>() {
        return Some(typed.begins(zone));
    }
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let is_clock = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.');
    let (clock, distance) = rest.split_at(rest.find(|c| !is_clock(c)).unwrap_or(rest.len()));
    // Hours and minutes are enough.
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
    let is_date = date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_date || clock.len() < 8 {
        return None;
    }
    match distance.trim_start() {
        "" => zone.moment(format!("{date}T{clock}").parse::<DateTime>().ok()?),
        distance => Timestamp::parse(&format!("{date}T{clock}{}", offset(distance)?)),
    }
}

/// The distance from UTC as RFC 3339 writes it; a name of the zone may stand behind it.
fn offset(text: &str) -> Option<String> {
    let (distance, name) = text.split_once(' ').unwrap_or((text, ""));
    if name.len() > 8 {
        return None;
    }
    match distance.as_bytes() {
        b"Z" | b"z" | b"UTC" | b"GMT" if name.is_empty() => Some("Z".to_owned()),
        [b'+' | b'-', _, _, b':', _, _] => Some(distance.to_owned()),
        [b'+' | b'-', _, _] => Some(format!("{distance}:00")),
        [b'+' | b'-', _, _, _, _] => {
            let (hours, minutes) = distance.split_at_checked(3)?;
            Some(format!("{hours}:{minutes}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_write_is_read() {
        let zone: TimeZone = "Europe/Berlin".parse().unwrap();
        for (text, at) in [
            ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00.000000Z"),
            ("2024-03-01", "2024-02-29T23:00:00.000000Z"),
            // Mailchimp, HubSpot, a spreadsheet.
            ("2024-03-01 10:00:00", "2024-03-01T09:00:00.000000Z"),
            ("2024-07-01 10:00", "2024-07-01T08:00:00.000000Z"),
            ("2024-03-01T10:00:00", "2024-03-01T09:00:00.000000Z"),
            // PostgreSQL, listmonk.
            ("2024-03-01 10:00:00.123456+00", "2024-03-01T10:00:00.123456Z"),
            ("2024-03-01 10:00:00.5 +0000 UTC", "2024-03-01T10:00:00.500000Z"),
            ("2024-03-01 10:00:00.123456 +0530 +0530", "2024-03-01T04:30:00.123456Z"),
            ("2024-03-01 10:00 UTC", "2024-03-01T10:00:00.000000Z"),
            (" 2024-03-01 10:00:00-05:00 ", "2024-03-01T15:00:00.000000Z"),
        ] {
            assert_eq!(read(text, &zone).map(|at| at.to_string()).as_deref(), Some(at), "{text}");
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_not_guessed() {
        for text in [
            "",
            "03/04/2024",
            "2024-3-1",
            "2024-13-01 10:00",
            "2024-03-01 25:00:00",
            "2024-03-01 10",
            "2024-03-01 10:00:00 AM",
            "2024-03-01 10:00:00 CET",
            "2024-03-01 10:00:00 +0000 and then some",
            "2024-03-01 10:00:00 +é0",
            "1709287200",
            "２024-03-01 10:00",
        ] {
            assert_eq!(read(text, &TimeZone::UTC), None, "{text}");
        }
    }
}
