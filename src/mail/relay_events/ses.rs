//! Events of Amazon SES, by event publishing (`eventType`) or as an identity's notifications (`notificationType`).

use serde_json::Value;
use uuid::Uuid;

use super::marks::SES_TAGS;
use super::relay::NAME;
use super::told::{Told, bare, text, undelivered};
use crate::domain::mail::bounce::news::{Fate, News};
use crate::domain::signup::link::LinkSecrets;
use crate::mail::returned::Ignored;

/// Bounces of mails that Amazon did not try to deliver, for its own list of addresses says no.
const NOT_TRIED: [&str; 3] = ["Suppressed", "OnAccountSuppressionList", "UnsubscribedRecipient"];

pub(super) fn news(event: &Value) -> Result<News, Ignored> {
    let kind = event["eventType"].as_str().or(event["notificationType"].as_str());
    match kind.ok_or(Ignored::Strange)? {
        "Bounce" => {
            let bounce = &event["bounce"];
            let tried = !NOT_TRIED.contains(&text(bounce, "bounceSubType"));
            let is_final = tried && text(bounce, "bounceType") == "Permanent";
            Ok(undelivered(fates(&bounce["bouncedRecipients"], is_final)))
        }
        "DeliveryDelay" => {
            let delayed = &event["deliveryDelay"]["delayedRecipients"];
            Ok(undelivered(fates(delayed, false)))
        }
        // Amazon took it and then would not send it.
        "Reject" => Ok(undelivered(vec![])),
        "Complaint" => complaint(&event["complaint"]),
        "Delivery" => Err(Ignored::Arrived),
        _ => Err(Ignored::Ordinary),
    }
}

fn complaint(complaint: &Value) -> Result<News, Ignored> {
    if text(complaint, "complaintSubType") == "OnAccountSuppressionList" {
        return Ok(undelivered(fates(&complaint["complainedRecipients"], false)));
    }
    // RFC 5965 §7.3, as of a report; most providers name no kind here.
    match complaint["complaintFeedbackType"].as_str() {
        None | Some("" | "abuse" | "fraud") => Ok(News::Complaint),
        Some(_) => Err(Ignored::OtherFeedback),
    }
}

fn fates(recipients: &Value, is_final: bool) -> Vec<Fate> {
    let recipients = recipients.as_array().into_iter().flatten();
    let fate = |one: &Value| {
        let told = Told {
            recipient: text(one, "emailAddress"),
            status: text(one, "status"),
            words: text(one, "diagnosticCode"),
            is_final,
        };
        told.fate()
    };
    recipients.map(fate).collect()
}

/// The mail that is meant: by its tag; by the header that asked for it, where notifications have headers; or by the
/// envelope sender that it left with, which Amazon replaced on its way only.
pub(super) fn mail(event: &Value, secrets: &LinkSecrets) -> Option<Uuid> {
    let mail = &event["mail"];
    let tags = mail["tags"][NAME].as_array().into_iter().flatten().filter_map(Value::as_str);
    let headers = mail["headers"].as_array().into_iter().flatten();
    let asked = headers
        .filter(|header| text(header, "name").eq_ignore_ascii_case(SES_TAGS))
        .flat_map(|header| text(header, "value").split(','))
        .filter_map(|tag| tag.trim().strip_prefix(NAME)?.trim_start().strip_prefix('='));
    tags.chain(asked)
        .find_map(|token| secrets.open_return_token(token.trim()))
        .or_else(|| secrets.open_return_path(bare(text(mail, "source"))))
}
