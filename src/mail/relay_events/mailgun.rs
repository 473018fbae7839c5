//! Events of Mailgun's webhooks: the `event-data` of each.

use serde_json::Value;

use super::told::{Told, text, undelivered};
use crate::domain::mail::bounce::news::News;
use crate::mail::returned::Ignored;

/// From here on a code is Mailgun's own, and not what a server answered: 605 for an address on its list of bounces.
const OWN_CODES: u64 = 600;

pub(super) fn news(event: &Value) -> Result<News, Ignored> {
    match event["event"].as_str().ok_or(Ignored::Strange)? {
        "failed" => Ok(failed(event)),
        // Mailgun took it and then would not send it.
        "rejected" => Ok(undelivered(vec![])),
        "complained" => Ok(News::Complaint),
        "delivered" => Err(Ignored::Arrived),
        _ => Err(Ignored::Ordinary),
    }
}

fn failed(event: &Value) -> News {
    let delivery = &event["delivery-status"];
    let code = delivery["code"].as_u64().unwrap_or_default();
    // `suppress-bounce` and others: not tried, for its own lists say no. `old`: given up.
    let reason = text(event, "reason");
    let tried = !reason.starts_with("suppress") && reason != "old" && code < OWN_CODES;
    let words = match code {
        0 => text(delivery, "message").to_owned(),
        code => format!("{code} {}", text(delivery, "message")),
    };
    let words = format!("{words} {}", text(delivery, "description"));
    let told = Told {
        recipient: text(event, "recipient"),
        status: text(delivery, "enhanced-code"),
        words: &words,
        is_final: tried && text(event, "severity") == "permanent",
    };
    undelivered(vec![told.fate()])
}
