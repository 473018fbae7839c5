//! A signup that waits to be confirmed, as the pages show it that do: what was chosen on its form, to see and to
//! change.

use serde_json::{Value, json};

use super::signup_form::{changed_words, policy_link};
use crate::domain::catalog::purpose::Purpose;
use crate::flows::Terms;
use crate::flows::signup::confirm::{Page, has_left, must_agree_again, own_choices};
use crate::store::Tx;
use crate::store::consent::consents::{self, Standing};
use crate::store::consent::events::Choice;
use crate::store::contacts::subscribers;
use crate::store::signup::signups::Signup;
use crate::web::Error;
use crate::web::http::fields::Fields;
use crate::web::public::form_state::{masked, title};
use crate::web::state::catalog::{Catalog, Offer};

/// The signup, with what was ticked on its form, what the owner of its address agreed to and left before, and the
/// boxes that can be changed while confirming: those of the form, and those ticked there.
pub(super) struct OpenSignup<'a> {
    catalog: &'a Catalog,
    signup: &'a Signup,
    asked: Vec<Choice>,
    standing: Vec<Standing>,
    offers: Vec<&'a Offer>,
}

/// What was sent from the page and refused, and what to do: the field and the words.
pub(super) struct Refused<'a> {
    fields: &'a Fields,
    field: &'static str,
    words: String,
}

impl<'a> OpenSignup<'a> {
    pub(super) async fn read(
        (tx, terms): (&mut Tx, &Terms),
        catalog: &'a Catalog,
        signup: &'a Signup,
    ) -> Result<Self, Error> {
        let asked = own_choices(tx, terms, signup).await?;
        let form = signup.report_slug.as_ref().and_then(|slug| catalog.report(slug));
        let stands = |offer: &Offer| match form {
            Some(offered) => offered.offers.iter().any(|o| o.purpose == offer.purpose),
            None => catalog.newsletters.iter().any(|o| o.purpose == offer.purpose),
        };
        let ticked_before = |offer: &Offer| asked.iter().any(|c| c.purpose == offer.purpose);
        let all = catalog.all_offers().chain(&catalog.set_aside);
        let offers = all.filter(|offer| stands(offer) || ticked_before(offer)).collect();
        let standing = match subscribers::find_id(tx, &signup.address_key).await? {
            Some(subscriber_id) => consents::list(tx, subscriber_id).await?,
            None => vec![],
        };
        Ok(Self { catalog, signup, asked, standing, offers })
    }

    /// What a page shows of it: as it was chosen on the form, but for what was left since, or as it was refused.
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
                    let seen = refused.map_or(0, |refused| seen(refused.fields));
                    let checked = refused.map_or(choice.is_some(), ticked)
                        && !self.has_left(&offer.purpose, seen);
                    json!({"value": offer.value(), "name": offer.name, "checked": checked,
                           "words": choice.map_or(&offer.notice.words, |choice| &choice.words),
                           "notice": offer.shown_hash().map(|hash| choice.map_or(hash, |c| &c.sha256))})
                })
                .collect()
        };
        let policy = self.catalog.policy(&self.signup.policy_label).ok_or(Error::Internal)?;
        let consent = choice(&Purpose::privacy_policy()).map(|choice| &choice.words);
        let agrees = refused.is_some_and(|refused| self.agrees_anew(refused.fields));
        let error = |r: &Refused<'_>| json!({"field": r.field, "message": r.words});
        Ok(json!({
            "report": title(self.signup),
            "address": masked(self.signup),
            // Its box stands there only where the form's own tick does not count any more.
            "consent": {"words": consent, "asked": self.must_agree_again(), "checked": agrees},
            "policy": policy_link(policy),
            "newsletters": boxes("newsletter"),
            "purposes": boxes("purpose"),
            "form": {"errors": refused.iter().map(|r| error(r)).collect::<Vec<Value>>()},
            "valid_until": self.signup.expires_at,
            "seen": consents::reach(&self.standing),
        }))
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
        let ticked = ticked.map(|offer| offer.notice.clone()).collect();
        Ok(Ok(Some(Page { ticked, agrees: agrees(fields), seen: seen(fields) })))
    }

    /// Whether the privacy policy must be ticked on the page.
    fn must_agree_again(&self) -> bool {
        must_agree_again(&self.standing, self.signup)
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
            return Ok(Refused { fields, field: "consent", words });
        }
        let left = |offer: &&&Offer| {
            offer.is_ticked(fields) && self.has_left(&offer.purpose, seen(fields))
        };
        let offer = self.offers.iter().find(left).ok_or(Error::Unavailable)?;
        let name = &offer.name;
        let words = format!(
            "You left “{name}” after you opened this page: if you want it, tick its box again, then confirm"
        );
        Ok(Refused { fields, field: offer.field(), words })
    }

    fn has_left(&self, purpose: &Purpose, seen: i64) -> bool {
        has_left(&self.standing, self.signup, purpose, seen)
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

/// Whether the box of the privacy policy was ticked, clearly.
fn agrees(fields: &Fields) -> bool {
    fields.one("consent") == "yes" && !fields.is_repeated("consent") && !fields.is_faulty("consent")
}

/// What the page says it was filled from; 0 when it does not.
fn seen(fields: &Fields) -> i64 {
    fields.one("seen").parse().unwrap_or(0)
}
