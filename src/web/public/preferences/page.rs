//! The page of somebody's choices, and how it is found.

use std::borrow::Cow;

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::shown::{ChoiceRow, PreferencesPage, RenewLink};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::signup::link::LinkKind;
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::renewals;
use crate::store::contacts::subscribers::{self, Subscriber};
use crate::web::http::fields::FieldError;
use crate::web::public::form_parts::{PolicyLink, on_record};
use crate::web::public::nothing_held::erased;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

/// The page, as evidence names it.
pub(super) const SOURCE: &str = "/preferences";

/// For how many seconds the page says what was just done, at the address that a press led to.
pub(super) const SAID_FOR: i64 = 600;

pub(super) const WITHDRAWN: &str =
    "You have withdrawn everything. We send you a receipt, and nothing after it.";

/// Whose page it is: 404 for a token that is not ours, 410 once they were erased.
pub(super) async fn find(app: &App, tx: &mut Tx, token: &str) -> Result<Subscriber, Error> {
    let link = app.links.secrets.open(LinkKind::Manage, token).ok_or(Error::NotFound)?;
    subscribers::find(tx, link.id).await?.ok_or_else(erased)
}

/// What the page says besides what stands.
#[derive(Default)]
pub(super) struct Said<'a> {
    pub(super) word: Option<&'a str>,
    pub(super) error: Option<FieldError>,
    /// New ticks of a refused form, to be sent again.
    pub(super) kept: Vec<Purpose>,
    /// The name as typed; the one on record when the form had none.
    pub(super) name: Option<&'a str>,
}

impl<'a> Said<'a> {
    pub(super) fn wrong(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { error: Some(FieldError::new(field, message)), ..Self::default() }
    }

    pub(super) fn typed(self, name: Option<&'a str>) -> Self {
        Self { name, ..self }
    }
}

/// The page of somebody's choices as they stand. It says which of their events it was filled from, so that a form
/// sent from an older page is known.
pub(super) async fn page(app: &App, token: &str, said: &Said<'_>) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let subscriber = find(app, &mut tx, token).await?;
    let standing = consents::list(&mut tx, subscriber.subscriber_id).await?;
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let asked = renewals::list_asked(&mut tx, subscriber.subscriber_id, policy).await?;
    drop(tx);
    let until = renewals::open_until(&asked, app.clock.now());
    let url = app.links.renew(subscriber.subscriber_id);
    let name = said.name.or(subscriber.name.as_deref()).unwrap_or_default();
    let any_in_force = standing.iter().any(|standing| standing.state.in_force());
    // An address that was kept, or opened again, says nothing that is over.
    let word = said.word.filter(|word| *word != WITHDRAWN || !any_in_force);
    app.page(&PreferencesPage {
        token,
        word,
        error: said.error.clone(),
        address: subscriber.email.as_str(),
        name,
        renew: until.map(|until| RenewLink { until, url }),
        policy: PolicyLink::from(&**policy),
        seen: consents::reach(&standing),
        purposes: rows(&catalog, token, &standing, &said.kept),
        any_in_force,
        without_policy: stands_without_policy(&standing),
    })
}

/// Whether something is in force and the privacy policy is not: what was brought in from elsewhere stands by itself.
pub(super) fn stands_without_policy(standing: &[CurrentConsent]) -> bool {
    let mut in_force = standing.iter().filter(|s| s.state.in_force()).peekable();
    in_force.peek().is_some() && in_force.all(|standing| !standing.purpose.is_privacy_policy())
}

/// A box as it is offered.
struct Shown<'a> {
    name: &'a str,
    description: &'a str,
    words: &'a str,
    /// The hash of the words, where they can be edited while the page is open.
    hash: Option<&'a str>,
}

/// A row for each purpose that can be agreed to, and for each that was.
pub(super) fn rows<'a>(
    catalog: &'a Catalog,
    token: &str,
    standing: &'a [CurrentConsent],
    kept: &[Purpose],
) -> Vec<ChoiceRow<'a>> {
    let row = |purpose: &'a Purpose, shown: Shown<'a>, mine: Option<&'a CurrentConsent>| {
        let in_force = mine.filter(|standing| standing.state.in_force());
        let receipt =
            |mine: &CurrentConsent| format!("/preferences/{token}/receipts/{}", mine.event_id);
        let policy =
            |standing: &CurrentConsent| format!("/policies/privacy/{}", standing.policy_label);
        ChoiceRow {
            code: purpose.as_str(),
            name: shown.name,
            description: shown.description,
            words: in_force.map_or(shown.words, |standing| &standing.words),
            on_record: in_force.and_then(on_record),
            notice: shown.hash,
            checked: in_force.is_some() || kept.contains(purpose),
            offered: false,
            state: mine.map(|standing| standing.state),
            since: mine
                .map(|mine| in_force.map_or(mine.changed_at, |standing| standing.confirmed_at)),
            policy_label: in_force.map(|standing| standing.policy_label.as_str()),
            policy_url: in_force.map(policy),
            receipt_url: mine.map(receipt),
        }
    };
    let consent = catalog.consent.iter().map(|notice| {
        let words = &notice.words;
        (notice, Shown { name: "Privacy policy", description: "", words, hash: None })
    });
    let offers = catalog.all_offers().map(|offer| {
        let (name, description) = (&offer.name, &offer.description);
        let words = &offer.notice.words;
        (&offer.notice, Shown { name, description, words, hash: offer.shown_hash() })
    });
    let mut rows: Vec<ChoiceRow<'a>> = consent
        .chain(offers)
        .map(|(notice, shown)| {
            let mine = standing.iter().find(|standing| standing.purpose == notice.purpose);
            ChoiceRow { offered: true, ..row(&notice.purpose, shown, mine) }
        })
        .collect();
    let offered = |purpose: &Purpose| {
        (purpose.is_privacy_policy() && catalog.consent.is_some())
            || catalog.all_offers().any(|offer| offer.purpose == *purpose)
    };
    // What is offered no more can still be left, and its receipt is still there.
    rows.extend(standing.iter().filter(|standing| !offered(&standing.purpose)).map(|standing| {
        let name = standing.name.as_deref().unwrap_or(standing.purpose.as_str());
        let shown = Shown { name, description: "", words: &standing.words, hash: None };
        row(&standing.purpose, shown, Some(standing))
    }));
    rows
}

pub(super) async fn refused(app: &App, token: &str, said: &Said<'_>) -> Result<Response, Error> {
    let page = page(app, token, said).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Leads to the page with a word on what was just done; a bookmark of that address says nothing of it later.
pub(super) fn back(token: &str, word: &str, now: Timestamp) -> Response {
    let to = format!("/preferences/{token}?word={word}&at={}", seconds(now));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

pub(super) fn is_just_now(said_at: &str, now: Timestamp) -> bool {
    let age = said_at.parse().map(|at: i64| seconds(now).saturating_sub(at));
    // Clocks of replicas may differ a little.
    age.is_ok_and(|age| (-60..=SAID_FOR).contains(&age))
}

pub(super) fn seconds(at: Timestamp) -> i64 {
    at.micros() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_said_for_ten_minutes() {
        let now = Timestamp::parse("2026-11-23T09:00:00.9Z").unwrap();
        let at = |age: i64| (seconds(now) - age).to_string();
        for (said_at, just_now) in
            [(at(0), true), (at(600), true), (at(601), false), (at(-60), true), (at(-61), false)]
        {
            assert_eq!(is_just_now(&said_at, now), just_now, "{said_at}");
        }
        for hostile in
            ["", "x", "-9223372036854775808", "9223372036854775807", "99999999999999999999", "1 "]
        {
            assert!(!is_just_now(hostile, now), "{hostile}");
        }
    }
}
