//! What the sender's domain should say in DNS, so that receivers trust its mail.

use std::net::IpAddr;

use crate::config::{MailSettings, MailTarget};
use crate::mail::compose::Sender;
use crate::mail::dkim::zone_text;

/// The records, one to a line; where no mail leaves, that.
pub(super) fn advice(mail: &MailSettings, sender: &Sender) -> Vec<String> {
    let relay = match &mail.target {
        MailTarget::Relay(relay) => relay,
        MailTarget::Mailbox(directory) => {
            let directory = directory.display();
            return vec![format!(
                "No relay is set (mail.url): mail is written to {directory} and reaches nobody."
            )];
        }
    };
    let from = mail.from.email.domain();
    let returns = mail.bounce_domain.as_deref().unwrap_or(from);
    let mut lines = vec![
        format!("DNS records for mail from {}:", mail.from.email),
        format!(
            "SPF (RFC 7208): {returns}. IN TXT \"v=spf1 {} -all\", or what your relay's provider says to \
             include; a domain may have only one SPF record: if there is one, add this to it",
            mechanism(&relay.host)
        ),
    ];
    if let Some(domain) = &mail.bounce_domain {
        lines.push(format!(
            "MX (RFC 5321): {domain}. IN MX 10 the host whose mail server pipes it to `assent bounce`"
        ));
    }
    match &sender.dkim {
        Some(dkim) => lines.extend(
            dkim.records()
                .iter()
                .map(|(name, text)| format!("DKIM (RFC 6376): {name}. IN TXT {}", zone_text(text))),
        ),
        None => lines.push(
            "DKIM (RFC 6376): none, for mail.dkim_keys names no key; `assent dkim new` makes one, unless your \
             relay signs"
                .to_owned(),
        ),
    }
    lines.push(format!(
        "DMARC (RFC 7489): _dmarc.{from}. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{from}\"; once its \
         reports show that all your mail passes, p=quarantine, then p=reject"
    ));
    lines
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
