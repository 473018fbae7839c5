//! How contacts are written into a file.

use strum::{AsRefStr, EnumString, IntoStaticStr};

/// The form of an export.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, AsRefStr, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Format {
    /// RFC 4180 with CRLF, UTF-8 with BOM, safe to open in a spreadsheet.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// A workbook in which every cell is a string.
    Xlsx,
}

impl Format {
    /// Its word, and the ending of its files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// The tool that a file is brought into, whose names its columns have.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, AsRefStr, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Preset {
    /// `HubSpot`, contacts.
    Hubspot,
    /// Mailchimp, an audience.
    Mailchimp,
    /// Salesforce, leads in its Data Import Wizard.
    Salesforce,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hubspot, Self::Mailchimp, Self::Salesforce];

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What people call the tool.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Hubspot => "HubSpot",
            Self::Mailchimp => "Mailchimp",
            Self::Salesforce => "Salesforce",
        }
    }
}
