//! The page that lists people.

use assent_ledger::event_type::EventType;
use serde::Serialize;

use crate::domain::timestamp::Timestamp;
use crate::store::contacts::search::Count;
use crate::templates::page::Page;
use crate::web::console::contacts::subscribers::unconfirmed::Unconfirmed;
use crate::web::console::form::fault;
use crate::web::http::fields::FieldError;
use crate::web::people::choices::FilterOptions;
use crate::web::people::question::Typed;

/// `console/subscribers.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct SubscribersPage<'a> {
    pub asked: Typed<'a>,
    pub options: FilterOptions<'a>,
    /// Whether not everybody is asked for.
    pub filtered: bool,
    pub errors: Vec<FieldError>,
    pub rows: Vec<SubscriberRow>,
    /// Whose whole address was looked for in vain.
    pub unconfirmed: Option<Unconfirmed>,
    pub count: ShownCount,
    pub total: ShownCount,
    /// The search ended before everybody was looked at.
    pub cut_short: bool,
    pub older: Option<String>,
    pub newer: Option<String>,
}

/// A count: `exactly` so many, `more`, or `unknown`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct ShownCount {
    kind: &'static str,
    number: i64,
}

/// One person in the list.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct SubscriberRow {
    pub path: String,
    pub email: String,
    pub name: Option<String>,
    pub organisation: Option<String>,
    pub since: Timestamp,
    pub consents: Vec<ListedConsent>,
    /// Whether all mail to them is stopped.
    pub stopped: bool,
}

/// Where one of their consents stands.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ListedConsent {
    pub title: String,
    pub state: EventType,
}

impl From<Count> for ShownCount {
    fn from(count: Count) -> Self {
        let (kind, number) = match count {
            Count::Exactly(number) => ("exactly", number),
            Count::MoreThan(number) => ("more", number),
            Count::Unknown => ("unknown", 0),
        };
        Self { kind, number }
    }
}

impl Page for SubscribersPage<'_> {
    const TEMPLATE: &'static str = "console/subscribers.html";

    fn samples() -> Vec<Self> {
        let consent = ListedConsent { title: "Privacy policy".to_owned(), state: EventType::Given };
        let full = SubscriberRow {
            path: "/console/subscribers/ID".to_owned(),
            email: "ada@example.org".to_owned(),
            name: Some("Ada Hughes".to_owned()),
            organisation: Some("Leeds City Council".to_owned()),
            since: Timestamp::SAMPLE,
            consents: vec![consent],
            stopped: true,
        };
        let bare = SubscriberRow {
            name: None,
            organisation: None,
            consents: vec![],
            stopped: false,
            ..full.clone()
        };
        let all = SubscribersPage {
            asked: Typed::default(),
            options: FilterOptions::sample(),
            filtered: false,
            errors: vec![],
            rows: vec![full, bare],
            unconfirmed: None,
            count: Count::Exactly(1).into(),
            total: Count::MoreThan(5000).into(),
            cut_short: false,
            older: Some("/console/subscribers?after=ID".to_owned()),
            newer: Some("/console/subscribers?before=ID".to_owned()),
        };
        let none = SubscribersPage { rows: vec![], older: None, newer: None, ..all.clone() };
        let in_vain = SubscribersPage { filtered: true, ..none.clone() };
        let [mailed, never_mailed] = Unconfirmed::samples();
        let errors = vec![fault("q", "search for fewer words")];
        vec![
            SubscribersPage { filtered: true, ..all.clone() },
            SubscribersPage { count: Count::Unknown.into(), cut_short: true, ..all.clone() },
            SubscribersPage { cut_short: true, ..in_vain.clone() },
            SubscribersPage { unconfirmed: Some(mailed), ..in_vain.clone() },
            SubscribersPage { unconfirmed: Some(never_mailed), ..in_vain.clone() },
            SubscribersPage { errors, ..none.clone() },
            all,
            none,
            in_vain,
        ]
    }
}
