//! What is answered to a form that was taken.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use crate::domain::timestamp::Timestamp;
use crate::web::form::instead::offered;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// What is answered to a form that was taken; the same whatever is known of the address.
#[derive(Serialize, ToSchema)]
pub(super) struct Pending {
    /// `pending`.
    status: &'static str,
    /// What the code and another mail are asked for with, for two hours. It goes in bodies alone.
    waiting: String,
    /// From when another mail can be asked for; none for at once. Within a minute of the one before it waits.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    resend_after: Option<Timestamp>,
    /// The address that may have been meant, where its domain is spelt almost like a common one.
    #[schema(required)]
    did_you_mean: Option<String>,
}

impl Pending {
    /// The document for who waits so.
    pub(super) async fn document(app: &App, waiting: &Waiting) -> Result<String, Error> {
        let catalog = app.catalog.get().await?;
        let meant = offered(app, &catalog, waiting);
        let limit = &app.settings.mail_limit;
        let answer = Self {
            status: "pending",
            waiting: waiting.token(app).ok_or(Error::Internal)?,
            resend_after: waiting.asks_again_from(limit, app.clock.now()),
            did_you_mean: meant.map(|email| email.as_str().to_owned()),
        };
        json::text(&answer)
    }
}

/// The answer to what was taken.
pub(super) fn accepted(answer: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::ACCEPTED, kind, answer).into_response()
}
