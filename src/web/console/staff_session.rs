//! Who acts at the console.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use uuid::Uuid;

use super::form_token;
use super::menu::{MenuEntry, menu};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::request_id::RequestId;
use crate::domain::staff::member::{Role, actor};
use crate::domain::staff::right::Right;
use crate::flows::Act;
use crate::store::staff::sessions::Session;
use crate::web::{App, Error};

/// A member of staff at their desk: who they are, what they may do, and the session they do it in. Handlers
/// get it from the guard, which has checked the right that their route names.
#[derive(Clone)]
pub(super) struct StaffSession {
    pub app: Arc<App>,
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
    pub(super) fn new(app: &Arc<App>, session: &Session, path: &'static str) -> Self {
        let session_id = session.staff_session_id;
        Self {
            app: app.clone(),
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

    /// What is done at this desk now, for the audit.
    pub(super) fn act(&self) -> Act {
        Act::new(self.app.moment(), self.actor())
    }

    /// What is done at this desk by this request, where a worker goes on with it later.
    pub(super) fn act_for(&self, request_id: RequestId) -> Act {
        Act::new(self.app.moment_of(request_id), self.actor())
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

impl<S: Sync> FromRequestParts<S> for StaffSession {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Error> {
        // Only a route without its guard has none.
        head.extensions.get::<Self>().cloned().ok_or(Error::Internal)
    }
}
