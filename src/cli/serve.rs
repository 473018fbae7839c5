//! `assent serve`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::outcome::{Error, Outcome, refuse};
use crate::app::{Core, Program, Role};
use crate::config::{Settings, find_exposed_keys};
use crate::domain::staff::member::StaffLinkKind;
use crate::flows::staff::add_staff::offer_first_account;

/// Apply migrations, then serve pages and deliver mail
#[derive(clap::Args)]
pub(super) struct Serve {
    /// Which parts run here
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
}

impl Serve {
    pub(super) async fn run(self, core: Core) -> Outcome {
        warn_of_exposed_keys(&core.settings);
        core.try_out_files().await?;
        core.look_outside().await?;
        let listener = match self.role {
            Role::Worker => None,
            Role::All | Role::Web => Some(listen(&core).await?),
        };
        if listener.is_some() {
            tell_of_first_account(&core).await?;
        }
        run(core, self.role, listener, false).await
    }
}

/// Whoever reads a key makes links and records of ours; it goes on, for the harm is done or is not.
fn warn_of_exposed_keys(settings: &Settings) {
    let exposed = find_exposed_keys(settings);
    if !exposed.is_empty() {
        tracing::warn!(
            files = ?exposed,
            "found keys that everybody on this machine may read or write: run `chmod 600` on these files"
        );
    }
}

/// Holds the link to the first account, in the data directory, where nobody looks at a terminal.
const FIRST_ACCOUNT: &str = "first-account";

/// While nobody has an account, whoever started the program may make the first. The link makes an admin of whoever reads
/// it: it is shown at a terminal, or to whoever may read the data directory, and is never logged.
async fn tell_of_first_account(core: &Core) -> Outcome {
    let at = core.moment();
    let link = core.db.run(|tx| Box::pin(offer_first_account(tx, &at))).await?;
    let file = core.settings.data_dir.join(FIRST_ACCOUNT);
    // One that an earlier start wrote leads nowhere by now.
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed?,
    }
    let Some(staff_link_id) = link else { return Ok(()) };
    let link = core.links.staff(StaffLinkKind::First, staff_link_id);
    if std::io::stdout().is_terminal() {
        println!(
            "Nobody has a console account yet. Make the first one here, within a day:\n{link}"
        );
    } else {
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        writeln!(out, "{link}")?;
        tracing::info!(
            file = %file.display(),
            "nobody has a console account yet: the link in this file makes the first one, within a day"
        );
    }
    Ok(())
}

/// Serves until SIGTERM or SIGINT.
pub(super) async fn run(
    core: Core,
    role: Role,
    listener: Option<TcpListener>,
    demo: bool,
) -> Outcome {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::info!("asked to stop: finishing what is under way");
        asked.cancel();
    });
    let listen = listener.as_ref().map(|_| core.settings.listen).map(tracing::field::display);
    tracing::info!(listen, base_url = %core.settings.base_url, ?role, "serving");
    Program::build(core, demo)?.run(role, listener, stop).await;
    Ok(())
}

pub(super) async fn listen(core: &Core) -> Result<TcpListener, Error> {
    let address = core.settings.listen;
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))
}

pub(super) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Error {
    refuse(format!(
        "cannot listen on {address} ({error}): stop what uses it or set ASSENT_LISTEN to another"
    ))
}
