//! What the waiting page knows: nothing but what its reader typed and ticked, when, and what this browser asked
//! for before. Whether the address is known, or mail went out, is not in it, so that the page is the same for
//! all.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::App;
use super::cookie::{self, LIFETIME};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::limit::MailLimit;
use crate::domain::signup::link::{Link, LinkKind};
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;

/// How long a mail that left takes to come, as far as the page promises.
const ON_ITS_WAY: Duration = Duration::from_mins(1);

/// Of many mails, the newest are enough to limit by.
const NOTED: usize = 8;

/// How long the codes of ticked boxes may be together, for browsers keep 4 kB.
const CHOICES_MOST: usize = 1_200;

/// What the cookie of the waiting page holds, and the token of who waits on another page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The signup that the form became.
    pub signup_id: Uuid,
    /// The address typed.
    pub email: String,
    /// The report asked for.
    pub report: Option<String>,
    /// The boxes ticked besides the privacy policy's; none when they were too many to keep.
    pub chosen: Option<Vec<Purpose>>,
    /// Whether it is confirmed behind the mailed link alone, so that its mail holds no code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_link: bool,
    /// Of another form, whose code was typed here: its link.
    pub typed: Option<(Uuid, i32)>,
    /// When a mail was asked for last; microseconds since the Unix epoch, as all moments here.
    asked_at: i64,
    /// Whether this browser had not asked for too many by then.
    comes: bool,
    /// The mails to this mailbox that this browser asked for, by when they leave.
    mails: Vec<AskedMail>,
    /// The query of the page with its form, as far as that says where its reader came from: who fills it in once more still
    /// came by the same way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    came_by: String,
}

/// How many bytes it may have, for browsers keep 4 kB of a cookie, encoded and signed.
const MOST: usize = 2_900;

/// One of them: the signup, its report, and when it leaves as far as this browser can know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AskedMail(Uuid, Option<String>, i64);

/// A form that was just sent.
pub(super) struct Sent<'a> {
    pub signup_id: Uuid,
    pub email: &'a str,
    pub report: Option<&'a Slug>,
    pub chosen: Vec<Purpose>,
    pub by_link: bool,
}

impl Waiting {
    /// A form just sent, by a browser that sent `before` to the same mailbox.
    pub(super) fn new(
        form: Sent<'_>,
        before: Option<Self>,
        limit: &MailLimit,
        now: Timestamp,
    ) -> Self {
        let fits = form.chosen.iter().map(|code| code.as_str().len()).sum::<usize>() < CHOICES_MOST;
        let mut waiting = Self {
            signup_id: form.signup_id,
            email: form.email.to_owned(),
            report: form.report.map(ToString::to_string),
            chosen: fits.then_some(form.chosen),
            by_link: form.by_link,
            typed: None,
            asked_at: now.micros(),
            comes: false,
            mails: before.map(|before| before.mails).unwrap_or_default(),
            came_by: String::new(),
        };
        waiting.ask(limit, now);
        waiting
    }

    /// Of a reader who came to the form by this way.
    pub(super) fn coming_by(self, way: &SignupSource) -> Self {
        Self { came_by: way.to_query(), ..self }
    }

    /// The address of the form for who fills it in once more: this one, and how they came to it.
    pub(super) fn address_of_form(&self, address: &str) -> String {
        let mark = match (self.came_by.is_empty(), address.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        format!("{address}{mark}{}", self.came_by)
    }

    /// The same form, sent to another address in place of this one.
    pub(super) fn instead(
        &self,
        signup_id: Uuid,
        email: &EmailAddress,
        (limit, now): (&MailLimit, Timestamp),
    ) -> Self {
        let mut waiting = Self {
            signup_id,
            email: email.as_str().to_owned(),
            report: self.report.clone(),
            chosen: self.chosen.clone(),
            by_link: self.by_link,
            came_by: self.came_by.clone(),
            typed: None,
            asked_at: now.micros(),
            comes: false,
            mails: vec![],
        };
        waiting.ask(limit, now);
        waiting
    }

    /// The signup of the newest mail that this browser asked for with a form for the same report.
    pub(super) fn form_for(&self, report: Option<&Slug>) -> Option<Uuid> {
        let report = report.map(Slug::as_str);
        let mut newest_first = self.mails.iter().rev();
        newest_first.find(|AskedMail(_, of, _)| of.as_deref() == report).map(|mail| mail.0)
    }

    /// Notes that the mail was asked for: it takes the place of one for the same report that waits, or comes
    /// behind all others, or not at all.
    pub(super) fn ask(&mut self, limit: &MailLimit, now: Timestamp) {
        self.asked_at = now.micros();
        let waits = |mail: &&mut AskedMail| mail.1 == self.report && mail.2 > now.micros();
        if let Some(mail) = self.mails.iter_mut().find(waits) {
            mail.0 = self.signup_id;
            self.comes = true;
            return;
        }
        let due = limit.due(now, &self.left());
        self.comes = due.is_some();
        if let Some(due) = due {
            self.mails.push(AskedMail(self.signup_id, self.report.clone(), due.micros()));
            self.mails.drain(..self.mails.len().saturating_sub(NOTED));
        }
    }

    /// By when the mail comes, if it can be sent: the longest that others may delay it is taken into account,
    /// and not whether any do. `None` when this browser had asked for too many.
    pub(super) fn comes_by(&self, limit: &MailLimit) -> Option<Timestamp> {
        const TO_THE_FULL_MINUTE: Duration = Duration::from_micros(59_999_999);
        let leaves = Timestamp::from_micros(self.asked_at).plus(limit.longest_delay());
        self.comes.then(|| leaves.plus(ON_ITS_WAY).plus(TO_THE_FULL_MINUTE))
    }

    /// From when this reader may ask again, if not now: by the limit of mail for each mailbox, counting only what
    /// this browser asked for. What is asked for within the minute waits, and is not refused.
    pub(super) fn asks_again_from(&self, limit: &MailLimit, now: Timestamp) -> Option<Timestamp> {
        if self.waits(now) || limit.due(now, &self.left()).is_some() {
            return None;
        }
        limit.next(&self.left()).filter(|next| *next > now)
    }

    /// Whether a mail for the report of this form has not left yet, as far as this browser can know.
    pub(super) fn waits(&self, now: Timestamp) -> bool {
        self.mails.iter().any(|mail| mail.1 == self.report && mail.2 > now.micros())
    }

    fn left(&self) -> Vec<Timestamp> {
        self.mails.iter().map(|mail| Timestamp::from_micros(mail.2)).collect()
    }

    /// What a form on its page shows, for the form to say with a code: the report and the boxes ticked. `None`
    /// when they are not shown.
    pub(super) fn shown(&self) -> Option<String> {
        let codes = self.chosen.as_ref()?.iter().map(Purpose::as_str);
        let report = self.report.as_deref().unwrap_or_default();
        Some(std::iter::once(report).chain(codes).collect::<Vec<_>>().join(" "))
    }

    /// The domain of the address typed.
    pub(super) fn domain(&self) -> Option<&str> {
        self.email.rsplit_once('@').map(|(_, domain)| domain)
    }

    /// The report of the form, if it was a report's.
    pub(super) fn report_slug(&self) -> Option<Slug> {
        self.report.as_ref()?.parse().ok()
    }

    /// Whose address was typed.
    pub(super) fn address_key(&self, app: &App) -> Option<AddressKey> {
        let email = EmailAddress::parse(&self.email).ok()?;
        Some(app.settings.address_secret.key(&email))
    }

    /// The link of another form whose code was typed here.
    pub(super) fn typed_link(&self) -> Option<Link> {
        self.typed.map(|(id, generation)| Link { id, generation })
    }

    /// What the browser sent back, if it is ours and still young.
    pub(super) fn read(app: &App, headers: &HeaderMap) -> Option<Self> {
        Self::parse(&cookie::read(app, headers, LinkKind::Waiting)?, app.clock.now())
    }

    fn parse(bytes: &[u8], now: Timestamp) -> Option<Self> {
        let waiting: Self = serde_json::from_slice(bytes).ok()?;
        (waiting.until() > now).then_some(waiting)
    }

    /// Until when it is remembered.
    pub(super) fn until(&self) -> Timestamp {
        Timestamp::from_micros(self.asked_at).plus(LIFETIME)
    }

    /// It as a program keeps it for a reader, out of sight of the page that it stands on.
    pub(super) fn token(&self, app: &App) -> Option<String> {
        let bytes = self.bytes()?;
        Some(app.links.secrets.encrypt(LinkKind::Waiting, app.random.bytes(), &bytes))
    }

    /// What a program sent back, if it is ours and still young.
    pub(super) fn from_token(app: &App, token: &str) -> Option<Self> {
        let bytes = app.links.secrets.decrypt(LinkKind::Waiting, token)?;
        Self::parse(&bytes, app.clock.now())
    }

    /// The `Set-Cookie` that keeps it.
    pub(super) fn header(&self, app: &App) -> Option<HeaderValue> {
        cookie::write(app, LinkKind::Waiting, &self.bytes()?)
    }

    /// As it is kept; without the way to the form where that is too much.
    fn bytes(&self) -> Option<Vec<u8>> {
        let bytes = serde_json::to_vec(self).ok()?;
        if self.came_by.is_empty() || bytes.len() <= MOST {
            return Some(bytes);
        }
        serde_json::to_vec(&Self { came_by: String::new(), ..self.clone() }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time_zone::TimeZone;

    fn limit() -> MailLimit {
        "2/15min,4/day".parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn form(id: u128, report: &str, before: Option<Waiting>, second: i64) -> Waiting {
        let report: Slug = report.parse().unwrap();
        let sent = Sent {
            signup_id: Uuid::from_u128(id),
            email: "ada@b.example",
            report: Some(&report),
            chosen: vec![],
            by_link: false,
        };
        Waiting::new(sent, before, &limit(), at(second))
    }

    #[test]
    fn a_form_takes_the_place_of_a_mail_that_waits_for_the_same_report_alone() {
        let first = form(1, "a", None, 0);
        let second = form(2, "a", Some(first.clone()), 10);
        assert_eq!(second.mails.len(), 2, "the first has left");
        let third = form(3, "a", Some(second.clone()), 20);
        assert_eq!((third.mails.len(), third.mails[1].2), (2, at(60).micros()), "in its time");
        assert_eq!(third.form_for(Some(&"a".parse().unwrap())), Some(Uuid::from_u128(3)));
        assert!(third.comes_by(&limit()).is_some());
        let other = form(4, "b", Some(second), 20);
        assert_eq!((other.mails.len(), other.comes_by(&limit())), (2, None), "two in a quarter");
        assert_eq!(other.form_for(Some(&"b".parse().unwrap())), None);
        assert_eq!(other.asks_again_from(&limit(), at(20)), Some(at(900)));
        assert_eq!(other.asks_again_from(&limit(), at(900)), None);
    }

    #[test]
    fn the_time_it_says_is_a_full_minute_behind_the_longest_delay() {
        for (asked, says) in
            [(0, "00:02 UTC"), (1, "00:03 UTC"), (59, "00:03 UTC"), (60, "00:03 UTC")]
        {
            let comes_by = form(1, "a", None, asked).comes_by(&limit()).unwrap();
            assert_eq!(TimeZone::UTC.clock(comes_by), says, "{asked}");
        }
    }

    #[test]
    fn the_largest_fits_into_a_cookie() {
        let slug: Slug = "a".repeat(64).parse().unwrap();
        let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(180));
        let mut before = None;
        for id in 0..20 {
            let sent = Sent {
                signup_id: Uuid::from_u128(u128::MAX - id),
                email: &long,
                report: Some(&slug),
                chosen: vec![Purpose::newsletter(&slug); 15],
                by_link: true,
            };
            let now = Timestamp::LATEST.minus(Duration::from_hours(24 * 40));
            let now = now.plus(Duration::from_hours(48 * u64::try_from(id).unwrap()));
            let mut waiting = Waiting::new(sent, before, &limit(), now);
            assert!(waiting.chosen.is_some());
            waiting.typed = Some((waiting.signup_id, 65_535));
            before = Some(waiting);
        }
        let largest = before.unwrap();
        let fits = |bytes: usize| (bytes + 16) * 4 / 3 < 4_096 - 100;
        assert!(fits(MOST) && fits(largest.bytes().unwrap().len()));
        let by = |n| {
            let long = "%C3%A4".repeat(n);
            SignupSource::from_query(&format!("utm_medium={long}&utm_term={long}&ref=a+b"))
        };
        for (waiting, kept) in [
            (largest.clone().coming_by(&by(100)), "/x"),
            (form(1, "a", None, 0).coming_by(&by(100)), "/x?utm_medium="),
            (form(1, "a", None, 0).coming_by(&by(0)), "/x?ref=a+b"),
        ] {
            let bytes = waiting.bytes().unwrap();
            let back = Waiting::parse(&bytes, at(0)).unwrap();
            assert!(fits(bytes.len()));
            let address = back.address_of_form("/x");
            assert!(address.starts_with(kept) && (kept == "/x") == (address == "/x"), "{address}");
        }
        let begun = form(1, "a", None, 0).coming_by(&by(0)).address_of_form("/x?y=z");
        assert_eq!(begun, "/x?y=z&ref=a+b");
        let many = Sent {
            signup_id: Uuid::nil(),
            email: &long,
            report: None,
            chosen: vec![Purpose::newsletter(&slug); 16],
            by_link: false,
        };
        assert_eq!(Waiting::new(many, None, &limit(), at(0)).shown(), None);
    }
}
