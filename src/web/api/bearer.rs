//! Who a program is: the token it sends with every request (RFC 6750).

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::domain::api_token::{ApiToken, Scope, actor};
use crate::flows::issue_token::note_use;
use crate::flows::refuse::{Refused, record_refused};
use crate::store::api_tokens;
use crate::web::{App, Error};

/// Lets a program through whose token opens this, and gives its name in the audit. What is refused is
/// written down; tokens that do not work are counted for the network they came from, so that neither their
/// guesses nor the writing goes on for ever.
pub(super) async fn admit(
    app: &App,
    headers: &HeaderMap,
    ip: IpAddr,
    scope: Scope,
    route: (&str, &str),
) -> Result<String, Error> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let token = match (sent.next(), sent.next()) {
        (Some(one), None) => one.to_str().ok().and_then(ApiToken::of_header),
        _ => None,
    };
    let at = app.moment();
    let found = match token {
        Some(token) => {
            let mut tx = app.db.read().await?;
            api_tokens::find_working(&mut tx, at.now, &token.sha256()).await?
        }
        None => None,
    };
    let (by, why, error) = match found {
        Some((api_token_id, scopes)) if scopes.holds(scope) => {
            let mut tx = app.db.write().await?;
            note_use(&mut tx, &at, api_token_id).await?;
            tx.commit().await?;
            return Ok(actor(api_token_id));
        }
        Some((api_token_id, _)) => (actor(api_token_id), Refused::Scope, Error::Forbidden),
        None => {
            app.signup_limit.check(ip)?;
            ("nobody".to_owned(), Refused::ApiToken, Error::Unauthorised)
        }
    };
    let mut tx = app.db.write().await?;
    record_refused(&mut tx, &at, &by, route, why).await?;
    tx.commit().await?;
    Err(error)
}
