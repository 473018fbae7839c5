//! The bodies of consent events, and what many of them share.

use assent_ledger::record::Emptied;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::address_confirmation::AddressConfirmation;
use crate::domain::consent::given_details::DataKind;
use crate::domain::consent::processing::Processing;
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::slug::{Label, Slug};
use crate::domain::timestamp::Timestamp;

/// The body of a consent event: who and when, and by its hash what they were shown (GDPR Art. 7(1)). It is
/// hashed in its RFC 8785 form, so its fields stand in the order of their names, and a field added later must be
/// optional. With the leaves of version 1, the
/// context stood in the body itself, and there was neither `seq` nor `previous`.
#[derive(Clone, Debug, Serialize)]
pub struct EventBody<'a> {
    /// RFC 3339, UTC: when this fact came to be.
    pub at: Timestamp,
    /// By what the address was confirmed, of what follows from that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<&'a AddressConfirmation>,
    /// Lower-case hex SHA-256 of the [`Context`].
    pub context: &'a str,
    /// The kinds of data given.
    #[serde(skip_serializing_if = "<[DataKind]>::is_empty")]
    pub data: &'a [DataKind],
    /// The address it is about.
    pub email: &'a str,
    /// The key of the event, which receipts and exports name.
    pub event_id: Uuid,
    /// For an import: how consent was given there, as the file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<&'a str>,
    /// The page elsewhere on which its form stood, as its sender says: origin and path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<&'a str>,
    /// The hash of the leaf before it of the same subject, base64; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<&'a str>,
    /// When it was asked for: when the form was sent, or when consent was given elsewhere.
    pub requested_at: Timestamp,
    /// Its place in the order of its subject, from 1.
    pub seq: i64,
    /// The form the choice was made on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signup_id: Option<Uuid>,
    /// The subscriber, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriber_id: Option<Uuid>,
    /// What was offered beside it on the same form, and left unticked; nothing where it is not known which form was
    /// seen.
    #[serde(skip_serializing_if = "<[Purpose]>::is_empty")]
    pub unticked: &'a [Purpose],
}

impl EventBody<'_> {
    /// Its RFC 8785 text. Its fields stand in that order already, and texts and whole numbers are written the same, so
    /// nothing is sorted: an event is made for each box of each form.
    ///
    /// # Errors
    /// When it has no JSON form.
    pub fn canonical(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

/// What many events share: who asked, for what, in which words, under which policy, and where. Kept once, and
/// named by the SHA-256 of its RFC 8785 text. It holds nothing of a person.
#[derive(Clone, Debug, Serialize)]
pub struct Context<'a> {
    /// Who was answerable for the data then (GDPR Art. 13(1)(a)).
    pub controller: ControllerEvidence<'a>,
    /// Of a form: who drew it, and with it the words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn_by: Option<DrawnBy>,
    /// The blank form, by the hash of its document: of a form that is the same for all, where its page said that this
    /// was the one it showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<&'a str>,
    /// How the choice reached us.
    pub method: Method,
    /// The words beside the box.
    pub notice: NoticeEvidence<'a>,
    /// The policy shown with them.
    pub policy: PolicyEvidence<'a>,
    /// What happens to the data, as far as the operator says it.
    #[serde(skip_serializing_if = "Processing::is_blank")]
    pub processing: &'a Processing,
    /// What was agreed to.
    pub purpose: &'a Purpose,
    /// The report asked for with the same form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<&'a Slug>,
    /// Of a form: whether what it is for could not be had without ticking the box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The origin of the installation's pages.
    pub site: &'a str,
    /// The page of that form, or where an import came from.
    pub source: &'a str,
}

/// The legal entity of the day.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ControllerEvidence<'a> {
    /// Its postal address.
    pub address: &'a str,
    /// How it is reached about personal data.
    pub contact: &'a str,
    /// By which a register knows it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub identifier: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The words shown, by their hash.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NoticeEvidence<'a> {
    /// The language of the words, BCP 47.
    pub lang: &'a str,
    /// Lower-case hex SHA-256 of the words.
    pub sha256: &'a str,
}

/// The policy version shown, by label and hash.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PolicyEvidence<'a> {
    /// The label shown on the form.
    pub label: &'a Label,
    /// The language of its text, BCP 47.
    pub lang: &'a str,
    /// Lower-case hex SHA-256 of the policy's text.
    pub sha256: &'a str,
}

/// The body of an `erased` event: that it happened, and nothing of the person.
#[derive(Clone, Debug, Serialize)]
pub struct ErasureBody<'a> {
    /// When they were erased.
    pub at: Timestamp,
    /// What lost body and salt by it. An erasure says so in its first event.
    #[serde(flatten)]
    pub emptied: &'a Emptied,
    /// The key of the event.
    pub event_id: Uuid,
    /// Who asked for it, as with any event.
    pub method: Method,
    /// The hash of the leaf before it of the same subject, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<&'a str>,
    /// What consent had been recorded for.
    pub purpose: &'a Purpose,
    /// Its place in the order of its subject.
    pub seq: i64,
    /// The page or the command.
    pub source: &'a str,
    /// The key that once led to the person, and leads to nobody now.
    pub subscriber_id: Uuid,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::consent::address_confirmation::ConfirmedBy;

    proptest! {
        #[test]
        fn the_text_of_a_body_is_canonical(
            [email, evidence, previous, message_id] in any::<[String; 4]>(),
            (signup, subscriber, event) in any::<(Option<u128>, Option<u128>, u128)>(),
            seq in 1..(1i64 << 53),
            micros in 0..4_000_000_000_000_000_i64,
            filled in any::<bool>(),
        ) {
            let unticked = [Purpose::privacy_policy(), "offers".parse().unwrap()];
            let message_id = Some(message_id);
            let confirmed = AddressConfirmation { by: ConfirmedBy::Link, message_id };
            let body = EventBody {
                at: Timestamp::from_micros(micros),
                confirmed: filled.then_some(&confirmed),
                context: "00ff",
                data: if filled { &[DataKind::Email, DataKind::Name] } else { &[] },
                email: &email,
                event_id: Uuid::from_u128(event),
                evidence: filled.then_some(evidence.as_str()),
                page: filled.then_some(evidence.as_str()),
                previous: filled.then_some(previous.as_str()),
                requested_at: Timestamp::from_micros(micros),
                seq,
                signup_id: signup.map(Uuid::from_u128),
                subscriber_id: subscriber.map(Uuid::from_u128),
                unticked: if filled { &unticked } else { &[] },
            };
            prop_assert_eq!(body.canonical().unwrap(), assent_ledger::leaf::canonical(&body).unwrap());
        }
    }
}
