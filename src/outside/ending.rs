//! What keeps an address from being written to, as it is kept outside the database: one line each time
//! something begins to, and each time that is lifted.

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use strum::{EnumString, IntoStaticStr};
use subtle::ConstantTimeEq;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::timestamp::Timestamp;

/// How long ago something ended that every later moment of the database knows: what is ending at this moment may
/// be noted here already, and its transaction be under way.
pub const SETTLED: Duration = Duration::from_mins(1);

/// Whether something begins to keep an address from being written to, or ceases to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Turn {
    /// A withdrawal, a consent that ran out, an erasure, mail that came back, a complaint, or staff.
    Began,
    /// The person came back by a press of their own, or staff lifted it.
    Lifted,
}

/// What it is that keeps somebody from being written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndingReason {
    /// What suppresses the address: [`SuppressionReason::Unsubscribed`] is a withdrawal, and has a purpose;
    /// [`SuppressionReason::Erased`] is an erasure.
    Suppressed(SuppressionReason),
    /// A consent that was not renewed by a policy's last day; has a purpose.
    Expired,
    /// Somebody left by their own link, or was erased: kept by the key of the subscriber, so that it holds whatever the
    /// database says of them at that moment, and by that of their address, for it may say that two people have it.
    /// Without a purpose they left everything.
    Left,
    /// Somebody left all that they were written to for, unlike [`Self::Left`] everything but the privacy policy, whatever
    /// purposes the database says there are.
    LeftMail,
}

impl EndingReason {
    /// The word in a line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Suppressed(reason) => reason.as_str(),
            Self::Expired => "expired",
            Self::Left => "left",
            Self::LeftMail => "left-mail",
        }
    }

    fn named(word: &str) -> Option<Self> {
        match word {
            "expired" => Some(Self::Expired),
            "left" => Some(Self::Left),
            "left-mail" => Some(Self::LeftMail),
            word => word.parse().ok().map(Self::Suppressed),
        }
    }

    /// Whether it can be about this: one purpose, or all that is written to an address.
    fn fits(self, purpose: Option<&Purpose>) -> bool {
        match self {
            Self::Suppressed(SuppressionReason::Unsubscribed) | Self::Expired => purpose.is_some(),
            Self::Suppressed(_) | Self::LeftMail => purpose.is_none(),
            Self::Left => true,
        }
    }

    /// Whether one of `of`, or of everything, is about this purpose.
    pub(super) fn covers(self, of: Option<&Purpose>, purpose: &Purpose) -> bool {
        match (self, of) {
            // Not having asked for a confirmation is not about consent.
            (Self::Suppressed(SuppressionReason::NotMe), _) => false,
            (Self::LeftMail, _) => !purpose.is_privacy_policy(),
            (_, of) => of.is_none_or(|of| of == purpose),
        }
    }

    /// Whether it is that somebody left, as [`Scope::left`] says it.
    pub(crate) fn is_left(self) -> bool {
        matches!(self, Self::Left | Self::LeftMail)
    }

    /// Whether it ends only what is older than itself; the others hold until they are lifted.
    pub(super) fn is_by_time(self) -> bool {
        use SuppressionReason::{Erased, Unsubscribed};
        matches!(self, Self::Suppressed(Unsubscribed | Erased) | Self::Expired) || self.is_left()
    }
}

/// Something ends, or what ended is lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When that happened.
    pub at: Timestamp,
    /// The key of the address, or of the subscriber.
    pub address_key: AddressKey,
    /// Whether it began or was lifted.
    pub turn: Turn,
    /// What keeps them from being written to.
    pub reason: EndingReason,
    /// The purpose that ended; none for everything.
    pub purpose: Option<Purpose>,
}

/// A line without its end: time, address key in hex, `began` or `lifted`, reason, and purpose or `*`.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let turn: &str = self.turn.into();
        let purpose = self.purpose.as_ref().map_or("*", Purpose::as_str);
        let (key, reason) = (self.address_key.to_hex(), self.reason.as_str());
        write!(f, "{} {key} {turn} {reason} {purpose}", self.at)
    }
}

impl Ending {
    /// Reads a line; `None` for any other text than [`Ending`] shows itself by.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut next = || words.next();
        let (at, key, turn, reason, purpose) = (next()?, next()?, next()?, next()?, next()?);
        let ending = Self {
            at: Timestamp::parse(at)?,
            address_key: AddressKey::from_hex(key)?,
            turn: turn.parse().ok()?,
            reason: EndingReason::named(reason)?,
            purpose: match purpose {
                "*" => None,
                code => Some(code.parse().ok()?),
            },
        };
        (ending.scope().is_whole() && ending.to_string() == line).then_some(ending)
    }

    /// An erasure as versions before wrote it: time and address key alone.
    pub(super) fn parse_erasure(line: &str) -> Option<Self> {
        let (at, key) = line.split_once(' ')?;
        Some(Self {
            at: Timestamp::parse(at)?,
            address_key: AddressKey::from_hex(key)?,
            turn: Turn::Began,
            reason: EndingReason::Suppressed(SuppressionReason::Erased),
            purpose: None,
        })
    }
}

impl Ending {
    /// The line that only this program writes: what it says, and a MAC in hex.
    #[must_use]
    pub fn line(&self, key: &EvidenceKey) -> String {
        let said = self.to_string();
        let mac = HEXLOWER.encode(&key.ending(&said));
        format!("{said} {mac}")
    }

    /// Reads such a line; `None` for one by another hand.
    #[must_use]
    pub fn read(line: &str, key: &EvidenceKey) -> Option<Self> {
        let (said, _) = line.rsplit_once(' ')?;
        let ending = Self::parse(said)?;
        let own = ending.line(key);
        bool::from(own.as_bytes().ct_eq(line.as_bytes())).then_some(ending)
    }

    /// When what began at `since` is lifted now: behind its beginning, even where the clock was set back in between.
    #[must_use]
    pub fn lifted_at(now: Timestamp, since: Timestamp) -> Timestamp {
        now.max(since.plus(Duration::from_micros(1)))
    }

    /// What it is about.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let Self { address_key, reason, purpose, .. } = self.clone();
        Scope { address_key, reason, purpose }
    }
}

/// What an ending is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The key of the address, or of the subscriber.
    pub address_key: AddressKey,
    /// What keeps them from being written to.
    pub reason: EndingReason,
    /// The purpose that ended; none for everything.
    pub purpose: Option<Purpose>,
}

impl Scope {
    /// That somebody left this purpose, or everything.
    #[must_use]
    pub fn left(address_key: AddressKey, purpose: Option<&Purpose>) -> Self {
        Self { address_key, reason: EndingReason::Left, purpose: purpose.cloned() }
    }

    /// That somebody left all that they were written to for.
    #[must_use]
    pub fn left_mail(address_key: AddressKey) -> Self {
        Self { address_key, reason: EndingReason::LeftMail, purpose: None }
    }

    /// An ending of this scope.
    #[must_use]
    pub fn turned(self, at: Timestamp, turn: Turn) -> Ending {
        let Self { address_key, reason, purpose } = self;
        Ending { at, address_key, turn, reason, purpose }
    }

    /// Whether a line about it can be read again.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.reason.fits(self.purpose.as_ref())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::contacts::address_key::AddressSecret;

    pub(in crate::outside) const KEY: &str =
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    pub(in crate::outside) fn line(at: u8, turn: &str, reason: &str, purpose: &str) -> Ending {
        let text = format!("2026-11-23T09:00:00.{at:06}Z {KEY} {turn} {reason} {purpose}");
        let ending = Ending::parse(&text).unwrap();
        assert_eq!(ending.to_string(), text);
        ending
    }

    pub(in crate::outside) fn moment(at: u8) -> Timestamp {
        line(at, "began", "erased", "*").at
    }

    #[test]
    fn other_lines_are_refused() {
        let good =
            format!("2026-11-23T09:00:00.000001Z {KEY} began unsubscribed newsletter:weekly");
        assert!(Ending::parse(&good).is_some());
        for bad in [
            String::new(),
            format!("{good} "),
            format!(" {good}"),
            format!("{good} more"),
            format!("{good}\r"),
            good.replace("began", "Began"),
            good.replace("unsubscribed", "erased"),
            good.replace("newsletter:weekly", "*").replace("unsubscribed", "expired"),
            good.replace("newsletter:weekly", "*"),
            good.replace("newsletter:weekly", "Newsletter"),
            good.replace("09:00:00.000001", "09:00"),
            good.replace(KEY, &KEY[1..]),
            good.replace("aa", "AA"),
        ] {
            assert_eq!(Ending::parse(&bad), None, "{bad:?}");
        }
        assert!(Ending::parse_erasure(&format!("2026-11-23T09:00:00.000001Z {KEY}")).is_some());
        assert!(Ending::parse_erasure(&good).is_none());
    }

    #[test]
    fn a_line_by_another_hand_is_none() {
        let key = |secret| EvidenceKey::from_secret(&AddressSecret::new([secret; 32]));
        let left = line(5, "began", "unsubscribed", "newsletter:weekly");
        let own = left.line(&key(1));
        assert_eq!(Ending::read(&own, &key(1)), Some(left.clone()));
        for other in [
            left.to_string(),
            own.replace("000005Z", "000006Z"),
            own.replace("began", "lifted"),
            own.replace("weekly", "daily"),
            own[..own.len() - 1].to_owned(),
            format!("{own}0"),
            own.to_uppercase(),
        ] {
            assert_eq!(Ending::read(&other, &key(1)), None, "{other}");
        }
        assert_eq!(Ending::read(&own, &key(2)), None);
    }
}
