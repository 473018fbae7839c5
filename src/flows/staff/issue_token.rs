//! A program is given a token, uses it, and loses it again.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::api_token::{ApiToken, Scopes};
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::Error;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::api_tokens::{self, NewToken};
use crate::store::staff::audit_entries;

/// Makes a token, which is shown this once; `None` when its form made one already.
///
/// # Errors
/// When the database does not take it.
pub async fn issue(
    tx: &mut Tx,
    at: &Moment,
    by: &str,
    (name, scopes, expires_at): (&Line, &Scopes, Option<Timestamp>),
    form_id: Uuid,
) -> Result<Option<ApiToken>, Error> {
    let token = ApiToken::new(&at.new_token());
    let token_sha256 = token.sha256();
    let new = NewToken {
        name: name.as_str(),
        token_sha256: &token_sha256,
        scopes,
        expires_at,
        created_by: by,
        form_id,
    };
    let Some(api_token_id) = api_tokens::insert(tx, at, &new).await? else { return Ok(None) };
    let detail = json!({"api_token_id": api_token_id, "scopes": scopes.words().collect::<Vec<_>>(),
                        "expires_at": expires_at});
    audit_entries::append(tx, at, by, Action::TokenAdd, &detail).await?;
    Ok(Some(token))
}

/// Ends a token; `false` when it was revoked before or there is none.
///
/// # Errors
/// When the database does not take it.
pub async fn revoke(tx: &mut Tx, at: &Moment, by: &str, api_token_id: Uuid) -> Result<bool, Error> {
    let revoked = api_tokens::revoke(tx, at.now, api_token_id).await?;
    if revoked {
        let detail = json!({"api_token_id": api_token_id});
        audit_entries::append(tx, at, by, Action::TokenRevoke, &detail).await?;
    }
    Ok(revoked)
}

/// Writes down that a token is used, so that those which nobody uses can be told.
///
/// # Errors
/// When the database does not take it.
pub async fn note_use(tx: &mut Tx, at: &Moment, api_token_id: Uuid) -> Result<(), Error> {
    Ok(api_tokens::mark_used(tx, at.now, api_token_id).await?)
}
