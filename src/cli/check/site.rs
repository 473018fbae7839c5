//! What readers meet: who holds their details, and the way to the program.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;
use url::{Host, Url};

use super::report::{OK, Part};
use crate::app::disposable_domains;
use crate::cli::outcome::refuse;
use crate::cli::serve::cannot_listen;
use crate::config::{Keys, Settings};
use crate::domain::alarm::OnCollapse;
use crate::domain::consent::processing::Processing;
use crate::outside::Head;
use crate::site::Controller;

/// How long what listens at our port has to say what it is.
const ANSWER: Duration = Duration::from_secs(5);

/// Readers are told who holds their details (GDPR Art. 13(1)(a)), so without it nothing is published.
pub(super) fn controller(controller: &Controller) -> Part {
    let parts = [
        ("controller.name", &controller.name),
        ("controller.address", &controller.address),
        ("controller.contact", &controller.contact),
    ];
    let blank: Vec<&str> =
        parts.iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| *name).collect();
    if blank.is_empty() {
        return Ok(OK);
    }
    Err(refuse(format!(
        "{} must be set, for readers are told who holds their details: no report can be published before",
        blank.join(", ")
    )))
}

/// What receipts say besides is asked for by ISO/IEC TS 27560, and left out where it is blank; nothing is refused.
pub(super) fn evidence(settings: &Settings) -> Cow<'static, str> {
    let Processing { jurisdiction, recipients, retention, storage } = &settings.processing;
    let questions = [
        (
            settings.controller.identifier.is_empty(),
            "controller.identifier (under which number does a register know you?)",
        ),
        (jurisdiction.is_empty(), "processing.jurisdiction (in which country are you supervised?)"),
        (recipients.is_empty(), "processing.recipients (who is given the data besides you?)"),
        (retention.is_empty(), "processing.retention (how long do you keep them?)"),
        (storage.is_empty(), "processing.storage (where do they lie?)"),
    ];
    let blank: Vec<&str> =
        questions.into_iter().filter_map(|(blank, asks)| blank.then_some(asks)).collect();
    if blank.is_empty() {
        return OK;
    }
    format!("ok; receipts leave out what is blank: {}", blank.join(", ")).into()
}

/// What is kept must stand in the privacy policy (GDPR Art. 13 and 14), whose words the program does not judge.
pub(super) fn signup_sources(are_kept: bool) -> Cow<'static, str> {
    if are_kept {
        "ok; kept with each signup, so the privacy policy must mention it: what the followed link says of its campaign (utm_source, \
         utm_medium, utm_campaign, utm_term, utm_content, ref), and the site on whose page the form stood; signup_sources = false \
         keeps none of it"
            .into()
    } else {
        "ok; not kept".into()
    }
}

/// A check that waits for an alarm needs somebody who looks.
pub(super) fn bot_check(settings: &Settings) -> Part {
    if settings.bot_check.is_on_alarm() && settings.confirmations_collapse == OnCollapse::Off {
        return Err(refuse(
            "bot_check waits for an alarm that limits.confirmations_collapse = \"off\" never raises: set that to \"alarm\"",
        ));
    }
    Ok(OK)
}

/// The file is read when the program starts.
pub(super) fn disposable(file: &Path) -> Part {
    match disposable_domains(Some(file))?.len() {
        0 => Err(refuse(
            "the file that disposable_domains names holds none: write one domain on each line",
        )),
        1 => Ok("ok; one domain".into()),
        known => Ok(format!("ok; {known} domains").into()),
    }
}

/// Nothing is refused without it: whoever runs the program as it was published need not offer its sources.
pub(super) fn source(url: Option<&Url>) -> Cow<'static, str> {
    if url.is_some() {
        return OK;
    }
    "ok; source_url is not set: whoever runs a changed version must say there where its sources are (AGPL-3.0 §13)"
        .into()
}

/// Links with passwords in them, addresses and cookies go over this.
pub(super) fn base_url(url: &Url) -> Part {
    if url.scheme() == "https" || !is_public(url) {
        return Ok(OK);
    }
    Err(refuse(format!(
        "{url} sends links, addresses and cookies in the clear: have a proxy speak TLS and write https://"
    )))
}

/// Whether a host may be reached from anywhere: it is no address of a network of one's own (RFC 1918, RFC 4193), and
/// no name that is kept for those (RFC 6761, RFC 6762, RFC 8375).
fn is_public(url: &Url) -> bool {
    const KEPT: [&str; 6] = ["localhost", "local", "test", "invalid", "internal", "home.arpa"];
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.contains('.') && !KEPT.iter().any(|kept| is_below(name, kept))
        }
        Some(Host::Ipv4(ip)) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local()),
        Some(Host::Ipv6(ip)) => {
            !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        None => false,
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether the port is free, or this installation serves there already.
pub(super) async fn port(settings: &Settings, keys: &Keys) -> Part {
    let Err(error) = TcpListener::bind(settings.listen).await else { return Ok(OK) };
    if error.kind() == std::io::ErrorKind::AddrInUse && serves(settings, keys).await {
        return Ok("ok; this installation serves there now".into());
    }
    Err(cannot_listen(settings.listen, &error))
}

/// Whether what listens there shows the head of this ledger, signed by its key; or none yet, as one does that nobody signed
/// up at.
async fn serves(settings: &Settings, keys: &Keys) -> bool {
    let Ok(client) = reqwest::Client::builder().timeout(ANSWER).no_proxy().build() else {
        return false;
    };
    let get = async |path: &str| {
        let request = client.get(format!("http://{}{path}", reached(settings.listen)));
        let host = &settings.base_url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut answer = request.header("host", host).send().await.ok()?;
        let status = answer.status().as_u16();
        // Whatever listens there may answer without end.
        let said = answer.chunk().await.ok()?.unwrap_or_default();
        Some((status, String::from_utf8_lossy(&said).into_owned()))
    };
    match get("/ledger/checkpoint").await {
        Some((200, note)) => Head::parse(&note, &keys.ledger).is_some(),
        Some((404, _)) => get("/livez").await.is_some_and(|(_, said)| said == "ok\n"),
        _ => false,
    }
}

/// Where a program is reached that listens on all addresses.
fn reached(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_needs_tls() {
        for (url, is_right) in [
            ("https://reports.example.org", true),
            ("http://reports.example.org", false),
            ("http://reports.example.org:8080", false),
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://press.localhost", true),
            ("http://notlocalhost.example", false),
            ("http://printer.local", true),
            ("http://assent", true),
            ("http://192.168.1.5", true),
            ("http://8.8.8.8", false),
            ("http://[fd00::1]:8080", true),
            ("http://[2001:db8::1]", false),
        ] {
            assert_eq!(base_url(&Url::parse(url).unwrap()).is_ok(), is_right, "{url}");
        }
    }
}
