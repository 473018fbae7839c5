//! `/console/tokens`: what programs sign in with.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::staff::api_token::{Scope, Scopes};
use crate::domain::staff::member::actor;
use crate::domain::staff::right::Right;
use crate::domain::text::Line;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::staff::issue_token::{AskedToken, issue, revoke};
use crate::store::staff::api_tokens::{self, TokenRow};
use crate::store::staff::members;
use crate::templates::page::Page;
use crate::web::address::key;
use crate::web::choice::Choice;
use crate::web::console::form::{Faults, fault, is_sure, needed};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/tokens", Right::ManageTokens, show),
        Route::post("/console/tokens", Right::ManageTokens, make),
        Route::post("/console/tokens/{id}/revoke", Right::ManageTokens, end),
    ]
}

fn scopes() -> Vec<Choice<'static>> {
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
        Choice { value: scope.as_str(), title, hint: Some(hint) }
    };
    Scope::ALL.into_iter().map(option).collect()
}

async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let word =
        (asked.one("word") == "revoked").then_some("The token is revoked: it opens nothing.");
    let none = Fields::default();
    let page = page(&session.app, &none, None).await?;
    session.show(&TokensPage { word, ..page })
}

/// The page; of the token that is named, somebody pressed the button to revoke it without the tick.
async fn page<'a>(
    app: &'a App,
    sent: &'a Fields,
    unsure: Option<Uuid>,
) -> Result<TokensPage<'a>, Error> {
    let mut tx = app.db.read().await?;
    let tokens = api_tokens::list(&mut tx).await?;
    let staff = members::list(&mut tx).await?;
    drop(tx);
    let now = app.clock.now();
    let rows = tokens.into_iter().map(|token| {
        let maker = staff.iter().find(|one| actor(one.staff_id) == token.created_by);
        Row {
            path: format!("/console/tokens/{}", token.api_token_id),
            scopes: token.scopes.words().map(ToOwned::to_owned).collect(),
            by: maker.map(|one| one.email.to_string()),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            state: state(&token, now),
            unsure: unsure == Some(token.api_token_id),
            name: token.name,
        }
    });
    Ok(TokensPage {
        word: None,
        base: &app.links.base_url,
        form_id: app.moment().new_id(),
        tokens: rows.collect(),
        scopes: scopes(),
        sent: Sent { name: sent.one("name"), scopes: sent.all("scopes"), until: sent.one("until") },
        errors: vec![],
    })
}

fn state(token: &TokenRow, now: Timestamp) -> &'static str {
    match (token.revoked_at, token.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(until)) if until <= now => "expired",
        _ => "active",
    }
}

async fn make(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let Read { name, scopes, until, form_id } =
        match read(&fields, app.clock.now(), &app.site.timezone) {
            Ok(read) => read,
            Err(errors) => {
                let page = page(app, &fields, None).await?;
                return session.refuse(&TokensPage { errors, ..page });
            }
        };
    let act = session.act();
    let asked = AskedToken { name: &name, scopes: &scopes, expires_at: until, form_id };
    let token = app.db.run(|tx| Box::pin(issue(tx, &act, asked))).await?;
    // The only page that ever shows it; loaded again, it shows none.
    let token = token.map(|token| token.to_string());
    session.show(&TokenMadePage { name: name.as_str(), token, expires_at: until })
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
    let scopes = Scopes::new(&chosen).filter(|_| chosen.len() == words.len());
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
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let id = key(&id)?;
    if !is_sure(&fields) {
        let words = "Tick the box to say that the program is to lose its access";
        let none = Fields::default();
        let page = page(app, &none, Some(id)).await?;
        return session.refuse(&TokensPage { errors: vec![fault("sure", words)], ..page });
    }
    let act = session.act();
    if !app.db.run(|tx| Box::pin(revoke(tx, &act, id))).await? {
        return Err(Error::NotFound);
    }
    Ok(Redirect::to("/console/tokens?word=revoked").into_response())
}

/// `console/tokens.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct TokensPage<'a> {
    word: Option<&'static str>,
    /// The origin that programs ask.
    base: &'a str,
    /// What this page's form makes its one token by.
    form_id: Uuid,
    tokens: Vec<Row>,
    scopes: Vec<Choice<'static>>,
    sent: Sent<'a>,
    errors: Faults,
}

/// A token in the list.
#[derive(Clone, Serialize)]
struct Row {
    path: String,
    name: String,
    scopes: Vec<String>,
    by: Option<String>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    state: &'static str,
    /// Whether somebody pressed its button without the tick.
    unsure: bool,
}

/// What the form holds.
#[derive(Serialize)]
struct Sent<'a> {
    name: &'a str,
    scopes: Vec<&'a str>,
    until: &'a str,
}

impl Page for TokensPage<'_> {
    const TEMPLATE: &'static str = "console/tokens.html";

    fn samples() -> Vec<Self> {
        let at = Some(Timestamp::SAMPLE);
        let active = Row {
            path: "/console/tokens/ID".to_owned(),
            name: "Newsletter tool".to_owned(),
            scopes: vec!["exports".to_owned(), "withdrawals".to_owned()],
            by: Some("ada@example.org".to_owned()),
            created_at: Timestamp::SAMPLE,
            expires_at: at,
            last_used_at: at,
            state: "active",
            unsure: false,
        };
        let unsure = Row { unsure: true, ..active.clone() };
        let revoked = Row {
            by: None,
            expires_at: None,
            last_used_at: None,
            state: "revoked",
            ..active.clone()
        };
        let page = |tokens, wrong: &[&'static str]| Self {
            word: Some("The token is revoked."),
            base: "https://reports.example.org",
            form_id: Uuid::nil(),
            tokens,
            scopes: scopes(),
            sent: Sent { name: "Newsletter tool", scopes: vec!["exports"], until: "2026-12-31" },
            errors: wrong.iter().map(|field| fault(field, "Do this instead")).collect(),
        };
        vec![
            page(vec![], &[]),
            page(vec![active, unsure, revoked], &["name", "scopes", "until", "sure"]),
        ]
    }
}

/// `console/token_made.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct TokenMadePage<'a> {
    name: &'a str,
    /// None where the form made it before: it is shown once.
    token: Option<String>,
    expires_at: Option<Timestamp>,
}

impl Page for TokenMadePage<'_> {
    const TEMPLATE: &'static str = "console/token_made.html";

    fn samples() -> Vec<Self> {
        let page = |token: Option<&str>, expires_at| Self {
            name: "Newsletter tool",
            token: token.map(ToOwned::to_owned),
            expires_at,
        };
        let token = Some("assent_TOKEN");
        vec![page(token, None), page(token, Some(Timestamp::SAMPLE)), page(None, None)]
    }
}
