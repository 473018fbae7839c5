//! What stands in the columns of an export, whatever they are called.

use std::fmt::Write;

use uuid::fmt::Hyphenated;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::link::Links;
use crate::domain::signup::signup_source::NAMES;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::exportable::ExportRow;

/// One thing that is known of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The subscriber's key.
    SubscriberId,
    /// Their address.
    Email,
    /// Their name as they wrote it.
    Name,
    /// Their name up to its first space, for tools that know no whole names.
    FirstName,
    /// Their name after its first space.
    LastName,
    /// Where they work.
    Organisation,
    /// What they do there.
    JobTitle,
    /// What they agreed to.
    Purpose,
    /// `given` or `renewed`.
    State,
    /// The hash of the words they saw.
    NoticeSha256,
    /// The policy they saw.
    PolicyVersion,
    /// When the form was sent.
    RequestedAt,
    /// When it was confirmed.
    ConfirmedAt,
    /// The report of the signup that consented.
    Report,
    /// The page of its form.
    Source,
    /// The event that proves it.
    ReceiptId,
    /// Where they came from to that form: the place in `signup_source::NAMES`.
    CameFrom(usize),
    /// Where they change their choices.
    ManageUrl,
    /// Where they leave this purpose.
    UnsubscribeUrl,
}

/// One contact as the texts of its columns. Kept from row to row, so that nothing is allocated anew.
pub(super) struct Texts<'a> {
    purpose: &'a Purpose,
    links: Option<&'a Links>,
    subscriber_id: [u8; Hyphenated::LENGTH],
    receipt_id: [u8; Hyphenated::LENGTH],
    requested_at: String,
    confirmed_at: String,
    manage_url: String,
    unsubscribe_url: String,
}

impl<'a> Texts<'a> {
    pub(super) fn new(purpose: &'a Purpose, links: Option<&'a Links>) -> Self {
        Self {
            purpose,
            links,
            subscriber_id: [0; Hyphenated::LENGTH],
            receipt_id: [0; Hyphenated::LENGTH],
            requested_at: String::new(),
            confirmed_at: String::new(),
            manage_url: String::new(),
            unsubscribe_url: String::new(),
        }
    }

    /// Writes out what the row holds in another form.
    pub(super) fn set(&mut self, row: &ExportRow<'_>) {
        row.subscriber_id.hyphenated().encode_lower(&mut self.subscriber_id);
        row.receipt_id.hyphenated().encode_lower(&mut self.receipt_id);
        write_over(&mut self.requested_at, row.requested_at);
        write_over(&mut self.confirmed_at, row.confirmed_at);
        if let Some(links) = self.links {
            self.manage_url = links.manage(row.subscriber_id);
            self.unsubscribe_url = links.unsubscribe(row.subscriber_id, Some(self.purpose));
        }
    }

    /// The text of one column of the row that was set; `None` where nothing is known.
    pub(super) fn cell<'r>(&'r self, row: &ExportRow<'r>, column: Column) -> Option<&'r str> {
        let parts = |name: &'r str| name.split_once(' ').unwrap_or((name, ""));
        match column {
            Column::SubscriberId => id(&self.subscriber_id),
            Column::Email => Some(row.email),
            Column::Name => row.name,
            Column::FirstName => row.name.map(|name| parts(name).0),
            Column::LastName => row.name.map(|name| parts(name).1).filter(|last| !last.is_empty()),
            Column::Organisation => row.organisation,
            Column::JobTitle => row.job_title,
            Column::Purpose => Some(self.purpose.as_str()),
            Column::State => Some(row.state),
            Column::NoticeSha256 => Some(row.notice_sha256),
            Column::PolicyVersion => Some(row.policy_version),
            Column::RequestedAt => Some(&self.requested_at),
            Column::ConfirmedAt => Some(&self.confirmed_at),
            Column::Report => row.report,
            Column::Source => Some(row.source),
            Column::ReceiptId => id(&self.receipt_id),
            Column::CameFrom(place) => row.came_from.get(place).copied().flatten(),
            Column::ManageUrl => self.links.map(|_| self.manage_url.as_str()),
            Column::UnsubscribeUrl => self.links.map(|_| self.unsubscribe_url.as_str()),
        }
    }
}

fn write_over(text: &mut String, at: Timestamp) {
    text.clear();
    // A text takes whatever it is given.
    let _ = write!(text, "{at}");
}

fn id(text: &[u8; Hyphenated::LENGTH]) -> Option<&str> {
    std::str::from_utf8(text).ok()
}

/// The name of a column and what stands in it.
pub type Named = (&'static str, Column);

/// The columns, in their order, under our own names.
pub const COLUMNS: [Named; 14] = [
    ("subscriber_id", Column::SubscriberId),
    ("email", Column::Email),
    ("name", Column::Name),
    ("organisation", Column::Organisation),
    ("job_title", Column::JobTitle),
    ("purpose", Column::Purpose),
    ("state", Column::State),
    ("notice_sha256", Column::NoticeSha256),
    ("policy_version", Column::PolicyVersion),
    ("requested_at", Column::RequestedAt),
    ("confirmed_at", Column::ConfirmedAt),
    ("report", Column::Report),
    ("source", Column::Source),
    ("receipt_id", Column::ReceiptId),
];

/// The columns that `links` adds.
pub const LINK_COLUMNS: [Named; 2] =
    [("manage_url", Column::ManageUrl), ("unsubscribe_url", Column::UnsubscribeUrl)];

/// The columns behind all others: where they came from, by the names of links.
pub const SOURCE_COLUMNS: [Named; 7] = [
    (NAMES[0], Column::CameFrom(0)),
    (NAMES[1], Column::CameFrom(1)),
    (NAMES[2], Column::CameFrom(2)),
    (NAMES[3], Column::CameFrom(3)),
    (NAMES[4], Column::CameFrom(4)),
    (NAMES[5], Column::CameFrom(5)),
    (NAMES[6], Column::CameFrom(6)),
];

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::contacts::exportable::Ground;

    #[test]
    fn names_are_parted_at_their_first_space() {
        let purpose = Purpose::privacy_policy();
        let texts = Texts::new(&purpose, None);
        for (name, first, last) in [
            (Some("Ada King Lovelace"), Some("Ada"), Some("King Lovelace")),
            (Some("Ada"), Some("Ada"), None),
            (Some("李小龍"), Some("李小龍"), None),
            (None, None, None),
        ] {
            let row = ExportRow {
                subscriber_id: Uuid::nil(),
                email: "a@b.test",
                name,
                organisation: None,
                job_title: None,
                state: "given",
                notice_sha256: "",
                policy_version: "",
                requested_at: Timestamp::EARLIEST,
                confirmed_at: Timestamp::EARLIEST,
                report: None,
                source: "",
                receipt_id: Uuid::nil(),
                came_from: [None; 7],
                ground: Ground {
                    seq: 1,
                    event_type: "given",
                    leaf: "",
                    event_mac: None,
                    report_id: None,
                    consent_mac: None,
                    overtaken: false,
                },
            };
            assert_eq!(texts.cell(&row, Column::FirstName), first);
            assert_eq!(texts.cell(&row, Column::LastName), last);
        }
    }
}
