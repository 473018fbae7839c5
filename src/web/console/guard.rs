//! What stands in front of every route of the console: a session, the right that the route needs, and for
//! whatever changes something, proof that one of this session's own pages sent it. What is refused to
//! somebody who is signed in is written down.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use tracing::Instrument;

use super::staff_session::StaffSession;
use crate::domain::staff::right::Right;
use crate::flows::staff::refuse::{Refused, record_refused};
use crate::web::console::form_token;
use crate::web::console::staff::session;
use crate::web::http::body;
use crate::web::http::fields::Fields;
use crate::web::{App, Error, origin};

/// The largest form: a privacy policy fits in, with room to spare.
const LARGEST_FORM: usize = 1024 * 1024;

/// How many uploads are read at once, and how long one waits for its turn.
pub const UPLOADS_AT_ONCE: usize = 4;
const TURN: Duration = Duration::from_secs(10);

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
    pub takes: bool,
}

/// Lets a request through to its handler, with who sent it and the fields of its form.
pub(super) async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (is_upload, app) = (gate.upload, gate.app.clone());
    match admit(gate, request).await {
        // An upload goes on without its connection, so that what it stored is tidied up where it ends.
        Ok(Admitted::To(request)) if is_upload => upload(&app, *request, next).await,
        Ok(Admitted::To(request)) => next.run(*request).await,
        Ok(Admitted::Elsewhere(answer)) => answer,
        Err(error) => error.into_response(),
    }
}

/// Has an upload read, when it is its turn: each holds some megabytes of memory. It goes on without its
/// connection, so that what it stored is tidied up where it ends.
async fn upload(app: &App, request: Request, next: Next) -> Response {
    let waiting = app.upload_places.clone().acquire_owned();
    let Ok(Ok(place)) = tokio::time::timeout(TURN, waiting).await else {
        return Error::Unavailable.into_response();
    };
    let reading = async move {
        let answer = next.run(request).await;
        drop(place);
        answer
    };
    let answered = tokio::spawn(reading.in_current_span());
    answered.await.unwrap_or_else(|_| Error::Internal.into_response())
}

enum Admitted {
    To(Box<Request>),
    Elsewhere(Response),
}

enum Entered {
    At(Box<StaffSession>),
    Elsewhere(Response),
}

async fn admit(gate: Gate, request: Request) -> Result<Admitted, Error> {
    let (mut head, mut body) = request.into_parts();
    let session = match enter(&gate, &head.headers).await? {
        Entered::At(session) => session,
        Entered::Elsewhere(answer) => return Ok(Admitted::Elsewhere(answer)),
    };
    if gate.method == Method::POST {
        let fields = if gate.upload {
            Fields::parse(head.uri.query().unwrap_or_default().as_bytes())
        } else {
            let form = std::mem::take(&mut body);
            body::read_form(&head.headers, form, LARGEST_FORM).await?
        };
        let token = fields.one("csrf");
        if !form_token::is_of(&gate.app.links.secrets, session.session_id, token) {
            return refuse(&gate, &session, Error::StaleForm, Refused::Token).await;
        }
        head.extensions.insert(fields);
        if gate.upload {
            let headers = head.headers.clone();
            head.extensions.insert(Entrance { gate, headers });
        } else if let Entered::Elsewhere(answer) = enter(&gate, &head.headers).await? {
            // While the form arrived, its sender lost their session.
            return Ok(Admitted::Elsewhere(answer));
        }
    }
    head.extensions.insert(*session);
    Ok(Admitted::To(Box::new(Request::from_parts(head, body))))
}

/// Who sent a request, if they may; what is refused is written down.
async fn enter(gate: &Gate, headers: &HeaderMap) -> Result<Entered, Error> {
    let app = &gate.app;
    let Some(session) = session::find(app, headers).await? else {
        return Ok(Entered::Elsewhere(lead(headers, SIGN_IN)));
    };
    let session = StaffSession::new(app, &session, gate.path);
    if let Err((error, why)) = allow(gate, &session, headers) {
        return refuse(gate, &session, error, why).await;
    }
    if session.requires_code && !session.has_code && gate.right != Right::OwnAccount {
        return Ok(Entered::Elsewhere(lead(headers, SET_UP)));
    }
    Ok(Entered::At(Box::new(session)))
}

/// What an upload was let through by: it may take minutes, and is looked at once more before it counts.
#[derive(Clone)]
pub(super) struct Entrance {
    gate: Gate,
    headers: HeaderMap,
}

impl Entrance {
    /// Whether its sender is still who they were.
    ///
    /// # Errors
    /// When they lost their session or their right meanwhile.
    pub(super) async fn stands(&self) -> Result<(), Error> {
        match enter(&self.gate, &self.headers).await? {
            Entered::At(_) => Ok(()),
            Entered::Elsewhere(_) => Err(Error::Forbidden),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Entrance {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Error> {
        head.extensions.remove::<Self>().ok_or(Error::Internal)
    }
}

/// What can be told from the head alone.
fn allow(gate: &Gate, session: &StaffSession, headers: &HeaderMap) -> Result<(), (Error, Refused)> {
    if gate.method != Method::GET || gate.takes {
        origin::check_console(&gate.app, headers).map_err(|error| (error, Refused::Origin))?;
    }
    if session.may(gate.right) { Ok(()) } else { Err((Error::Forbidden, Refused::Role)) }
}

async fn refuse<T>(
    gate: &Gate,
    session: &StaffSession,
    error: Error,
    why: Refused,
) -> Result<T, Error> {
    let app = &gate.app;
    let (act, route) = (session.act(), (gate.method.as_str(), gate.path));
    app.db.run(|tx| Box::pin(record_refused(tx, &act, route, why))).await?;
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
