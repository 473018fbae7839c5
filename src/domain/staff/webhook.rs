//! What other programs are told by webhooks, and how they know that it is us: Standard Webhooks
//! (<https://www.standardwebhooks.com>, v1).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use strum::{AsRefStr, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::domain::ledger::keyed_hash::HashKey;
use crate::domain::timestamp::Timestamp;

/// What happened, by its name in payloads, forms and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
pub enum WebhookEvent {
    /// Somebody confirmed a form.
    #[strum(serialize = "signup.confirmed")]
    SignupConfirmed,
    /// Somebody agreed to a purpose, or agreed again.
    #[strum(serialize = "consent.given")]
    ConsentGiven,
    /// Somebody left a purpose.
    #[strum(serialize = "consent.withdrawn")]
    ConsentWithdrawn,
    /// A consent ran out.
    #[strum(serialize = "consent.lapsed")]
    ConsentLapsed,
    /// Somebody was erased, as they asked or because the time was over for which they are kept.
    #[strum(serialize = "subscriber.erased")]
    SubscriberErased,
    /// Somebody began to fetch a report.
    #[strum(serialize = "report.downloaded")]
    ReportDownloaded,
    /// A mail came back, or its reader complained.
    #[strum(serialize = "mail.bounced")]
    MailBounced,
    /// A file of contacts, or of addresses not to mail, was gone through.
    #[strum(serialize = "import.finished")]
    ImportFinished,
    /// Staff try an endpoint out.
    #[strum(serialize = "webhook.test")]
    Test,
}

impl WebhookEvent {
    /// Those that an endpoint can ask for, in the order of the form.
    pub const ALL: [Self; 8] = [
        Self::SignupConfirmed,
        Self::ConsentGiven,
        Self::ConsentWithdrawn,
        Self::ConsentLapsed,
        Self::SubscriberErased,
        Self::ReportDownloaded,
        Self::MailBounced,
        Self::ImportFinished,
    ];

    /// Whether whoever hears of it learns to whom to write, and so must hear too when somebody is erased.
    fn brings_somebody(self) -> bool {
        match self {
            Self::SignupConfirmed
            | Self::ConsentGiven
            | Self::ConsentWithdrawn
            | Self::ConsentLapsed
            | Self::ReportDownloaded => true,
            Self::SubscriberErased | Self::MailBounced | Self::ImportFinished | Self::Test => false,
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What one endpoint is told of: names with a space between, as the database keeps them. Names that this program does
/// not know ask for nothing.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct EventTypes(String);

impl EventTypes {
    /// These, each once, and erasures with those that tell of people; `None` when there are none.
    #[must_use]
    pub fn new(types: &[WebhookEvent]) -> Option<Self> {
        let erased = types
            .iter()
            .any(|event| event.brings_somebody())
            .then_some(WebhookEvent::SubscriberErased);
        let chosen = WebhookEvent::ALL
            .into_iter()
            .filter(|event| types.contains(event) || erased == Some(*event));
        let words: Vec<&str> = chosen.map(WebhookEvent::as_str).collect();
        (!words.is_empty()).then(|| Self(words.join(" ")))
    }

    /// Whether they hold this one.
    #[must_use]
    pub fn hold(&self, event: WebhookEvent) -> bool {
        self.words().any(|word| word == event.as_str())
    }

    /// Their names.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }
}

/// Why an endpoint is told nothing for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum OffReason {
    /// Staff switched it off.
    Staff,
    /// It answered 410: nobody is there any more (RFC 9110 §15.5.11).
    Gone,
    /// It took nothing for [`GIVE_UP`].
    Undelivered,
}

/// For how long an event is tried again before its endpoint is switched off.
pub const GIVE_UP: Duration = Duration::from_hours(3 * 24);
/// For how long events are kept, with what was answered to them.
pub const KEPT: Duration = Duration::from_hours(30 * 24);
/// For how long the secret that was replaced goes on signing beside the new one.
pub const OVERLAP: Duration = Duration::from_hours(24);
/// How much of an answer is read and kept, in bytes.
pub const ANSWER_MOST: usize = 1024;

/// How long to wait after so many failed tries: 10 s, doubling to six hours, moved by up to a quarter either way so
/// that many do not return together. `chance` is any random byte.
#[must_use]
pub fn back_off(failures: i32, chance: u8) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(12);
    let base = Duration::from_secs(10 * 2u64.pow(doublings)).min(Duration::from_hours(6));
    base.mul_f64(0.75 + f64::from(chance) / 510.0)
}

/// The id of a message, which it keeps however often it is sent.
#[must_use]
pub fn message_id(webhook_delivery_id: Uuid) -> String {
    format!("msg_{}", webhook_delivery_id.simple())
}

/// What an endpoint and this program share.
#[derive(Clone)]
pub struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    /// The secret out of what is derived for an endpoint.
    #[must_use]
    pub fn from_derived(derived: [u8; 32]) -> Self {
        Self(derived)
    }

    /// As receivers are given it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// The signature of a message that is sent at this moment.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &str) -> String {
        let mut mac = HashKey::new(&self.0).begin();
        mac.update(format!("{id}.{}.{body}", seconds(at)).as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The moment as the header names it: whole seconds since 1970.
#[must_use]
pub fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

/// An answer as it is kept: its beginning, legible, in as many bytes as are kept.
#[must_use]
pub fn kept_answer(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..ANSWER_MOST).unwrap_or(body));
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_control() && c != '\n' { ' ' } else { c };
        if kept.len() + c.len_utf8() > ANSWER_MOST {
            break;
        }
        kept.push(c);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the reference libraries.
        let mut secret = [0; 32];
        let decoded = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        secret[..24].copy_from_slice(&decoded);
        // HMAC fills a short key up with zeros, so these are one.
        let secret = WebhookSecret::from_derived(secret);
        let at = Timestamp::from_micros(1_614_265_330_999_999);
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn types_are_kept_once_and_in_order() {
        let types =
            EventTypes::new(&[WebhookEvent::MailBounced, WebhookEvent::ConsentGiven]).unwrap();
        assert_eq!(
            types.words().collect::<Vec<_>>(),
            ["consent.given", "subscriber.erased", "mail.bounced"]
        );
        let silent = EventTypes::new(&[WebhookEvent::MailBounced]).unwrap();
        assert_eq!(silent.words().collect::<Vec<_>>(), ["mail.bounced"]);
        assert!(types.hold(WebhookEvent::MailBounced) && !types.hold(WebhookEvent::ConsentLapsed));
        assert!(EventTypes::new(&[]).is_none() && EventTypes::new(&[WebhookEvent::Test]).is_none());
        for event in WebhookEvent::ALL {
            assert_eq!(event.as_str().parse(), Ok(event));
        }
    }

    #[test]
    fn it_is_tried_about_twenty_times_in_three_days() {
        for chance in [0, 128, 255] {
            let mut tries = 0;
            let mut waited = Duration::ZERO;
            while waited < GIVE_UP {
                tries += 1;
                waited += back_off(tries, chance);
            }
            assert!((18..=32).contains(&tries), "{tries}");
        }
        assert!(back_off(i32::MIN, 0) >= Duration::from_secs(7));
        assert!(back_off(i32::MAX, 255) <= Duration::from_hours(8));
    }

    #[test]
    fn an_answer_is_kept_short_and_legible() {
        assert_eq!(kept_answer(b"no\0\x1b[31m\nwhy"), "no  [31m\nwhy");
        for body in [vec![b'x'; 5000], vec![0xff; 5000], "ä".repeat(3000).into_bytes()] {
            let kept = kept_answer(&body);
            assert!(kept.len() <= ANSWER_MOST && kept.len() > ANSWER_MOST - 4, "{}", kept.len());
        }
    }
}
