//! `/renew/{token}`: asks again under a new policy for what somebody agreed to before, with a box for each.

pub(super) mod page;

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use uuid::Uuid;

use self::page::{AskedPurpose, LeftPurpose, RenewPage, RenewedPage};
use super::form_parts::{PolicyLink, on_record};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::request_id::RequestId;
use crate::domain::signup::link::LinkKind;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::renew::{Asking, Open, Press, Renewed, Stale, renew};
use crate::store::consent::consents::CurrentConsent;
use crate::store::contacts::subscribers;
use crate::store::policy::versions::PolicyVersion;
use crate::web::error::Gone;
use crate::web::http::fields::Fields;
use crate::web::public::nothing_held::erased;
use crate::web::{App, Error};

/// The page, as evidence names it.
const SOURCE: &str = "/renew";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/renew/{token}", get(show).post(press))
}

/// Somebody, and what is asked of them.
struct Holder {
    id: Uuid,
    address: String,
    asking: Asking,
}

impl Holder {
    /// 410 once they were erased.
    async fn find(app: &App, id: Uuid) -> Result<Self, Error> {
        // Words that were edited are written down before they are shown.
        app.catalog.get().await?;
        let mut tx = app.db.read().await?;
        let subscriber = subscribers::find(&mut tx, id).await?.ok_or_else(erased)?;
        let (now, controller) = (app.clock.now(), &app.site.controller.name);
        let asking = Asking::read(&mut tx, now, controller, id).await?.ok_or(Error::Unavailable)?;
        Ok(Self { id, address: subscriber.email.masked(), asking })
    }

    fn has_lapsed(&self) -> bool {
        let expired = |standing: &CurrentConsent| standing.state == EventType::Expired;
        self.asking.asks() || self.asking.standing.iter().any(expired)
    }
}

/// Whose link it is: 404 for a token that is not ours.
fn open(app: &App, token: &str) -> Result<Uuid, Error> {
    let link = app.links.secrets.open(LinkKind::Renew, token);
    Ok(link.ok_or(Error::NotFound)?.id)
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let holder = Holder::find(&app, open(&app, &token)?).await?;
    match holder.asking.until() {
        Some(until) => page(&app, &token, (&holder, until), None),
        None => done(&app, &token, &holder, None),
    }
}

fn page(
    app: &App,
    token: &str,
    (holder, until): (&Holder, Timestamp),
    refused: Option<(Stale, &[&str])>,
) -> Result<Html<String>, Error> {
    let ticked = refused.map_or(&[][..], |(_, ticked)| ticked);
    let Asking { policy, newer, agreed_under, open, .. } = &holder.asking;
    let boxes = open.iter().map(|open| row(open, ticked.contains(&open.standing.purpose.as_str())));
    let keep = open.iter().filter(|open| !open.standing.purpose.is_privacy_policy());
    let compared = |older: &PolicyVersion| app.links.policy_changes(&policy.label, &older.label);
    let everything = Purpose::privacy_policy();
    app.page(&RenewPage {
        token,
        until,
        address: &holder.address,
        policy: PolicyLink::from(policy),
        changes: newer.iter().rev().filter_map(|version| version.changes.as_deref()).collect(),
        comparison_url: agreed_under.as_ref().map(compared),
        purposes: boxes.collect(),
        keep: keep.map(|open| name(&open.standing)).collect(),
        leave_url: app.links.unsubscribe(holder.id, Some(&everything)),
        error: refused.map(|(stale, _)| stale.to_string()),
    })
}

fn row(open: &Open, ticked: bool) -> AskedPurpose<'_> {
    let (standing, words) = (&open.standing, open.words());
    AskedPurpose {
        code: standing.purpose.as_str(),
        name: name(standing),
        words: words.text,
        notice: words.sha256,
        checked: ticked,
        until: open.until,
        since: standing.confirmed_at,
        before: open.is_reworded().then_some(standing.words.as_str()),
        on_record: on_record(standing).is_some(),
    }
}

/// Pressing again gives the same.
async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
    fields: Fields,
) -> Result<Response, Error> {
    let id = open(&app, &token)?;
    let policy = if fields.is_repeated("policy") { "" } else { fields.one("policy") };
    let (notices, ticked) = (fields.all("notice"), fields.all("purpose"));
    let press = Press { policy, notices: &notices, ticked: &ticked, source: SOURCE };
    let at = app.moment_of(request_id);
    let renewed = app.db.run(|tx| Box::pin(renew(tx, app.settings.at(&at), id, press))).await?;
    let holder = Holder::find(&app, id).await?;
    let Renewed::Refused(stale) = renewed else {
        return Ok(done(&app, &token, &holder, None)?.into_response());
    };
    let shown = match holder.asking.until() {
        Some(until) => {
            // Somebody's own ticks stay where they read what they ticked.
            let kept = if stale == Stale::WithoutPolicy { &ticked[..] } else { &[] };
            page(&app, &token, (&holder, until), Some((stale, kept)))?
        }
        None => done(&app, &token, &holder, Some(stale))?,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

/// The page of who agreed again, or has nothing left to agree to; 410 when nothing of theirs counts any more.
fn done(
    app: &App,
    token: &str,
    holder: &Holder,
    error: Option<Stale>,
) -> Result<Html<String>, Error> {
    let Asking { policy, open, .. } = &holder.asking;
    if open.is_empty() && !holder.asking.holds() {
        return Err(gone(holder));
    }
    let again = |standing: &&CurrentConsent| {
        standing.state == EventType::Renewed
            && standing.policy_version_id == policy.policy_version_id
    };
    let left = open.iter();
    let left = left.map(|open| LeftPurpose { name: name(&open.standing), until: open.until });
    app.page(&RenewedPage {
        token,
        policy: PolicyLink::from(policy),
        purposes: holder.asking.standing.iter().filter(again).map(name).collect(),
        left: left.collect(),
        error: error.map(|error| error.to_string()),
    })
}

fn name(standing: &CurrentConsent) -> String {
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
