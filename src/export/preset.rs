//! Columns as the import screens of other tools know them, so that nothing has to be matched by hand. The
//! proof of consent stays, under names that land in fields of one's own: a contact that was brought
//! elsewhere can still be led back to what they agreed to.

use super::columns::{COLUMNS, Column, LINK_COLUMNS, Named, SOURCE_COLUMNS};
use crate::domain::contacts::export_format::Preset;

impl Preset {
    fn contact(self) -> &'static [Named] {
        match self {
            // Properties of contacts by their labels, which its import matches without regard to case.
            Self::Hubspot => &[
                ("Email", Column::Email),
                ("First name", Column::FirstName),
                ("Last name", Column::LastName),
                ("Company name", Column::Organisation),
                ("Job title", Column::JobTitle),
            ],
            // The fields that every audience begins with.
            Self::Mailchimp => &[
                ("Email Address", Column::Email),
                ("First Name", Column::FirstName),
                ("Last Name", Column::LastName),
                ("Company", Column::Organisation),
                ("Job Title", Column::JobTitle),
            ],
            // "Field Mapping for Importing Leads" in its help; it takes names apart by itself.
            Self::Salesforce => &[
                ("Email", Column::Email),
                ("Full Name", Column::Name),
                ("Company", Column::Organisation),
                ("Title", Column::JobTitle),
            ],
        }
    }
}

const PROOF: [Named; 10] = [
    ("Consent subscriber ID", Column::SubscriberId),
    ("Consent purpose", Column::Purpose),
    ("Consent state", Column::State),
    ("Consent notice SHA-256", Column::NoticeSha256),
    ("Consent policy version", Column::PolicyVersion),
    ("Consent requested at", Column::RequestedAt),
    ("Consent confirmed at", Column::ConfirmedAt),
    ("Consent report", Column::Report),
    ("Consent source", Column::Source),
    ("Consent receipt ID", Column::ReceiptId),
];

const LINKS: [Named; 2] = [
    ("Consent manage URL", Column::ManageUrl),
    ("Consent unsubscribe URL", Column::UnsubscribeUrl),
];

const SOURCES: [Named; 7] = [
    ("Consent UTM source", Column::CameFrom(0)),
    ("Consent UTM medium", Column::CameFrom(1)),
    ("Consent UTM campaign", Column::CameFrom(2)),
    ("Consent UTM term", Column::CameFrom(3)),
    ("Consent UTM content", Column::CameFrom(4)),
    ("Consent ref", Column::CameFrom(5)),
    ("Consent page origin", Column::CameFrom(6)),
];

/// The columns of a file, in their order: new ones stand last, for some read them by their places.
#[must_use]
pub fn columns(preset: Option<Preset>, links: bool) -> Vec<Named> {
    let (mut columns, more, last) = match preset {
        None => (COLUMNS.to_vec(), LINK_COLUMNS, SOURCE_COLUMNS),
        Some(preset) => ([preset.contact(), &PROOF[..]].concat(), LINKS, SOURCES),
    };
    if links {
        columns.extend(more);
    }
    columns.extend(last);
    columns
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::signup::signup_source::NAMES;

    #[test]
    fn every_preset_keeps_the_proof_under_names_of_its_own() {
        for preset in Preset::ALL {
            assert_eq!(preset.as_str().parse(), Ok(preset));
            let columns = columns(Some(preset), true);
            let names: HashSet<&str> = columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(names.len(), columns.len(), "each name stands once");
            // Salesforce takes no longer label for a field.
            assert!(names.iter().all(|name| name.len() <= 40));
            for (name, column) in COLUMNS.iter().chain(&LINK_COLUMNS).chain(&SOURCE_COLUMNS) {
                let stands = columns.iter().any(|(_, other)| {
                    other == column || (*column == Column::Name && *other == Column::FirstName)
                });
                assert!(stands, "{name} for {preset:?}");
            }
        }
        assert!("HubSpot".parse::<Preset>().is_err());
    }

    #[test]
    fn without_one_the_names_are_ours() {
        let ours = |links| columns(None, links).iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(ours(false)[14..], NAMES);
        assert_eq!(ours(true)[14..16], ["manage_url", "unsubscribe_url"]);
        assert_eq!(ours(true)[16..], NAMES);
    }
}
