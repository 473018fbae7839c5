//! What the page of one account shows.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::{Role, actor};
use crate::domain::timestamp::Timestamp;
use crate::store::staff::{accounts, api_tokens, sessions};
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::choice::Choice;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::staff::members::labels::{last_seen, roles};
use crate::web::console::staff_session::StaffSession;

/// `console/staff_account.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct StaffAccountPage {
    pub(super) word: Option<&'static str>,
    account: Shown,
    /// The tokens that it made and that work: they go on working without the account.
    tokens: Vec<String>,
    roles: Vec<Choice<'static>>,
    errors: Faults,
}

/// The account.
#[derive(Clone, Serialize)]
struct Shown {
    path: String,
    email: EmailAddress,
    role: &'static str,
    state: &'static str,
    seen_at: Option<Timestamp>,
    created_at: Timestamp,
    disabled_at: Option<Timestamp>,
    has_password: bool,
    invited_until: Option<Timestamp>,
    invitation_works: bool,
    code_since: Option<Timestamp>,
    sessions: usize,
    is_me: bool,
}

impl StaffAccountPage {
    pub(super) async fn find(session: &StaffSession, staff_id: Uuid) -> Result<Self, Error> {
        let app = &session.app;
        let mut tx = app.db.read().await?;
        let account = accounts::find(&mut tx, staff_id).await?.ok_or(Error::NotFound)?;
        let now = app.clock.now();
        let sessions = sessions::list(&mut tx, now, staff_id).await?;
        let tokens = api_tokens::list_working_of(&mut tx, now, &actor(staff_id)).await?;
        let account = Shown {
            path: format!("/console/staff/{staff_id}"),
            role: account.role.as_str(),
            state: account.state(),
            seen_at: last_seen(&mut tx, &account).await?,
            created_at: account.created_at,
            disabled_at: account.disabled_at,
            has_password: account.has_password,
            invited_until: account.invited_until,
            invitation_works: account.invited_until.is_some_and(|until| until > now),
            code_since: account.code_since,
            sessions: sessions.len(),
            is_me: account.staff_id == session.staff_id,
            email: account.email,
        };
        Ok(Self { word: None, account, tokens, roles: roles(), errors: vec![] })
    }

    /// The page with what is wrong with what was sent: a field and its words.
    pub(super) fn with(self, (field, words): (&'static str, &str)) -> Self {
        Self { errors: vec![fault(field, words)], ..self }
    }
}

impl Page for StaffAccountPage {
    const TEMPLATE: &'static str = "console/staff_account.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let active = Shown {
            path: "/console/staff/ID".to_owned(),
            email: EmailAddress::sample(),
            role: Role::Admin.as_str(),
            state: "active",
            seen_at: Some(at),
            created_at: at,
            disabled_at: None,
            has_password: true,
            invited_until: None,
            invitation_works: false,
            code_since: Some(at),
            sessions: 2,
            is_me: true,
        };
        let invited = Shown {
            state: "invited",
            seen_at: None,
            has_password: false,
            invited_until: Some(at),
            invitation_works: true,
            code_since: None,
            is_me: false,
            ..active.clone()
        };
        let late = Shown { invitation_works: false, ..invited.clone() };
        let disabled = Shown { state: "disabled", disabled_at: Some(at), ..active.clone() };
        let page = |account, tokens: &[&str]| Self {
            word: None,
            account,
            tokens: tokens.iter().map(|name| (*name).to_owned()).collect(),
            roles: roles(),
            errors: vec![],
        };
        let errors = vec![fault("sure", "Do this instead"), fault("sure-code", "Do this instead")];
        let told = page(active.clone(), &["Newsletter tool", "CRM"]);
        vec![
            Self { word: Some("The role is changed."), ..told },
            Self { errors, ..page(active, &[]) },
            page(invited, &[]),
            page(late, &[]),
            page(disabled, &["Newsletter tool"]),
        ]
    }
}
