//! One submitted form.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, IntoStaticStr};

use crate::domain::slug::Slug;

/// The source of a form that is a press beside another report, where no box stood and nothing was typed: of it no event of
/// the ledger tells, and its row's MAC is what binds it.
pub const BY_PRESS: &str = "/downloads";

/// The name of a form: of a report's, or of that for newsletters alone. A slug holds no slash, so no report is taken
/// for the newsletters.
#[must_use]
pub fn form_name(report: Option<&Slug>) -> String {
    report.map_or_else(|| "newsletters".to_owned(), |slug| format!("reports/{slug}"))
}

/// Where a signup stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum SignupStatus {
    /// Waits for the press of its button.
    Pending,
    /// The button was pressed: there is a subscriber.
    Confirmed,
    /// Nobody pressed in time.
    Expired,
    /// The owner of the address said it was not them.
    Cancelled,
}

/// Who drew the form that was filled in, and with it the words beside its boxes.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    AsRefStr,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DrawnBy {
    /// This program: on a page of its own, or in a frame of it.
    #[default]
    Ours,
    /// The script of this program, on somebody's page.
    Element,
    /// Somebody else, on their page or by their program, which says that it showed these words; or nobody says who.
    Page,
}

impl DrawnBy {
    /// Whether its words must be shown by this program too, on the page behind the mailed link.
    #[must_use]
    pub fn must_be_shown_again(self) -> bool {
        self == Self::Page
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How a choice reached us.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    AsRefStr,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Method {
    /// A form on our pages.
    Form,
    /// A program, by an API of ours.
    Api,
    /// Brought from elsewhere with its evidence.
    Import,
    /// Entered by staff.
    Staff,
    /// By this program: a time was over, or a mail was reported as unwanted. Nobody chose it here.
    Program,
}

impl Method {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
