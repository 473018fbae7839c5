//! What can be chosen from when people are looked for.

use serde_json::{Value, json};

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::event::EventType;
use crate::store::Tx;
use crate::store::catalog::{purposes, reports};
use crate::store::policy::versions;
use crate::web::Error;

/// What can be chosen from in the filters.
pub(in crate::web) struct Choices {
    pub(in crate::web) purposes: Vec<(Purpose, Option<String>)>,
    pub(in crate::web) reports: Vec<reports::Report>,
    pub(in crate::web) policies: Vec<versions::PolicyVersion>,
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

    pub(in crate::web) fn options(&self) -> Value {
        let option = |value: &str, title: &str| json!({"value": value, "title": title});
        let purposes = self.purposes.iter();
        let states = [
            (EventType::Given, "Agreed"),
            (EventType::Renewed, "Agreed again"),
            (EventType::Withdrawn, "Withdrawn"),
            (EventType::Expired, "Expired"),
        ];
        json!({
            "purposes": purposes.map(|(code, name)| option(code.as_str(), &code.named(name.as_deref())))
                .collect::<Vec<_>>(),
            "states": states.map(|(state, title)| option(state.as_str(), title)),
            "reports": self.reports.iter().map(|r| option(r.slug.as_str(), &r.title)).collect::<Vec<_>>(),
            "policies": self.policies.iter().map(|p| option(p.label.as_str(), p.label.as_str()))
                .collect::<Vec<_>>(),
            "suppressed": [option("yes", "All mail is stopped"), option("no", "No stop on the address")],
        })
    }
}
