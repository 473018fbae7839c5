//! A form as a program sends it, and what it says of who drew it and where.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

use crate::domain::signup::signup_source::{SignupSource, may_name_somebody};
use crate::domain::signup::submitted_form::DrawnBy;
use crate::web::form::form_context::FormContext;
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::origin::SentFrom;
use crate::web::{App, state::catalog::Offer};

/// Without a page of theirs, evidence names the way that it came.
const SOURCE: &str = "/api/v1/signups";

/// Of a page's address more is not kept than its origin.
const PAGE_MOST: usize = 300;

/// The page on which a form stood, as its sender says.
pub(super) struct StatedPage {
    /// Its origin, or the way that the form came where no page is named: few, for what evidence shares is kept for good.
    pub source: String,
    /// Its origin and path.
    pub page: Option<String>,
    /// Its origin, where it is a page of somebody else.
    pub origin: Option<String>,
}

/// A form that was filled in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignupBody {
    /// The hash of the form that was drawn.
    #[serde(default)]
    pub form: String,
    /// Whose form, where its hash does not say it: a report's short name, or `newsletters`.
    #[serde(default)]
    pub report: Option<String>,
    /// The reader's.
    pub email: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    organisation: Option<String>,
    #[serde(default)]
    job_title: Option<String>,
    /// Short names.
    #[serde(default)]
    newsletters: Vec<String>,
    /// Codes.
    #[serde(default)]
    purposes: Vec<String>,
    consent: ConsentBody,
    /// The hashes of the words shown, by the codes of their purposes.
    #[serde(default)]
    notices: BTreeMap<String, String>,
    /// The address of the page that it stood on.
    #[serde(default)]
    page: Option<String>,
    /// Where the reader came from: `utm_source`, `utm_medium`, `utm_campaign`, `utm_term`, `utm_content` and `ref`, as texts.
    /// Whatever else it is, the form is taken.
    #[serde(default)]
    #[schema(value_type = Object)]
    source: Value,
    /// The work that a form asks for which has a bot check.
    #[serde(default)]
    pub altcha: Option<String>,
    /// `element` for our script on a page of `embed_origins`, else `page`.
    #[serde(default)]
    drawn_by: DrawnByBody,
    /// What people never see.
    #[serde(default)]
    pub website: String,
}

/// Agreement to the privacy policy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentBody {
    /// Whether its box was ticked.
    accepted: bool,
    /// The label of the policy shown.
    policy: String,
}

/// Who drew a form.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DrawnByBody {
    Element,
    #[default]
    Page,
}

impl SignupBody {
    /// The same as the form of a page sends it, for one set of rules.
    pub(super) fn fields(&self, context: &FormContext<'_>) -> Fields {
        let mut fields = Fields::default();
        let mut push = |name: &str, value: &str| fields.push(name, value.as_bytes());
        let lines = [&self.name, &self.organisation, &self.job_title];
        push("email", &self.email);
        for (name, value) in ["name", "organisation", "job_title"].iter().zip(lines) {
            push(name, value.as_deref().unwrap_or_default());
        }
        push("policy", &self.consent.policy);
        if self.consent.accepted {
            push("consent", "yes");
        }
        for newsletter in &self.newsletters {
            push("newsletter", newsletter);
        }
        for purpose in &self.purposes {
            push("purpose", purpose);
        }
        push("website", &self.website);
        // What is told of words is looked at by itself: here all are told, of newsletters too.
        for offer in context.offers {
            push("notice", &offer.notice.sha256);
        }
        fields
    }

    /// What is wrong with the words that were shown: some are others by now, or it is not said which they were.
    pub(super) fn notice_errors(
        &self,
        context: &FormContext<'_>,
        is_form_of_now: bool,
    ) -> Vec<InvalidField> {
        let ticked = |offer: &&Offer| match &offer.slug {
            Some(slug) => self.newsletters.iter().any(|sent| sent == slug.as_str()),
            None => self.purposes.iter().any(|sent| sent == offer.purpose.as_str()),
        };
        let offers = context.offers.iter().filter(ticked);
        let offers =
            offers.map(|offer| (offer.field(), &offer.purpose, offer.notice.sha256.as_str()));
        let consent = &context.consent;
        let consent = ("consent", &consent.purpose, consent.sha256.as_str());
        let mut untold = false;
        let mut errors = Vec::new();
        for (field, purpose, sha256) in std::iter::once(consent).chain(offers) {
            match self.notices.get(purpose.as_str()) {
                Some(told) if told == sha256 => {}
                Some(_) => {
                    let words =
                        "The words beside this box have changed: read them, then tick it again";
                    errors.push(InvalidField::new(field, "stale", words));
                }
                None => untold |= !is_form_of_now,
            }
        }
        if untold && errors.is_empty() {
            let words = "This form has changed: load it again, then tick its boxes again";
            errors.push(InvalidField::new("form", "stale", words));
        }
        errors
    }

    /// Who drew it. That it was our script is believed of a page that may hold it, whose browser says which page it is.
    pub(super) fn drawn_by(&self, from: &SentFrom) -> DrawnBy {
        match (self.drawn_by, from) {
            (DrawnByBody::Element, SentFrom::Elsewhere(_)) => DrawnBy::Element,
            _ => DrawnBy::Page,
        }
    }

    /// Where its reader came from, beside the page that it stood on.
    pub(super) fn came_from(&self) -> SignupSource {
        let said = self.source.as_object().into_iter().flatten();
        SignupSource::from_pairs(said.filter_map(|(name, value)| Some((name, value.as_str()?))))
    }

    /// The page on which it stood. Its origin must be one of `embed_origins`, or ours where a page of ours sends it; its path
    /// is kept, unless that is long or may hold an address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn page(&self, app: &App, from: &SentFrom) -> Result<StatedPage, InvalidField> {
        let elsewhere = match from {
            SentFrom::Elsewhere(origin) => Some(origin.as_str()),
            SentFrom::Ours | SentFrom::Unsaid | SentFrom::Silent => None,
        };
        let Some(page) = self.page.as_deref().filter(|page| !page.is_empty()) else {
            let source = elsewhere.unwrap_or(SOURCE).to_owned();
            let origin = elsewhere.map(str::to_owned);
            return Ok(StatedPage { source, page: None, origin });
        };
        let wrong = |code, message| InvalidField::new("page", code, message);
        let url = Url::parse(page).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| wrong("malformed", "Send the whole address of the page"))?;
        let source = url.origin().ascii_serialization();
        if elsewhere.is_some_and(|elsewhere| elsewhere != source) {
            return Err(wrong("other-origin", "Send the address of the page that this comes from"));
        }
        let is_theirs = app.embed_origins.contains(&source);
        let is_ours = *from == SentFrom::Ours && app.own_host.is_origin(&source);
        if !is_theirs && !is_ours {
            return Err(wrong("unknown-origin", "Send a page of a site in embed_origins"));
        }
        let path = url.path();
        let is_kept = path.len() <= PAGE_MOST && !may_name_somebody(path);
        let page = is_kept.then(|| format!("{source}{path}"));
        let origin = is_theirs.then(|| source.clone());
        Ok(StatedPage { source, page, origin })
    }
}
