//! What the columns of a file of people hold, by their names: ours, those of our own exports, and those that
//! Mailchimp, `HubSpot` and listmonk export.

mod contact;

pub use contact::{ContactTexts, Given};

use crate::domain::contacts::table::Cells;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Holds {
    Email,
    Name,
    FirstName,
    LastName,
    Organisation,
    JobTitle,
    ConsentedAt,
    /// Mailchimp: when they confirmed, or were added by somebody.
    ConfirmedAt,
    /// Mailchimp: when they sent the form.
    SignedUpAt,
    /// When a tool first had them.
    CreatedAt,
    Method,
    /// `HubSpot`: why somebody's details are held.
    LegalBasis,
    /// Our own exports.
    Purpose,
    State,
    Policy,
    Words,
    Receipt,
    /// What a tool says of them in a word.
    Status,
    Reason,
    /// Filled where they left, or where their mail came back: with the time, the reason, or `true`.
    Unsubscribed,
    Bounced,
    Complained,
}

use Holds as H;

/// Names as [`crate::domain::contacts::table::Table::names`] gives them; of two that hold the same, the first wins where it is filled.
const NAMES: &[(&str, Holds)] = &[
    ("email", H::Email),
    ("email address", H::Email),
    ("emailaddress", H::Email),
    ("e mail", H::Email),
    ("e mail address", H::Email),
    ("name", H::Name),
    ("full name", H::Name),
    ("first name", H::FirstName),
    ("firstname", H::FirstName),
    ("fname", H::FirstName),
    ("last name", H::LastName),
    ("lastname", H::LastName),
    ("lname", H::LastName),
    ("organisation", H::Organisation),
    ("organization", H::Organisation),
    ("company", H::Organisation),
    ("company name", H::Organisation),
    ("associated company", H::Organisation),
    ("job title", H::JobTitle),
    ("jobtitle", H::JobTitle),
    ("consented at", H::ConsentedAt),
    ("consent confirmed at", H::ConsentedAt),
    ("confirmed at", H::ConsentedAt),
    ("confirm time", H::ConfirmedAt),
    ("optin time", H::SignedUpAt),
    ("created at", H::CreatedAt),
    ("create date", H::CreatedAt),
    ("method", H::Method),
    ("legal basis for processing contact's data", H::LegalBasis),
    ("purpose", H::Purpose),
    ("consent purpose", H::Purpose),
    ("state", H::State),
    ("consent state", H::State),
    ("policy version", H::Policy),
    ("consent policy version", H::Policy),
    ("notice sha256", H::Words),
    ("consent notice sha 256", H::Words),
    ("receipt id", H::Receipt),
    ("consent receipt id", H::Receipt),
    ("status", H::Status),
    ("reason", H::Reason),
    ("suppression reason", H::Reason),
    ("suppressionreason", H::Reason),
    ("unsubscribed at", H::Unsubscribed),
    ("unsub time", H::Unsubscribed),
    ("unsubscribed from all email", H::Unsubscribed),
    ("portal unsubscribe", H::Unsubscribed),
    ("bounced at", H::Bounced),
    ("clean time", H::Bounced),
    ("email hard bounce reason", H::Bounced),
    ("portal bounce", H::Bounced),
    ("global bounce", H::Bounced),
    ("complained at", H::Complained),
    ("portal spam report", H::Complained),
];

/// Which columns may hold the moment of consent, the best first.
const CONSENT_TIMES: [Holds; 4] = [H::ConsentedAt, H::ConfirmedAt, H::SignedUpAt, H::CreatedAt];

/// `HubSpot` has one such column for each kind of mail.
const OPTED_OUT: &str = "opted out of email";

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Assent,
    Mailchimp,
    HubSpot,
    Listmonk,
    Other,
}

impl Tool {
    fn from_names(names: &[String]) -> Self {
        let has = |name: &str| names.iter().any(|known| known == name);
        if (has("receipt id") && has("notice sha256")) || has("consent receipt id") {
            Self::Assent
        } else if has("optin time") || has("confirm time") {
            Self::Mailchimp
        } else if has("uuid") && has("attributes") && has("status") {
            Self::Listmonk
        } else if has("record id") || has("contact id") || has("marketing contact status") {
            Self::HubSpot
        } else {
            Self::Other
        }
    }

    /// Whether a column of this name means here what [`NAMES`] says: some words mean other things elsewhere.
    fn means(self, holds: Holds) -> bool {
        match holds {
            H::Purpose | H::State | H::Policy | H::Words | H::Receipt => self == Self::Assent,
            H::CreatedAt => matches!(self, Self::HubSpot | Self::Listmonk),
            _ => true,
        }
    }
}

/// Why a header is not one of people. Says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// Without it nothing can be read.
    #[error("the header lacks `{0}`")]
    Lacks(&'static str),
    /// Two columns that must be one.
    #[error("the header names `{0}` twice: keep one of them")]
    Twice(&'static str),
    /// Nothing says how they agreed.
    #[error(
        "the file does not say how they agreed, and nothing is imported without evidence: add a column `method`, \
         or say it of all of them with --method"
    )]
    NoMethod,
    /// Nothing says why they are not to be mailed.
    #[error(
        "the list does not say why they are not to be mailed: add a column `reason`, or say it of all of them"
    )]
    NoReason,
}

/// Whether a column of this name holds addresses.
#[must_use]
pub fn is_address(name: &str) -> bool {
    NAMES.iter().any(|(known, holds)| *known == name && *holds == H::Email)
}

/// The columns of one file.
#[derive(Clone, Debug)]
pub struct Columns {
    tool: Tool,
    /// What is read and where it stands, in the order of [`NAMES`].
    places: Vec<(Holds, usize)>,
    address: usize,
}

impl Columns {
    fn from_names(names: &[String]) -> Result<Self, ColumnsError> {
        let tool = Tool::from_names(names);
        let mut places = Vec::new();
        for (known, holds) in NAMES.iter().filter(|(_, holds)| tool.means(*holds)) {
            let found = names.iter().enumerate().filter(|(_, name)| name == known);
            places.extend(found.map(|(place, _)| (*holds, place)));
        }
        // Under this name our file for Salesforce has the job.
        if tool == Tool::Assent
            && let Some(place) = names.iter().position(|name| name == "title")
        {
            places.push((H::JobTitle, place));
        }
        let opted = names.iter().enumerate().filter(|(_, name)| name.starts_with(OPTED_OUT));
        places.extend(opted.map(|(place, _)| (H::Unsubscribed, place)));
        let all = |holds| places.iter().filter(move |(known, _)| *known == holds);
        let address = all(H::Email).map(|(_, place)| *place).next();
        let address = address.ok_or(ColumnsError::Lacks("email"))?;
        for (holds, name) in
            [(H::Email, "email"), (H::Method, "method"), (H::ConsentedAt, "consented_at")]
        {
            if all(holds).count() > 1 {
                return Err(ColumnsError::Twice(name));
            }
        }
        Ok(Self { tool, places, address })
    }

    /// The columns of people who agreed; `says_how` where whoever brings the file says how they did.
    ///
    /// # Errors
    /// Says which column is missing.
    pub fn of_contacts(names: &[String], says_how: bool) -> Result<Self, ColumnsError> {
        let mut columns = Self::from_names(names)?;
        columns.places.retain(|(holds, _)| {
            !matches!(holds, H::Reason | H::Status) || columns.tool == Tool::Listmonk
        });
        if !CONSENT_TIMES.iter().any(|holds| columns.has(*holds)) {
            return Err(ColumnsError::Lacks("consented_at"));
        }
        let tells_how = [H::Method, H::LegalBasis].into_iter().any(|holds| columns.has(holds))
            || matches!(columns.tool, Tool::Assent | Tool::Mailchimp);
        if tells_how || says_how { Ok(columns) } else { Err(ColumnsError::NoMethod) }
    }

    /// The columns of addresses that are not to be mailed; `says_why` where whoever brings the file says why.
    ///
    /// # Errors
    /// Says which column is missing.
    pub fn of_suppressions(names: &[String], says_why: bool) -> Result<Self, ColumnsError> {
        let mut columns = Self::from_names(names)?;
        let why = [H::Reason, H::Status, H::Unsubscribed, H::Bounced, H::Complained];
        let is_read = |holds: &Holds| *holds == H::Email || why.contains(holds);
        columns.places.retain(|(holds, _)| is_read(holds));
        let tells_why = columns.places.iter().any(|(holds, _)| why.contains(holds));
        if tells_why || says_why { Ok(columns) } else { Err(ColumnsError::NoReason) }
    }

    /// Where a row has its address, and how many cells it has at least.
    #[must_use]
    pub fn expected(&self) -> (usize, usize) {
        let times = self.places.iter().filter(|(holds, _)| CONSENT_TIMES.contains(holds));
        let first = times.map(|(_, place)| *place).min();
        (self.address, self.address.max(first.unwrap_or(0)) + 1)
    }

    /// The names of columns that are not read.
    #[must_use]
    pub fn unread<'a>(&self, names: &'a [String]) -> Vec<&'a str> {
        let is_read = |at: usize| self.places.iter().any(|(_, place)| *place == at);
        let unread =
            names.iter().enumerate().filter(|(at, name)| !name.is_empty() && !is_read(*at));
        unread.map(|(_, name)| name.as_str()).collect()
    }

    fn has(&self, holds: Holds) -> bool {
        self.places.iter().any(|(known, _)| *known == holds)
    }

    /// What stands of this in a row: the first cell that is filled. `None` where that is not UTF-8.
    pub(in crate::domain) fn cell<'a>(&self, cells: Cells<'a>, holds: Holds) -> Option<&'a str> {
        for (_, place) in self.places.iter().filter(|(known, _)| *known == holds) {
            let text = cells.text(*place)?;
            if !text.trim().is_empty() {
                return Some(text);
            }
        }
        Some("")
    }

    /// The address of a row.
    #[must_use]
    pub fn email<'a>(&self, cells: Cells<'a>) -> Option<&'a str> {
        cells.text(self.address)
    }

    /// Whether one of the columns of this kind is filled, with anything but `false`.
    pub(in crate::domain) fn is_said(&self, cells: Cells<'_>, holds: Holds) -> bool {
        let mut places = self.places.iter().filter(|(known, _)| *known == holds);
        places.any(|(_, place)| {
            let text = cells.text(*place).unwrap_or("not UTF-8").trim();
            !matches!(text, "" | "0")
                && !["false", "no"].iter().any(|no| text.eq_ignore_ascii_case(no))
        })
    }
}
