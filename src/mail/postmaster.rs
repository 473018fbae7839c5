//! What IT departments need to know to let our mail in.

use serde::Serialize;
use uuid::Uuid;

use super::compose::{ComposeError, Letter, Sender, compose};
use crate::domain::timestamp::Timestamp;
use crate::site::Site;
use crate::templates::{Templates, samples};

/// The names by which mail filters know our mail.
#[derive(Clone, Debug, Serialize)]
pub struct Postmaster {
    /// The address that readers see, with its name.
    pub from: String,
    /// The domain of that address.
    pub from_domain: String,
    /// The domain of the envelope sender, by which SPF goes (RFC 7208 §2.4).
    pub return_path_domain: String,
    /// The right side of message ids.
    pub message_id_domain: String,
    /// Who signs, where this program does.
    pub dkim: Option<DkimNames>,
}

/// Where the public keys of signatures stand: `SELECTOR._domainkey.DOMAIN` (RFC 6376 §3.6.2.1).
#[derive(Clone, Debug, Serialize)]
pub struct DkimNames {
    /// The domain that signs.
    pub domain: String,
    /// One for each key.
    pub selectors: Vec<String>,
}

/// A mail made from sample data.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The name of its templates, without ending.
    pub template: &'a str,
    /// Where one press ends such mail, where it can be ended.
    pub leave: Option<&'a str>,
    /// When it says that it was written.
    pub date: Timestamp,
}

/// The headers of a sample as they leave, for whoever wants to recognise ours.
///
/// # Errors
/// When its template is wrong.
pub fn sample_headers(
    templates: &Templates,
    sender: &Sender,
    site: &Site,
    sample: Sample<'_>,
) -> Result<String, ComposeError> {
    let Sample { template, leave, date } = sample;
    let mut context =
        samples::of(&format!("mail/{template}.txt")).into_iter().next().unwrap_or_default();
    context["site"] = serde_json::json!(site);
    let to = context["address"].as_str().unwrap_or_default().to_owned();
    let letter = Letter { outbox_id: Uuid::from_u128(SAMPLE_ID), to: &to, leave, date, template };
    let message = compose(templates, sender, letter, &context)?.formatted();
    let message = String::from_utf8_lossy(&message).replace('\r', "");
    let (head, _) = message.split_once("\n\n").unwrap_or((&message, ""));
    // Another one for each message.
    let (before, after) = head.split_once("boundary=\"").unwrap_or((head, ""));
    let after = after.split_once('"').map_or("", |(_, after)| after);
    Ok(format!("{before}boundary=\"…\"{after}"))
}

/// The id of a mail that was never sent.
const SAMPLE_ID: u128 = 0x0193_57a0_0000_7000_8000_0000_0000_0000;
