//! The key that authenticates what the database says of consent, so that rows which somebody else wrote or put
//! back are told from ours. It is not in the database.

use assent_ledger::event_type::EventType;
use hmac::Mac;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::{AddressKey, AddressSecret};
use crate::domain::ledger::keyed_hash::HashKey;
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::timestamp::Timestamp;

/// How many bytes of a MAC are kept: 128 bits, as of a link's.
const KEPT: usize = 16;

/// How many bytes of a mail's key are its MAC. Version, variant and time of the UUID stand before them, and 34 bits of
/// chance; nobody can try another but by confirming a signup of theirs.
const OF_MAIL_ID: usize = 5;

/// A kept MAC.
pub type RowMac = [u8; KEPT];

/// Makes and checks the MACs of rows.
#[derive(Clone, Debug)]
pub struct EvidenceKey(HashKey);

/// What an event's MAC is over: what stays of the row when body and salt are gone.
#[derive(Clone, Copy, Debug)]
pub struct EventFields<'a> {
    /// The event.
    pub event_id: Uuid,
    /// Whose order it stands in.
    pub subject_id: Uuid,
    /// Its place in that order.
    pub seq: i64,
    /// What happened.
    pub event_type: EventType,
    /// What it was about.
    pub purpose: &'a Purpose,
    /// The leaf that commits to its body.
    pub leaf: &'a str,
}

/// What a consent's MAC is over: the present state, whose it is, and all that it rests on.
#[derive(Clone, Copy, Debug)]
pub struct ConsentFields<'a> {
    /// The subscriber.
    pub subscriber_id: Uuid,
    /// Their address.
    pub address_key: &'a AddressKey,
    /// What they consented to.
    pub purpose: &'a Purpose,
    /// What happened to it last.
    pub state: EventType,
    /// The event that made it so.
    pub event_id: Uuid,
    /// That event's place in the order of the subscriber's.
    pub seq: i64,
    /// The hash of the words it rests on.
    pub notice_sha256: &'a str,
    /// The label of the policy it rests on.
    pub policy_label: &'a str,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// The page of its form.
    pub source: &'a str,
    /// When the form was sent.
    pub requested_at: Timestamp,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
}

/// What a signup's MAC is over: whose it is, and what the evidence of its confirmation will rest on. What its reader
/// is called is not evidence.
#[derive(Clone, Copy, Debug)]
pub struct SignupFields<'a> {
    /// The signup.
    pub signup_id: Uuid,
    /// The address as typed, where its link is mailed.
    pub email: &'a str,
    /// The key of the address that it names.
    pub address_key: &'a AddressKey,
    /// The report asked for.
    pub report_id: Option<Uuid>,
    /// The policy shown.
    pub policy_version_id: Uuid,
    /// The page of the form.
    pub source: &'a str,
    /// How it reached us.
    pub method: Method,
    /// Who drew it.
    pub drawn_by: DrawnBy,
    /// The page elsewhere on which it stood.
    pub page: Option<&'a str>,
    /// When the form was sent.
    pub created_at: Timestamp,
    /// How far its subscriber's events reached then.
    pub reach: i64,
}

impl EvidenceKey {
    /// The key that follows from the permanent secret of addresses.
    #[must_use]
    pub fn from_secret(secret: &AddressSecret) -> Self {
        Self(HashKey::new(&secret.derived(b"evidence")))
    }

    /// The MAC of an event.
    #[must_use]
    pub fn event(&self, event: &EventFields<'_>) -> RowMac {
        self.over(b"event")
            .bytes(event.event_id.as_bytes())
            .bytes(event.subject_id.as_bytes())
            .bytes(&event.seq.to_be_bytes())
            .text(event.event_type.as_str())
            .text(event.purpose.as_str())
            .text(event.leaf)
            .kept()
    }

    /// The MAC of a consent.
    #[must_use]
    pub fn consent(&self, consent: &ConsentFields<'_>) -> RowMac {
        let report_id = consent.report_id.unwrap_or_default();
        self.over(b"consent")
            .bytes(consent.subscriber_id.as_bytes())
            .bytes(consent.address_key.as_bytes())
            .text(consent.purpose.as_str())
            .text(consent.state.as_str())
            .bytes(consent.event_id.as_bytes())
            .bytes(&consent.seq.to_be_bytes())
            .text(consent.notice_sha256)
            .text(consent.policy_label)
            .bytes(report_id.as_bytes())
            .text(consent.source)
            .bytes(&consent.requested_at.micros().to_be_bytes())
            .bytes(&consent.confirmed_at.micros().to_be_bytes())
            .kept()
    }

    /// The MAC of a signup.
    #[must_use]
    pub fn signup(&self, signup: &SignupFields<'_>) -> RowMac {
        let fields = self
            .over(b"signup")
            .bytes(signup.signup_id.as_bytes())
            .text(signup.email)
            .bytes(signup.address_key.as_bytes())
            .bytes(signup.report_id.unwrap_or_default().as_bytes())
            .bytes(signup.policy_version_id.as_bytes())
            .text(signup.source)
            .text(signup.method.as_str())
            .bytes(&signup.created_at.micros().to_be_bytes())
            .bytes(&signup.reach.to_be_bytes());
        // Forms of ours have the MAC that they had before others could draw them.
        match signup.drawn_by {
            DrawnBy::Ours => fields.kept(),
            other => fields.text(other.as_str()).text(signup.page.unwrap_or_default()).kept(),
        }
    }

    /// The MAC of a subscriber: that this key has this address.
    #[must_use]
    pub fn subscriber(&self, subscriber_id: Uuid, address_key: &AddressKey) -> RowMac {
        self.over(b"subscriber")
            .bytes(subscriber_id.as_bytes())
            .bytes(address_key.as_bytes())
            .kept()
    }

    /// The MAC of a request that came from this address, which is where its answer goes.
    #[must_use]
    pub fn privacy_request(&self, privacy_request_id: Uuid, email: &str) -> RowMac {
        self.over(b"privacy request").bytes(privacy_request_id.as_bytes()).text(email).kept()
    }

    /// The key of a mail that asks this address to confirm, made of a fresh one: its last bytes are a MAC over the
    /// others. Evidence names such a mail by its key, which stands in a row that has no MAC of its own.
    #[must_use]
    pub fn mail_id(&self, address_key: &AddressKey, fresh: Uuid) -> Uuid {
        let mut bytes = *fresh.as_bytes();
        let (others, last) = bytes.split_at_mut(size_of::<Uuid>() - OF_MAIL_ID);
        let mac = self.over(b"mail").bytes(address_key.as_bytes()).bytes(others).kept();
        last.copy_from_slice(&mac[..OF_MAIL_ID]);
        Uuid::from_bytes(bytes)
    }

    /// Whether this program gave this key to a mail to this address.
    #[must_use]
    pub fn is_mail_id(&self, address_key: &AddressKey, mail_id: Uuid) -> bool {
        let own = self.mail_id(address_key, mail_id);
        own.as_bytes().ct_eq(mail_id.as_bytes()).into()
    }

    /// The MAC of a verdict on the ledger: when it was checked, how large it was, what was found and what was strange.
    #[must_use]
    pub fn verdict(
        &self,
        verdict_id: Uuid,
        (checked_at, size): (Timestamp, i64),
        said: [Option<&str>; 2],
    ) -> RowMac {
        let mut fields = self
            .over(b"verdict")
            .bytes(verdict_id.as_bytes())
            .bytes(&checked_at.micros().to_be_bytes())
            .bytes(&size.to_be_bytes());
        for said in said {
            fields = fields.bytes(&[u8::from(said.is_some())]).text(said.unwrap_or_default());
        }
        fields.kept()
    }

    /// The MAC of what an ending says outside the database.
    #[must_use]
    pub fn ending(&self, said: &str) -> RowMac {
        self.over(b"ending").text(said).kept()
    }

    /// The MAC of a record that the ledger makes of itself.
    #[must_use]
    pub fn record(&self, record_id: Uuid, leaf: &str) -> RowMac {
        self.over(b"record").bytes(record_id.as_bytes()).text(leaf).kept()
    }

    /// The MAC of a signed head of `size` leaves that follows the one of `previous`.
    #[must_use]
    pub fn head(&self, note: &str, previous: i64) -> RowMac {
        self.over(b"head").bytes(&previous.to_be_bytes()).text(note).kept()
    }

    /// The MAC of a time stamp of this day over the head of this note: the answer (RFC 3161), and the time that it states.
    #[must_use]
    pub fn time_stamp(
        &self,
        day: i64,
        note: &str,
        (response, stamped_at): (&[u8], Timestamp),
    ) -> RowMac {
        self.over(b"time stamp")
            .bytes(&day.to_be_bytes())
            .bytes(&stamped_at.micros().to_be_bytes())
            .text(note)
            .text_bytes(response)
            .kept()
    }

    /// The MAC of how far the heads kept outside were held against the tree: up to `size` leaves, which have this root.
    #[must_use]
    pub fn held(&self, ledger: &str, size: u64, root: &[u8; 32]) -> RowMac {
        self.over(b"held").text(ledger).bytes(&size.to_be_bytes()).bytes(root).kept()
    }

    /// Whether a stored MAC is the one that a row should have.
    #[must_use]
    pub fn agrees(stored: Option<&[u8]>, own: &RowMac) -> bool {
        stored.is_some_and(|stored| stored.ct_eq(own).into())
    }

    fn over(&self, kind: &[u8]) -> Fields<'_> {
        Fields { key: &self.0, said: Vec::with_capacity(512) }.text_bytes(kind)
    }
}

/// What a MAC is over; what has no fixed length is preceded by it, so no two rows are over the same bytes.
struct Fields<'a> {
    key: &'a HashKey,
    said: Vec<u8>,
}

impl Fields<'_> {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.said.extend_from_slice(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.text_bytes(text.as_bytes())
    }

    fn text_bytes(self, text: &[u8]) -> Self {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.bytes(&length.to_be_bytes()).bytes(text)
    }

    fn kept(self) -> RowMac {
        let mut mac = self.key.begin();
        mac.update(&self.said);
        let mac: [u8; 32] = mac.finalize().into_bytes().into();
        let mut kept = [0; KEPT];
        kept.copy_from_slice(&mac[..KEPT]);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contacts::email_address::EmailAddress;

    #[test]
    fn the_key_of_a_mail_shows_who_made_it_and_for_whom() {
        let key = EvidenceKey::from_secret(&AddressSecret::new([1; 32]));
        let other_key = EvidenceKey::from_secret(&AddressSecret::new([2; 32]));
        let secret = AddressSecret::new([3; 32]);
        let [ada, bob] = ["ada@b.example", "bob@b.example"]
            .map(|email| secret.key(&EmailAddress::parse(email).unwrap()));
        let fresh =
            uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000, &[7; 10]).into_uuid();
        let id = key.mail_id(&ada, fresh);
        assert_eq!(id.as_bytes()[..11], fresh.as_bytes()[..11], "its time and its chance stay");
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert!(key.is_mail_id(&ada, id));
        assert!(!key.is_mail_id(&ada, fresh), "as anybody can make it");
        assert!(!key.is_mail_id(&bob, id), "to another address");
        assert!(!other_key.is_mail_id(&ada, id), "by another hand");
        let later = Uuid::from_u128(id.as_u128() ^ (1 << 127));
        assert!(!key.is_mail_id(&ada, later), "at another time");
    }

    #[test]
    fn each_field_counts() {
        let key = EvidenceKey::from_secret(&AddressSecret::new([1; 32]));
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let purposes: Vec<Purpose> =
            ["privacy-policy", "newsletter:weekly"].iter().map(|p| p.parse().unwrap()).collect();
        let event = EventFields {
            event_id: one,
            subject_id: one,
            seq: 1,
            event_type: EventType::Given,
            purpose: &purposes[0],
            leaf: "leaf",
        };
        let own = key.event(&event);
        assert!(EvidenceKey::agrees(Some(&own), &key.event(&event)));
        assert!(!EvidenceKey::agrees(None, &own) && !EvidenceKey::agrees(Some(&own[..8]), &own));
        for other in [
            EventFields { event_id: two, ..event },
            EventFields { subject_id: two, ..event },
            EventFields { seq: 2, ..event },
            EventFields { event_type: EventType::Withdrawn, ..event },
            EventFields { purpose: &purposes[1], ..event },
            EventFields { leaf: "eaf", ..event },
        ] {
            assert_ne!(key.event(&other), own, "{other:?}");
        }
        assert_ne!(EvidenceKey::from_secret(&AddressSecret::new([2; 32])).event(&event), own);
        assert_ne!(key.head("note", 1), key.head("note", 2));
        assert_ne!(key.record(one, "leaf"), key.record(two, "leaf"));
        let (first, next) = (Timestamp::EARLIEST, Timestamp::EARLIEST.next());
        let stamp = key.time_stamp(1, "note", (b"reply", first));
        for (day, note, said) in [
            (2, "note", (&b"reply"[..], first)),
            (1, "not", (b"ereply", first)),
            (1, "note", (b"repl", first)),
            (1, "note", (b"reply", next)),
        ] {
            assert_ne!(key.time_stamp(day, note, said), stamp);
        }
        let held = key.held("ledger", 1, &[1; 32]);
        for other in [("ledger/r2", 1, [1; 32]), ("ledger", 2, [1; 32]), ("ledger", 1, [2; 32])] {
            assert_ne!(key.held(other.0, other.1, &other.2), held);
        }
    }
}
