//! What can be chosen from when people are looked for.

use assent_ledger::event_type::EventType;
use serde::Serialize;

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::store::Tx;
use crate::store::catalog::{purposes, reports};
use crate::store::policy::versions;
use crate::web::Error;
use crate::web::choice::SelectOption;

/// What can be chosen from in the filters.
pub(in crate::web) struct Choices {
    pub(in crate::web) purposes: Vec<(Purpose, Option<String>)>,
    pub(in crate::web) reports: Vec<reports::Report>,
    pub(in crate::web) policies: Vec<versions::PolicyVersion>,
}

/// What the filters offer, as pages show it: [`Choices`], and what can always be chosen.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct FilterOptions<'a> {
    purposes: Vec<SelectOption<'a>>,
    states: [SelectOption<'a>; 4],
    reports: Vec<SelectOption<'a>>,
    policies: Vec<SelectOption<'a>>,
    suppressed: [SelectOption<'a>; 2],
}

impl Choices {
    pub(in crate::web) async fn read(tx: &mut Tx) -> Result<Self, Error> {
        Ok(Self {
            purposes: purposes::list_named(tx).await?,
            reports: reports::list(tx).await?,
            policies: versions::list(tx, LANG).await?,
        })
    }

    /// What readers know a purpose by.
    pub(in crate::web) fn title(&self, purpose: &Purpose) -> String {
        let known = self.purposes.iter().find(|(code, _)| code == purpose);
        purpose.named(known.and_then(|(_, name)| name.as_deref()))
    }

    pub(in crate::web) fn options(&self) -> FilterOptions<'_> {
        let purposes = self.purposes.iter();
        let policies = self.policies.iter().map(|policy| policy.label.as_str());
        FilterOptions {
            purposes: purposes
                .map(|(code, name)| SelectOption::new(code.as_str(), code.named(name.as_deref())))
                .collect(),
            reports: self
                .reports
                .iter()
                .map(|report| SelectOption::new(report.slug.as_str(), report.title.as_str()))
                .collect(),
            policies: policies.map(|label| SelectOption::new(label, label)).collect(),
            ..FilterOptions::fixed()
        }
    }
}

impl FilterOptions<'static> {
    pub(in crate::web) fn sample() -> Self {
        Self {
            purposes: vec![SelectOption::new("privacy-policy", "Privacy policy")],
            reports: vec![SelectOption::new("digital-councils", "Digital councils 2026")],
            policies: vec![SelectOption::new("2026-11", "2026-11")],
            ..Self::fixed()
        }
    }

    /// What does not depend on what is stored.
    fn fixed() -> Self {
        let state = |state: EventType, title| SelectOption::new(state.as_str(), title);
        Self {
            purposes: vec![],
            states: [
                state(EventType::Given, "Agreed"),
                state(EventType::Renewed, "Agreed again"),
                state(EventType::Withdrawn, "Withdrawn"),
                state(EventType::Expired, "Expired"),
            ],
            reports: vec![],
            policies: vec![],
            suppressed: [
                SelectOption::new("yes", "All mail is stopped"),
                SelectOption::new("no", "No stop on the address"),
            ],
        }
    }
}
