//! Contacts brought in from elsewhere: what one row of their file says, and the words it stands on.

use std::str::FromStr;

use crate::domain::consent::given_details::{DataKind, Details};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::text::{Line, LineError, is_forbidden};
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::domain::written_time;

/// The cells of one row as they stand in the file; blank where the file has no such column.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContactCells<'a> {
    /// The address.
    pub email: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// Where they work.
    pub organisation: &'a str,
    /// What they do there.
    pub job_title: &'a str,
    /// When they agreed.
    pub consented_at: &'a str,
    /// How they agreed.
    pub method: &'a str,
}

/// A contact with evidence of their consent: when it was given, and how (GDPR Art. 7(1)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedContact {
    /// The address.
    pub email: EmailAddress,
    /// The person's name, if the file says it.
    pub name: Option<Line>,
    /// Where they work, if the file says it.
    pub organisation: Option<Line>,
    /// What they do there, if the file says it.
    pub job_title: Option<Line>,
    /// When they agreed.
    pub consented_at: Timestamp,
    /// How they agreed, in the file's words.
    pub method: Line,
}

/// Why a row is not a contact with evidence. Names the column and never repeats what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// The address is not one plain address.
    #[error("`email` is not one plain address")]
    Address,
    /// Without it there is no evidence.
    #[error("`{0}` is blank, and nothing is imported without evidence")]
    Blank(&'static str),
    /// The cell is not one line.
    #[error("`{0}` has more than 200 characters")]
    TooLong(&'static str),
    /// The cell is not one line of readable text.
    #[error("`{0}` holds a line break, a control character or one that changes reading direction")]
    Forbidden(&'static str),
    /// The cell is in another encoding.
    #[error("`{0}` is not UTF-8: save the file as “CSV UTF-8”")]
    NotUtf8(&'static str),
    /// The file itself says that they are not to be written to.
    #[error("the file says `{0}` of them: bring such rows along with --suppress")]
    SaysLeft(&'static str),
    /// It is consent to something else.
    #[error("`purpose` is another than that of --purpose")]
    OtherPurpose,
    /// It is consent under another policy.
    #[error("`policy_version` is another than that of --policy")]
    OtherPolicy,
    /// Their details are held for other reasons than their consent.
    #[error("the legal basis is not consent")]
    OtherBasis,
    /// The moment cannot be read.
    #[error(
        "`consented_at` is neither a time such as 2026-11-23T09:00:00Z nor a day such as 2026-11-23"
    )]
    Time,
    /// The moment is older than any mail of today: a wrong cell format, and outside what both
    /// databases can hold.
    #[error("`consented_at` is before 1970")]
    TooEarly,
    /// Nobody agreed yet.
    #[error("`consented_at` is in the future")]
    Future,
}

impl ImportedContact {
    /// The kinds of data that the file gives.
    #[must_use]
    pub fn data(&self) -> Vec<DataKind> {
        let Self { name, organisation, job_title, .. } = self;
        let (name, organisation) = (name.as_ref(), organisation.as_ref());
        Details { name, organisation, job_title: job_title.as_ref() }.kinds()
    }

    /// Reads one row; spaces around a cell are dropped.
    ///
    /// # Errors
    /// Says which column is wrong and how.
    pub fn parse(
        cells: &ContactCells<'_>,
        now: Timestamp,
        timezone: &TimeZone,
    ) -> Result<Self, ContactError> {
        let email = EmailAddress::parse(cells.email).map_err(|_| ContactError::Address)?;
        Ok(Self {
            email,
            name: line("name", cells.name)?,
            organisation: line("organisation", cells.organisation)?,
            job_title: line("job_title", cells.job_title)?,
            consented_at: moment(cells.consented_at.trim(), now, timezone)?,
            method: line("method", cells.method)?.ok_or(ContactError::Blank("method"))?,
        })
    }
}

fn line(column: &'static str, cell: &str) -> Result<Option<Line>, ContactError> {
    Line::parse(cell).map_err(|error| match error {
        LineError::TooLong => ContactError::TooLong(column),
        LineError::Forbidden => ContactError::Forbidden(column),
    })
}

fn moment(cell: &str, now: Timestamp, timezone: &TimeZone) -> Result<Timestamp, ContactError> {
    if cell.is_empty() {
        return Err(ContactError::Blank("consented_at"));
    }
    let at = written_time::read(cell, timezone).ok_or(ContactError::Time)?;
    if at > now {
        Err(ContactError::Future)
    } else if at.micros() < 0 {
        Err(ContactError::TooEarly)
    } else {
        Ok(at)
    }
}

/// The words that imported people agreed to elsewhere, trimmed: plain text of at most 4 KiB, without
/// control characters but line ends and tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedWords(String);

/// Why a text cannot be the words of a notice; says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportedWordsError {
    /// Nothing but spaces.
    #[error("the file of --words is empty: write down what people agreed to, or leave --words out")]
    Empty,
    /// Over 4 KiB.
    #[error("the words of --words are longer than 4 KiB: keep to what stood beside the box")]
    TooLong,
    /// Control or direction-changing characters.
    #[error("the words of --words hold control characters: save them as plain UTF-8 text")]
    Forbidden,
}

/// How a notice begins that stands for words that nobody kept.
const UNKNOWN: &str = "Consent given elsewhere and brought in with this evidence: ";

impl ImportedWords {
    /// What stands for words that nobody kept: that there are none here, and where consent comes from.
    #[must_use]
    pub fn unknown(source: &Line) -> Self {
        Self(format!("{UNKNOWN}{source}"))
    }

    /// Whether a notice has no words that anybody agreed to, but what stands for them.
    #[must_use]
    pub fn are_unknown(notice: &str) -> bool {
        notice.starts_with(UNKNOWN)
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ImportedWords {
    type Err = ImportedWordsError;
    fn from_str(text: &str) -> Result<Self, ImportedWordsError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(ImportedWordsError::Empty);
        }
        if text.len() > 4096 {
            return Err(ImportedWordsError::TooLong);
        }
        if text.chars().any(|c| is_forbidden(c) && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(ImportedWordsError::Forbidden);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: ContactCells<'static> = ContactCells {
        email: " Ada@B.example ",
        name: "=Ada",
        organisation: "",
        job_title: " ",
        consented_at: "2020-02-29",
        method: "paper form\r",
    };

    fn parsed(cells: &ContactCells<'_>) -> Result<ImportedContact, ContactError> {
        let now = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        ImportedContact::parse(cells, now, &TimeZone::UTC)
    }

    #[test]
    fn a_row_with_evidence_is_a_contact() {
        let contact = parsed(&GOOD).unwrap();
        assert_eq!(contact.email.as_str(), "Ada@b.example");
        assert_eq!(contact.name.unwrap().as_str(), "=Ada");
        assert_eq!((contact.organisation, contact.job_title), (None, None));
        assert_eq!(contact.consented_at.to_string(), "2020-02-29T00:00:00.000000Z");
        assert_eq!(contact.method.as_str(), "paper form");
        let exactly_now = ContactCells { consented_at: "2026-11-23T10:00:00+01:00", ..GOOD };
        assert!(parsed(&exactly_now).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_column() {
        let long = "é".repeat(201);
        for (cells, error) in [
            (ContactCells { email: "ada", ..GOOD }, ContactError::Address),
            (ContactCells { email: "a@b.example, c@d.example", ..GOOD }, ContactError::Address),
            (ContactCells { name: &long, ..GOOD }, ContactError::TooLong("name")),
            (ContactCells { job_title: "a\nb", ..GOOD }, ContactError::Forbidden("job_title")),
            (ContactCells { organisation: "a\0", ..GOOD }, ContactError::Forbidden("organisation")),
            (ContactCells { method: "  ", ..GOOD }, ContactError::Blank("method")),
            (ContactCells { method: "a\u{202e}b", ..GOOD }, ContactError::Forbidden("method")),
            (ContactCells { consented_at: "", ..GOOD }, ContactError::Blank("consented_at")),
            (ContactCells { consented_at: "29/02/2020", ..GOOD }, ContactError::Time),
            (ContactCells { consented_at: "2021-02-29", ..GOOD }, ContactError::Time),
            (ContactCells { consented_at: "2026-11-24", ..GOOD }, ContactError::Future),
            (ContactCells { consented_at: "1969-12-31", ..GOOD }, ContactError::TooEarly),
            (ContactCells { consented_at: "-4800-01-01", ..GOOD }, ContactError::Time),
            (ContactCells { consented_at: "1900-01-00", ..GOOD }, ContactError::Time),
        ] {
            assert_eq!(parsed(&cells), Err(error), "{cells:?}");
        }
    }

    #[test]
    fn words_stand_as_they_were_written() {
        let words = "Yes, write to me.\n\tI can stop it.";
        assert_eq!(format!("\u{feff}{words}\n").parse::<ImportedWords>().unwrap().as_str(), words);
        for (text, error) in [
            ("\u{feff} \n", ImportedWordsError::Empty),
            ("a\0b", ImportedWordsError::Forbidden),
            ("a\u{202e}b", ImportedWordsError::Forbidden),
            (&"a".repeat(4097), ImportedWordsError::TooLong),
        ] {
            assert_eq!(text.parse::<ImportedWords>(), Err(error), "{text:?}");
        }
        let unknown = ImportedWords::unknown(&Line::parse("The old list").unwrap().unwrap());
        assert!(unknown.as_str().ends_with("with this evidence: The old list"));
        assert!(ImportedWords::are_unknown(unknown.as_str()));
        assert!(!ImportedWords::are_unknown(words) && !ImportedWords::are_unknown(""));
    }
}
