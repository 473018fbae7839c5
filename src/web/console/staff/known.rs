//! Browsers in which somebody signed in before (OWASP's device cookies). Their cookie opens nothing: tries from
//! such a browser are counted apart from those of strangers, so that who guesses at an account does not make its
//! owner wait.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::link::LinkKind;
use crate::flows::staff::sign_in::{Caller, KnownBrowser};
use crate::random::Moment;
use crate::web::state::limits::ip_prefix;
use crate::web::visitor::Visitor;
use crate::web::{App, Error, cookie};

const COOKIE: &str = "known";
/// The longest that browsers keep any cookie.
const AGE: Duration = Duration::from_hours(400 * 24);

/// Who tries to sign in to an account from this browser; `staff_id` is the account's, if there is one.
pub(in crate::web::console) fn caller<'a>(
    visitor: &Visitor,
    email: &'a EmailAddress,
    staff_id: Option<Uuid>,
) -> Caller<'a> {
    let browser = read(&visitor.app, &visitor.headers, staff_id);
    Caller { email, ip: ip_prefix(visitor.ip), browser }
}

/// What this browser is known by, if the owner of this very account signed in with it.
fn read(app: &App, headers: &HeaderMap, staff_id: Option<Uuid>) -> Option<KnownBrowser> {
    let sealed = cookie::sent(app, headers, COOKIE)?;
    let bytes = app.links.secrets.unseal(LinkKind::KnownBrowser, sealed)?;
    let known = KnownBrowser(bytes.try_into().ok()?);
    (Some(known.staff_id()) == staff_id).then_some(known)
}

/// The `Set-Cookie` of a browser in which this account's owner signs in.
pub(in crate::web::console) fn header(
    app: &App,
    at: &Moment,
    staff_id: Uuid,
) -> Result<HeaderValue, Error> {
    let known = KnownBrowser::new(at, staff_id);
    let sealed = app.links.secrets.seal(LinkKind::KnownBrowser, &known.0);
    cookie::keep(app, COOKIE, &sealed, AGE)
}
