//! What the sender's domain should say in DNS, so that receivers trust its mail.

use std::net::IpAddr;

use crate::config::{MailSettings, MailTarget};
use crate::mail::compose::Sender;
use crate::mail::dkim::zone_text;

/// A record that mail needs.
pub(super) struct Record {
    /// What it is for: SPF, MX, DKIM or DMARC.
    pub kind: &'static str,
    /// Where it is looked up.
    pub name: String,
    /// What is looked for there.
    pub expected: Expected,
    /// How it is written in a zone file, and more.
    pub advice: String,
}

/// What is looked for.
pub(super) enum Expected {
    /// One SPF record (RFC 7208).
    Spf,
    /// A host that takes mail (RFC 5321).
    Mx,
    /// The key of this record (RFC 6376).
    Dkim(String),
    /// A policy, here or at a domain above (RFC 7489).
    Dmarc,
    /// Nothing: what signs is not known here.
    NoKey,
}

/// The records that mail to a relay needs.
pub(super) fn needed(mail: &MailSettings, sender: &Sender) -> Vec<Record> {
    let from = mail.from.email.domain();
    let returns = mail.bounce_domain.as_deref().unwrap_or(from);
    let relay = match &mail.target {
        MailTarget::Relay(relay) => relay.host.as_str(),
        MailTarget::Mailbox(_) => "localhost",
    };
    let mut records = vec![Record {
        kind: "SPF",
        name: returns.to_owned(),
        expected: Expected::Spf,
        advice: format!(
            "{returns}. IN TXT \"v=spf1 {} -all\" (RFC 7208), or what your relay's provider says to include; a domain \
             may have only one SPF record: if there is one, add this to it",
            mechanism(relay)
        ),
    }];
    if let Some(domain) = &mail.bounce_domain {
        records.push(Record {
            kind: "MX",
            name: domain.clone(),
            expected: Expected::Mx,
            advice: format!(
                "{domain}. IN MX 10 the host whose mail server pipes it to `assent bounce` (RFC 5321)"
            ),
        });
    }
    match &sender.dkim {
        Some(dkim) => records.extend(dkim.records().into_iter().map(|(name, text)| Record {
            kind: "DKIM",
            advice: format!("{name}. IN TXT {} (RFC 6376)", zone_text(&text)),
            name,
            expected: Expected::Dkim(text),
        })),
        None => records.push(Record {
            kind: "DKIM",
            name: from.to_owned(),
            expected: Expected::NoKey,
            advice: "none is looked for, as mail.dkim_keys names no key; `assent dkim new` makes one, unless your relay \
                     signs (RFC 6376)"
                .to_owned(),
        }),
    }
    records.push(Record {
        kind: "DMARC",
        name: from.to_owned(),
        expected: Expected::Dmarc,
        advice: format!(
            "_dmarc.{from}. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{from}\" (RFC 7489); once its reports show \
             that all your mail passes, p=quarantine, then p=reject"
        ),
    });
    records
}

/// How SPF names the relay (RFC 7208 §5): by its name, or by its address where that is public.
fn mechanism(host: &str) -> String {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => "a:<the public name of this machine>".to_owned(),
        Ok(IpAddr::V4(address)) => format!("ip4:{address}"),
        Ok(IpAddr::V6(address)) => format!("ip6:{address}"),
        Err(_) if host == "localhost" => "a:<the public name of this machine>".to_owned(),
        Err(_) => format!("a:{host}"),
    }
}
