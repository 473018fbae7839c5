//! What IT departments need to know to let our mail in.

use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::compose::{ComposeError, Letter, Sender, TextFile, compose};
use super::dkim::Dkim;
use super::letters::AnyMail;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::timestamp::Timestamp;
use crate::site::Site;
use crate::templates::Templates;

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

impl Postmaster {
    /// The names of this sender's mail.
    #[must_use]
    pub fn for_sender(sender: &Sender) -> Self {
        let from_domain = sender.from.email.domain().to_owned();
        let return_path_domain = match &sender.return_paths {
            Some(paths) => paths.domain.clone(),
            None => from_domain.clone(),
        };
        let names = |dkim: &Arc<Dkim>| DkimNames {
            domain: dkim.domain.clone(),
            selectors: dkim.keys.iter().map(|key| key.selector.clone()).collect(),
        };
        Self {
            from: sender.from.to_string(),
            from_domain,
            return_path_domain,
            message_id_domain: sender.host.clone(),
            dkim: sender.dkim.as_ref().map(names),
        }
    }
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
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    /// What it says.
    pub mail: &'a dyn AnyMail,
    /// Where one press ends such mail, where it can be ended.
    pub leave: Option<&'a str>,
    /// When it says that it was written.
    pub date: Timestamp,
    /// What goes along with it.
    pub attached: Option<&'a TextFile>,
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
    let Sample { mail, leave, date, attached } = sample;
    let to = EmailAddress::sample();
    let letter = Letter {
        outbox_id: Uuid::from_u128(SAMPLE_ID),
        to: to.as_str(),
        leave,
        date,
        mail,
        attached,
    };
    let message = compose(templates, sender, site, letter)?.message;
    let message = String::from_utf8_lossy(&message).replace('\r', "");
    let (head, _) = message.split_once("\n\n").unwrap_or((&message, ""));
    Ok(without_signatures(head))
}

/// Signatures differ with each message, and are long.
fn without_signatures(head: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut in_signature = false;
    for line in head.lines() {
        let begins = line.trim_start().starts_with("b=");
        in_signature = begins || (in_signature && line.starts_with(['\t', ' ']));
        if begins {
            lines.push("\tb=…");
        } else if !in_signature {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The id of a mail that was never sent.
const SAMPLE_ID: u128 = 0x0193_57a0_0000_7000_8000_0000_0000_0000;
