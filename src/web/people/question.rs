//! What a search of the list asks for, as it stands in the page's address.

use assent_ledger::event_type::EventType;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::search::Sought;
use crate::domain::time_zone::TimeZone;
use crate::store::contacts::search::{ConsentFilter, SearchPosition, SubscriberFilter};
use crate::web::address::with_fields;
use crate::web::day_span::{ENDS, read_span};
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::people::choices::Choices;

/// The filters, in their order on the page.
pub(in crate::web) const NAMES: [&str; 8] =
    ["q", "purpose", "state", "report", "policy", "since", "until", "suppressed"];

/// What was asked for, field by field.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::web) struct Typed<'a> {
    q: &'a str,
    purpose: &'a str,
    state: &'a str,
    report: &'a str,
    policy: &'a str,
    since: &'a str,
    until: &'a str,
    suppressed: &'a str,
}

/// One question to the list.
pub(in crate::web) struct Question {
    typed: Vec<(&'static str, String)>,
    /// Whom to find, or what is wrong with each field.
    pub filter: Result<SubscriberFilter, Vec<InvalidField>>,
    /// Which page.
    pub place: SearchPosition,
}

impl Question {
    pub(in crate::web) fn read(fields: &Fields, choices: &Choices, timezone: &TimeZone) -> Self {
        let typed = NAMES.map(|name| (name, fields.one(name).trim().to_owned())).to_vec();
        let mut wrong: Vec<InvalidField> = NAMES
            .into_iter()
            .filter(|name| !ENDS.contains(name))
            .filter(|name| fields.is_repeated(name) || fields.is_faulty(name))
            .map(|name| {
                let message = "Ask for one thing, in letters, numbers and punctuation";
                InvalidField::new(name, "not-once", message)
            })
            .collect();
        let mut filter = SubscriberFilter::default();
        let mut take = |read: Result<(), InvalidField>| wrong.extend(read.err());
        let of = |name| value(&typed, name);
        let sought = Sought::parse(of("q")).map(|sought| filter.sought = sought);
        take(sought.map_err(|error| InvalidField::new("q", "too-much", error.to_string())));
        let consent = &mut filter.consent;
        for name in ["purpose", "state", "report", "policy"] {
            take(read_consent(consent, name, of(name), choices));
        }
        take(match of("suppressed") {
            "" => Ok(()),
            "yes" => {
                filter.suppressed = Some(true);
                Ok(())
            }
            "no" => {
                filter.suppressed = Some(false);
                Ok(())
            }
            _ => Err(unknown("suppressed")),
        });
        match read_span(fields, timezone) {
            Ok(span) => (filter.since, filter.until) = (span.since, span.until),
            Err(faults) => wrong.extend(faults),
        }
        let place = match (fields.one("after").parse(), fields.one("before").parse()) {
            (Ok(id), _) => SearchPosition::OlderThan(id),
            (_, Ok(id)) => SearchPosition::NewerThan(id),
            _ => SearchPosition::First,
        };
        let filter = if wrong.is_empty() { Ok(filter) } else { Err(wrong) };
        Self { typed, filter, place }
    }

    /// What stands in the search box.
    pub(in crate::web) fn q(&self) -> &str {
        value(&self.typed, "q")
    }

    /// What was asked for, field by field.
    pub(in crate::web) fn typed(&self) -> Typed<'_> {
        let of = |name| value(&self.typed, name);
        Typed {
            q: of("q"),
            purpose: of("purpose"),
            state: of("state"),
            report: of("report"),
            policy: of("policy"),
            since: of("since"),
            until: of("until"),
            suppressed: of("suppressed"),
        }
    }

    /// Whether not everybody is asked for.
    pub(in crate::web) fn is_narrowed(&self) -> bool {
        self.typed.iter().any(|(_, value)| !value.is_empty())
    }

    /// The address of the page before or after somebody.
    pub(in crate::web) fn path(&self, side: &str, id: Uuid) -> String {
        let id = id.to_string();
        let typed = self.typed.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: Vec<_> = typed.chain([(side, id.as_str())]).collect();
        with_fields("/console/subscribers", &fields)
    }
}

/// What stands in a field.
fn value<'a>(typed: &'a [(&'static str, String)], name: &str) -> &'a str {
    typed.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
}

fn read_consent(
    consent: &mut ConsentFilter,
    name: &'static str,
    typed: &str,
    choices: &Choices,
) -> Result<(), InvalidField> {
    if typed.is_empty() {
        return Ok(());
    }
    let known = match name {
        "purpose" => {
            let known = choices.purposes.iter().find(|(code, _)| code.as_str() == typed);
            consent.purpose = known.map(|(code, _)| code.clone());
            consent.purpose.is_some()
        }
        "state" => {
            consent.state = EventType::named(typed)
                .filter(|state| !matches!(state, EventType::Requested | EventType::Erased));
            consent.state.is_some()
        }
        "report" => {
            let known = choices.reports.iter().find(|report| report.slug.as_str() == typed);
            consent.report_id = known.map(|report| report.report_id);
            consent.report_id.is_some()
        }
        _ => {
            let known = choices.policies.iter().find(|policy| policy.label.as_str() == typed);
            consent.policy_version_id = known.map(|policy| policy.policy_version_id);
            consent.policy_version_id.is_some()
        }
    };
    if known { Ok(()) } else { Err(unknown(name)) }
}

fn unknown(name: &'static str) -> InvalidField {
    InvalidField::new(name, "unknown", "Choose from what is shown here")
}
