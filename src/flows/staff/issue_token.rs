//! A program is given a token, uses it, and loses it again.

use serde_json::json;
use uuid::Uuid;

use crate::domain::staff::action::Action;
use crate::domain::staff::api_token::{ApiToken, Scopes};
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::{Act, Error};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::staff::api_tokens::{self, NewToken};

/// A token as it is asked for.
#[derive(Clone, Copy)]
pub struct AskedToken<'a> {
    /// What it is for.
    pub name: &'a Line,
    /// What it opens.
    pub scopes: &'a Scopes,
    /// From when on it opens nothing, if it ever ends.
    pub expires_at: Option<Timestamp>,
    /// The form that asks, which makes one token.
    pub form_id: Uuid,
}

/// Makes a token, which is shown this once; `None` when its form made one already.
pub async fn issue(
    tx: &mut Tx,
    act: &Act,
    asked: AskedToken<'_>,
) -> Result<Option<ApiToken>, Error> {
    let AskedToken { name, scopes, expires_at, form_id } = asked;
    let token = ApiToken::new(&act.at.new_token());
    let token_sha256 = token.sha256();
    let new = NewToken {
        name: name.as_str(),
        token_sha256: &token_sha256,
        scopes,
        expires_at,
        created_by: &act.actor,
        form_id,
    };
    let Some(api_token_id) = api_tokens::insert(tx, &act.at, &new).await? else { return Ok(None) };
    let detail = json!({"api_token_id": api_token_id, "scopes": scopes.words().collect::<Vec<_>>(),
                        "expires_at": expires_at});
    act.audit(tx, Action::TokenAdd, &detail).await?;
    Ok(Some(token))
}

/// Ends a token; `false` when it was revoked before or there is none.
pub async fn revoke(tx: &mut Tx, act: &Act, api_token_id: Uuid) -> Result<bool, Error> {
    let revoked = api_tokens::revoke(tx, act.at.now, api_token_id).await?;
    if revoked {
        let detail = json!({"api_token_id": api_token_id});
        act.audit(tx, Action::TokenRevoke, &detail).await?;
    }
    Ok(revoked)
}

/// Writes down that a token is used, so that those which nobody uses can be told.
pub async fn note_use(tx: &mut Tx, at: &Moment, api_token_id: Uuid) -> Result<(), Error> {
    Ok(api_tokens::mark_used(tx, at.now, api_token_id).await?)
}
