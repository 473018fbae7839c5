//! Keys that sort by time.

use std::time::Duration;

use uuid::Uuid;

use super::timestamp::Timestamp;

/// No key that was made at this moment or later is less (UUID version 7, RFC 9562 §5.7): rows of a span of
/// time are found by their keys alone, in whole milliseconds.
#[must_use]
pub fn least_key(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.micros().div_euclid(1000)).unwrap_or(0);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// Every key that was made before this moment is less; so are those made within the same millisecond.
#[must_use]
pub fn least_key_after(at: Timestamp) -> Uuid {
    least_key(at.plus(Duration::from_millis(1)))
}

/// When a key was made, in whole milliseconds; `None` for a key that does not tell.
#[must_use]
pub fn made_at(key: Uuid) -> Option<Timestamp> {
    let millis = (key.get_version_num() == 7).then_some(key.as_u128() >> 80)?;
    Some(Timestamp::from_micros(i64::try_from(millis).ok()?.saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
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
        assert!(least_key(at.previous()) < least_key_after(at), "made within its millisecond");
        assert_eq!(least_key_after(at), least_key(at.next()), "none of the next one");
    }

    #[test]
    fn a_key_tells_when_it_was_made() {
        let at = Timestamp::parse("2026-11-23T09:00:00.001Z").unwrap();
        let millis = u64::try_from(at.micros() / 1000).unwrap();
        let key = uuid::Builder::from_unix_timestamp_millis(millis, &[255; 10]).into_uuid();
        assert_eq!(made_at(key), Some(at));
        assert_eq!((made_at(Uuid::nil()), made_at(least_key(at))), (None, None));
    }
}
