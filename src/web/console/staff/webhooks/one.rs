//! `/console/webhooks/{id}`: one of them, read.

use axum::extract::Path;
use axum::response::Response;
use uuid::Uuid;

use super::naming::{host, path_of, state};
use super::one_page::{DeliveryEntry, Facts, WebhookPage};
use crate::domain::staff::member::account_of;
use crate::domain::staff::webhook::OffReason;
use crate::store::staff::members;
use crate::store::staff::webhook_deliveries;
use crate::store::staff::webhook_endpoints;
use crate::web::address::key;
use crate::web::console::form::Faults;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff_session::StaffSession;
use crate::web::{App, Error};

/// How many of the last events are shown.
const SHOWN: i64 = 50;

pub(super) async fn show(
    session: StaffSession,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word = match asked.one("word") {
        "test" => Some("A test is on its way. Load the page again to see what was answered."),
        "again" => Some("The event is on its way again."),
        "outlived" => Some(
            "The event was not sent again: something later was told of the same person, and this would undo it.",
        ),
        "all" => Some("All that was not taken is on its way again."),
        "none" => Some("Nothing waits: all was taken or given up."),
        "off" => Some("The webhook is switched off: what happens waits."),
        "on" => Some("The webhook is switched on: what waited is sent."),
        "is-off" => Some("The webhook is switched off, so nothing was sent. Switch it on first."),
        "settled" => Some("That was done before, so nothing was changed."),
        _ => None,
    };
    let page = page(&session.app, key(&id)?, vec![]).await?;
    session.show(&WebhookPage { word, ..page })
}

/// The page of one, with what is wrong with the form that was sent to it.
pub(super) async fn page(app: &App, id: Uuid, errors: Faults) -> Result<WebhookPage, Error> {
    let mut tx = app.db.read().await?;
    let endpoint = webhook_endpoints::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let all = webhook_deliveries::list(&mut tx, id, SHOWN).await?;
    let waiting = webhook_deliveries::count_waiting_of(&mut tx, id).await?;
    let maker = match account_of(&endpoint.created_by) {
        Some(staff_id) => members::find(&mut tx, staff_id).await?,
        None => None,
    };
    drop(tx);
    let now = app.clock.now();
    let facts = Facts {
        path: path_of(id),
        host: host(&endpoint.url),
        state: state(&endpoint),
        types: endpoint.event_types.words().map(ToOwned::to_owned).collect(),
        created_at: endpoint.created_at,
        by: maker.map(|one| one.email.to_string()),
        off_at: endpoint.off_at,
        off_reason: endpoint.off_reason.map(|reason| match reason {
            OffReason::Staff => "Switched off by staff",
            OffReason::Gone => "It answered that nobody is there any more (410)",
            OffReason::Undelivered => "It took nothing for three days",
        }),
        secret_since: endpoint.salt_at,
        secret: endpoint.salt_at.micros().to_string(),
        before_until: endpoint.before_until.filter(|until| *until > now),
        url: endpoint.url,
        description: endpoint.description,
    };
    Ok(WebhookPage {
        word: None,
        webhook: facts,
        waiting,
        deliveries: all.into_iter().map(DeliveryEntry::from).collect(),
        shown: SHOWN,
        errors,
    })
}
