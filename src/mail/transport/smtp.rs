//! A relay, and the connections kept to it between mails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, Step, StillOurs};
use super::refusal::TransportError;
use super::relay::Relay;
use crate::mail::compose::Outgoing;

/// How long a kept connection may idle before the relay is asked whether it still listens.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);
/// After how long idle we take leave.
const KEPT_IDLE: Duration = Duration::from_secs(30);

/// A relay and the connections kept to it.
pub struct Smtp {
    relay: Relay,
    most: usize,
    kept: Mutex<Vec<(Connection, Instant)>>,
    /// How many conversations go on.
    busy: AtomicUsize,
}

impl Smtp {
    pub(super) fn new(relay: Relay, most: usize) -> Self {
        Self { relay, most, kept: Mutex::new(Vec::new()), busy: AtomicUsize::new(0) }
    }

    pub(super) async fn send(
        &self,
        mail: &Outgoing,
        still_ours: StillOurs<'_>,
    ) -> Result<(), TransportError> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        let sent = self.send_over(mail, still_ours).await;
        let sent = sent.map_err(|error| self.or_crowded(error));
        self.busy.fetch_sub(1, Ordering::Relaxed);
        sent
    }

    async fn send_over(
        &self,
        mail: &Outgoing,
        still_ours: StillOurs<'_>,
    ) -> Result<(), TransportError> {
        let mut ignore = |_: Step<'_>| {};
        if let Some(mut connection) = self.take_kept().await {
            let sent = connection.hand_over(mail, still_ours, &mut ignore).await;
            // The relay may have ended a kept connection; nothing was handed over then, and a new one tells.
            let ended = matches!(sent, Err(TransportError::Relay(_)));
            if !ended {
                self.keep(connection, &sent).await;
                return sent;
            }
        }
        let mut connection = Connection::open(&self.relay, &mut ignore).await?;
        let sent = connection.hand_over(mail, still_ours, &mut ignore).await;
        self.keep(connection, &sent).await;
        sent
    }

    /// A relay that puts off one more connection while others go on can be used all the same.
    fn or_crowded(&self, error: TransportError) -> TransportError {
        match error {
            TransportError::Relay(trouble) if trouble.is_temporary() && self.goes_on() => {
                TransportError::Crowded
            }
            error => error,
        }
    }

    /// Whether there are conversations besides this one.
    fn goes_on(&self) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.busy.load(Ordering::Relaxed) > 1 || !kept.is_empty()
    }

    /// Hands over one mail on a connection of its own, telling each step as it went well.
    ///
    /// # Errors
    /// What the first step that went wrong came to.
    pub async fn try_out(
        &self,
        mail: &Outgoing,
        still_ours: StillOurs<'_>,
        tell: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<(), TransportError> {
        let mut connection = Connection::open(&self.relay, tell).await?;
        let sent = connection.hand_over(mail, still_ours, tell).await;
        connection.quit().await;
        sent
    }

    pub(super) async fn check(&self) -> Result<(), TransportError> {
        let connection = Connection::open(&self.relay, &mut |_| {}).await?;
        connection.quit().await;
        Ok(())
    }

    pub(super) async fn close_idle(&self, all: bool) {
        let idle: Vec<Connection> = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let over = |since: &Instant| all || since.elapsed() >= KEPT_IDLE;
            kept.extract_if(.., |(_, since)| over(since))
                .map(|(connection, _)| connection)
                .collect()
        };
        for connection in idle {
            connection.quit().await;
        }
    }

    /// The connection last used that still works.
    async fn take_kept(&self) -> Option<Connection> {
        let (mut connection, since) = self.pop()?;
        if since.elapsed() < TRUSTED_IDLE || connection.listens().await {
            return Some(connection);
        }
        // The others are as old or older: none is worth the wait.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        None
    }

    fn pop(&self) -> Option<(Connection, Instant)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection whose conversation can go on.
    async fn keep(&self, mut connection: Connection, sent: &Result<(), TransportError>) {
        let goes_on = match sent {
            Ok(()) => true,
            Err(error) if error.trouble().is_some_and(|trouble| trouble.verbatim.is_some()) => {
                connection.reset().await
            }
            // A silence, or a break in the middle: what comes next would be read as the answer to this.
            Err(_) => false,
        };
        if goes_on {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < self.most {
                kept.push((connection, Instant::now()));
            }
        }
    }
}
