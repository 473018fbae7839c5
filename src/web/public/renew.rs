//! `/renew/{token}`: asks again under a new policy for what somebody agreed to before, by one button.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use uuid::Uuid;

use super::preferences::erased;
use super::signup_form::policy_link;
use crate::domain::consent::EventType;
use crate::domain::email_address::EmailAddress;
use crate::domain::link::LinkKind;
use crate::domain::timestamp::Timestamp;
use crate::flows::renew::{Renewal, renew};
use crate::store::consents::{self, Standing};
use crate::store::notices::Notice;
use crate::store::policy_versions::PolicyVersion;
use crate::store::renewals::{self, Asked};
use crate::store::subscribers;
use crate::web::catalog::Catalog;
use crate::web::error::Gone;
use crate::web::fields::Fields;
use crate::web::{App, Error};

/// The page, as evidence names it.
const SOURCE: &str = "/renew";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/renew/{token}", get(show).post(press))
}

/// Somebody, and what they agreed to.
struct Holder {
    address: String,
    standing: Vec<Standing>,
    /// What is asked for again.
    asked: Vec<Asked>,
    now: Timestamp,
}

impl Holder {
    /// 410 once they were erased.
    async fn find(app: &App, id: Uuid, policy: &PolicyVersion) -> Result<Self, Error> {
        let mut tx = app.db.read().await?;
        let subscriber = subscribers::find(&mut tx, id).await?.ok_or_else(erased)?;
        let standing = consents::list(&mut tx, id).await?;
        let asked = renewals::list_asked(&mut tx, id, policy).await?;
        let address = EmailAddress::parse(&subscriber.email).map(|a| a.masked());
        Ok(Self { address: address.unwrap_or_default(), standing, asked, now: app.clock.now() })
    }

    /// Until when something can be renewed; `None` when nothing can.
    fn until(&self) -> Option<Timestamp> {
        renewals::open_until(&self.asked, self.now)
    }

    /// What the button renews.
    fn open(&self) -> impl Iterator<Item = &Standing> {
        let is_open = |asked: &&Asked| self.now < asked.until;
        self.standing.iter().filter(move |standing| {
            self.asked.iter().filter(is_open).any(|asked| asked.purpose == standing.purpose)
        })
    }

    /// Whether something counts without being renewed.
    fn holds(&self) -> bool {
        let is_asked =
            |standing: &Standing| self.asked.iter().any(|a| a.purpose == standing.purpose);
        self.standing.iter().any(|standing| standing.state.in_force() && !is_asked(standing))
    }

    fn has_lapsed(&self) -> bool {
        let expired = |standing: &Standing| standing.state == EventType::Expired;
        !self.asked.is_empty() || self.standing.iter().any(expired)
    }
}

/// Whose link it is: 404 for a token that is not ours.
fn open(app: &App, token: &str) -> Result<Uuid, Error> {
    let link = app.links.secrets.open(LinkKind::Renew, token);
    Ok(link.ok_or(Error::NotFound)?.id)
}

/// Today's words of every box.
fn notices(catalog: &Catalog) -> Vec<Arc<Notice>> {
    let offers = catalog.all_offers().map(|offer| &offer.notice);
    catalog.consent.iter().chain(offers).cloned().collect()
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let id = open(&app, &token)?;
    let catalog = app.catalog.get().await?;
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let holder = Holder::find(&app, id, policy).await?;
    let notices = notices(&catalog);
    let renewal = Renewal { policy, notices: &notices, source: SOURCE };
    match holder.until() {
        Some(until) => page(&app, &token, (&holder, until), renewal, None),
        None => done(&app, policy, &holder),
    }
}

fn page(
    app: &App,
    token: &str,
    (holder, until): (&Holder, Timestamp),
    renewal: Renewal<'_>,
    error: Option<&str>,
) -> Result<Html<String>, Error> {
    let purposes: Vec<Value> = holder
        .open()
        .map(|standing| {
            let words = renewal.words(standing);
            json!({"name": name(standing), "words": words.text, "notice": words.sha256})
        })
        .collect();
    let context = json!({
        "site": *app.site,
        "token": token,
        "until": until.minute(),
        "address": holder.address,
        "policy": policy_link(renewal.policy),
        "purposes": purposes,
        "error": error,
    });
    Ok(Html(app.templates.render("public/renew.html", context)?))
}

/// Pressing again gives the same.
async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let id = open(&app, &token)?;
    let catalog = app.catalog.get().await?;
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let notices = notices(&catalog);
    let renewal = Renewal { policy, notices: &notices, source: SOURCE };
    let mut holder = Holder::find(&app, id, policy).await?;
    if let Some(until) = holder.until() {
        if let Some(error) = unread(&fields, &holder, renewal) {
            let page = page(&app, &token, (&holder, until), renewal, Some(error))?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        let mut tx = app.db.write().await?;
        if renew(&mut tx, &app.moment(), &app.terms, id, renewal).await? {
            tx.commit().await?;
            app.mail_waits.notify_one();
        } else {
            drop(tx);
        }
        holder = Holder::find(&app, id, policy).await?;
    }
    Ok(done(&app, policy, &holder)?.into_response())
}

/// What somebody would agree to without having read it: a policy or words that the page did not show
/// (GDPR Art. 4(11)).
fn unread(fields: &Fields, holder: &Holder, renewal: Renewal<'_>) -> Option<&'static str> {
    if fields.is_repeated("policy") || fields.one("policy") != renewal.policy.label.as_str() {
        return Some(
            "Our privacy policy has changed: read the new one, then press the button again",
        );
    }
    let shown = fields.all("notice");
    let changed = |standing: &Standing| !shown.contains(&renewal.words(standing).sha256);
    (!shown.is_empty() && holder.open().any(changed))
        .then_some("What you are asked has changed: read it again, then press the button")
}

/// The page of who has nothing left to renew; 410 when nothing of theirs counts any more.
fn done(app: &App, policy: &PolicyVersion, holder: &Holder) -> Result<Html<String>, Error> {
    if !holder.holds() {
        return Err(gone(holder));
    }
    let again = |standing: &&Standing| {
        standing.state == EventType::Renewed
            && standing.policy_version_id == policy.policy_version_id
    };
    let purposes: Vec<String> = holder.standing.iter().filter(again).map(name).collect();
    let context = json!({"site": *app.site, "policy": policy_link(policy), "purposes": purposes});
    Ok(Html(app.templates.render("public/renewed.html", context)?))
}

fn name(standing: &Standing) -> String {
    standing.purpose.named(standing.name.as_deref())
}

fn gone(holder: &Holder) -> Error {
    let (title, message) = if holder.has_lapsed() {
        (
            "What you agreed to has lapsed",
            "We asked you again until a date that is over now, so what you agreed to before has \
             ended and we write to you no more. You can sign up again at any time.",
        )
    } else {
        (
            "There is nothing to renew",
            "You have withdrawn what you agreed to, so we write to you no more. You can sign up \
             again at any time.",
        )
    };
    let (title, message) = (title.to_owned(), message.to_owned());
    Gone { title, message, fresh: None, start_again: Some("/".to_owned()) }.into()
}
