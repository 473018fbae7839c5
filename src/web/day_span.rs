//! `since` and `until` of forms and addresses: read here for whoever asks, so that they mean the same everywhere.

use crate::domain::day_span::{DaySpan, NotASpan};
use crate::domain::sentence::upper_first;
use crate::domain::time_zone::TimeZone;
use crate::web::http::fields::{Fields, InvalidField};

/// The fields of its ends.
pub(super) const ENDS: [&str; 2] = ["since", "until"];

/// Reads both ends.
///
/// # Errors
/// Says what is wrong with each.
pub(super) fn read_span(fields: &Fields, zone: &TimeZone) -> Result<DaySpan, Vec<InvalidField>> {
    let unclear: Vec<InvalidField> = ENDS
        .into_iter()
        .filter(|end| fields.is_repeated(end) || fields.is_faulty(end))
        .map(|end| InvalidField::new(end, "not-once", "Write this once, in plain characters"))
        .collect();
    let [since, until] =
        ENDS.map(
            |end| {
                if unclear.iter().any(|fault| fault.field == end) { "" } else { fields.one(end) }
            },
        );
    let read = DaySpan::parse(since, until, zone);
    match read {
        Ok(span) if unclear.is_empty() => Ok(span),
        read => Err(unclear
            .into_iter()
            .chain(read.err().unwrap_or_default().into_iter().map(fault))
            .collect()),
    }
}

fn fault(why: NotASpan) -> InvalidField {
    let (end, code) = match why {
        NotASpan::Since(_) => ("since", "not-a-day"),
        NotASpan::Until(_) => ("until", "not-a-day"),
        NotASpan::Backwards(_) => ("until", "not-after"),
    };
    InvalidField::new(end, code, upper_first(&why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_refused_with_one_sentence() {
        let refused = |query: &str| -> Vec<(&'static str, &'static str, String)> {
            let read = read_span(&Fields::parse(query.as_bytes()), &TimeZone::UTC);
            let faults = read.unwrap_err().into_iter();
            faults.map(|fault| (fault.field, fault.code, fault.message.into_owned())).collect()
        };
        let day = "Write a day such as 2026-11-23, or a time such as 2026-11-23T09:00:00Z";
        for wrong in ["tomorrow", "0000-01-01", "%2B10000-01-01", &"9".repeat(10_000)] {
            assert_eq!(
                refused(&format!("since={wrong}&until={wrong}")),
                [("since", "not-a-day", day.to_owned()), ("until", "not-a-day", day.to_owned())]
            );
        }
        let once = "Write this once, in plain characters";
        for wrong in ["2026-11-23%00", "2026-11-23&since=2026-11-24", "%ff"] {
            assert_eq!(
                refused(&format!("since={wrong}&until=2026-11-23")),
                [("since", "not-once", once.to_owned())]
            );
        }
        assert_eq!(
            refused("since=2026-11-24&until=2026-11-23"),
            [("until", "not-after", "Write an end that is not before the beginning".to_owned())]
        );
        assert!(read_span(&Fields::parse(b"since=+2026-11-23+&until="), &TimeZone::UTC).is_ok());
        let [plain, escaped] = ["+", "%2B"].map(|plus| {
            let query = format!("since=2026-11-23T09:00:00{plus}01:00&until=");
            read_span(&Fields::parse(query.as_bytes()), &TimeZone::UTC).unwrap()
        });
        assert_eq!(plain, escaped);
    }
}
