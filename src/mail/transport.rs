//! The only place that speaks SMTP.

use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::mailbox::Mailbox;
use crate::domain::sentence::sentence;

/// How long one step may take. Kept well under the lease of a claimed mail, so that a try is over
/// before anybody else may begin one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// How long handing over may take in all.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(22);

/// How long a kept connection may idle before the relay is asked whether it still listens.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);

/// How many idle connections are kept for the next mail.
const KEPT: usize = 8;

/// Whether and how the way to the relay is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (RFC 8314 §3.3).
    Implicit,
    /// By STARTTLS, or not at all.
    Required,
    /// By STARTTLS where the relay offers it.
    Opportunistic,
    /// Never: for a relay on this machine.
    None,
}

/// Where mail is handed over.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The relay's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub tls: Tls,
    /// User and password.
    pub credentials: Option<(String, SecretString)>,
    /// How we introduce ourselves.
    pub hello: String,
}

/// How mail leaves.
pub enum Transport {
    /// Through a relay, over kept connections.
    Smtp(Box<Smtp>),
    /// Into a directory.
    Mailbox(Mailbox),
}

/// A relay and the connections kept to it.
pub struct Smtp {
    relay: Relay,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// Why a mail was not handed over. No variant's text names an address.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The relay cannot be reached, or refuses us: no mail can leave. Wait, then try again.
    #[error("the mail relay cannot be used: {0}")]
    Relay(String),
    /// Not now. Try this mail again later.
    #[error("not taken now: {0}")]
    Transient(String),
    /// Never. Park this mail.
    #[error("refused: {0}")]
    Permanent(String),
}

impl Transport {
    /// Through this relay.
    #[must_use]
    pub fn smtp(relay: Relay) -> Self {
        Self::Smtp(Box::new(Smtp { relay, kept: Mutex::new(Vec::new()) }))
    }

    /// Hands over one message; `id` names it where a name is needed.
    ///
    /// # Errors
    /// When it was not taken; says whether it is worth another try.
    pub async fn send(&self, id: Uuid, message: &Message) -> Result<(), TransportError> {
        match self {
            Self::Smtp(smtp) => {
                timeout(WHOLE_TIMEOUT, smtp.send(message)).await.unwrap_or_else(|_| {
                    Err(TransportError::Transient("the relay did not answer in time".to_owned()))
                })
            }
            Self::Mailbox(mailbox) => {
                let (mailbox, message) = (mailbox.clone(), message.formatted());
                tokio::task::spawn_blocking(move || mailbox.store(&id.to_string(), &message))
                    .await
                    .map_err(|error| TransportError::Relay(error.to_string()))?
                    .map_err(|error| TransportError::Relay(error.to_string()))
            }
        }
    }

    /// Whether mail could leave now: greets the relay, or looks at the directory.
    ///
    /// # Errors
    /// When it could not.
    pub async fn check(&self) -> Result<(), TransportError> {
        match self {
            Self::Smtp(smtp) => {
                let connection = smtp.connect().await?;
                smtp.keep(connection).await;
                Ok(())
            }
            Self::Mailbox(mailbox) => {
                mailbox.names().map(drop).map_err(|e| TransportError::Relay(e.to_string()))
            }
        }
    }
}

impl Smtp {
    async fn send(&self, message: &Message) -> Result<(), TransportError> {
        let mut connection = match self.take_kept().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let formatted = message.formatted();
        let sent = timeout(SEND_TIMEOUT, connection.send(message.envelope(), &formatted)).await;
        let Ok(sent) = sent else {
            return Err(TransportError::Transient("the relay did not answer in time".to_owned()));
        };
        if !connection.has_broken() {
            self.keep(connection).await;
        }
        sent.map(drop).map_err(|error| classify(&error))
    }

    /// A connection kept from an earlier mail that still works.
    async fn take_kept(&self) -> Option<AsyncSmtpConnection> {
        let (mut connection, since) = self.kept.lock().await.pop()?;
        let listens = since.elapsed() < TRUSTED_IDLE
            || timeout(CONNECT_TIMEOUT, connection.test_connected()).await == Ok(true);
        if !listens {
            // The others are as old or older: none is worth the wait.
            self.kept.lock().await.clear();
        }
        listens.then_some(connection)
    }

    async fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept.lock().await;
        if kept.len() < KEPT {
            kept.push((connection, Instant::now()));
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, TransportError> {
        timeout(CONNECT_TIMEOUT, self.connect_untimed())
            .await
            .unwrap_or_else(|_| Err(TransportError::Relay("it did not answer in time".to_owned())))
    }

    async fn connect_untimed(&self) -> Result<AsyncSmtpConnection, TransportError> {
        let Relay { host, port, tls, credentials, hello } = &self.relay;
        let unusable = |error: lettre::transport::smtp::Error| TransportError::Relay(words(&error));
        let hello = ClientId::Domain(hello.clone());
        let mut connection = if *tls == Tls::Implicit {
            let parameters = TlsParameters::new(host.clone()).map_err(unusable)?;
            let server = (host.as_str(), *port);
            AsyncSmtpConnection::connect_tokio1(server, None, &hello, Some(parameters), None)
                .await
                .map_err(unusable)?
        } else {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(|error| TransportError::Relay(error.to_string()))?;
            // Without it the end-of-data marker waits 40 ms for an acknowledgement.
            stream.set_nodelay(true).map_err(|error| TransportError::Relay(error.to_string()))?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello)
                .await
                .map_err(unusable)?
        };
        let offers = connection.can_starttls();
        if *tls == Tls::Required || (*tls == Tls::Opportunistic && offers) {
            let parameters = TlsParameters::new(host.clone()).map_err(unusable)?;
            connection.starttls(parameters, &hello).await.map_err(unusable)?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(unusable)?;
        }
        Ok(connection)
    }
}

/// Sorts what went wrong. A dropped connection and a time-out are neither transient nor permanent to
/// lettre: the default is to try again, for the relay may or may not have taken the message.
fn classify(error: &lettre::transport::smtp::Error) -> TransportError {
    if error.is_permanent() || error.is_client() {
        TransportError::Permanent(words(error))
    } else {
        TransportError::Transient(words(error))
    }
}

/// What the relay said, by its code alone: its words may repeat the address. Where it said nothing, what
/// went wrong on the way, with its causes.
fn words(error: &lettre::transport::smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("the relay answered {code}");
    }
    if error.is_timeout() {
        return "the relay did not answer in time".to_owned();
    }
    sentence(error)
}
