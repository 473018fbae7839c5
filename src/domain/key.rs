//! Keys that sort by time.

use uuid::Uuid;

use super::timestamp::Timestamp;

/// No key that was made at this moment or later is less (UUID version 7, RFC 9562 §5.7): rows of a span of
/// time are found by their keys alone, in whole milliseconds.
#[must_use]
pub fn least_key(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.micros().div_euclid(1000)).unwrap_or(0);
    Uuid::from_u128(u128::from(millis) << 80)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_is_never_less_than_its_moment() {
        let at = Timestamp::parse("2026-11-23T09:00:00.001999Z").unwrap();
        let millis = u64::try_from(at.micros() / 1000).unwrap();
        let smallest = uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid();
        let largest = uuid::Builder::from_unix_timestamp_millis(millis, &[255; 10]).into_uuid();
        assert!(least_key(at) <= smallest);
        assert!(largest < least_key(at.plus(Duration::from_millis(1))));
        assert_eq!(least_key(Timestamp::from_micros(-1)), Uuid::nil());
    }
}
