//! `GET /api/v1/withdrawals`: who must be removed from copies that were exported earlier.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::bearer::admit;
use super::problem::Problem;
use crate::domain::ledger::cursor::Cursor;
use crate::domain::sentence::sentence;
use crate::domain::staff::api_token::Scope;
use crate::flows::contacts::allow_withdrawals::{WithdrawalsRefused, allow_withdrawals};
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::consent::withdrawals;
use crate::web::disclosure::audit_disclosure;
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::{App, Error};

const PATH: &str = "/api/v1/withdrawals";
/// How many one answer holds.
const AT_ONCE: i64 = 1000;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route(PATH, get(list))
}

/// The consents that ended after a cursor, in the ledger's order, and the cursor to go on from. What ended
/// a moment ago follows once it has its place there.
async fn list(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Withdrawals).await?;
    let asked = Fields::parse(head.uri.query().unwrap_or_default().as_bytes());
    let Some(cursor) = read_cursor(&asked) else {
        let message = "Send the cursor that the answer before ended with, or none";
        let fault = InvalidField::new("after", "not-a-cursor", message);
        return Ok(Problem::unusable(vec![fault]).into_response());
    };
    let epoch = match allow_withdrawals(&app.db, &app.settings, cursor).await {
        Ok(epoch) => epoch,
        Err(WithdrawalsRefused::Flow(error)) => return Err(error.into()),
        Err(refusal) => {
            let fault = InvalidField::new("after", "ledger", sentence(&refusal));
            return Ok(Problem::new(StatusCode::CONFLICT, fault).into_response());
        }
    };
    let ended = withdrawals::list(&mut app.db.read().await?, cursor.after, AT_ONCE).await?;
    let at = |after: i64| Cursor { epoch, after };
    let next = at(ended.last().and_then(|last| last.cursor).unwrap_or(cursor.after));
    if !ended.is_empty() {
        let detail = json!({"after": cursor, "rows": ended.len()});
        audit_disclosure(&app, &program.by, Disclosure::Withdrawals, &detail).await?;
    }
    let rows: Vec<Value> = ended
        .iter()
        .map(|row| {
            json!({"cursor": row.cursor.map(at), "subscriber_id": row.subscriber_id, "email": row.email,
                   "purpose": row.purpose, "event": row.event, "at": row.at})
        })
        .collect();
    let more = i64::try_from(ended.len()).is_ok_and(|count| count == AT_ONCE);
    Ok(Json(json!({"withdrawals": rows, "after": next, "more": more})).into_response())
}

/// Where to go on from; from the beginning when nothing is said.
fn read_cursor(asked: &Fields) -> Option<Cursor> {
    match asked.all("after").as_slice() {
        [] => Some(Cursor::START),
        [one] => one.parse().ok(),
        _ => None,
    }
}
