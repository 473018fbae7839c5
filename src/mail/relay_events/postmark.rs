//! Events of Postmark: its bounce and spam complaint webhooks.

use serde_json::Value;

use super::told::{Told, text, undelivered};
use crate::domain::mail::bounce::news::News;
use crate::mail::returned::Ignored;

pub(super) fn news(event: &Value) -> Result<News, Ignored> {
    match event["RecordType"].as_str().ok_or(Ignored::Strange)? {
        "Bounce" => bounce(event),
        "SpamComplaint" => Ok(News::Complaint),
        "Delivery" => Err(Ignored::Arrived),
        _ => Err(Ignored::Ordinary),
    }
}

/// `Description` says the same of every bounce of its type, "unknown user" among it; `Details` is what was answered.
fn bounce(event: &Value) -> Result<News, Ignored> {
    let is_final = match text(event, "Type") {
        "HardBounce" => true,
        "Transient"
        | "DnsError"
        | "SpamNotification"
        | "Unknown"
        | "SoftBounce"
        | "VirusNotification"
        | "BadEmailAddress"
        | "ManuallyDeactivated"
        | "Blocked"
        | "SMTPApiError"
        | "DMARCPolicy"
        | "Undeliverable" => false,
        "SpamComplaint" => return Ok(News::Complaint),
        "AutoResponder" | "AddressChange" | "ChallengeVerification" => {
            return Err(Ignored::AutoReply);
        }
        _ => return Err(Ignored::Silent),
    };
    let told = Told {
        recipient: text(event, "Email"),
        status: "",
        words: text(event, "Details"),
        is_final,
    };
    Ok(undelivered(vec![told.fate()]))
}
