//! Who a program is: the token it sends with every request (RFC 6750).

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath};
use axum::http::header;
use axum::http::request::Parts;

use crate::domain::staff::api_token::{ApiToken, Scope, Scopes, actor};
use crate::flows::Act;
use crate::flows::staff::issue_token::note_use;
use crate::flows::staff::refuse::{Refused, record_refused};
use crate::store::staff::api_tokens;
use crate::web::client_ip::client_ip;
use crate::web::state::limits::ip_prefix;
use crate::web::{App, Error};

/// A program that was let through.
pub(super) struct Program {
    /// As the audit names it.
    pub by: String,
    /// What its token opens.
    pub scopes: Scopes,
}

/// Lets a program through whose token opens this. What is refused is written down; tokens that do not work are
/// counted for the network they came from, apart from all else of it, so that neither their guesses nor the writing goes
/// on for ever, and no program that lost its token keeps the people beside it from signing up.
pub(super) async fn admit(app: &App, head: &Parts, scope: Scope) -> Result<Program, Error> {
    let mut sent = head.headers.get_all(header::AUTHORIZATION).iter();
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
    match found {
        Some((api_token_id, scopes)) if scopes.holds(scope) => {
            app.db.run(|tx| Box::pin(note_use(tx, &at, api_token_id))).await?;
            Ok(Program { by: actor(api_token_id), scopes })
        }
        Some((api_token_id, _)) => {
            refuse(app, head, &actor(api_token_id), Refused::Scope).await?;
            Err(Error::Forbidden)
        }
        None => {
            let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().ok_or(Error::Internal)?;
            let ip = client_ip(peer.ip(), &head.headers, &app.trusted_proxies);
            app.network_limits.bad_tokens.check(ip_prefix(ip))?;
            refuse(app, head, "nobody", Refused::ApiToken).await?;
            Err(Error::Unauthorised)
        }
    }
}

/// Writes down that somebody was refused.
pub(super) async fn refuse(app: &App, head: &Parts, by: &str, why: Refused) -> Result<(), Error> {
    // The route, never the path, which names a person.
    let route = head.extensions.get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let (act, route) = (Act::new(app.moment(), by), (head.method.as_str(), route));
    Ok(app.db.run(|tx| Box::pin(record_refused(tx, &act, route, why))).await?)
}
