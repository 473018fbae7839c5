//! Who acts at the console.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use uuid::Uuid;

use super::form_token;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::{Role, actor};
use crate::domain::staff::right::Right;
use crate::flows::Act;
use crate::random::Moment;
use crate::store::staff::sessions::Session;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

/// The pages of the console in the order of its menu: the group that each stands in, and who sees it there.
const MENU: [(&str, &str, &str, Right); 13] = [
    ("", "Today", "/console", Right::See),
    ("Contacts", "Subscribers", "/console/subscribers", Right::See),
    ("Contacts", "Exports", "/console/exports", Right::Export),
    ("Contacts", "Suppressions", "/console/suppressions", Right::See),
    ("Offers", "Reports", "/console/reports", Right::See),
    ("Offers", "Newsletters", "/console/newsletters", Right::See),
    ("Offers", "Policies", "/console/policies", Right::See),
    ("Operation", "Mail", "/console/mail", Right::See),
    ("Operation", "Ledger", "/console/ledger", Right::See),
    ("Operation", "Background tasks", "/console/tasks", Right::See),
    ("Operation", "Audit", "/console/audit", Right::See),
    ("Access", "Staff", "/console/staff", Right::ManageStaff),
    ("Access", "Tokens", "/console/tokens", Right::ManageTokens),
];

/// A member of staff at their desk: who they are, what they may do, and the session they do it in. Handlers
/// get it from the guard, which has checked the right that their route names.
#[derive(Clone, Debug)]
pub(super) struct StaffSession {
    pub staff_id: Uuid,
    pub email: EmailAddress,
    pub role: Role,
    pub session_id: Uuid,
    pub has_code: bool,
    pub requires_code: bool,
    /// What forms of the page that is shown carry.
    pub csrf: String,
    /// The route that is shown.
    path: &'static str,
}

impl StaffSession {
    pub(super) fn new(app: &App, session: &Session, path: &'static str) -> Self {
        let session_id = session.staff_session_id;
        Self {
            staff_id: session.staff_id,
            email: session.email.clone(),
            role: session.role,
            session_id,
            has_code: session.has_code,
            requires_code: session.requires_code,
            csrf: form_token::write(&app.links.secrets, &app.moment(), session_id),
            path,
        }
    }

    /// Who acted, for the audit.
    pub(super) fn actor(&self) -> String {
        actor(self.staff_id)
    }

    /// What is done at this desk, for the audit.
    pub(super) fn act(&self, at: Moment) -> Act {
        Act::new(at, self.actor())
    }

    pub(super) fn may(&self, right: Right) -> bool {
        self.role.may(right)
    }

    /// Who is signed in, as pages see them.
    pub(super) fn signed_in(&self) -> SignedIn<'_> {
        SignedIn {
            email: self.email.as_str(),
            role: self.role.as_str(),
            can: self.role.rights(),
            csrf: &self.csrf,
            nav: menu(self.role, self.path),
        }
    }
}

/// Who is signed in, as pages see them.
#[derive(Serialize)]
pub(super) struct SignedIn<'a> {
    email: &'a str,
    role: &'static str,
    can: BTreeMap<&'static str, bool>,
    csrf: &'a str,
    nav: Vec<MenuEntry>,
}

impl SignedIn<'static> {
    pub(super) fn sample(role: Role) -> Self {
        Self {
            email: "ada@example.org",
            role: role.as_str(),
            can: role.rights(),
            csrf: "TOKEN",
            nav: menu(role, "/console"),
        }
    }
}

/// A page in the menu.
#[derive(Serialize)]
struct MenuEntry {
    group: &'static str,
    title: &'static str,
    path: &'static str,
    current: bool,
}

/// What this role sees in the menu while this route is shown.
fn menu(role: Role, route: &str) -> Vec<MenuEntry> {
    let seen = MENU.iter().filter(|(.., right)| role.may(*right));
    let entry = |(group, title, path, _): &(&'static str, &'static str, &'static str, Right)| {
        let below = route.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let current = route == *path || (below && *path != "/console");
        MenuEntry { group, title, path, current }
    };
    seen.map(entry).collect()
}

impl<S: Sync> FromRequestParts<S> for StaffSession {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Error> {
        // Only a route without its guard has none.
        head.extensions.get::<Self>().cloned().ok_or(Error::Internal)
    }
}

/// The fields of a form that the guard has checked.
pub(super) struct Form(pub Fields);

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Error> {
        head.extensions.remove::<Fields>().map(Self).ok_or(Error::Internal)
    }
}

/// The fields of an address, after its `?`.
pub(super) struct Asked(pub Fields);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Fields::parse(head.uri.query().unwrap_or_default().as_bytes())))
    }
}
