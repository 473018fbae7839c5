//! What is asked of Amazon SNS itself: the certificates it signs with, and to confirm a subscription.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use rustls::ClientConfig;
use tokio::sync::OnceCell;
use url::Url;

use super::certificate::Certificate;
use crate::domain::timestamp::Timestamp;
use crate::tls;

/// How long one answer may take, waiting for another's included: SNS itself waits fifteen seconds for ours.
const DEADLINE: Duration = Duration::from_secs(5);
/// How large an answer may be.
const MOST: usize = 64 * 1024;
/// How long a certificate is kept before it is fetched again.
const KEPT_FOR: Duration = Duration::from_hours(24);
/// How many are kept. Amazon has one for a region, and for some time two.
const KEPT: usize = 8;

/// The way to Amazon SNS, over https alone.
#[derive(Clone)]
pub struct Amazon(Arc<Way>);

struct Way {
    /// Whose word counts that a host is Amazon's; without it, that of the machine's authorities.
    tls: Option<ClientConfig>,
    /// Where a host is found instead of where names lead.
    instead: Option<(String, SocketAddr)>,
    client: OnceCell<Client>,
    kept: Mutex<HashMap<Url, Kept>>,
    /// One certificate is fetched after the other.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    certificate: Arc<Certificate>,
    since: Timestamp,
}

/// Why Amazon did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum AmazonError {
    /// It cannot be reached, or is too slow.
    #[error("it cannot be reached")]
    Away(#[from] reqwest::Error),
    /// Others were asked before, and it took too long.
    #[error("it took too long")]
    TooSlow,
    /// It refuses.
    #[error("it answered {0}")]
    Refused(StatusCode),
    /// More than belongs there.
    #[error("its answer was too large")]
    TooLarge,
    /// No certificate for Amazon SNS, or not one of this time.
    #[error("what it gave is no certificate of Amazon SNS that is in force")]
    NoCertificate,
}

impl AmazonError {
    /// Whether asking again would lead nowhere.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Away(_) | Self::TooSlow => false,
            Self::Refused(status) => !status.is_server_error(),
            Self::TooLarge | Self::NoCertificate => true,
        }
    }
}

impl Amazon {
    /// Amazon as names lead to it and the machine's authorities vouch for it.
    #[must_use]
    pub fn on_the_web() -> Self {
        Self::new(None, None)
    }

    /// A stand-in for one host of Amazon's at this address, vouched for by other authorities.
    #[must_use]
    pub fn stand_in(tls: ClientConfig, host: &str, address: SocketAddr) -> Self {
        Self::new(Some(tls), Some((host.to_owned(), address)))
    }

    fn new(tls: Option<ClientConfig>, instead: Option<(String, SocketAddr)>) -> Self {
        let (client, kept, turn) =
            (OnceCell::new(), Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Way { tls, instead, client, kept, turn }))
    }

    /// The certificate at this address, which is one of Amazon SNS; fetched once a day.
    pub(super) async fn certificate(
        &self,
        address: &Url,
        now: Timestamp,
    ) -> Result<Arc<Certificate>, AmazonError> {
        let found = match self.find(address, now) {
            Some(found) => found,
            None => tokio::time::timeout(DEADLINE, self.fetch_certificate(address, now))
                .await
                .unwrap_or(Err(AmazonError::TooSlow))?,
        };
        if found.is_in_force(now) { Ok(found) } else { Err(AmazonError::NoCertificate) }
    }

    async fn fetch_certificate(
        &self,
        address: &Url,
        now: Timestamp,
    ) -> Result<Arc<Certificate>, AmazonError> {
        let _turn = self.0.turn.lock().await;
        if let Some(found) = self.find(address, now) {
            return Ok(found);
        }
        let pem = self.fetch(address.clone()).await?;
        let certificate = Certificate::read(&pem, address.host_str().unwrap_or_default());
        let certificate = Arc::new(certificate.ok_or(AmazonError::NoCertificate)?);
        let mut kept = self.kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(address.clone(), Kept { certificate: certificate.clone(), since: now });
        Ok(certificate)
    }

    fn find(&self, address: &Url, now: Timestamp) -> Option<Arc<Certificate>> {
        let kept = self.kept();
        let found = kept.get(address).filter(|kept| now.since(kept.since) < KEPT_FOR)?;
        Some(found.certificate.clone())
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Url, Kept>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What lies at this address.
    pub(super) async fn fetch(&self, address: Url) -> Result<Vec<u8>, AmazonError> {
        let client = self.0.client.get_or_try_init(|| async { self.client() }).await?;
        let mut answer = client.get(address).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(AmazonError::Refused(answer.status()));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await? {
            if body.len() + piece.len() > MOST {
                return Err(AmazonError::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    fn client(&self) -> Result<Client, reqwest::Error> {
        let tls = self.0.tls.clone().unwrap_or_else(|| tls::client().as_ref().clone());
        let mut client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(Policy::none())
            .timeout(DEADLINE);
        if let Some((host, address)) = &self.0.instead {
            client = client.no_proxy().resolve(host, *address);
        }
        client.build()
    }
}
