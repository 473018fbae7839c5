//! A signup that waits to be confirmed, as the pages show it that do: what was chosen on its form, to see and to
//! change.

use serde::Serialize;

use super::form_parts::{OfferBox, PolicyLink};
use super::unconfirmed_form::AskedReport;
use crate::domain::catalog::purpose::Purpose;
use crate::flows::FlowSettings;
use crate::flows::signup::confirm::{
    Page, has_left, must_agree_again, must_see_words, own_choices,
};
use crate::store::Tx;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::events::Choice;
use crate::store::contacts::subscribers;
use crate::store::signup::signups::Signup;
use crate::web::Error;
use crate::web::form::answers::changed_words;
use crate::web::http::fields::{FieldError, Fields};
use crate::web::state::catalog::{Catalog, Offer};

/// The signup, with what was ticked on its form, what the owner of its address agreed to and left before, and the
/// boxes that can be changed while confirming: those of the form, and those ticked there.
pub(super) struct OpenSignup<'a> {
    catalog: &'a Catalog,
    signup: &'a Signup,
    asked: Vec<Choice>,
    consents: Vec<CurrentConsent>,
    offers: Vec<&'a Offer>,
}

/// What was sent from the page and refused, and what to do.
pub(super) struct Refused<'a> {
    fields: &'a Fields,
    error: FieldError,
}

impl Refused<'_> {
    /// What is wrong, as pages show it.
    pub(super) fn errors(refused: Option<&Self>) -> Vec<FieldError> {
        refused.iter().map(|refused| refused.error.clone()).collect()
    }
}

/// What was chosen, as pages show it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ShownChoices<'a> {
    report: Option<AskedReport<'a>>,
    consent: AgreementAgain<'a>,
    policy: PolicyLink<'a>,
    newsletters: Vec<OfferBox<'a>>,
    purposes: Vec<OfferBox<'a>>,
    /// How far the events reached that it was filled from.
    seen: i64,
}

/// The agreement to the privacy policy; its box stands there only where the form's own tick does not count any more.
#[derive(Clone, Copy, Debug, Serialize)]
struct AgreementAgain<'a> {
    words: Option<&'a str>,
    asked: bool,
    checked: bool,
}

impl ShownChoices<'_> {
    /// A form as it was sent.
    pub(super) fn sample() -> Self {
        let words = Some("Example Press Ltd may hold my details.");
        Self {
            report: Some(AskedReport::sample()),
            consent: AgreementAgain { words, asked: false, checked: false },
            policy: PolicyLink::sample(),
            newsletters: OfferBox::samples(true),
            purposes: OfferBox::samples(false),
            seen: 4,
        }
    }

    /// One for newsletters alone, of which its owner left some since; and what is wrong with what they sent.
    pub(super) fn refused_sample() -> (Self, Vec<FieldError>) {
        let whole = Self::sample();
        let consent = AgreementAgain { asked: true, ..whole.consent };
        let errors = FieldError::samples(&["consent", "newsletter", "purpose"]);
        (Self { report: None, consent, ..whole }, errors)
    }
}

impl<'a> OpenSignup<'a> {
    pub(super) async fn read(
        (tx, settings): (&mut Tx, &FlowSettings),
        catalog: &'a Catalog,
        signup: &'a Signup,
    ) -> Result<Self, Error> {
        let asked = own_choices(tx, settings, signup).await?;
        let form = signup.report_slug.as_ref().and_then(|slug| catalog.report(slug));
        let stands = |offer: &Offer| match form {
            Some(offered) => offered.offers.iter().any(|o| o.purpose == offer.purpose),
            None => catalog.newsletters.iter().any(|o| o.purpose == offer.purpose),
        };
        let ticked_before = |offer: &Offer| asked.iter().any(|c| c.purpose == offer.purpose);
        let all = catalog.all_offers().chain(&catalog.archived);
        let offers = all.filter(|offer| stands(offer) || ticked_before(offer)).collect();
        let consents = match subscribers::find_id(tx, &signup.address_key).await? {
            Some(subscriber_id) => consents::list(tx, subscriber_id).await?,
            None => vec![],
        };
        Ok(Self { catalog, signup, asked, consents, offers })
    }

    /// What a page shows of it: as it was chosen on the form, but for what was left since, or as it was refused.
    pub(super) fn shown(&self, refused: Option<&Refused<'_>>) -> Result<ShownChoices<'_>, Error> {
        let choice = |purpose: &Purpose| self.asked.iter().find(|c| c.purpose == *purpose);
        let boxes = |field: &str| {
            let offers = self.offers.iter().filter(|offer| offer.field() == field);
            offers
                .map(|offer| {
                    let choice = choice(&offer.purpose);
                    let ticked = |refused: &Refused<'_>| {
                        offer.is_ticked(refused.fields) && !self.is_changed(offer, refused.fields)
                    };
                    let seen = refused.map_or(0, |refused| seen(refused.fields));
                    let checked = refused.map_or(choice.is_some(), ticked)
                        && !self.has_left(&offer.purpose, seen);
                    let shown = OfferBox::new(offer, checked);
                    match choice {
                        Some(choice) => shown.worded(&choice.words, &choice.sha256),
                        None => shown,
                    }
                })
                .collect()
        };
        let policy = self.catalog.policy(&self.signup.policy_label).ok_or(Error::Internal)?;
        let agreed = choice(&Purpose::privacy_policy());
        Ok(ShownChoices {
            report: AskedReport::from_signup(self.signup),
            consent: AgreementAgain {
                words: agreed.map(|choice| choice.words.as_str()),
                asked: self.must_agree_again(),
                checked: refused.is_some_and(|refused| self.agrees_anew(refused.fields)),
            },
            policy: PolicyLink::from(policy),
            newsletters: boxes("newsletter"),
            purposes: boxes("purpose"),
            seen: consents::reach(&self.consents),
        })
    }

    /// The page as it came back, or why it must be looked at again; no page for an empty body: then the choices of
    /// the form stand.
    ///
    /// # Errors
    /// For a box that never stood there.
    pub(super) fn read_page<'f>(
        &self,
        fields: &'f Fields,
    ) -> Result<Result<Option<Page>, Refused<'f>>, Error> {
        if !was_shown(fields) {
            return Ok(Ok(None));
        }
        let mut changed = self.offers.iter().filter(|offer| self.is_changed(offer, fields));
        let changed = changed.next().map(|offer| (offer.field(), changed_words(offer)));
        if let Some((field, words)) = self.gone_box(fields).or(changed) {
            return Ok(Err(Refused { fields, error: FieldError::new(field, words) }));
        }
        for field in ["newsletter", "purpose"] {
            let stands = |value: &&str| {
                self.offers.iter().any(|o| o.field() == field && o.value() == *value)
            };
            if !fields.all(field).iter().all(stands) {
                return Err(Error::Malformed);
            }
        }
        let ticked = self.offers.iter().filter(|offer| offer.is_ticked(fields));
        let ticked = ticked.map(|offer| offer.notice.clone()).collect();
        Ok(Ok(Some(Page { ticked, agrees: agrees(fields), seen: seen(fields) })))
    }

    /// Whether the privacy policy must be ticked on the page.
    fn must_agree_again(&self) -> bool {
        must_agree_again(&self.consents, self.signup)
    }

    /// Whether its box was ticked by somebody who saw that it was left.
    fn agrees_anew(&self, fields: &Fields) -> bool {
        agrees(fields) && !self.has_left(&Purpose::privacy_policy(), seen(fields))
    }

    /// What to do about a box that must be ticked anew: that of the privacy policy, or a ticked one whose purpose was
    /// left after the page was opened.
    ///
    /// # Errors
    /// When there is none by now.
    pub(super) fn refuse_old_page<'f>(&self, fields: &'f Fields) -> Result<Refused<'f>, Error> {
        if self.must_agree_again() && !self.agrees_anew(fields) {
            let was_there = !self.has_left(&Purpose::privacy_policy(), seen(fields));
            let words = if was_there || !was_shown(fields) {
                let what = if self.signup.report_id.is_some() {
                    "send you the report"
                } else {
                    "sign you up"
                };
                format!("Tick the box to agree to our privacy policy, so that we can {what}")
            } else {
                "You withdrew your agreement to our privacy policy after you opened this page: if you agree again, \
                 tick its box, then confirm"
                    .to_owned()
            };
            return Ok(Refused { fields, error: FieldError::new("consent", words) });
        }
        if !was_shown(fields) && must_see_words(self.signup) {
            let words = "Read what you agree to here, then confirm: the form that you filled in was shown by another site";
            return Ok(Refused { fields, error: FieldError::new("form", words) });
        }
        let left = |offer: &&&Offer| {
            offer.is_ticked(fields) && self.has_left(&offer.purpose, seen(fields))
        };
        let offer = self.offers.iter().find(left).ok_or(Error::Unavailable)?;
        let name = &offer.name;
        let words = format!(
            "You left “{name}” after you opened this page: if you want it, tick its box again, then confirm"
        );
        Ok(Refused { fields, error: FieldError::new(offer.field(), words) })
    }

    fn has_left(&self, purpose: &Purpose, seen: i64) -> bool {
        has_left(&self.consents, self.signup, purpose, seen)
    }

    /// What to do about a box that was ticked on this page alone and has gone from it since: the field to look
    /// at, and the words.
    fn gone_box(&self, fields: &Fields) -> Option<(&'static str, String)> {
        let stands = |offer: &Offer| self.offers.iter().any(|o| o.purpose == offer.purpose);
        let mut all = self.catalog.all_offers().chain(&self.catalog.archived);
        let gone = all.find(|offer| offer.is_ticked(fields) && !stands(offer))?;
        let left = self.offers.iter().any(|shown| shown.field() == gone.field());
        let field = if left { gone.field() } else { "form" };
        let name = &gone.name;
        Some((field, format!("“{name}” is not offered any more: see what is left, then confirm")))
    }

    /// Whether a box that was ticked on this page alone has other words by now. One that was ticked on the
    /// form keeps the words of the form.
    fn is_changed(&self, offer: &Offer, fields: &Fields) -> bool {
        let new = self.asked.iter().all(|choice| choice.purpose != offer.purpose);
        new && offer.is_ticked(fields) && offer.has_changed_since(fields)
    }
}

/// Whether the page was there, and with it its boxes.
pub(super) fn was_shown(fields: &Fields) -> bool {
    fields.one("choices") == "shown"
}

/// Whether the box of the privacy policy was ticked, clearly.
fn agrees(fields: &Fields) -> bool {
    fields.one("consent") == "yes" && !fields.is_repeated("consent") && !fields.is_faulty("consent")
}

/// What the page says it was filled from; 0 when it does not.
fn seen(fields: &Fields) -> i64 {
    fields.one("seen").parse().unwrap_or(0)
}
