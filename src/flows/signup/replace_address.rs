//! Somebody mistyped their address, and has what they asked for sent to another one: their first request is given up, and
//! one of the same choices takes its place.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::blank_form::BlankForm;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::text::Line;
use crate::flows::signup::confirm::{Made, own_choices};
use crate::flows::signup::do_once;
use crate::flows::signup::sign_up::{SignUp, sign_up};
use crate::flows::{Case, Error};
use crate::store::Tx;
use crate::store::catalog::notices::Notice;
use crate::store::consent::blank_forms;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::events::Choice;
use crate::store::contacts::subscribers;
use crate::store::mail::limited_mails;
use crate::store::policy::versions;
use crate::store::signup::idempotent_requests;
use crate::store::signup::signup_sources;
use crate::store::signup::signups::{self, Signup};

/// The request that takes the place of another.
pub struct Replacement {
    /// The one that is given up.
    pub replaced: Uuid,
    /// The key that the new one will have.
    pub signup_id: Uuid,
    /// Where it goes.
    pub email: EmailAddress,
}

/// Gives up a request whose link was not followed yet, and stores one of the same choices for another address, once
/// however often it is asked for. The limits of both mailboxes hold. Of one that is settled already the same is stored:
/// whoever settled it need not have been who asked. Nothing is written of one that is gone, or never was. Returns the key
/// of the new one.
///
/// # Errors
/// When the database does not take it, or another hand changed what was asked for; then nothing changed.
pub async fn replace_address(
    tx: &mut Tx,
    case: Case<'_>,
    new: &Replacement,
) -> Result<Uuid, Error> {
    let Case { at, settings } = case;
    let Some(signup) = signups::find(tx, new.replaced).await? else {
        tx.give_up();
        return Ok(new.signup_id);
    };
    settings.demand_own_signup(&signup)?;
    let limiter_key = settings.address_secret.limiter_key(&new.email);
    limited_mails::take_turns(tx, &[&signup.limiter_key, &limiter_key]).await?;
    // Its mail is not sent from here on, unless it left, and its link and its code confirm nothing.
    signups::mark_cancelled(tx, signup.signup_id).await?;
    let Some(form) = again(tx, case, &signup, new).await? else {
        tx.give_up();
        return Ok(new.signup_id);
    };
    let once = form.request;
    sign_up(tx, at, settings, &[form]).await?;
    // Of two presses at once the second finds what the first became.
    let Some(request) = once else { return Ok(new.signup_id) };
    let stored =
        idempotent_requests::find(tx, &request.key_hash, at.now.minus(do_once::KEPT_FOR)).await?;
    Ok(stored.map_or(new.signup_id, |stored| stored.signup_id))
}

/// The choices of the form itself: what was ticked later, on the page that confirms, may be another's.
fn of_the_form(asked: Vec<Choice>) -> serde_json::Result<Vec<Choice>> {
    let asked_at = |choice: &Choice| {
        let body: Value = serde_json::from_str(choice.body.as_deref().unwrap_or("null"))?;
        Ok(body["requested_at"].clone())
    };
    let form = asked.iter().find(|choice| choice.purpose.is_privacy_policy());
    let Some(moment) = form.map(asked_at).transpose()? else { return Ok(asked) };
    let mut of_form = Vec::with_capacity(asked.len());
    for choice in asked {
        if asked_at(&choice)? == moment {
            of_form.push(choice);
        }
    }
    Ok(of_form)
}

/// What the owner of this address left since the boxes of the form were ticked: an older tick brings nothing back.
async fn left_since(
    tx: &mut Tx,
    case: Case<'_>,
    signup: &Signup,
    email: &EmailAddress,
) -> Result<Vec<Purpose>, Error> {
    let key = case.settings.address_secret.key(email);
    let Some(subscriber_id) = subscribers::find_id(tx, &key).await? else { return Ok(vec![]) };
    let standing = consents::list(tx, subscriber_id).await?;
    let is_left = |consent: &CurrentConsent| {
        !consent.state.in_force() && consent.changed_at >= signup.created_at
    };
    Ok(standing.into_iter().filter(is_left).map(|consent| consent.purpose).collect())
}

/// The same form for another address. None where it has no policy any more, or no box: nothing could be agreed to.
async fn again(
    tx: &mut Tx,
    case: Case<'_>,
    signup: &Signup,
    new: &Replacement,
) -> Result<Option<SignUp>, Error> {
    let Case { at, settings } = case;
    let asked = own_choices(tx, settings, signup).await?;
    let made = Made::of_form(&asked)?;
    let left = left_since(tx, case, signup, &new.email).await?;
    let asked = of_the_form(asked)?.into_iter().filter(|choice| !left.contains(&choice.purpose));
    let asked: Vec<Choice> = asked.collect();
    let policy = versions::find(tx, signup.policy_version_id).await?;
    let agrees = asked.iter().any(|choice| choice.purpose.is_privacy_policy());
    let Some(policy) = policy.filter(|_| agrees) else { return Ok(None) };
    let blank = match &made.form {
        Some(sha256) => blank_forms::find(tx, sha256).await?,
        None => None,
    };
    let line = |text: Option<&str>| text.and_then(|text| Line::parse(text).ok().flatten());
    let came_from = signup_sources::find(tx, signup.signup_id).await?;
    let once = format!("instead of {}", signup.signup_id);
    let body = new.email.normalised();
    let secret = &settings.address_secret;
    Ok(Some(SignUp {
        signup_id: new.signup_id,
        email: new.email.clone(),
        name: line(signup.name.as_deref()),
        organisation: line(signup.organisation.as_deref()),
        job_title: line(signup.job_title.as_deref()),
        report: signup.report_id.zip(signup.report_slug.clone()),
        policy: Arc::new(policy),
        choices: asked.iter().map(|choice| Arc::new(notice(choice))).collect(),
        form: blank.map(|document| Arc::new(BlankForm::from_document(document))),
        unticked: made.unticked.iter().filter_map(|code| code.parse().ok()).collect(),
        source: signup.source.clone(),
        method: signup.method,
        drawn_by: signup.drawn_by,
        page: signup.page.clone(),
        came_from: came_from.unwrap_or_default(),
        request: Some(IdempotentRequest::new(secret, once.as_bytes(), body.as_bytes())),
        // The work was done for the form that this one replaces.
        check: None,
        replaces: None,
        request_id: at.request_id().cloned(),
    }))
}

/// The words of a box as they were shown.
fn notice(choice: &Choice) -> Notice {
    Notice {
        notice_id: choice.notice_id,
        purpose: choice.purpose.clone(),
        lang: choice.lang.clone(),
        words: choice.words.clone(),
        sha256: choice.sha256.clone(),
    }
}
