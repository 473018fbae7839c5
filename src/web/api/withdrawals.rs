//! `GET /api/v1/withdrawals`: who must be removed from copies that were exported earlier.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::bearer::admit;
use super::problem::Problem;
use super::query;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::ledger::cursor::Cursor;
use crate::domain::sentence::sentence;
use crate::domain::staff::api_token::Scope;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::allow_withdrawals::{WithdrawalsRefused, allow_withdrawals};
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::store::consent::withdrawals;
use crate::web::disclosure::audit_disclosure;
use crate::web::http::fields::{Fields, InvalidField};
use crate::web::{App, Error};

/// How many one answer holds.
const AT_ONCE: i64 = 1000;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Consents that ended, in the ledger's order.
#[derive(Serialize, ToSchema)]
struct Withdrawals {
    withdrawals: Vec<Withdrawal>,
    /// Where to go on from next time.
    #[schema(schema_with = told_cursor)]
    after: Cursor,
    /// Whether there is more now.
    more: bool,
}

/// One consent that ended.
#[derive(Serialize, ToSchema)]
struct Withdrawal {
    /// Its place in the ledger.
    #[schema(schema_with = told_place, required)]
    cursor: Option<Cursor>,
    /// Whose, as exports name them.
    subscriber_id: Uuid,
    /// Their address; none after an erasure.
    #[schema(required)]
    email: Option<String>,
    /// For what.
    #[schema(value_type = String)]
    purpose: Purpose,
    /// `withdrawn`, `expired` or `erased`.
    event: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A number until the ledger is taken up again, and a text from then on.
fn told_cursor() -> Object {
    told([Type::Integer, Type::String], "Where to go on from next time: keep it as it is")
}

fn told_place() -> Object {
    told([Type::Integer, Type::String, Type::Null], "Its place in the ledger")
}

fn told(kinds: impl IntoIterator<Item = Type>, words: &str) -> Object {
    let kinds = SchemaType::from_iter(kinds);
    ObjectBuilder::new().schema_type(kinds).description(Some(words)).build()
}

/// List whose consent ended
///
/// A thousand at a time: whom to remove from copies that were exported earlier. What ended a moment ago follows once it
/// has its place in the ledger. Whose mail bounced still agrees, and is not among them: only another export leaves them
/// out.
#[utoipa::path(
    get,
    path = "/api/v1/withdrawals",
    operation_id = "list_withdrawals",
    tag = "contacts",
    params(("after" = Option<String>, Query, description = "The `after` that the answer before ended with. From the \
                                                            beginning when nothing is said.")),
    responses(
        (status = 200, description = "Who left", body = Withdrawals),
        (status = 409, description = "The cursor is from before the ledger was taken up again, or from beyond its end: \
                                      take a new export"),
    ),
    security(("token" = ["withdrawals"])),
    extensions(("x-curl" = json!(r#"curl -H "Authorization: Bearer $TOKEN" "BASE/api/v1/withdrawals?after=-1""#)))
)]
async fn list(State(app): State<Arc<App>>, head: Parts) -> Result<Response, Error> {
    let program = admit(&app, &head, Scope::Withdrawals).await?;
    let asked = query::read(&head.uri, &["after"])?;
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
    let more = i64::try_from(ended.len()).is_ok_and(|count| count == AT_ONCE);
    let rows = ended.into_iter().map(|row| Withdrawal {
        cursor: row.cursor.map(at),
        subscriber_id: row.subscriber_id,
        email: row.email,
        purpose: row.purpose,
        event: row.event,
        at: row.at,
    });
    Ok(Json(Withdrawals { withdrawals: rows.collect(), after: next, more }).into_response())
}

/// Where to go on from; from the beginning when nothing is said.
fn read_cursor(asked: &Fields) -> Option<Cursor> {
    match asked.all("after").as_slice() {
        [] => Some(Cursor::START),
        [one] => one.parse().ok(),
        _ => None,
    }
}
