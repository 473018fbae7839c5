//! Where the form stands, and what it offers there.

use std::borrow::Cow;
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::catalog::address_rules::{Against, Answer};
use crate::domain::catalog::report::ReportStatus;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::slug::Slug;
use crate::store::catalog::notices::Notice;
use crate::store::catalog::reports::Report;
use crate::store::policy::versions::PolicyVersion;
use crate::web::Error;
use crate::web::error::Gone;
use crate::web::state::catalog::{Catalog, Offer, OfferedReport};

/// The name of the form for newsletters alone. A report of this short name has its form on its own page alone.
pub(in crate::web) const NEWSLETTERS: &str = "newsletters";

/// One place where the form stands, and what it offers there.
pub(in crate::web) struct FormContext<'a> {
    /// What is on offer.
    pub catalog: &'a Arc<Catalog>,
    /// The page's own path, which the evidence names.
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
    /// The form of a report.
    ///
    /// # Errors
    /// A report is published only with a policy and a controller; should the settings lose the controller later, nobody
    /// can be asked to agree to anything.
    pub(in crate::web) fn of_report(
        catalog: &'a Arc<Catalog>,
        offered: &'a OfferedReport,
    ) -> Result<Self, Error> {
        let (policy, consent) = catalog.terms().ok_or(Error::Unavailable)?;
        Ok(Self {
            catalog,
            path: format!("/reports/{}", offered.report.slug),
            report: Some(&offered.report),
            offers: &offered.offers,
            policy,
            consent,
        })
    }

    /// The report asked for, by its keys.
    pub(in crate::web) fn report_keys(&self) -> Option<(Uuid, Slug)> {
        self.report.map(|report| (report.report_id, report.slug.clone()))
    }

    /// Whether it asks for a bot check at this moment.
    pub(in crate::web) fn asks_check(&self) -> bool {
        self.catalog.asks_check(self.report.map(|report| &report.slug))
    }

    /// What its button says.
    pub(in crate::web) fn button(&self) -> &'static str {
        if self.report.is_some() { "Email me the report" } else { "Sign up" }
    }

    /// What stands at the field for the address.
    pub(in crate::web) fn email_hint(&self) -> Cow<'static, str> {
        const OF_REPORT: &str = "We send the link to the report to this address.";
        let Some(report) = self.report else {
            return "We send a link to this address, to be sure that it is yours. The newsletter then goes there."
                .into();
        };
        let asked = report.address_rules.hint(!self.catalog.disposable.is_empty());
        if asked.is_empty() { OF_REPORT.into() } else { format!("{asked} {OF_REPORT}").into() }
    }

    /// What this form has against an address, and what follows.
    pub(in crate::web) fn against(&self, email: &EmailAddress) -> Option<(Answer, Against)> {
        self.report?.address_rules.against(email, &self.catalog.disposable)
    }

    /// What stands under the button: what comes next.
    pub(in crate::web) fn next_words(&self) -> &'static str {
        if self.report.is_some() {
            "Next, confirm by the message that we send you. Until then, nothing counts as agreed."
        } else {
            "Next, confirm by the message that we send you. Until then, you are not signed up."
        }
    }

    /// The form for newsletters alone, while there is one to choose and a policy to agree to.
    pub(in crate::web) fn of_newsletters(catalog: &'a Arc<Catalog>) -> Option<Self> {
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

/// Whose form a name means: a report's, or nobody's for that of newsletters alone.
///
/// # Errors
/// When it can be no name.
pub(in crate::web) fn form_slug(name: &str) -> Result<Option<Slug>, Error> {
    if name == NEWSLETTERS {
        return Ok(None);
    }
    name.parse().map(Some).map_err(|_| Error::NotFound)
}

/// The form of a report that is offered, or that of newsletters alone.
///
/// # Errors
/// When there is no such form, or no more.
pub(in crate::web) fn find_form<'a>(
    catalog: &'a Arc<Catalog>,
    report: Option<&Slug>,
) -> Result<FormContext<'a>, Error> {
    let Some(slug) = report else {
        return FormContext::of_newsletters(catalog).ok_or(Error::NotFound);
    };
    FormContext::of_report(catalog, find_report(catalog, slug)?)
}

/// A report that is offered.
///
/// # Errors
/// When there is no such report, or none any more.
pub(in crate::web) fn find_report<'a>(
    catalog: &'a Catalog,
    slug: &Slug,
) -> Result<&'a OfferedReport, Error> {
    let offered = catalog.report(slug).ok_or(Error::NotFound)?;
    match offered.report.status {
        ReportStatus::Draft => Err(Error::NotFound),
        ReportStatus::Published => Ok(offered),
        ReportStatus::Withdrawn => Err(Error::from(Gone {
            title: "This report is no longer offered".to_owned(),
            message:
                "Its publisher has withdrawn it. Links that were mailed to readers before still \
                      work until the date they name."
                    .to_owned(),
            fresh: None,
            start_again: Some("/".to_owned()),
        })),
    }
}
