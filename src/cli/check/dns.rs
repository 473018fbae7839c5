//! Looks up what DNS says, and holds it against what mail needs.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;

use super::dns_records::{Expected, Record};
use super::report::{OK, Part};
use crate::cli::outcome::{Error, refuse};
use crate::name_servers::{self, MailHost, Patience, absolute, answers, mail_host};

/// How long one question may take; each is asked twice.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks this name server, or those of the machine.
pub(super) fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, Error> {
    Ok(name_servers::resolver(server, Patience { for_one: PATIENCE, tries: 2 })?)
}

/// What is said of each record; all are asked for at once.
pub(super) async fn look_up(
    resolver: &TokioResolver,
    records: &[Record],
) -> Vec<(&'static str, Part)> {
    let looked = records.iter().map(async |record| (record.kind, look_at(resolver, record).await));
    join_all(looked).await
}

async fn look_at(resolver: &TokioResolver, record: &Record) -> Part {
    let Record { name, advice, expected, .. } = record;
    let found = match expected {
        Expected::NoKey => return Ok(advice.clone().into()),
        Expected::Spf => texts(resolver, name).await.map(|texts| spf(&texts)),
        Expected::Mx => takes_mail(resolver, name).await,
        Expected::Dkim(text) => texts(resolver, name).await.map(|texts| dkim(&texts, text)),
        Expected::Dmarc => find_dmarc(resolver, name).await,
    };
    let found = found.map_err(|error| {
        refuse(format!("{name} could not be looked up ({error}); --no-dns leaves DNS out"))
    })?;
    match found {
        Found::Right => Ok(OK),
        Found::Missing => Err(refuse(format!("no record is published; publish {advice}"))),
        Found::Wrong(why) => Err(refuse(format!("{why}; publish {advice}"))),
    }
}

/// What stands in DNS.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Right,
    Missing,
    Wrong(&'static str),
}

/// All texts of a name, each whole.
async fn texts(resolver: &TokioResolver, name: &str) -> Result<Vec<String>, NetError> {
    let found = resolver.txt_lookup(absolute(name)).await;
    Ok(answers(found)?
        .into_iter()
        .filter_map(|data| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        })
        .collect())
}

/// More than one is an error for every receiver (RFC 7208 §4.5).
fn spf(texts: &[String]) -> Found {
    let is_spf = |text: &&String| {
        let mut words = text.split(' ');
        words.next().is_some_and(|word| word.eq_ignore_ascii_case("v=spf1"))
    };
    match texts.iter().filter(is_spf).count() {
        0 => Found::Missing,
        1 => Found::Right,
        _ => Found::Wrong("there are several SPF records, and receivers heed none of them then"),
    }
}

/// The value of a tag (RFC 6376 §3.2); white space does not count in a key.
fn tag(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|tag| {
        let (found, value) = tag.split_once('=')?;
        (found.trim() == name).then(|| value.split_whitespace().collect())
    })
}

fn dkim(texts: &[String], ours: &str) -> Found {
    let key = tag(ours, "p");
    let keys: Vec<Option<String>> = texts.iter().map(|text| tag(text, "p")).collect();
    match keys.len() {
        0 => Found::Missing,
        _ if keys.contains(&key) => Found::Right,
        _ => {
            Found::Wrong("another key stands there, and no signature of ours can be checked by it")
        }
    }
}

/// Of the domain itself, or of one above it: RFC 7489 §6.6.3 asks the organisation's, which stands at one of them.
async fn find_dmarc(resolver: &TokioResolver, from: &str) -> Result<Found, NetError> {
    let mut domain = from;
    loop {
        let texts = texts(resolver, &format!("_dmarc.{domain}")).await?;
        if texts.iter().any(|text| tag(text, "v").is_some_and(|version| version == "DMARC1")) {
            return Ok(Found::Right);
        }
        match domain.split_once('.') {
            Some((_, above)) if above.contains('.') => domain = above,
            _ => return Ok(Found::Missing),
        }
    }
}

async fn takes_mail(resolver: &TokioResolver, domain: &str) -> Result<Found, NetError> {
    Ok(match mail_host(resolver, domain).await? {
        MailHost::There => Found::Right,
        MailHost::TakesNone => Found::Wrong("the domain says that it takes no mail"),
        MailHost::Missing => Found::Missing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn one_spf_record_is_right() {
        assert_eq!(spf(&owned(&["v=spf10 -all", "google-site-verification=1"])), Found::Missing);
        assert_eq!(spf(&owned(&["V=SPF1 include:relay.example -all"])), Found::Right);
        assert_eq!(spf(&owned(&["v=spf1"])), Found::Right);
        assert!(matches!(spf(&owned(&["v=spf1 -all", "v=spf1 mx -all"])), Found::Wrong(_)));
    }

    #[test]
    fn a_key_is_compared_by_itself() {
        let ours = "v=DKIM1; k=rsa; p=AbC+/=";
        assert_eq!(dkim(&[], ours), Found::Missing);
        assert_eq!(dkim(&owned(&["k=rsa; t=s; p=Ab C+/= ;"]), ours), Found::Right);
        for other in ["v=DKIM1; p=", "v=DKIM1; p=abc+/=", "nothing"] {
            assert!(matches!(dkim(&owned(&[other]), ours), Found::Wrong(_)), "{other}");
        }
    }
}
