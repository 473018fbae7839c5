//! Events of SendGrid's event webhook.

use serde_json::Value;

use super::told::{Told, text, undelivered};
use crate::domain::mail::bounce::news::News;
use crate::mail::returned::Ignored;

pub(super) fn news(event: &Value) -> Result<News, Ignored> {
    let is_final = match event["event"].as_str().ok_or(Ignored::Strange)? {
        // Of type `blocked` it is a refusal that may pass.
        "bounce" => text(event, "type") == "bounce",
        // Dropped: SendGrid did not try, for its own lists say no.
        "deferred" | "dropped" => false,
        "spamreport" => return Ok(News::Complaint),
        "delivered" => return Err(Ignored::Arrived),
        _ => return Err(Ignored::Ordinary),
    };
    // A deferred mail has a response, all others a reason.
    let words = event["reason"].as_str().unwrap_or(text(event, "response"));
    let told =
        Told { recipient: text(event, "email"), status: text(event, "status"), words, is_final };
    Ok(undelivered(vec![told.fate()]))
}
