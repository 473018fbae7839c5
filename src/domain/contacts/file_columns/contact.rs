//! One row of people who agreed.

use std::borrow::Cow;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::file_columns::{CONSENT_TIMES, Columns, Holds as H, Tool};
use crate::domain::contacts::imported_contact::{ContactCells, ContactError};
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::contacts::table::Cells;
use crate::domain::slug::Label;
use crate::domain::text::Line;

/// What holds for all rows of a file of contacts.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// What they agreed to.
    pub purpose: &'a Purpose,
    /// The policy they agreed under.
    pub policy: &'a Label,
    /// How they agreed, where the file does not say it.
    pub method: Option<&'a Line>,
}

/// One row of people who agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactTexts<'a> {
    email: &'a str,
    name: Cow<'a, str>,
    organisation: &'a str,
    job_title: &'a str,
    consented_at: &'a str,
    method: Cow<'a, str>,
}

impl ContactTexts<'_> {
    /// Its cells.
    #[must_use]
    pub fn cells(&self) -> ContactCells<'_> {
        ContactCells {
            email: self.email,
            name: &self.name,
            organisation: self.organisation,
            job_title: self.job_title,
            consented_at: self.consented_at,
            method: &self.method,
        }
    }
}

impl Columns {
    /// Reads a row of people who agreed.
    ///
    /// # Errors
    /// When the file itself says that they left or agreed to something else, or a cell is not UTF-8.
    pub fn contact<'a>(
        &self,
        cells: Cells<'a>,
        given: &Given<'a>,
    ) -> Result<ContactTexts<'a>, ContactError> {
        let cell = |holds, name| self.cell(cells, holds).ok_or(ContactError::NotUtf8(name));
        self.demand_in_force(cells, given)?;
        let name = match cell(H::Name, "name")? {
            "" => self.joined_name(cells)?,
            whole => whole.into(),
        };
        let mut consented_at = "";
        for holds in CONSENT_TIMES {
            if consented_at.is_empty() {
                consented_at = cell(holds, "consented_at")?;
            }
        }
        let email = self.email(cells).ok_or(ContactError::NotUtf8("email"))?;
        Ok(ContactTexts {
            email,
            name,
            organisation: cell(H::Organisation, "organisation")?,
            job_title: cell(H::JobTitle, "job_title")?,
            consented_at,
            method: self.method(cells, given)?,
        })
    }

    /// First and last name as one, as our own exports part them.
    fn joined_name<'a>(&self, cells: Cells<'a>) -> Result<Cow<'a, str>, ContactError> {
        let cell = |holds| self.cell(cells, holds).ok_or(ContactError::NotUtf8("name"));
        Ok(match (cell(H::FirstName)?, cell(H::LastName)?) {
            (first, "") => first.into(),
            ("", last) => last.into(),
            (first, last) => format!("{first} {last}").into(),
        })
    }

    /// How they agreed: by the row, by whoever brings the file, or as far as the tool knows.
    fn method<'a>(
        &self,
        cells: Cells<'a>,
        given: &Given<'a>,
    ) -> Result<Cow<'a, str>, ContactError> {
        let cell = |holds| self.cell(cells, holds).ok_or(ContactError::NotUtf8("method"));
        let own = cell(H::Method)?;
        if !own.is_empty() {
            return Ok(own.into());
        }
        if let Some(method) = given.method {
            return Ok(method.as_str().into());
        }
        Ok(match self.tool {
            Tool::Assent => {
                let (receipt, words) = (cell(H::Receipt)?.trim(), cell(H::Words)?.trim());
                format!("assent: receipt {receipt}, words {words}").into()
            }
            Tool::Mailchimp => match (cell(H::SignedUpAt)?.trim(), cell(H::ConfirmedAt)?.trim()) {
                ("", "") => "".into(),
                ("", confirmed) => format!("Mailchimp: CONFIRM_TIME {confirmed}").into(),
                (signed, "") => format!("Mailchimp: OPTIN_TIME {signed}").into(),
                (signed, confirmed) => {
                    format!("Mailchimp: OPTIN_TIME {signed}, CONFIRM_TIME {confirmed}").into()
                }
            },
            _ => match consent_of(cell(H::LegalBasis)?) {
                Some(basis) => format!("HubSpot: {basis}").into(),
                None => "".into(),
            },
        })
    }

    /// Refuses what the file itself says is no consent in force to this purpose and policy.
    fn demand_in_force(&self, cells: Cells<'_>, given: &Given<'_>) -> Result<(), ContactError> {
        let cell = |holds, name| match self.cell(cells, holds) {
            Some(text) => Ok(text.trim()),
            None => Err(ContactError::NotUtf8(name)),
        };
        for (holds, reason) in [
            (H::Complained, SuppressionReason::Complained),
            (H::Bounced, SuppressionReason::Bounced),
            (H::Unsubscribed, SuppressionReason::Unsubscribed),
        ] {
            if self.is_said(cells, holds) {
                return Err(ContactError::SaysLeft(reason.as_str()));
            }
        }
        if self.tool == Tool::Listmonk && cell(H::Status, "status")? != "enabled" {
            return Err(ContactError::SaysLeft("not enabled"));
        }
        if self.tool == Tool::Assent {
            let (purpose, policy) =
                (cell(H::Purpose, "purpose")?, cell(H::Policy, "policy_version")?);
            if !purpose.is_empty() && purpose != given.purpose.as_str() {
                return Err(ContactError::OtherPurpose);
            }
            if !policy.is_empty() && policy != given.policy.as_str() {
                return Err(ContactError::OtherPolicy);
            }
            if !matches!(cell(H::State, "state")?, "" | "given" | "renewed") {
                return Err(ContactError::SaysLeft("not in force"));
            }
        }
        let basis = cell(H::LegalBasis, "legal basis")?;
        if !basis.is_empty() && consent_of(basis).is_none() {
            return Err(ContactError::OtherBasis);
        }
        Ok(())
    }
}

/// Those of `HubSpot`'s legal bases that are consent; it parts several by semicolons.
fn consent_of(bases: &str) -> Option<String> {
    let is_consent = |basis: &&str| basis.to_lowercase().contains("consent");
    let consents: Vec<&str> = bases.split(';').map(str::trim).filter(is_consent).collect();
    (!consents.is_empty()).then(|| consents.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contacts::file_columns::{ColumnsError, is_address};
    use crate::domain::contacts::imported_contact::ImportedContact;
    use crate::domain::contacts::table::{FirstLine, Table};
    use crate::domain::time_zone::TimeZone;
    use crate::domain::timestamp::Timestamp;

    /// What each row of a file comes to: address, name, organisation, job, moment and method, or why it is refused.
    fn read(
        file: &str,
        method: Option<&str>,
    ) -> Result<Vec<Result<String, ContactError>>, ColumnsError> {
        let mut table = Table::begin(file.as_bytes(), FirstLine::Header, is_address).unwrap();
        let columns = Columns::of_contacts(table.names(), method.is_some())?;
        let (address, least) = columns.expected();
        table.place_address(address, least);
        let (purpose, policy) = ("newsletter:weekly".parse().unwrap(), "2024-01".parse().unwrap());
        let method = method.and_then(|text| Line::parse(text).unwrap());
        let given = Given { purpose: &purpose, policy: &policy, method: method.as_ref() };
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let mut rows = Vec::new();
        while let Some(row) = table.next_row().unwrap() {
            let texts = columns.contact(row.cells.unwrap(), &given);
            rows.push(texts.and_then(|texts| {
                let contact = ImportedContact::parse(&texts.cells(), now, &TimeZone::UTC)?;
                let text = |line: &Option<Line>| line.as_ref().map_or("-", Line::as_str).to_owned();
                let (name, job) = (text(&contact.name), text(&contact.job_title));
                let at = contact.consented_at.to_string();
                Ok(format!(
                    "{} {name}/{}/{job} {} {}",
                    contact.email,
                    text(&contact.organisation),
                    &at[..16],
                    contact.method
                ))
            }));
        }
        Ok(rows)
    }

    fn texts(file: &str, method: Option<&str>) -> Vec<String> {
        let rows = read(file, method).unwrap();
        rows.into_iter().map(|row| row.unwrap_or_else(|error| error.to_string())).collect()
    }

    #[test]
    fn mailchimps_export_is_read() {
        let header = "Email Address,First Name,Last Name,Company,Job Title,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,\
            CONFIRM_TIME,CONFIRM_IP,LEID,EUID,NOTES,TAGS";
        let file = format!(
            "{header}\n\
             ann@x.example,Ann,Lee,Office,Clerk,2,\"2020-02-03 12:00:01\",192.0.2.1,\"2020-02-03 12:05:00\",192.0.2.1,1,a,,\n\
             bea@x.example,,,,,2,,,\"2019-01-01 08:00:00\",,2,b,\"two\nlines\",\"x, y\"\n"
        );
        assert_eq!(
            texts(&file, None),
            [
                "ann@x.example Ann Lee/Office/Clerk 2020-02-03T12:05 \
                 Mailchimp: OPTIN_TIME 2020-02-03 12:00:01, CONFIRM_TIME 2020-02-03 12:05:00",
                "bea@x.example -/-/- 2019-01-01T08:00 Mailchimp: CONFIRM_TIME 2019-01-01 08:00:00",
            ]
        );
        // Who left or was cleaned out is not brought in as somebody who agreed.
        for column in ["UNSUB_TIME", "CLEAN_TIME"] {
            let file =
                format!("Email Address,CONFIRM_TIME,{column}\na@x.example,2019-01-01,2020-01-01\n");
            assert!(texts(&file, None)[0].contains("--suppress"), "{column}");
        }
    }

    #[test]
    fn hubspots_export_needs_consent_as_its_basis() {
        let file = "Record ID,First Name,Last Name,Email,Create Date,Associated Company,Job Title,\
            Legal basis for processing contact's data,Unsubscribed from all email\n\
            1,Ann,Lee,ann@x.example,2024-03-01 10:00,Office,Clerk,Freely given consent from contact;Legitimate interest – other,\n\
            2,Bea,,bea@x.example,2024-03-01 10:00,,,Legitimate interest – prospect/lead,false\n\
            3,Cyd,,cyd@x.example,2024-03-01 10:00,,,,FALSE\n\
            4,Dan,,dan@x.example,2024-03-01 10:00,,,Freely given consent from contact,true\n";
        assert_eq!(
            texts(file, None),
            [
                "ann@x.example Ann Lee/Office/Clerk 2024-03-01T10:00 HubSpot: Freely given consent from contact"
                    .to_owned(),
                ContactError::OtherBasis.to_string(),
                ContactError::Blank("method").to_string(),
                ContactError::SaysLeft("unsubscribed").to_string(),
            ]
        );
        let bare = "Record ID,Email,Create Date\n1,ann@x.example,2024-03-01 10:00\n";
        assert_eq!(read(bare, None), Err(ColumnsError::NoMethod));
        assert_eq!(
            texts(bare, Some("our form")),
            ["ann@x.example -/-/- 2024-03-01T10:00 our form"]
        );
        let one_kind =
            "Record ID,Email,Create Date,Opted out of email: News\n1,a@x.example,2024-03-01,true\n";
        assert!(texts(one_kind, Some("our form"))[0].contains("--suppress"));
    }

    #[test]
    fn listmonks_export_says_when_and_whoever_brings_it_how() {
        let file = "uuid,email,name,attributes,status,created_at,updated_at\n\
            u,ann@x.example,Ann Lee,\"{\"\"city\"\": \"\"Bonn\"\"}\",enabled,2024-03-01 10:00:00.123456 +0000 UTC,2024-03-01 10:00:00 +0000 UTC\n\
            v,bea@x.example,Bea,{},blocklisted,2024-03-01 10:00:00 +0000 UTC,2024-03-01 10:00:00 +0000 UTC\n";
        assert_eq!(read(file, None), Err(ColumnsError::NoMethod));
        assert_eq!(
            texts(file, Some("confirmed by listmonk")),
            [
                "ann@x.example Ann Lee/-/- 2024-03-01T10:00 confirmed by listmonk".to_owned(),
                ContactError::SaysLeft("not enabled").to_string(),
            ]
        );
    }

    #[test]
    fn our_own_exports_come_back() {
        let ours = "subscriber_id,email,name,organisation,job_title,purpose,state,notice_sha256,policy_version,requested_at,confirmed_at,report,source,receipt_id,utm_source,utm_medium,utm_campaign,utm_term,utm_content,ref,page_origin\n\
            S,'=ann@x.example,'=Ann,'@Office,''-x,newsletter:weekly,given,W,2024-01,2024-03-01T10:00:00.000000Z,2024-03-01T11:00:00.000000Z,r,/r,R,mail,,,,,'=x,https://a.example\n\
            S,a@x.example,,,,newsletter:daily,given,W,2024-01,,2024-03-01T11:00:00Z,,,R\n\
            S,a@x.example,,,,newsletter:weekly,given,W,2023-01,,2024-03-01T11:00:00Z,,,R\n\
            S,a@x.example,,,,newsletter:weekly,withdrawn,W,2024-01,,2024-03-01T11:00:00Z,,,R\n";
        assert_eq!(
            texts(ours, None),
            [
                "=ann@x.example =Ann/@Office/'-x 2024-03-01T11:00 assent: receipt R, words W"
                    .to_owned(),
                ContactError::OtherPurpose.to_string(),
                ContactError::OtherPolicy.to_string(),
                ContactError::SaysLeft("not in force").to_string(),
            ]
        );
        let proof = "Consent purpose,Consent state,Consent notice SHA-256,Consent policy version,Consent confirmed at,Consent receipt ID\nann@x.example";
        let row = "newsletter:weekly,given,W,2024-01,2024-03-01T11:00:00Z,R";
        for (names, cells) in [
            ("Email Address,First Name,Last Name,Company,Job Title", "Ann,van  Lee,Office,Clerk"),
            ("Email,Full Name,Company,Title", "Ann van  Lee,Office,Clerk"),
        ] {
            let file = format!("{names},{proof},{cells},{row}\n");
            let expected = "ann@x.example Ann van  Lee/Office/Clerk 2024-03-01T11:00 assent: receipt R, words W";
            assert_eq!(texts(&file, None), [expected], "{names}");
        }
    }

    #[test]
    fn words_that_mean_other_things_elsewhere_are_not_read() {
        let file = "Email,Consented_at,Method,State,Purpose,Status,Title,phone\n\
            ann@x.example,2024-03-01,paper,Ohio,fun,single,Mrs,1\n";
        assert_eq!(texts(file, None), ["ann@x.example -/-/- 2024-03-01T00:00 paper"]);
        let names: Vec<String> =
            ["email", "consented at", "method", "state", "phone", ""].map(String::from).to_vec();
        let columns = Columns::of_contacts(&names, false).unwrap();
        assert_eq!(columns.unread(&names), ["state", "phone"]);
        assert_eq!(columns.expected(), (0, 2));
    }

    #[test]
    fn what_a_header_lacks_is_named() {
        for (header, error) in [
            ("email,method", ColumnsError::Lacks("consented_at")),
            ("email,created_at,method", ColumnsError::Lacks("consented_at")),
            ("email,consented_at", ColumnsError::NoMethod),
            ("email,email,consented_at,method", ColumnsError::Twice("email")),
            ("email,E-mail,consented_at,method", ColumnsError::Twice("email")),
            ("email,consented_at,confirmed_at,method", ColumnsError::Twice("consented_at")),
        ] {
            assert_eq!(read(&format!("{header}\n"), None), Err(error), "{header}");
        }
    }
}
