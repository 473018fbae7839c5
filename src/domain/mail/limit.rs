//! How many confirmation mails one mailbox may be sent.

use std::str::FromStr;
use std::time::Duration;

use crate::domain::timestamp::Timestamp;

/// At most so many confirmation mails to one mailbox in each of some windows, and each a minute behind the one
/// before; or no limit at all. Written `2/15min,4/day` or `off`. The minute delays a mail; the windows, in
/// which what waits counts too, forbid it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLimit(Vec<Window>);

/// At most `count` in any stretch of `length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many mails at most.
    pub count: u32,
    /// How long the stretch is.
    pub length: Duration,
}

/// The text is not a limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a limit as COUNT/TIME, such as `30/min` or `2/15min,4/day`, or `off`")]
pub struct LimitError;

/// The shortest time between two confirmation mails to one mailbox.
const APART: Duration = Duration::from_mins(1);

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
    /// How long after the one before a mail leaves at the earliest; `None` when there is no limit.
    #[must_use]
    pub fn apart(&self) -> Option<Duration> {
        (!self.0.is_empty()).then_some(APART)
    }

    /// Each window as the count it allows and the moment it begins; empty when there is no limit.
    #[must_use]
    pub fn windows(&self, now: Timestamp) -> Vec<(u32, Timestamp)> {
        self.0.iter().map(|window| (window.count, now.minus(window.reach()))).collect()
    }

    /// Each window as people say it, such as `2 in 15 minutes`; empty when there is no limit.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let spoken = self.0.iter().filter(|window| **window != A_MINUTE_APART);
        spoken.map(|window| format!("{} in {}", window.count, stretch(window.length))).collect()
    }

    /// When a mail that is asked for now leaves, after those that left or leave at these moments; `None` when
    /// there were too many. The outbox decides by the same rule, in its statement.
    #[must_use]
    pub fn due(&self, now: Timestamp, mails: &[Timestamp]) -> Option<Timestamp> {
        let within = |since| mails.iter().filter(|at| **at > since).count();
        let mut windows = self.windows(now).into_iter();
        if !windows.all(|(count, since)| within(since) < whole(count)) {
            return None;
        }
        let after = mails.iter().max().zip(self.apart()).map(|(newest, apart)| newest.plus(apart));
        Some(after.map_or(now, |after| after.max(now)))
    }

    /// From when on a mail leaves at once, after those that left or leave at these moments, oldest first; `None`
    /// when any moment will do.
    #[must_use]
    pub fn next(&self, mails: &[Timestamp]) -> Option<Timestamp> {
        let after = |window: &Window| {
            let oldest = mails.len().checked_sub(whole(window.count))?;
            Some(mails.get(oldest)?.plus(window.reach()))
        };
        let apart = self.apart().map(|_| A_MINUTE_APART);
        self.0.iter().chain(&apart).filter_map(after).max()
    }

    /// The longest that a mail is ever delayed: by all others that its windows let wait before it.
    #[must_use]
    pub fn longest_delay(&self) -> Duration {
        let fewest = self.0.iter().map(|window| window.count).min().unwrap_or(1);
        APART.saturating_mul(fewest - 1)
    }
}

impl Window {
    /// How far back it looks: never less than the time that lies between two mails anyway.
    fn reach(&self) -> Duration {
        self.length.max(APART)
    }
}

fn whole(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl FromStr for MailLimit {
    type Err = LimitError;
    fn from_str(text: &str) -> Result<Self, LimitError> {
        if text.trim() == "off" {
            return Ok(Self(vec![]));
        }
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
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
            ["2 since 2026-11-23T11:45:00.000000Z", "4 since 2026-11-22T12:00:00.000000Z"]
        );
        assert!("off".parse::<MailLimit>().unwrap().windows(now).is_empty());
        assert_eq!(limit.words(), ["2 in 15 minutes", "4 in a day"]);
        let other: MailLimit = "3/hour,9/2days,1/90min".parse().unwrap();
        assert_eq!(other.words(), ["3 in an hour", "9 in 2 days", "1 in 90 minutes"]);
        for bad in ["", "2", "0/min", "x/min", "2/", "2/fortnight", "2/0s", "-1/min"] {
            assert!(bad.parse::<MailLimit>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_minute_delays_and_the_windows_forbid() {
        let limit: MailLimit = "2/15min,4/day".parse().unwrap();
        let now = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
        let after = |seconds: u64| now.plus(Duration::from_secs(seconds));
        assert_eq!((limit.due(now, &[]), limit.next(&[])), (Some(now), None));
        assert_eq!(
            (limit.due(after(20), &[now]), limit.next(&[now])),
            (Some(after(60)), Some(after(60)))
        );
        assert_eq!(limit.due(after(60), &[now]), Some(after(60)), "a minute apart is apart");
        let two = [now, after(60)];
        assert_eq!(
            (limit.due(after(30), &two), limit.next(&two)),
            (None, Some(after(900))),
            "what waits counts"
        );
        assert_eq!(limit.due(after(899), &two), None);
        assert_eq!(limit.due(after(900), &two), Some(after(900)));
        let four = [now, after(60), after(2_000), after(2_060)];
        assert_eq!(
            (limit.due(after(9_000), &four), limit.next(&four)),
            (None, Some(after(86_400)))
        );
        let off: MailLimit = "off".parse().unwrap();
        assert_eq!(
            (off.due(after(20), &two), off.next(&two), off.apart()),
            (Some(after(20)), None, None)
        );
    }

    #[test]
    fn no_mail_is_delayed_for_longer_than_is_said() {
        for text in ["2/15min,4/day", "1/min", "30/min", "5/30s", "3/2min,9/day", "off"] {
            let limit: MailLimit = text.parse().unwrap();
            let begun = Timestamp::parse("2026-11-23T12:00:00Z").unwrap();
            let mut mails = Vec::new();
            for tenth in 0..3_000 {
                let now = begun.plus(Duration::from_secs(10 * tenth));
                while let Some(due) = limit.due(now, &mails) {
                    assert!(due.since(now) <= limit.longest_delay(), "{text}");
                    mails.push(due);
                    if limit.apart().is_none() {
                        break;
                    }
                }
            }
            assert!(mails.is_sorted() && mails.len() > 3, "{text}: {}", mails.len());
        }
    }
}
