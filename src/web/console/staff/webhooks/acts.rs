//! What staff do with one webhook.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::naming::{PATH, back, path_of};
use super::one::page;
use super::secret::WebhookSecretPage;
use crate::domain::staff::webhook::OVERLAP;
use crate::domain::timestamp::Timestamp;
use crate::flows::staff::change_webhook::{delete_webhook, rotate_secret, switch_off, switch_on};
use crate::flows::staff::replay_webhook::{Replayed, replay_all, replay_one, try_out};
use crate::store::staff::webhook_endpoints;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::form::{fault, is_sure};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;

pub(super) async fn try_it_out(
    session: StaffSession,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (id, act) = (key(&id)?, session.act());
    let sent = session.app.db.run(|tx| Box::pin(try_out(tx, &act, id))).await?;
    if !sent {
        page(&session.app, id, vec![]).await?;
    }
    Ok(back(id, if sent { "test" } else { "is-off" }))
}

pub(super) async fn replay(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (id, event, act) = (key(&id)?, key(fields.one("event"))?, session.act());
    match session.app.db.run(|tx| Box::pin(replay_one(tx, &act, id, event))).await? {
        Replayed::Sent => Ok(back(id, "again")),
        Replayed::Outlived => Ok(back(id, "outlived")),
        Replayed::Gone => Err(Error::NotFound),
    }
}

pub(super) async fn replay_undelivered(
    session: StaffSession,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let (id, act) = (key(&id)?, session.act());
    let any = session.app.db.run(|tx| Box::pin(replay_all(tx, &act, id))).await?;
    let any = any.ok_or(Error::NotFound)?;
    Ok(back(id, if any { "all" } else { "none" }))
}

pub(super) async fn rotate(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (app, id) = (&session.app, key(&id)?);
    let endpoint = webhook_endpoints::find(&mut app.db.read().await?, id).await?;
    let endpoint = endpoint.ok_or(Error::NotFound)?;
    let since = fields.one("secret").parse().ok().map(Timestamp::from_micros);
    let Some(since) = since.filter(|_| is_sure(&fields)) else {
        let errors = vec![fault("sure-secret", "Tick the box if the secret is to be replaced")];
        return session.refuse(&page(app, id, errors).await?);
    };
    let (act, which) = (session.act(), (id, since));
    let rotated = app.db.run(|tx| Box::pin(rotate_secret(tx, &act, &app.settings, which))).await?;
    session.show(&WebhookSecretPage {
        description: &endpoint.description,
        path: path_of(id),
        before_until: rotated.is_some().then(|| act.at.now.plus(OVERLAP)),
        secret: rotated.map(|secret| secret.text()),
    })
}

pub(super) async fn off(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let (id, act) = (key(&id)?, session.act());
    let done = session.app.db.run(|tx| Box::pin(switch_off(tx, &act, id))).await?;
    Ok(back(id, if done { "off" } else { "settled" }))
}

pub(super) async fn on(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    let (id, act) = (key(&id)?, session.act());
    let done = session.app.db.run(|tx| Box::pin(switch_on(tx, &act, id))).await?;
    Ok(back(id, if done { "on" } else { "settled" }))
}

pub(super) async fn delete(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let (app, id) = (&session.app, key(&id)?);
    if !is_sure(&fields) {
        let errors = vec![fault("sure", "Tick the box if the webhook is to be deleted")];
        return session.refuse(&page(app, id, errors).await?);
    }
    let act = session.act();
    if !app.db.run(|tx| Box::pin(delete_webhook(tx, &act, id))).await? {
        return Err(Error::NotFound);
    }
    Ok(Redirect::to(&format!("{PATH}?word=deleted")).into_response())
}
