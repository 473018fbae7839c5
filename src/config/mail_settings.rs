//! What the operator set about mail.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use url::Url;

use super::ConfigError;
use super::read::{duration, from_str, parse, yes_or_no};
use super::sources::Values;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::limit::Window;
use crate::domain::mail::return_path;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::files::directory_of;
use crate::mail::relay_events::{EventRelay, RelayProof};
use crate::mail::transport::{Relay, Tls};

/// Every setting about mail, checked.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Where it goes.
    pub target: MailTarget,
    /// Who it comes from.
    pub from: Mailbox,
    /// The domain that mail which comes back is sent to.
    pub bounce_domain: Option<String>,
    /// The relay that tells of mail that comes back by events of its own, and what proves them.
    pub relay_events: Option<RelayProof>,
    /// Whether name servers are asked about the domains that people type.
    pub check_domains: bool,
    /// The name server that is asked; none for those of the machine.
    pub dns_server: Option<SocketAddr>,
    /// Over how many connections to the relay it leaves at once.
    pub connections: usize,
    /// How many mails one domain is sent, by each process that sends mail.
    pub per_domain: Option<Window>,
    /// The domain that signs: that of `from`, or one above it.
    pub dkim_domain: String,
    /// What signs: the selector of each key, and the file it lies in.
    pub dkim_keys: Vec<(Slug, PathBuf)>,
}

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum MailTarget {
    /// Into a directory.
    Mailbox(PathBuf),
    /// To a relay.
    Relay(Relay),
}

impl MailSettings {
    /// Checks what was written; a relay is greeted by the name `hello`.
    ///
    /// # Errors
    /// Names the first setting that does not fit, and what it should look like.
    pub(super) fn check(
        values: &Values,
        data_dir: &Path,
        hello: &str,
    ) -> Result<Self, ConfigError> {
        let mailbox = format!("file:{}", data_dir.join("mailbox").display());
        let from = parse(values, "mail.from", "Reports <reports@localhost>", from)?;
        let from_domain = from.email.domain().to_ascii_lowercase();
        let timeout = parse(values, "mail.timeout", "10min", duration)?;
        Ok(Self {
            target: parse(values, "mail.url", &mailbox, |text| target(text, hello, timeout))?,
            bounce_domain: parse(values, "mail.bounce_domain", "", bounce_domain)?,
            check_domains: parse(values, "mail.check_domains", "true", yes_or_no)?,
            dns_server: parse(values, "mail.dns_server", "", |text| match text {
                "" => Ok(None),
                text => {
                    let address = text.parse().map(Some);
                    address.map_err(|_| "write ADDRESS:PORT, such as 127.0.0.1:53".to_owned())
                }
            })?,
            connections: parse(values, "mail.connections", "8", |text| {
                let count = text.parse().ok().filter(|count| (1..=100).contains(count));
                count.ok_or_else(|| "write a whole number from 1 to 100".to_owned())
            })?,
            per_domain: parse(values, "mail.per_domain", "off", |text| match text {
                "off" => Ok(None),
                text => from_str(text).map(Some),
            })?,
            dkim_domain: parse(values, "mail.dkim_domain", &from_domain, |text| {
                let domain = text.to_ascii_lowercase();
                let above = from_domain.strip_suffix(&domain);
                // A signature for another domain says nothing for this sender (RFC 7489 §3.1.1).
                match above {
                    Some(rest) if rest.is_empty() || rest.ends_with('.') => Ok(domain),
                    _ => Err(format!(
                        "write {from_domain}, which mail comes from, or a domain above it"
                    )),
                }
            })?,
            dkim_keys: parse(values, "mail.dkim_keys", "", dkim_keys)?,
            // It may be wrong without being written; then nothing can be looked at behind it.
            relay_events: relay_events(values)?,
            from,
        })
    }
}

fn from(text: &str) -> Result<Mailbox, String> {
    let wrong = "write NAME <ADDRESS>, such as Reports <reports@example.org>";
    let from: Mailbox = text.parse().map_err(|_| wrong.to_owned())?;
    // A line break in the name would break every message, and marks of direction would turn it round.
    if Line::parse(text).is_err() {
        return Err(wrong.to_owned());
    }
    // A relay need not take other letters, and then no mail could leave.
    if AsRef::<str>::as_ref(&from.email).is_ascii() {
        Ok(from)
    } else {
        Err(format!("{wrong}, in ASCII letters"))
    }
}

/// A domain that an envelope sender of ours can stand in.
fn bounce_domain(text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let longest = format!("{}@{text}", "b".repeat(return_path::LOCAL_LENGTH));
    EmailAddress::parse(&longest)
        .map(|address| Some(address.domain().to_owned()))
        .map_err(|_| "write a domain such as bounces.example.org".to_owned())
}

/// The relay whose events are taken, with what proves them; neither goes without the other.
fn relay_events(values: &Values) -> Result<Option<RelayProof>, ConfigError> {
    let relay: Option<EventRelay> = parse(values, "mail.relay_events", "", |text| match text {
        "" => Ok(None),
        text => from_str(text).map(Some),
    })?;
    parse(values, "mail.relay_events_key", "", |text| match relay {
        Some(relay) => RelayProof::parse(relay, text).map(Some).map_err(|error| error.to_string()),
        None if text.is_empty() => Ok(None),
        None => Err("name the relay whose events it proves in mail.relay_events".to_owned()),
    })
}

fn dkim_keys(text: &str) -> Result<Vec<(Slug, PathBuf)>, String> {
    let one = |part: &str| {
        let wrong =
            || format!("`{part}` is not SELECTOR:FILE, such as 2026a:/etc/assent/2026a.pem");
        let (selector, file) = part.trim().split_once(':').ok_or_else(wrong)?;
        let selector = selector.parse().map_err(|_| wrong())?;
        if file.is_empty() { Err(wrong()) } else { Ok((selector, PathBuf::from(file))) }
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(one).collect()
}

fn target(text: &str, hello: &str, timeout: Duration) -> Result<MailTarget, String> {
    if let Some(directory) = directory_of(text) {
        return Ok(MailTarget::Mailbox(directory.to_owned()));
    }
    let wrong = "write file:DIRECTORY, smtp://USER:PASSWORD@HOST:PORT?tls=required|opportunistic|none, \
                 or smtps://USER:PASSWORD@HOST:PORT";
    let url = Url::parse(text).map_err(|_| wrong.to_owned())?;
    let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let asked = match asked.as_slice() {
        [] => None,
        [(key, tls)] if key == "tls" => Some(tls.as_str()),
        _ => return Err(wrong.to_owned()),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(wrong.to_owned());
    }
    let (tls, port) = match (url.scheme(), asked) {
        ("smtps", None) => (Tls::Implicit, 465),
        ("smtp", None | Some("required")) => (Tls::Required, 587),
        ("smtp", Some("opportunistic")) => (Tls::Opportunistic, 25),
        ("smtp", Some("none")) => (Tls::None, 25),
        _ => return Err(wrong.to_owned()),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong.to_owned())?;
    let decode = |part: &str| {
        percent_encoding::percent_decode_str(part).decode_utf8().map(std::borrow::Cow::into_owned)
    };
    let credentials = match (url.username(), url.password()) {
        ("", _) => None,
        (user, password) => {
            let user = decode(user).map_err(|_| wrong.to_owned())?;
            let password = decode(password.unwrap_or("")).map_err(|_| wrong.to_owned())?;
            Some((user, password.into()))
        }
    };
    Ok(MailTarget::Relay(Relay {
        host: host.to_owned(),
        port: url.port().unwrap_or(port),
        tls,
        credentials,
        hello: hello.to_owned(),
        timeout,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[(&str, &str)]) -> Result<MailSettings, String> {
        let environment = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let values = Values::read(None, environment);
        MailSettings::check(&values, Path::new("data"), "localhost").map_err(|e| e.to_string())
    }

    #[test]
    fn the_mail_url_says_how_the_way_is_encrypted() {
        let relay = |url| match check(&[("ASSENT_MAIL_URL", url)]) {
            Ok(MailSettings { target: MailTarget::Relay(relay), .. }) => {
                let user = relay.credentials.map(|(user, _)| user).unwrap_or_default();
                format!("{user} {} {} {:?}", relay.host, relay.port, relay.tls)
            }
            other => format!("{other:?}"),
        };
        assert_eq!(relay("smtp://relay"), " relay 587 Required");
        assert_eq!(relay("smtps://a%40b:c@relay"), "a@b relay 465 Implicit");
        assert_eq!(relay("smtp://relay:2525?tls=none"), " relay 2525 None");
        for wrong in [
            "smtp://relay?tls=maybe",
            "smtp://relay?tls=none&tls=required",
            "smtp://relay?timeout=5",
            "smtp://relay/x?tls=none",
        ] {
            assert!(check(&[("ASSENT_MAIL_URL", wrong)]).is_err(), "{wrong}");
        }
        assert!(check(&[("ASSENT_MAIL_URL", "http://relay")]).is_err());
    }

    #[test]
    fn a_bounce_domain_is_one_that_an_envelope_sender_can_stand_in() {
        let domain = |text: &str| {
            check(&[("ASSENT_MAIL_BOUNCE_DOMAIN", text)]).map(|mail| mail.bounce_domain)
        };
        assert_eq!(domain(""), Ok(None));
        assert_eq!(domain("Bounces.Example.ORG"), Ok(Some("bounces.example.org".to_owned())));
        let long =
            |length| format!("{}.{}.{}.org", "a".repeat(63), "b".repeat(63), "c".repeat(length));
        assert!(domain(&long(61)).is_ok() && domain(&long(62)).is_err());
    }

    #[test]
    fn events_of_a_relay_need_what_proves_them() {
        const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
        let events = |relay: &str, key: &str| {
            let set = [("ASSENT_MAIL_RELAY_EVENTS", relay), ("ASSENT_MAIL_RELAY_EVENTS_KEY", key)];
            let set: Vec<_> = set.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let events = check(&set)?.relay_events;
            Ok::<_, String>(events.map(|proof| proof.relay().as_str()))
        };
        let topic = "arn:aws:sns:eu-central-1:123456789012:bounces";
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----");
        assert_eq!(events("", ""), Ok(None));
        for (relay, key) in [
            ("ses", topic),
            ("postmark", "hook:sixteen-letters-"),
            ("sendgrid", KEY),
            ("sendgrid", &pem),
            ("mailgun", "0123456789abcdef0123456789abcdef"),
        ] {
            assert_eq!(events(relay, key), Ok(Some(relay)), "{key}");
            assert!(
                events(relay, "")
                    .unwrap_err()
                    .starts_with("mail.relay_events_key is wrong: write ")
            );
            assert!(events("", key).unwrap_err().contains("mail.relay_events"));
        }
        for (relay, key) in [
            ("ses", "a topic"),
            ("postmark", "no-colon-in-these-letters"),
            ("postmark", "hook:short"),
            ("postmark", ":sixteen-letters-"),
            ("sendgrid", "nonsense"),
            ("sendgrid", &KEY[4..]),
            ("mailgun", "short"),
        ] {
            let error = events(relay, key).unwrap_err();
            assert!(error.starts_with("ASSENT_MAIL_RELAY_EVENTS_KEY is wrong: write "), "{error}");
            assert!(!error.contains(key), "what is secret is not repeated");
        }
        let error = events("sparkpost", KEY).unwrap_err();
        assert!(error.starts_with("ASSENT_MAIL_RELAY_EVENTS is wrong: write ses, "), "{error}");
        let shown = format!(
            "{:?}",
            check(&[
                ("ASSENT_MAIL_RELAY_EVENTS", "mailgun"),
                ("ASSENT_MAIL_RELAY_EVENTS_KEY", "0123456789abcdef")
            ])
            .unwrap()
        );
        assert!(!shown.contains("0123456789abcdef"), "{shown}");
    }

    #[test]
    fn what_signs_is_aligned_with_who_mail_comes_from() {
        let signs = |domain| {
            let from = ("ASSENT_MAIL_FROM", "Press <reports@mail.press.example>");
            check(&[from, ("ASSENT_MAIL_DKIM_DOMAIN", domain)]).map(|mail| mail.dkim_domain)
        };
        assert_eq!(signs("mail.press.example").unwrap(), "mail.press.example");
        assert_eq!(signs("Press.example").unwrap(), "press.example");
        for other in ["ess.example", "other.example", "a.mail.press.example"] {
            assert!(signs(other).unwrap_err().contains("mail.press.example"), "{other}");
        }
        let keys = check(&[("ASSENT_MAIL_DKIM_KEYS", "2026a:/k/a.pem, 2026b:b.pem")]).unwrap();
        let keys: Vec<String> =
            keys.dkim_keys.iter().map(|(s, file)| format!("{s} {}", file.display())).collect();
        assert_eq!(keys, ["2026a /k/a.pem", "2026b b.pem"]);
        for wrong in ["a.pem", "a:", ":a.pem", "A b:c"] {
            assert!(check(&[("ASSENT_MAIL_DKIM_KEYS", wrong)]).is_err(), "{wrong}");
        }
    }
}
