//! A signup that waits to be confirmed, as the pages show it that do: what was chosen on its form, to see and to
//! change.

use std::sync::Arc;

use serde_json::{Value, json};

use super::confirm::{masked, title};
use super::signup_form::{changed_words, policy_link};
use crate::domain::purpose::Purpose;
use crate::store::Tx;
use crate::store::consent_events::{self, Choice};
use crate::store::notices::Notice;
use crate::store::signups::Signup;
use crate::web::Error;
use crate::web::catalog::{Catalog, Offer};
use crate::web::fields::Fields;

/// The signup, with what was ticked on its form and the boxes that can be changed while confirming: those of the
/// form, and those ticked there.
pub(super) struct OpenSignup<'a> {
    catalog: &'a Catalog,
    signup: &'a Signup,
    asked: Vec<Choice>,
    offers: Vec<&'a Offer>,
}

/// What was sent from the page and refused, and what to do: the field and the words.
pub(super) struct Refused<'a> {
    fields: &'a Fields,
    field: &'static str,
    words: String,
}

/// The boxes ticked on the page; none when there was no page, as with an empty body: then the choices of the
/// form stand.
type Ticked = Option<Vec<Arc<Notice>>>;

impl<'a> OpenSignup<'a> {
    pub(super) async fn read(
        tx: &mut Tx,
        catalog: &'a Catalog,
        signup: &'a Signup,
    ) -> Result<Self, Error> {
        let asked = consent_events::list_choices(tx, signup.signup_id).await?;
        let form = signup.report_slug.as_ref().and_then(|slug| catalog.report(slug));
        let stands = |offer: &Offer| match form {
            Some(offered) => offered.offers.iter().any(|o| o.purpose == offer.purpose),
            None => catalog.newsletters.iter().any(|o| o.purpose == offer.purpose),
        };
        let ticked_before = |offer: &Offer| asked.iter().any(|c| c.purpose == offer.purpose);
        let all = catalog.all_offers().chain(&catalog.set_aside);
        let offers = all.filter(|offer| stands(offer) || ticked_before(offer)).collect();
        Ok(Self { catalog, signup, asked, offers })
    }

    /// What a page shows of it: as it was chosen on the form, or as it was refused.
    pub(super) fn shown(&self, refused: Option<&Refused<'_>>) -> Result<Value, Error> {
        let choice = |purpose: &Purpose| self.asked.iter().find(|c| c.purpose == *purpose);
        let boxes = |field: &str| -> Vec<Value> {
            let offers = self.offers.iter().filter(|offer| offer.field() == field);
            offers
                .map(|offer| {
                    let choice = choice(&offer.purpose);
                    let ticked = |refused: &Refused<'_>| {
                        offer.is_ticked(refused.fields) && !self.is_changed(offer, refused.fields)
                    };
                    let checked = refused.map_or(choice.is_some(), ticked);
                    json!({"value": offer.value(), "name": offer.name, "checked": checked,
                           "words": choice.map_or(&offer.notice.words, |choice| &choice.words),
                           "notice": offer.shown_hash().map(|hash| choice.map_or(hash, |c| &c.sha256))})
                })
                .collect()
        };
        let policy = self.catalog.policy(&self.signup.policy_label).ok_or(Error::Internal)?;
        let consent = choice(&Purpose::privacy_policy()).map(|choice| &choice.words);
        let error = |r: &Refused<'_>| json!({"field": r.field, "message": r.words});
        Ok(json!({
            "report": title(self.signup),
            "address": masked(self.signup),
            "consent": {"words": consent},
            "policy": policy_link(policy),
            "newsletters": boxes("newsletter"),
            "purposes": boxes("purpose"),
            "form": {"errors": refused.iter().map(|r| error(r)).collect::<Vec<Value>>()},
            "valid_until": self.signup.expires_at.minute(),
        }))
    }

    /// What was ticked on the page, or why it must be looked at again.
    ///
    /// # Errors
    /// For a box that never stood there.
    pub(super) fn ticked<'f>(
        &self,
        fields: &'f Fields,
    ) -> Result<Result<Ticked, Refused<'f>>, Error> {
        if !was_shown(fields) {
            return Ok(Ok(None));
        }
        let mut changed = self.offers.iter().filter(|offer| self.is_changed(offer, fields));
        let changed = changed.next().map(|offer| (offer.field(), changed_words(offer)));
        if let Some((field, words)) = self.gone_box(fields).or(changed) {
            return Ok(Err(Refused { fields, field, words }));
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
        Ok(Ok(Some(ticked.map(|offer| offer.notice.clone()).collect())))
    }

    /// What to do about a box that was ticked on this page alone and has gone from it since: the field to look
    /// at, and the words.
    fn gone_box(&self, fields: &Fields) -> Option<(&'static str, String)> {
        let stands = |offer: &Offer| self.offers.iter().any(|o| o.purpose == offer.purpose);
        let mut all = self.catalog.all_offers().chain(&self.catalog.set_aside);
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
