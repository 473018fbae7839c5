//! Content codings: whoever accepts none that we have, not even bytes as they are, gets them as they are all the same
//! (RFC 9110 §12.5.3 leaves that to the server). An answer of 406 would say of a form that was stored that it was not.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

/// What an answer said before it was compressed or not.
#[derive(Clone, Copy)]
struct Answered(StatusCode);

/// Keeps what an answer says, before it is compressed.
pub(in crate::web) async fn keep_status(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let answered = Answered(response.status());
    response.extensions_mut().insert(answered);
    response
}

/// Has it say that again, after it was.
pub(in crate::web) async fn restore_status(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(Answered(status)) = response.extensions_mut().remove() {
        *response.status_mut() = status;
    }
    response
}
