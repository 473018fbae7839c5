//! What name servers say of a domain: whether anything takes its mail.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

/// How long one question may take, and how often it is asked.
#[derive(Clone, Copy)]
pub struct Patience {
    /// For each try.
    pub for_one: Duration,
    /// How many there are.
    pub tries: usize,
}

/// Asks this name server, or those of the machine.
///
/// # Errors
/// When the machine names none.
pub fn resolver(server: Option<SocketAddr>, patience: Patience) -> Result<TokioResolver, NetError> {
    let mut builder = match server {
        Some(address) => {
            let mut server = NameServerConfig::udp_and_tcp(address.ip());
            for connection in &mut server.connections {
                connection.port = address.port();
            }
            let config = ResolverConfig::from_parts(None, vec![], vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
        None => TokioResolver::builder_tokio()?,
    };
    let options = builder.options_mut();
    (options.timeout, options.attempts) = (patience.for_one, patience.tries);
    builder.build()
}

/// What stands there of a domain's mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailHost {
    /// Something takes it.
    There,
    /// The domain says that it takes none (RFC 7505).
    TakesNone,
    /// Nothing is named that could take it.
    Missing,
}

/// A name without MX takes mail at its address (RFC 5321 §5.1); one with the root as MX takes none (RFC 7505).
///
/// # Errors
/// When no server said anything of it: that is not absence.
pub async fn mail_host(resolver: &TokioResolver, domain: &str) -> Result<MailHost, NetError> {
    let hosts: Vec<bool> = answers(resolver.mx_lookup(absolute(domain)).await)?
        .into_iter()
        .filter_map(|data| match data {
            RData::MX(mx) => Some(mx.exchange.is_root()),
            _ => None,
        })
        .collect();
    if !hosts.is_empty() {
        let takes_none = hosts.iter().all(|is_root| *is_root);
        return Ok(if takes_none { MailHost::TakesNone } else { MailHost::There });
    }
    for found in
        [resolver.ipv4_lookup(absolute(domain)).await, resolver.ipv6_lookup(absolute(domain)).await]
    {
        if !answers(found)?.is_empty() {
            return Ok(MailHost::There);
        }
    }
    Ok(MailHost::Missing)
}

/// What was found; nothing where a server said that there is none.
///
/// # Errors
/// When no server said anything of it.
pub fn answers(found: Result<Lookup, NetError>) -> Result<Vec<RData>, NetError> {
    match found {
        Ok(lookup) => Ok(lookup.answers().iter().map(|record| record.data.clone()).collect()),
        Err(error) if error.is_no_records_found() => Ok(vec![]),
        Err(error) => Err(error),
    }
}

/// With its dot at the end no search domain of the machine is appended.
#[must_use]
pub fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}
