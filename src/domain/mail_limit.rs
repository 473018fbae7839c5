//! How many confirmation mails one mailbox may be sent.

use std::str::FromStr;
use std::time::Duration;

use super::timestamp::Timestamp;

/// At most so many confirmation mails to one mailbox in each of some windows, and never two within a
/// minute; or no limit at all. Written `2/15min,4/day` or `off`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLimit(Vec<Window>);

/// At most `count` in any stretch of `length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many.
    pub count: u32,
    /// In how long.
    pub length: Duration,
}

/// The text is not a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a limit as COUNT/TIME, such as `30/min` or `2/15min,4/day`, or `off`")]
pub struct LimitError;

/// The shortest time between two confirmation mails to one mailbox.
pub const APART: Duration = Duration::from_mins(1);

const A_MINUTE_APART: Window = Window { count: 1, length: APART };

/// A length of time in the largest unit that it is made of.
fn stretch(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit)) {
        Some((3_600, _)) if seconds == 3_600 => "an hour".to_owned(),
        Some((unit, name)) if seconds == unit => format!("a {name}"),
        Some((unit, name)) => format!("{} {name}s", seconds / unit),
        None => humantime::format_duration(length).to_string(),
    }
}

impl MailLimit {
    /// Each window as the count it allows and the moment it begins; empty when there is no limit.
    #[must_use]
    pub fn windows(&self, now: Timestamp) -> Vec<(u32, Timestamp)> {
        self.0.iter().map(|window| (window.count, now.minus(window.length))).collect()
    }

    /// Each window as people say it, such as `2 in 15 minutes`; empty when there is no limit.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let spoken = self.0.iter().filter(|window| **window != A_MINUTE_APART);
        spoken.map(|window| format!("{} in {}", window.count, stretch(window.length))).collect()
    }

    /// When the next mail may follow those sent at these moments, oldest first; `None` when any moment
    /// will do.
    #[must_use]
    pub fn next(&self, sent: &[Timestamp]) -> Option<Timestamp> {
        let after = |window: &Window| {
            let count = usize::try_from(window.count).unwrap_or(usize::MAX);
            let oldest = sent.len().checked_sub(count)?;
            Some(sent.get(oldest)?.plus(window.length))
        };
        self.0.iter().filter_map(after).max()
    }
}

impl FromStr for MailLimit {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        if text.trim() == "off" {
            return Ok(Self(vec![]));
        }
        let mut windows = vec![A_MINUTE_APART];
        for part in text.split(',') {
            windows.push(part.parse()?);
        }
        Ok(Self(windows))
    }
}

impl FromStr for Window {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let (count, length) = text.trim().split_once('/').ok_or(LimitError)?;
        let count = count.parse().ok().filter(|count| *count > 0).ok_or(LimitError)?;
        let length = match length {
            one if one.starts_with(|c: char| c.is_ascii_digit()) => one.to_owned(),
            unit => format!("1{unit}"),
        };
        let length = humantime::parse_duration(&length).map_err(|_| LimitError)?;
        if length.is_zero() { Err(LimitError) } else { Ok(Self { count, length }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documented_forms() {
        let limit: MailLimit = "2/15min,4/day".parse().unwrap();
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let starts: Vec<String> = limit
            .windows(now)
            .iter()
            .map(|(count, since)| format!("{count} since {since}"))
            .collect();
        assert_eq!(
            starts,
            [
                "1 since 2026-11-23T11:59:00.000000Z",
                "2 since 2026-11-23T11:45:00.000000Z",
                "4 since 2026-11-22T12:00:00.000000Z"
            ]
        );
        assert!("off".parse::<MailLimit>().unwrap().windows(now).is_empty());
        assert_eq!(limit.words(), ["2 in 15 minutes", "4 in a day"]);
        let other: MailLimit = "3/hour,9/2days,1/90min".parse().unwrap();
        assert_eq!(other.words(), ["3 in an hour", "9 in 2 days", "1 in 90 minutes"]);
        let minutes = |m: u64| now.plus(Duration::from_mins(m));
        assert_eq!(limit.next(&[]), None);
        assert_eq!(limit.next(&[now]), Some(minutes(1)));
        assert_eq!(limit.next(&[now, minutes(2)]), Some(minutes(15)));
        for bad in ["", "2", "0/min", "x/min", "2/", "2/fortnight", "2/0s", "-1/min"] {
            assert!(bad.parse::<MailLimit>().is_err(), "{bad}");
        }
    }
}
