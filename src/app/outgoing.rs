//! How mail leaves, by the settings.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;

use super::StartError;
use crate::config::{MailTarget, Settings};
use crate::domain::base_url::host;
use crate::domain::mail::return_path::ReturnPaths;
use crate::domain::signup::link::LinkSecrets;
use crate::domain::slug::Slug;
use crate::mail::compose::Sender;
use crate::mail::dkim::Dkim;
use crate::mail::dkim_key::DkimKey;
use crate::mail::mailbox::Mailbox;
use crate::mail::relay_events::{Marks, RelayProof};
use crate::mail::transport::Transport;
use crate::name_servers::{Patience, resolver};

/// How mail leaves, by these settings.
///
/// # Errors
/// When the mailbox directory cannot be made.
pub fn transport(settings: &Settings) -> Result<Transport, StartError> {
    Ok(match &settings.mail.target {
        MailTarget::Relay(relay) => Transport::smtp(relay.clone(), settings.mail.connections),
        MailTarget::Mailbox(directory) => {
            Transport::Mailbox(Mailbox::open(directory).map_err(StartError::Mailbox)?)
        }
    })
}

/// Who mail comes from, where it comes back to and what signs it, by these settings.
///
/// # Errors
/// When a key cannot be read.
pub fn sender(settings: &Settings, secrets: &LinkSecrets) -> Result<Sender, StartError> {
    let mail = &settings.mail;
    let load = |(selector, file): &(Slug, PathBuf)| DkimKey::load(selector.as_str(), file);
    let keys = mail.dkim_keys.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let dkim =
        (!keys.is_empty()).then(|| Arc::new(Dkim { domain: mail.dkim_domain.clone(), keys }));
    let host = host(&settings.base_url).to_owned();
    let return_paths =
        mail.bounce_domain.clone().map(|domain| ReturnPaths { secrets: secrets.clone(), domain });
    let relay = mail.relay_events.as_ref().map(RelayProof::relay);
    let marks = relay.map(|relay| Marks { relay, secrets: secrets.clone() });
    Ok(Sender { from: mail.from.clone(), host, dkim, return_paths, marks })
}

/// Who is asked about the domains that people type. Nobody where mail goes into a directory, and so reaches nobody.
#[must_use]
pub fn domain_resolver(settings: &Settings) -> Option<Arc<TokioResolver>> {
    const PATIENCE: Patience = Patience { for_one: Duration::from_secs(2), tries: 1 };
    let mail = &settings.mail;
    if !mail.check_domains || matches!(mail.target, MailTarget::Mailbox(_)) {
        return None;
    }
    match resolver(mail.dns_server, PATIENCE) {
        Ok(resolver) => Some(Arc::new(resolver)),
        Err(error) => {
            tracing::warn!(error = %error, "this machine names no name server, so no domain is looked up");
            None
        }
    }
}
