//! `assent erase`.

use std::time::Duration;

use super::actor::ACTOR;
use super::outcome::Outcome;
use crate::app::Core;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::submitted_form::Method;
use crate::flows::contacts::erase::{Erasing, erase};

/// Delete all that is held of an address, for good (GDPR Art. 17); the ledger keeps its leaves
#[derive(clap::Args)]
pub(super) struct Erase {
    /// The address
    email: String,
}

impl Erase {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        let email = EmailAddress::parse(&self.email)?;
        let key = core.flow_settings.address_secret.key(&email);
        let at = core.moment();
        let how = Erasing { at: &at, method: Method::Staff, source: ACTOR, actor: Some(ACTOR) };
        let held = core.db.run(|tx| Box::pin(erase(tx, &core.flow_settings, &key, how))).await?;
        if held && !emptied(core).await {
            eprintln!(
                "the database's log still holds it while somebody reads: it goes within seconds"
            );
        }
        let said = if held {
            "erased"
        } else {
            "nothing is held of this address; it is noted that it was to be erased"
        };
        println!("{said}");
        Ok(())
    }
}

/// A server that reads at this moment keeps the log from being emptied, so it is tried for a while.
async fn emptied(core: &Core) -> bool {
    for _ in 0..40 {
        if !core.db.must_forget() || core.db.forget_log().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    false
}
