//! Asking addresses that staff typed: of the network that everybody is on alone, so that nobody has this program ask
//! what stands beside it (server-side request forgery).

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::{Host, Url};

use super::address::{AddressError, read_any_address};
use super::global::is_global;
use crate::tls;

/// How long one try may take, from the look at the name to the head of the answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long the beginning of the answer's body is read: what it says is told by its status.
const BODY_DEADLINE: Duration = Duration::from_secs(2);

/// Hosts that may be asked in the clear, and wherever they are: the operator's own.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    /// Reads host names and addresses with commas between.
    ///
    /// # Errors
    /// Says what to write.
    pub fn read(text: &str) -> Result<Self, String> {
        let one = |part: &str| {
            let host = part.trim();
            let bracketed = if host.contains(':') && !host.starts_with('[') {
                format!("[{host}]")
            } else {
                host.to_owned()
            };
            let read = Host::parse(&bracketed).ok().filter(|_| !host.contains(['/', '@', '*']));
            read.map(|host| host.to_string()).ok_or_else(|| {
                "write hosts without a port, such as crm.internal,10.0.0.7".to_owned()
            })
        };
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        Ok(Self(parts.map(one).collect::<Result<_, _>>()?))
    }

    fn hold(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.0.iter().any(|allowed| allowed == host))
    }
}

/// Reads an address that somebody typed: over https to a host that is everybody's as far as its name tells, or to one that
/// the operator allows.
///
/// # Errors
/// Says what to write.
pub fn read_public_address(text: &str, allowed: &AllowedHosts) -> Result<Url, AddressError> {
    let url = read_any_address(text)?;
    if url.fragment().is_some() {
        return Err(AddressError::Query);
    }
    if allowed.hold(&url) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(AddressError::NotAllowed);
    }
    let is_public = match url.host() {
        Some(Host::Ipv4(ip)) => is_global(ip.into()),
        Some(Host::Ipv6(ip)) => is_global(ip.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.contains('.') && !name.ends_with(".localhost")
        }
        None => false,
    };
    if is_public { Ok(url) } else { Err(AddressError::NotPublic) }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PublicError {
    /// It may not be asked, by what was set since.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Its name leads nowhere.
    #[error("its name was not found")]
    NoName,
    /// Its name leads to an address that is not everybody's.
    #[error("its name leads to an address of a network that is not everybody’s")]
    NotPublic,
    /// It cannot be reached, or what came is no HTTP.
    #[error("it cannot be reached")]
    Away(#[source] reqwest::Error),
    /// It took too long.
    #[error("it did not answer within {} seconds", DEADLINE.as_secs())]
    TooSlow,
    /// What is to be sent is no header.
    #[error("what is sent cannot stand in a header")]
    Header,
}

impl From<reqwest::Error> for PublicError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TooSlow } else { Self::Away(error.without_url()) }
    }
}

/// What is said.
pub struct PublicQuestion<'a> {
    /// What stands above the body, besides its type.
    pub headers: &'a [(&'static str, String)],
    /// A body of JSON.
    pub body: String,
    /// How much of the answer is read, in bytes.
    pub answer_most: usize,
}

/// What was answered: the status, and the beginning of the body.
pub struct PublicAnswer {
    /// The status.
    pub status: u16,
    /// The body, up to what was asked for.
    pub body: Vec<u8>,
}

/// The addresses of a name, as they are found.
type Found = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;
type Names = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// One that looks each name up once, looks at all that it leads to, and asks that alone.
#[derive(Clone)]
pub struct PublicClient {
    allowed: AllowedHosts,
    names: Names,
}

impl PublicClient {
    /// One that asks the machine for names.
    #[must_use]
    pub fn new(allowed: AllowedHosts) -> Self {
        Self::with_names(allowed, |name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            })
        })
    }

    /// One that asks for names as it is told.
    #[must_use]
    pub fn with_names(
        allowed: AllowedHosts,
        names: impl Fn(String) -> Found + Send + Sync + 'static,
    ) -> Self {
        Self { allowed, names: Arc::new(names) }
    }

    /// Hosts that may be asked in the clear, and wherever they are.
    #[must_use]
    pub fn allowed(&self) -> &AllowedHosts {
        &self.allowed
    }

    /// Posts to an address, by no proxy, and follows no redirect.
    ///
    /// # Errors
    /// When it may not be asked, or no answer began in time. Of what status one is, is for whoever asked to judge.
    pub async fn post(
        &self,
        to: &str,
        question: PublicQuestion<'_>,
    ) -> Result<PublicAnswer, PublicError> {
        let answer_most = question.answer_most;
        let asked = tokio::time::timeout(DEADLINE, self.ask(to, question)).await;
        let answer = asked.unwrap_or(Err(PublicError::TooSlow))?;
        Ok(read_answer(answer, answer_most).await)
    }

    async fn ask(&self, to: &str, question: PublicQuestion<'_>) -> Result<Response, PublicError> {
        // Looked at anew: what the operator allows may be less than when it was typed.
        let url = read_public_address(to, &self.allowed)?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls::client().as_ref().clone())
            .user_agent(concat!("assent/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none());
        if let Some(Host::Domain(name)) = url.host() {
            let found = (self.names)(name.to_owned()).await.map_err(|_| PublicError::NoName)?;
            if found.is_empty() {
                return Err(PublicError::NoName);
            }
            if !self.allowed.hold(&url) && !found.iter().all(|ip| is_global(*ip)) {
                return Err(PublicError::NotPublic);
            }
            // The name is not looked up a second time: it could lead elsewhere by then.
            let found: Vec<SocketAddr> = found.into_iter().map(|ip| (ip, 0).into()).collect();
            builder = builder.resolve_to_addrs(name, &found);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in question.headers {
            let value = HeaderValue::from_str(value).map_err(|_| PublicError::Header)?;
            headers.insert(HeaderName::from_static(name), value);
        }
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let request = builder.build()?.post(url).headers(headers).body(question.body);
        Ok(request.send().await?)
    }
}

/// Reads the beginning of an answer. One that breaks off, or whose body stays open, was given all the same.
async fn read_answer(mut answer: Response, most: usize) -> PublicAnswer {
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let reading = async {
        while body.len() < most
            && let Ok(Some(piece)) = answer.chunk().await
        {
            body.extend_from_slice(&piece);
        }
    };
    // What came until then is kept.
    let _ = tokio::time::timeout(BODY_DEADLINE, reading).await;
    body.truncate(most);
    PublicAnswer { status, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_us_is_asked_only_where_the_operator_says() {
        let none = AllowedHosts::default();
        for (text, wrong) in [
            ("https://hooks.example.org/a?b=c", None),
            ("https://8.8.8.8/", None),
            ("https://[2606:4700::1111]:8443/", None),
            ("http://hooks.example.org", Some(AddressError::NotAllowed)),
            ("https://localhost/", Some(AddressError::NotPublic)),
            ("https://a.localhost./", Some(AddressError::NotPublic)),
            ("https://intranet/", Some(AddressError::NotPublic)),
            ("https://127.0.0.1/", Some(AddressError::NotPublic)),
            ("https://2130706433/", Some(AddressError::NotPublic)),
            ("https://0x7f.1/", Some(AddressError::NotPublic)),
            ("https://[::ffff:10.0.0.1]/", Some(AddressError::NotPublic)),
            ("https://[fd00::1]/", Some(AddressError::NotPublic)),
            ("https://ada:x@hooks.example.org/", Some(AddressError::Password)),
            ("https://hooks.example.org/#a", Some(AddressError::Query)),
            ("ftp://hooks.example.org/", Some(AddressError::Form)),
            ("gopher://127.0.0.1", Some(AddressError::Form)),
            ("", Some(AddressError::Form)),
        ] {
            assert_eq!(read_public_address(text, &none).err(), wrong, "{text}");
        }
        let allowed = AllowedHosts::read(" CRM.internal, 10.0.0.7,fd00::1 ,").unwrap();
        for text in ["http://crm.internal:8080/a", "http://10.0.0.7/", "https://[fd00::1]/"] {
            assert!(read_public_address(text, &allowed).is_ok(), "{text}");
        }
        for text in ["http://crm.internal.example/", "https://10.0.0.8/", "http://[fd00::2]/"] {
            assert!(read_public_address(text, &allowed).is_err(), "{text}");
        }
        for text in ["http://crm.internal", "crm.internal:8080", "a b", "*.internal", "10.0.0.0/8"]
        {
            assert!(AllowedHosts::read(text).is_err(), "{text}");
        }
    }
}
