//! The only place that speaks SMTP: how mail leaves, and what became of it.

mod connection;
mod legible;
mod opening;
mod refusal;
mod relay;
mod smtp;
mod tls_stream;

use uuid::Uuid;

use super::compose::Outgoing;
use super::mailbox::Mailbox;

pub use connection::{Step, StillOurs};
pub use refusal::{TransportError, Trouble};
pub use relay::{Relay, Tls};
pub use smtp::Smtp;

/// How mail leaves.
pub enum Transport {
    /// Through a relay, over kept connections.
    Smtp(Box<Smtp>),
    /// Into a directory.
    Mailbox(Mailbox),
}

impl Transport {
    /// Through this relay, over so many connections at most that are kept between mails.
    #[must_use]
    pub fn smtp(relay: Relay, kept: usize) -> Self {
        Self::Smtp(Box::new(Smtp::new(relay, kept)))
    }

    /// Hands over one mail; `id` names it where a name is needed. Its text is not sent unless the mail is
    /// `still_ours` then.
    ///
    /// # Errors
    /// When it was not taken; says whether it is worth another try.
    pub async fn send(
        &self,
        id: Uuid,
        mail: &Outgoing,
        still_ours: StillOurs<'_>,
    ) -> Result<(), TransportError> {
        match self {
            Self::Smtp(smtp) => smtp.send(mail, still_ours).await,
            Self::Mailbox(mailbox) => {
                let (mailbox, message) = (mailbox.clone(), mail.message.clone());
                let away = |words: String| TransportError::Relay(Trouble::words(words));
                tokio::task::spawn_blocking(move || mailbox.store(&id.to_string(), &message))
                    .await
                    .map_err(|error| away(error.to_string()))?
                    .map_err(|error| away(error.to_string()))
            }
        }
    }

    /// Whether mail could leave now: greets the relay, or looks at the directory.
    ///
    /// # Errors
    /// When it could not.
    pub async fn check(&self) -> Result<(), TransportError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Mailbox(mailbox) => mailbox
                .names()
                .map(drop)
                .map_err(|error| TransportError::Relay(Trouble::words(error.to_string()))),
        }
    }

    /// Takes leave of the relay on the connections that have been idle for a while, or on all.
    pub async fn close_idle(&self, all: bool) {
        if let Self::Smtp(smtp) = self {
            smtp.close_idle(all).await;
        }
    }
}
