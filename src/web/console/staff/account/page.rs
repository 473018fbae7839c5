//! The page of one's own account.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;
use crate::store::staff::{codes, members, sessions};
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::staff_session::StaffSession;

/// `console/account.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct AccountPage {
    pub(super) word: Option<&'static str>,
    sessions: Vec<Session>,
    /// Since when two-factor is on.
    code_since: Option<Timestamp>,
    /// How many recovery codes were not used yet.
    codes_left: i64,
    /// Whether their role must use two-factor.
    must: bool,
    errors: Faults,
}

/// A session that is in force.
#[derive(Serialize)]
struct Session {
    id: Uuid,
    browser: String,
    created_at: Timestamp,
    seen_at: Timestamp,
    /// Whether it is the one in which the page is shown.
    is_this: bool,
}

impl AccountPage {
    pub(super) async fn find(session: &StaffSession) -> Result<Self, Error> {
        let app = &session.app;
        let mut tx = app.db.read().await?;
        let account = members::find(&mut tx, session.staff_id).await?.ok_or(Error::NotFound)?;
        let open = sessions::list(&mut tx, app.clock.now(), session.staff_id).await?;
        let codes_left = codes::count_recovery(&mut tx, session.staff_id).await?;
        let own_id = session.session_id;
        let sessions = open.into_iter().map(|session| Session {
            id: session.staff_session_id,
            browser: session.browser,
            created_at: session.created_at,
            seen_at: session.seen_at,
            is_this: session.staff_session_id == own_id,
        });
        Ok(Self {
            word: None,
            sessions: sessions.collect(),
            code_since: account.code_since,
            codes_left,
            must: session.requires_code,
            errors: vec![],
        })
    }
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "console/account.html";

    fn samples() -> Vec<Self> {
        let session = |is_this| Session {
            id: Uuid::nil(),
            browser: "Firefox on Linux".to_owned(),
            created_at: Timestamp::SAMPLE,
            seen_at: Timestamp::SAMPLE,
            is_this,
        };
        let page = |code_since, must, wrong: &[&'static str]| Self {
            word: Some("Your other sessions are ended."),
            sessions: vec![session(true), session(false)],
            code_since,
            codes_left: 9,
            must,
            errors: wrong.iter().map(|field| fault(field, "Do this instead")).collect(),
        };
        let at = Some(Timestamp::SAMPLE);
        vec![
            page(None, true, &[]),
            page(None, false, &["present", "password", "present-on"]),
            page(at, true, &[]),
            page(at, false, &["present-codes", "present-off"]),
        ]
    }
}

/// The page again, with what is wrong with what was sent.
pub(super) async fn refused(
    session: &StaffSession,
    field: &'static str,
    words: &str,
) -> Result<Response, Error> {
    let page = AccountPage::find(session).await?;
    session.refuse(&AccountPage { errors: vec![fault(field, words)], ..page })
}

pub(super) fn back(word: &str) -> Response {
    Redirect::to(&format!("/console/account?word={word}")).into_response()
}
