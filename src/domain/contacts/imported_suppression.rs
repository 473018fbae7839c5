//! Addresses that another tool knew not to mail: what one row of its list says.

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::file_columns::{Columns, Holds};
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::contacts::table::Cells;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::domain::written_time;

/// One address that is not to be mailed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSuppression {
    /// The address.
    pub email: EmailAddress,
    /// Why, for each reason that the row gives.
    pub reasons: Vec<SuppressionReason>,
    /// When that began, where the row says it.
    pub at: Option<Timestamp>,
}

/// Why a row says nothing that stops mail. Never repeats what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListRowError {
    /// The address is not one plain address.
    #[error("`email` is not one plain address")]
    Address,
    /// A mailbox that was full for a day.
    #[error("a soft bounce stops no mail")]
    Soft,
    /// A word that nobody here knows.
    #[error("the reason is none of unsubscribed, bounced, complained and manual")]
    Unknown,
    /// Nothing is said, or that they may be mailed.
    #[error("the row does not say why they are not to be mailed")]
    Silent,
}

/// The reasons that can be brought along: the others are about forms and erasures of this program.
pub const BROUGHT: [SuppressionReason; 4] = [
    SuppressionReason::Unsubscribed,
    SuppressionReason::Bounced,
    SuppressionReason::Complained,
    SuppressionReason::Manual,
];

impl ImportedSuppression {
    /// Reads one row; `all` is the reason of all rows of the list, whatever they say.
    ///
    /// # Errors
    /// Says why nothing follows from it.
    pub fn read(
        columns: &Columns,
        cells: Cells<'_>,
        all: Option<SuppressionReason>,
        (now, zone): (Timestamp, &TimeZone),
    ) -> Result<Self, ListRowError> {
        let email = columns.email(cells).ok_or(ListRowError::Address)?;
        let email = EmailAddress::parse(email).map_err(|_| ListRowError::Address)?;
        let filled = [
            (Holds::Unsubscribed, SuppressionReason::Unsubscribed),
            (Holds::Bounced, SuppressionReason::Bounced),
            (Holds::Complained, SuppressionReason::Complained),
        ];
        let cell = |holds| columns.cell(cells, holds).unwrap_or("not UTF-8");
        let said = filled.iter().filter(|(holds, _)| columns.is_said(cells, *holds));
        let mut reasons: Vec<SuppressionReason> =
            all.map_or_else(|| said.map(|(_, reason)| *reason).collect(), |all| vec![all]);
        if reasons.is_empty() {
            let word = match cell(Holds::Reason) {
                "" => cell(Holds::Status),
                word => word,
            };
            reasons.push(reason_of(word)?);
        }
        // A day that cannot be read, or that is yet to come, keeps nobody from being left alone.
        let at = filled.iter().find_map(|(holds, _)| written_time::read(cell(*holds), zone));
        Ok(Self { email, reasons, at: at.filter(|at| *at <= now) })
    }
}

/// The reason that a tool's word stands for.
fn reason_of(word: &str) -> Result<SuppressionReason, ListRowError> {
    let word = word.to_lowercase().replace(['_', '-'], " ");
    Ok(match word.split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
        "unsubscribed" | "unsubscribe" | "unsub" | "withdrawn" | "opted out" | "opt out"
        | "optout" | "list unsubscribe" | "group unsubscribe" => SuppressionReason::Unsubscribed,
        "bounced" | "bounce" | "hard bounce" | "hard bounced" | "hardbounce" | "cleaned"
        | "invalid" => SuppressionReason::Bounced,
        "complained" | "complaint" | "spam" | "spam report" | "spamreport" | "spam complaint"
        | "spamcomplaint" | "abuse" => SuppressionReason::Complained,
        "manual" | "manual suppression" | "manualsuppression" | "suppressed" | "blocklisted"
        | "blacklisted" | "disabled" => SuppressionReason::Manual,
        "soft bounce" | "soft bounced" | "softbounce" | "soft" => return Err(ListRowError::Soft),
        "" | "enabled" | "subscribed" | "active" | "confirmed" => return Err(ListRowError::Silent),
        _ => return Err(ListRowError::Unknown),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contacts::file_columns::{ColumnsError, is_address};
    use crate::domain::contacts::table::{FirstLine, Table};

    /// Address, reasons and moment of each row of a list, or why nothing follows from it.
    fn read(
        list: &str,
        all: Option<SuppressionReason>,
    ) -> Result<Vec<Result<String, ListRowError>>, ColumnsError> {
        let first = FirstLine::HeaderOrAddress;
        let mut table = Table::begin(list.as_bytes(), first, is_address).unwrap();
        let columns = Columns::of_suppressions(table.names(), all.is_some())?;
        let (address, least) = columns.expected();
        table.place_address(address, least);
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let mut rows = Vec::new();
        while let Some(row) = table.next_row().unwrap() {
            let cells = row.cells.unwrap();
            let brought = ImportedSuppression::read(&columns, cells, all, (now, &TimeZone::UTC));
            rows.push(brought.map(|ImportedSuppression { email, reasons, at }| {
                let reasons: Vec<&str> = reasons.iter().map(|reason| reason.as_str()).collect();
                let day = at.map_or("-".to_owned(), |at| TimeZone::UTC.day_of(at).to_string());
                format!("{email} {} {day}", reasons.join("+"))
            }));
        }
        Ok(rows)
    }

    fn told(list: &str, all: Option<SuppressionReason>) -> Vec<String> {
        let rows = read(list, all).unwrap();
        rows.into_iter().map(|row| row.unwrap_or_else(|error| error.to_string())).collect()
    }

    #[test]
    fn a_bare_list_needs_one_reason_for_all() {
        let list = "Ann@x.example\n\nbea@x.example\nnobody\n";
        let bounced = Some(SuppressionReason::Bounced);
        assert_eq!(
            told(list, bounced),
            [
                "Ann@x.example bounced -",
                "bea@x.example bounced -",
                "`email` is not one plain address"
            ]
        );
        assert_eq!(read(list, None), Err(ColumnsError::NoReason));
    }

    #[test]
    fn words_of_other_tools_are_known() {
        let list = "Email;Reason;Unsubscribed_at\n\
            a@x.example;Unsubscribed;2024-03-01\n\
            b@x.example;HardBounce;\n\
            c@x.example;SpamComplaint;\n\
            d@x.example;MANUAL_SUPPRESSION;\n\
            e@x.example;soft-bounce;\n\
            f@x.example;;\n\
            g@x.example;550 5.1.1 no such user;\n\
            h@x.example;;2999-01-01\n\
            i@x.example;Opted out;some day\n";
        assert_eq!(
            told(list, None),
            [
                "a@x.example unsubscribed 2024-03-01".to_owned(),
                "b@x.example bounced -".to_owned(),
                "c@x.example complained -".to_owned(),
                "d@x.example manual -".to_owned(),
                ListRowError::Soft.to_string(),
                ListRowError::Silent.to_string(),
                ListRowError::Unknown.to_string(),
                "h@x.example unsubscribed -".to_owned(),
                "i@x.example unsubscribed -".to_owned(),
            ]
        );
    }

    #[test]
    fn lists_of_mailchimp_hubspot_and_listmonk_are_read() {
        let mailchimp = "Email Address,CONFIRM_TIME,UNSUB_TIME,UNSUB_REASON\n\
            a@x.example,2019-01-01 08:00:00,2020-02-03 12:00:01,NORMAL\n";
        assert_eq!(told(mailchimp, None), ["a@x.example unsubscribed 2020-02-03"]);
        let cleaned = "Email Address,CLEAN_TIME\na@x.example,2020-02-03 12:00:01\nb@x.example,\n";
        assert_eq!(
            told(cleaned, None),
            [
                "a@x.example bounced 2020-02-03",
                "the row does not say why they are not to be mailed"
            ]
        );
        let hubspot = "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report,Global Bounce\n\
            a@x.example,FALSE,TRUE,FALSE,\n\
            b@x.example,UNKNOWN_USER,TRUE,TRUE,\n";
        assert_eq!(
            told(hubspot, None),
            ["a@x.example unsubscribed -", "b@x.example unsubscribed+bounced+complained -"]
        );
        let listmonk = "uuid,email,name,attributes,status,created_at,updated_at\n\
            u,a@x.example,Ann,{},blocklisted,2024-03-01 10:00:00 +0000 UTC,\n\
            v,b@x.example,Bea,{},enabled,2024-03-01 10:00:00 +0000 UTC,\n";
        assert_eq!(
            told(listmonk, None),
            ["a@x.example manual -", "the row does not say why they are not to be mailed"]
        );
        let unsubscribed = Some(SuppressionReason::Unsubscribed);
        assert_eq!(told(listmonk, unsubscribed)[1], "b@x.example unsubscribed -");
    }
}
