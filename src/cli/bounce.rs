//! `assent bounce`.

use std::io::Read;
use std::path::PathBuf;

use super::opening::{open, settings};
use super::outcome::{Error, Outcome};
use crate::app::{Core, Tables};
use crate::domain::mail::bounce::{Bounce, BounceKind};
use crate::flows::mail::record_bounce::record_news;
use crate::mail::returned::{self, Ignored, Returned};

const HELP: &str = "\
Mail leaves with an envelope sender of its own, bounces+TOKEN@DOMAIN, once `mail.bounce_domain` is set. Have \
your mail server hand what comes to that domain to this command, as a user who may read the settings and \
the keys. It ends with 0 also for what is nothing for it, and with 75 when your mail server should try \
again later.

Postfix, a domain of its own. In master.cf:
    assent-bounce unix - n n - 10 pipe
      user=assent argv=/usr/local/bin/assent --config /etc/assent/assent.toml bounce ${recipient}
in main.cf:
    relay_domains = bounces.example.org
    transport_maps = inline:{bounces.example.org=assent-bounce:}
    assent-bounce_destination_recipient_limit = 1

Postfix, a domain it has mailboxes for. A command in an alias file runs as the user whom the file belongs \
to, and in root's as nobody, who may not read the keys. So it has a file of its own, /etc/assent/aliases:
    bounces    \"|/usr/local/bin/assent --config /etc/assent/assent.toml bounce\"
which belongs to that user:
    chown assent /etc/assent/aliases
and is named in main.cf, behind the alias files that stand there (the recipient is read from Delivered-To):
    recipient_delimiter = +
    alias_maps = hash:/etc/aliases, texthash:/etc/assent/aliases

Exim (the recipient is read from Envelope-To). A router:
    assent_bounce:
      driver = accept
      domains = bounces.example.org
      local_parts = bounces
      local_part_suffix = +*
      transport = assent_bounce
and a transport:
    assent_bounce:
      driver = pipe
      command = /usr/local/bin/assent --config /etc/assent/assent.toml bounce
      user = assent
      envelope_to_add

A relay that posts events instead posts them to /api/v1/bounces.";

/// Read one message that came back, on standard input: a bounce or a complaint
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub(super) struct BounceCommand {
    /// The envelope recipient, where the mail server names it; else the message is looked through for it
    recipient: Option<String>,
}

/// Nothing was recorded: the mail server should hand the message over again later.
#[derive(Debug, thiserror::Error)]
#[error("what came back could not be recorded, and should be handed over again later")]
pub(super) struct TryLater(#[source] Error);

impl BounceCommand {
    /// Opens the database only for what is worth it, and takes whatever goes wrong for passing: a bounce
    /// that is refused is lost.
    pub(super) async fn run(self, config: Option<PathBuf>, tables: Tables) -> Outcome {
        let words = Box::pin(self.words(config, tables)).await.map_err(TryLater)?;
        println!("{words}");
        Ok(())
    }

    async fn words(self, config: Option<PathBuf>, tables: Tables) -> Result<String, Error> {
        let returned = match returned::read(&message()?, self.recipient.as_deref()) {
            Ok(returned) => returned,
            Err(why) => return Ok(ignored(why)),
        };
        let core = open(settings(config)?, tables).await?;
        let words = record(&core, &returned).await;
        core.db.close().await;
        words
    }
}

/// The message, as much of it as is read; the rest is taken too, for a mail server that cannot hand all of
/// it over takes that for a failure.
fn message() -> std::io::Result<Vec<u8>> {
    let mut stdin = std::io::stdin().lock();
    let mut message = Vec::new();
    let most = u64::try_from(returned::MOST).unwrap_or(u64::MAX);
    stdin.by_ref().take(most).read_to_end(&mut message)?;
    std::io::copy(&mut stdin, &mut std::io::sink())?;
    Ok(message)
}

async fn record(core: &Core, returned: &Returned) -> Result<String, Error> {
    let Some(outbox_id) = returned.outbox_id(&core.links.secrets) else {
        return Ok(ignored(Ignored::NotOurs));
    };
    let (at, news) = (core.moment(), &returned.news);
    let bounce =
        core.db.run(|tx| Box::pin(record_news(tx, core.flow_settings.at(&at), outbox_id, news)));
    Ok(bounce.await?.map_or_else(|| ignored(Ignored::Forgotten), recorded))
}

fn ignored(why: Ignored) -> String {
    format!("ignored: {why}")
}

fn recorded(bounce: Bounce) -> String {
    let what = match bounce.kind {
        BounceKind::Hard => "no such mailbox; it won't be mailed again",
        BounceKind::Soft => "not delivered; counted",
        BounceKind::Complaint => "reported as unwanted, so nothing more is sent",
    };
    bounce.status.map_or_else(|| format!("recorded: {what}"), |s| format!("recorded: {what} ({s})"))
}
