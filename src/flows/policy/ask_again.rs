//! A changed policy is told to those who agreed under an older one, or they are asked again: each once, and
//! once more before the date (GDPR Art. 7(1), 13(3)).

use std::time::Duration;

use uuid::Uuid;

use crate::domain::mail::outbox::MailKind;
use crate::domain::policy::version::ChangeClass;
use crate::domain::timestamp::Timestamp;
use crate::flows::{Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::policy::announcements::{self, Announcement};
use crate::store::policy::versions;
use crate::store::policy::versions::PolicyVersion;

/// How many mails one transaction decides: few enough that readers never wait for it.
pub const AT_ONCE: i64 = 500;

/// How long a change is told, and a lapse looked for: whoever confirms a form that showed the older version
/// is found too.
const WORKED_FOR: Duration = Duration::from_hours(30 * 24);
/// How long before its date people are reminded.
const REMINDED_BEFORE: Duration = Duration::from_hours(7 * 24);

/// Changes and dates before this moment need no more work.
#[must_use]
pub fn worked_since(now: Timestamp, settings: &FlowSettings) -> Timestamp {
    now.minus(WORKED_FOR.max(settings.pending_retention))
}

/// The versions that are still told of, oldest first.
pub async fn list_announced(
    tx: &mut Tx,
    now: Timestamp,
    settings: &FlowSettings,
) -> Result<Vec<PolicyVersion>, Error> {
    Ok(versions::list_announced(tx, worked_since(now, settings), now).await?)
}

/// The mails about a version that are due by now.
#[must_use]
pub fn due_now(policy: &PolicyVersion, now: Timestamp) -> Vec<Announcement<'_>> {
    let mail = |kind| Announcement { policy, kind, asked_before: None };
    match (policy.change_class, policy.renew_until) {
        (ChangeClass::Notify, _) => vec![mail(MailKind::PolicyNotice)],
        (ChangeClass::Reconsent, Some(until)) if now < until => {
            let reminded_at = reminded_at(policy.published_at, until);
            let reminder = Announcement {
                policy,
                kind: MailKind::RenewalReminder,
                asked_before: Some(reminded_at),
            };
            let reminder = (reminded_at <= now).then_some(reminder);
            std::iter::once(mail(MailKind::Renewal)).chain(reminder).collect()
        }
        _ => vec![],
    }
}

/// Seven days before the date; halfway to it when it is less than fourteen days away.
fn reminded_at(published_at: Timestamp, until: Timestamp) -> Timestamp {
    let micros = u64::try_from(until.micros() - published_at.micros()).unwrap_or(0);
    until.minus(REMINDED_BEFORE.min(Duration::from_micros(micros) / 2))
}

/// Decides this mail for these subscribers; returns how many were decided. Who has had it, or agreed anew,
/// or left meanwhile gets none.
///
/// # Errors
/// When the database does not take them; then none is decided.
pub async fn announce_policy(
    tx: &mut Tx,
    at: &Moment,
    announcement: &Announcement<'_>,
    subscriber_ids: &[Uuid],
) -> Result<u64, Error> {
    Ok(announcements::insert_all(tx, at, announcement, subscriber_ids).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_zone::TimeZone;

    fn policy(change_class: ChangeClass, renew_until: Option<&str>) -> PolicyVersion {
        PolicyVersion {
            policy_version_id: Uuid::nil(),
            label: "2027-01".parse().unwrap(),
            lang: "en-GB".to_owned(),
            body: "# Privacy".to_owned(),
            sha256: String::new(),
            change_class,
            published_at: at("2027-01-01"),
            renew_until: renew_until.map(at),
            changes: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        let typed: crate::domain::day_or_time::DayOrTime = text.parse().unwrap();
        typed.begins(&TimeZone::UTC)
    }

    fn kinds(policy: &PolicyVersion, now: &str) -> Vec<MailKind> {
        due_now(policy, at(now)).iter().map(|announcement| announcement.kind).collect()
    }

    #[test]
    fn each_change_has_its_mails() {
        assert!(kinds(&policy(ChangeClass::Editorial, None), "2027-01-02").is_empty());
        let notify = policy(ChangeClass::Notify, None);
        assert_eq!(kinds(&notify, "2027-01-01"), [MailKind::PolicyNotice]);
    }

    #[test]
    fn a_reminder_comes_a_week_before_the_date_or_halfway() {
        let both = [MailKind::Renewal, MailKind::RenewalReminder];
        let long = policy(ChangeClass::Reconsent, Some("2027-03-01"));
        assert_eq!(kinds(&long, "2027-02-21T23:59:59Z"), [MailKind::Renewal]);
        assert_eq!(kinds(&long, "2027-02-22"), both);
        assert!(kinds(&long, "2027-03-01").is_empty(), "its date is over");
        let short = policy(ChangeClass::Reconsent, Some("2027-01-05"));
        assert_eq!(kinds(&short, "2027-01-02T23:59:59Z"), [MailKind::Renewal]);
        assert_eq!(kinds(&short, "2027-01-03"), both);
        assert_eq!(due_now(&short, at("2027-01-03"))[1].asked_before, Some(at("2027-01-03")));
        let fortnight = policy(ChangeClass::Reconsent, Some("2027-01-15"));
        assert_eq!(kinds(&fortnight, "2027-01-08"), both);
    }
}
