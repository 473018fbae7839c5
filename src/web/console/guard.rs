//! What stands in front of every route of the console: a session, the right that the route needs, and for
//! whatever changes something, proof that one of this session's own pages sent it. What is refused to
//! somebody who is signed in is written down.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::desk::Desk;
use super::session;
use crate::domain::link::LinkKind;
use crate::domain::right::Right;
use crate::flows::refuse::{Refused, record_refused};
use crate::web::fields::Fields;
use crate::web::{App, Error, body, origin};

/// The largest form: a privacy policy fits in, with room to spare.
const LARGEST_FORM: usize = 1024 * 1024;

/// Where whoever is not signed in is led.
const SIGN_IN: &str = "/console/sign-in";
/// Where whoever must set two-factor up first is led.
const SET_UP: &str = "/console/account?word=two-factor-first";

/// One route's guard.
#[derive(Clone)]
pub(super) struct Gate {
    pub app: Arc<App>,
    pub method: Method,
    pub path: &'static str,
    pub right: Right,
    pub upload: bool,
}

/// Lets a request through to its handler, with who sent it and the fields of its form.
pub(super) async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match admit(&gate, request).await {
        Ok(Admitted::To(request)) => next.run(*request).await,
        Ok(Admitted::Elsewhere(answer)) => answer,
        Err(error) => error.into_response(),
    }
}

enum Admitted {
    To(Box<Request>),
    Elsewhere(Response),
}

async fn admit(gate: &Gate, request: Request) -> Result<Admitted, Error> {
    let app = &gate.app;
    let Some(session) = session::find(app, request.headers()).await? else {
        return Ok(Admitted::Elsewhere(lead(request.headers(), SIGN_IN)));
    };
    let desk = Desk::of(app, &session, gate.path);
    if let Err((error, why)) = allow(gate, &desk, request.headers()) {
        return refuse(gate, &desk, error, why).await;
    }
    if session.requires_code && !session.has_code && gate.right != Right::OwnAccount {
        return Ok(Admitted::Elsewhere(lead(request.headers(), SET_UP)));
    }
    let (mut head, body) = request.into_parts();
    if gate.method == Method::POST {
        let mut body = Some(body);
        let fields = if gate.upload {
            Fields::parse(head.uri.query().unwrap_or_default().as_bytes())
        } else {
            let body = body.take().unwrap_or_default();
            body::read_form(&head.headers, body, LARGEST_FORM).await?
        };
        if !is_own_form(app, &desk, fields.one("csrf")) {
            return refuse(gate, &desk, Error::StaleForm, Refused::Token).await;
        }
        head.extensions.insert(fields);
        head.extensions.insert(desk);
        let request = Request::from_parts(head, body.unwrap_or_default());
        return Ok(Admitted::To(Box::new(request)));
    }
    head.extensions.insert(desk);
    Ok(Admitted::To(Box::new(Request::from_parts(head, body))))
}

/// What can be told from the head alone.
fn allow(gate: &Gate, desk: &Desk, headers: &HeaderMap) -> Result<(), (Error, Refused)> {
    if gate.method != Method::GET {
        origin::check_console(&gate.app, headers).map_err(|error| (error, Refused::Origin))?;
    }
    if desk.may(gate.right) { Ok(()) } else { Err((Error::Forbidden, Refused::Role)) }
}

/// Whether a form carries the token of this session's pages.
fn is_own_form(app: &App, desk: &Desk, token: &str) -> bool {
    let session = app.links.secrets.unseal(LinkKind::ConsoleForm, token);
    session.is_some_and(|session| session == desk.session_id.as_bytes())
}

async fn refuse(gate: &Gate, desk: &Desk, error: Error, why: Refused) -> Result<Admitted, Error> {
    let app = &gate.app;
    let mut tx = app.db.write().await?;
    let route = (gate.method.as_str(), gate.path);
    record_refused(&mut tx, &app.moment(), &desk.actor(), route, why).await?;
    tx.commit().await?;
    Err(error)
}

/// Leads a browser elsewhere; htmx, which would put that page inside this one, is told to go there.
fn lead(headers: &HeaderMap, to: &'static str) -> Response {
    const REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");
    if headers.contains_key("hx-request") {
        return (StatusCode::OK, [(REDIRECT, to)]).into_response();
    }
    Redirect::to(to).into_response()
}
