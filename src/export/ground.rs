//! What a contact rests on is checked as it is written: that this program wrote the event and the consent, for this
//! address, and that it did not end since.

use assent_ledger::event_type::EventType;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::evidence_key::{ConsentFields, EventFields, EvidenceKey, RowMac};
use crate::domain::contacts::address_key::{AddressKey, AddressSecret};
use crate::domain::contacts::email_address::EmailAddress;
use crate::store::contacts::exportable::{ExportRow, Ground};

/// What rows are checked with.
#[derive(Clone, Copy)]
pub struct Authority<'a> {
    /// What addresses are recognised by.
    pub addresses: &'a AddressSecret,
    /// What rows are authenticated by.
    pub key: &'a EvidenceKey,
}

impl Authority<'_> {
    /// The key of a contact's address, if it rests on what this program wrote.
    pub(super) fn vouches_for(&self, purpose: &Purpose, row: &ExportRow<'_>) -> Option<AddressKey> {
        let Ground { seq, event_type, leaf, event_mac, report_id, consent_mac, overtaken } =
            row.ground;
        let (Some(state), Some(event_type)) =
            (EventType::named(row.state), EventType::named(event_type))
        else {
            return None;
        };
        let address_key = self.addresses.key(&EmailAddress::parse(row.email).ok()?);
        let event = EventFields {
            event_id: row.receipt_id,
            subject_id: row.subscriber_id,
            seq,
            event_type,
            purpose,
            leaf,
        };
        let consent = ConsentFields {
            subscriber_id: row.subscriber_id,
            address_key: &address_key,
            purpose,
            state,
            event_id: row.receipt_id,
            seq,
            notice_sha256: row.notice_sha256,
            policy_label: row.policy_version,
            report_id,
            source: row.source,
            requested_at: row.requested_at,
            confirmed_at: row.confirmed_at,
        };
        let agrees = |mac: Option<RowMac>, own: RowMac| {
            EvidenceKey::agrees(mac.as_ref().map(|mac| &mac[..]), &own)
        };
        let is_ours = !overtaken
            && state == event_type
            && agrees(event_mac, self.key.event(&event))
            && agrees(consent_mac, self.key.consent(&consent));
        is_ours.then_some(address_key)
    }
}
