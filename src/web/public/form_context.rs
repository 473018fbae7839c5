//! Where the form stands, and what it offers there.

use std::sync::Arc;

use crate::store::catalog::notices::Notice;
use crate::store::catalog::reports::Report;
use crate::store::policy::versions::PolicyVersion;
use crate::web::state::catalog::{Catalog, Offer};

/// One place where the form stands, and what it offers there.
pub(super) struct FormContext<'a> {
    /// What is on offer.
    pub catalog: &'a Arc<Catalog>,
    /// The page's own path: where the form posts, and what the evidence names.
    pub path: String,
    /// The report asked for.
    pub report: Option<&'a Report>,
    /// The newsletters offered, and the operator's own purposes.
    pub offers: &'a [Offer],
    /// The policy in force.
    pub policy: &'a Arc<PolicyVersion>,
    /// The words beside its box.
    pub consent: &'a Arc<Notice>,
}

impl<'a> FormContext<'a> {
    /// The form for newsletters alone, while there is one to choose and a policy to agree to.
    pub(super) fn of_newsletters(catalog: &'a Arc<Catalog>) -> Option<Self> {
        let (policy, consent) = catalog.terms()?;
        (!catalog.newsletters.is_empty()).then(|| Self {
            catalog,
            path: "/newsletters".to_owned(),
            report: None,
            offers: &catalog.newsletters,
            policy,
            consent,
        })
    }
}
