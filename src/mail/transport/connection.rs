//! One conversation with the relay, step by step, so that each answer is known for what it answers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::opening::{Opened, try_starttls};
use super::refusal::{Stage, TransportError, Trouble, plain, silence, sort, unreachable};
use super::relay::{Relay, Tls};
use super::tls_stream::Encrypted;
use crate::mail::compose::Outgoing;

/// Asked before the text of a mail is sent: may it still, or does somebody else hold the mail by now?
pub type StillOurs<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// How long finding, greeting and signing in may take: some servers greet late on purpose.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one command may take, where the relay's own time is not shorter.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a farewell, or a question after an idle while, may take.
const SHORT_TIMEOUT: Duration = Duration::from_secs(2);

/// What has just gone well, for whoever watches a conversation.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The relay's name leads to this address, and something listens there.
    Connected(SocketAddr),
    /// What the relay calls itself.
    Greeted(&'a str),
    /// The way is encrypted.
    Encrypted,
    /// Our name and password are accepted.
    SignedIn(&'a str),
    /// The envelope's sender is accepted.
    Sender,
    /// The recipient is accepted.
    Recipient,
    /// The message is accepted, in these words.
    Taken(&'a str),
}

/// An open conversation, between mails.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    /// How long the relay may take over a message.
    answer: Duration,
}

impl Connection {
    /// Connects, encrypts and signs in, as the relay's settings say.
    pub(super) async fn open(
        relay: &Relay,
        tell: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Self, TransportError> {
        timeout(GREETING_TIMEOUT, Self::greet(relay, tell))
            .await
            .unwrap_or_else(|_| Err(silence(Stage::Greeting)))
    }

    async fn greet(
        relay: &Relay,
        tell: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Self, TransportError> {
        let Relay { host, tls, credentials, hello, .. } = relay;
        let stream = connect(relay).await?;
        tell(Step::Connected(stream.peer_addr().map_err(|error| unreachable(&error))?));
        let hello = client_id(hello);
        let greeting = |error: SmtpError| sort(Stage::Greeting, &error);
        let opened = match tls {
            Tls::Implicit => Encrypted::over(stream, host).await.map(Opened::encrypted),
            Tls::Required | Tls::Opportunistic => try_starttls(stream, host, &hello).await,
            Tls::None => Ok(Opened::in_clear(stream)),
        };
        let Opened { stream, encrypted } = opened.map_err(|error| unreachable(&error))?;
        if encrypted {
            tell(Step::Encrypted);
        }
        let mut smtp =
            AsyncSmtpConnection::connect_with_transport(stream, &hello).await.map_err(greeting)?;
        tell(Step::Greeted(&plain(smtp.server_info().name())));
        if *tls == Tls::Required && !encrypted {
            return Err(TransportError::Relay(Trouble::words(NO_STARTTLS)));
        }
        if let Some((user, password)) = credentials {
            if smtp.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                return Err(TransportError::Relay(Trouble::words(NO_AUTH)));
            }
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            smtp.auth(DEFAULT_MECHANISMS, &credentials)
                .await
                .map_err(|error| sort(Stage::SignIn, &error))?;
            tell(Step::SignedIn(user));
        }
        Ok(Self { smtp, answer: relay.timeout })
    }

    /// Hands over one mail, unless it is not `still_ours` when its text is to be sent.
    pub(super) async fn hand_over(
        &mut self,
        mail: &Outgoing,
        still_ours: StillOurs<'_>,
        tell: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<(), TransportError> {
        let Outgoing { sender, recipient, message } = mail;
        let (answer, smtp) = (self.answer, &mut self.smtp);
        let command = answer.min(COMMAND_TIMEOUT);
        let mut parameters = vec![];
        if ![sender, recipient].iter().all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
            if !smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(TransportError::Permanent(Trouble::words(NO_SMTPUTF8)));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = smtp.command(Mail::new(Some(sender.clone()), parameters));
        said(Stage::Sender, command, from).await?;
        tell(Step::Sender);
        let to = smtp.command(Rcpt::new(recipient.clone(), vec![]));
        said(Stage::Recipient, command, to).await?;
        tell(Step::Recipient);
        let go_on = said(Stage::Message, command, smtp.command(Data)).await?;
        // Any other code answers something else (RFC 5321 §4.3.2): the conversation is out of step.
        if !go_on.has_code(354) {
            return Err(TransportError::Transient(Trouble::words(OUT_OF_STEP)));
        }
        if !still_ours() {
            return Err(TransportError::TooLate);
        }
        let taken = said(Stage::Message, answer, smtp.message(message)).await?;
        let words: Vec<&str> = taken.message().collect();
        tell(Step::Taken(&plain(&format!("{} {}", taken.code(), words.join(" ")))));
        Ok(())
    }

    /// Leaves an unfinished mail, so that the next can begin; `false` when the relay does not go along.
    pub(super) async fn reset(&mut self) -> bool {
        matches!(timeout(SHORT_TIMEOUT, self.smtp.command(Rset)).await, Ok(Ok(_)))
    }

    /// Whether the relay still listens after an idle while.
    pub(super) async fn listens(&mut self) -> bool {
        matches!(timeout(SHORT_TIMEOUT, self.smtp.command(Noop)).await, Ok(Ok(_)))
    }

    /// Takes leave (RFC 5321 §4.1.1.10).
    pub(super) async fn quit(mut self) {
        if !matches!(timeout(SHORT_TIMEOUT, self.smtp.command(Quit)).await, Ok(Ok(_))) {
            tracing::debug!("the relay did not say farewell");
        }
    }
}

const NO_STARTTLS: &str =
    "it does not offer STARTTLS: where that is right, say `?tls=none` in mail.url";
const OUT_OF_STEP: &str = "the relay's answers do not fit our commands";
const NO_AUTH: &str = "it offers no way to sign in that we know (PLAIN, LOGIN)";
const NO_SMTPUTF8: &str = "it does not take addresses with letters beyond ASCII (SMTPUTF8)";

/// An address is introduced as one (RFC 5321 §4.1.3).
fn client_id(name: &str) -> ClientId {
    match name.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(name.to_owned()),
    }
}

/// The relay's answer, within its time.
async fn said(
    stage: Stage,
    within: Duration,
    answer: impl Future<Output = Result<Response, SmtpError>>,
) -> Result<Response, TransportError> {
    match timeout(within, answer).await {
        Ok(answer) => answer.map_err(|error| sort(stage, &error)),
        Err(_) => Err(silence(stage)),
    }
}

async fn connect(relay: &Relay) -> Result<TcpStream, TransportError> {
    let (host, port) = (relay.host.trim_matches(['[', ']']), relay.port);
    let found = lookup_host((host, port)).await.map_err(|error| {
        TransportError::Relay(Trouble::words(format!("the name {host} does not resolve ({error})")))
    })?;
    let mut last = None;
    for address in found {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it the end-of-data marker waits 40 ms for an acknowledgement.
                stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(
        || TransportError::Relay(Trouble::words(format!("the name {host} leads nowhere"))),
        |error| unreachable(&error),
    ))
}
