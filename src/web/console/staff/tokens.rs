//! `/console/tokens`: what programs sign in with.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::staff::api_token::{Scope, Scopes};
use crate::domain::staff::member::actor;
use crate::domain::staff::right::Right;
use crate::domain::text::Line;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::staff::issue_token::{issue, revoke};
use crate::store::staff::api_tokens::{self, TokenRow};
use crate::store::staff::members;
use crate::web::address::key;
use crate::web::console::desk::{Asked, Desk, Form, fault};
use crate::web::console::form::{Faults, FieldError, is_sure, needed};
use crate::web::console::route::Route;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

const PAGE: &str = "console/tokens.html";
const MADE: &str = "console/token_made.html";

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/tokens", Right::ManageTokens, show),
        Route::post("/console/tokens", Right::ManageTokens, make),
        Route::post("/console/tokens/{id}/revoke", Right::ManageTokens, end),
    ]
}

fn scopes() -> Vec<Value> {
    let option = |scope: Scope| {
        let (title, hint) = match scope {
            Scope::Exports => {
                ("Exports", "Take the contacts of one purpose away: GET /api/v1/exports/consented")
            }
            Scope::Withdrawals => (
                "Withdrawals",
                "Learn who must be removed from copies exported earlier: GET /api/v1/withdrawals",
            ),
            Scope::Subscribers => (
                "Subscribers",
                "Look people up, and what they agreed to: GET /api/v1/subscribers, \
                 /api/v1/subscribers/ID and /api/v1/subscribers/ID/consents",
            ),
            Scope::Erase => (
                "Erase",
                "Erase a person: DELETE /api/v1/subscribers/ID. With Exports, also take people’s own \
                 links, by which their holder can act for them",
            ),
        };
        json!({"value": scope.as_str(), "title": title, "hint": hint})
    };
    Scope::ALL.into_iter().map(option).collect()
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let word =
        (asked.one("word") == "revoked").then_some("The token is revoked: it opens nothing.");
    desk.page(&app, PAGE, context(&app, word, &Fields::default(), &[], None).await?)
}

async fn context(
    app: &App,
    word: Option<&str>,
    sent: &Fields,
    errors: &[FieldError],
    unsure: Option<Uuid>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let tokens = api_tokens::list(&mut tx).await?;
    let staff = members::list(&mut tx).await?;
    drop(tx);
    let now = app.clock.now();
    let rows: Vec<Value> = tokens
        .iter()
        .map(|token| {
            let maker = staff.iter().find(|one| actor(one.staff_id) == token.created_by);
            json!({
                "path": format!("/console/tokens/{}", token.api_token_id),
                "name": token.name,
                "scopes": token.scopes.words().collect::<Vec<_>>(),
                "by": maker.map(|one| &one.email),
                "created_at": token.created_at,
                "expires_at": token.expires_at,
                "last_used_at": token.last_used_at,
                "state": state(token, now),
                // Somebody pressed its button without the tick.
                "unsure": unsure == Some(token.api_token_id),
            })
        })
        .collect();
    Ok(json!({
        "word": word,
        "base": app.links.base_url,
        // What this page's form makes its one token by.
        "form_id": app.moment().new_id(),
        "tokens": rows,
        "scopes": scopes(),
        "sent": {"name": sent.one("name"), "scopes": sent.all("scopes"), "until": sent.one("until")},
        "errors": errors,
    }))
}

fn state(token: &TokenRow, now: Timestamp) -> &'static str {
    match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(until)) if until <= now => "expired",
        _ => "active",
    }
}

async fn make(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let Read { name, scopes, until, form_id } =
        match read(&fields, app.clock.now(), &app.site.timezone) {
            Ok(read) => read,
            Err(faults) => {
                let context = context(&app, None, &fields, &faults, None).await?;
                return desk.refused(&app, PAGE, context);
            }
        };
    let mut tx = app.db.write().await?;
    let new = (&name, &scopes, until);
    let token = issue(&mut tx, &app.moment(), &desk.actor(), new, form_id).await?;
    tx.commit().await?;
    // The only page that ever shows it; loaded again, it shows none.
    let token = token.map(|token| token.to_string());
    let context = json!({"name": name.as_str(), "token": token, "expires_at": until});
    desk.page(&app, MADE, context)
}

/// What is asked for by a form, and which one that is.
struct Read {
    name: Line,
    scopes: Scopes,
    until: Option<Timestamp>,
    form_id: Uuid,
}

fn read(fields: &Fields, now: Timestamp, timezone: &TimeZone) -> Result<Read, Faults> {
    let mut faults = Faults::new();
    let name = needed(fields, "name", "Say what the token is for", &mut faults);
    let words = fields.all("scopes");
    let chosen: Vec<Scope> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let scopes = Scopes::of(&chosen).filter(|_| chosen.len() == words.len());
    if scopes.is_none() {
        faults.push(fault("scopes", "Choose what the token opens"));
    }
    let day = fields.one("until").trim();
    // It works to the end of its day.
    let until = day.parse().ok().map(|day| timezone.ends(day)).filter(|until| *until > now);
    if until.is_none() && !day.is_empty() {
        faults.push(fault("until", "Choose a day that is not over yet"));
    }
    let form_id = fields.one("form_id").parse().ok();
    if form_id.is_none() {
        faults.push(fault("form", "Load this page again, and fill in its form"));
    }
    match (name, scopes, form_id) {
        (Some(name), Some(scopes), Some(form_id)) if faults.is_empty() => {
            Ok(Read { name, scopes, until, form_id })
        }
        _ => Err(faults),
    }
}

async fn end(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let id = key(&id)?;
    if !is_sure(&fields) {
        let faults = [fault("sure", "Tick the box to say that the program is to lose its access")];
        let context = context(&app, None, &Fields::default(), &faults, Some(id)).await?;
        return desk.refused(&app, PAGE, context);
    }
    let mut tx = app.db.write().await?;
    if !revoke(&mut tx, &app.moment(), &desk.actor(), id).await? {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(Redirect::to("/console/tokens?word=revoked").into_response())
}
