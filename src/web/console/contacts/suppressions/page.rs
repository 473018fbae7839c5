//! The page of suppressions.

use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::suppression_list::Listed;
use crate::templates::page::Page;
use crate::web::console::contacts::suppressions::labels::title;
use crate::web::console::contacts::suppressions::{import_list, lift};
use crate::web::console::form::fault;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;

/// `console/suppressions.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct SuppressionsPage<'a> {
    pub tabs: Vec<ReasonTab>,
    /// The only reason that is listed.
    pub reason: Option<&'static str>,
    pub rows: Vec<SuppressionRow>,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub looked: Option<LookedUp<'a>>,
    /// What stands in the field that looks an address up, and in the one that adds one.
    pub typed: &'a str,
    pub added: &'a str,
    pub word: Option<String>,
    /// Where a list is brought along.
    pub bring: &'static str,
    pub errors: Vec<FieldError>,
}

/// How many there are of a reason, or that there are more.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ReasonTab {
    pub title: &'static str,
    pub path: String,
    pub current: bool,
    pub number: Option<i64>,
    pub more: bool,
}

/// An address, and what suppresses it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct LookedUp<'a> {
    pub address: &'a str,
    pub rows: Vec<SuppressionRow>,
}

/// A suppression; its address is known where it is a subscriber's.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct SuppressionRow {
    reason: &'static str,
    #[serde(rename = "for")]
    purpose: String,
    since: Timestamp,
    source: Option<String>,
    email: Option<String>,
    person: Option<String>,
    /// Where it is lifted, by who may do that.
    lift: Option<String>,
}

/// The purposes that there are, with the names they have.
pub(super) type Named = [(Purpose, Option<String>)];

impl SuppressionRow {
    pub(super) fn new(listed: Listed, named: &Named, session: &StaffSession) -> Self {
        let purpose = match named.iter().find(|(code, _)| code.as_str() == listed.purpose) {
            Some((code, name)) => code.named(name.as_deref()),
            None if listed.purpose != "*" => listed.purpose,
            None if listed.reason == SuppressionReason::NotMe => "Confirmations".to_owned(),
            None => "All mail".to_owned(),
        };
        let lift = listed.reason.is_lifted_by_staff() && session.may(Right::Suppress);
        Self {
            reason: listed.reason.as_str(),
            purpose,
            since: listed.since,
            source: listed.source,
            email: listed.email,
            person: listed.subscriber_id.map(|id| format!("/console/subscribers/{id}")),
            lift: lift.then(|| lift::path(&listed.address_key, listed.reason)),
        }
    }
}

impl Page for SuppressionsPage<'_> {
    const TEMPLATE: &'static str = "console/suppressions.html";

    fn samples() -> Vec<Self> {
        let bounced = SuppressionReason::Bounced;
        let known = SuppressionRow {
            reason: bounced.as_str(),
            purpose: "All mail".to_owned(),
            since: Timestamp::SAMPLE,
            source: Some("Mailchimp".to_owned()),
            email: Some("ada@example.org".to_owned()),
            person: Some("/console/subscribers/ID".to_owned()),
            lift: Some("/console/suppressions/lift?key=KEY".to_owned()),
        };
        let unknown =
            SuppressionRow { source: None, email: None, person: None, lift: None, ..known.clone() };
        let rows = vec![known, unknown];
        let path = "/console/suppressions".to_owned();
        let all = ReasonTab { title: "All", path, current: true, number: None, more: false };
        let one = ReasonTab {
            title: title(bounced),
            path: "/console/suppressions?reason=bounced".to_owned(),
            current: false,
            number: Some(2),
            more: true,
        };
        let nothing = SuppressionsPage {
            tabs: vec![all, one],
            reason: None,
            rows: vec![],
            newer: None,
            older: None,
            looked: None,
            typed: "",
            added: "",
            word: None,
            bring: import_list::PATH,
            errors: vec![],
        };
        let looked = |rows| Some(LookedUp { address: "ada@example.org", rows });
        let list = SuppressionsPage {
            rows: rows.clone(),
            newer: Some("/console/suppressions?before=PLACE".to_owned()),
            older: Some("/console/suppressions?after=PLACE".to_owned()),
            looked: looked(rows),
            typed: "ada@example.org",
            word: Some("Nothing is mailed to ada@example.org any more.".to_owned()),
            errors: vec![fault("email", "enter one address")],
            ..nothing.clone()
        };
        let of_reason = SuppressionsPage {
            reason: Some(bounced.as_str()),
            looked: looked(vec![]),
            ..nothing.clone()
        };
        vec![list, of_reason, nothing]
    }
}
