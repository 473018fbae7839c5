//! The command line: a file to a command.

mod actor;
mod backup;
mod bounce;
mod bundle;
mod check;
mod demo;
mod dkim;
mod draw_report;
mod erase;
mod export;
mod import;
mod ledger;
mod limits;
mod mail;
mod new_name;
mod newsletter;
mod openapi;
mod opening;
mod outcome;
mod policy;
mod purge;
mod purpose;
mod report;
mod restore;
mod resume;
mod serve;
mod staff;
mod templates;
mod withdrawals;

use std::path::PathBuf;
use std::process::ExitCode;

use assent_ledger::command::{AuditRefusal, stop_when_nobody_reads};
use clap::builder::FalseyValueParser;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;

use self::opening::{log_to_stderr, open, settings};
use self::outcome::{Outcome, refuse};
use crate::app::Tables;
use crate::domain::sentence::sentence;
use crate::store::dump::is_there;
use crate::store::sqlite_file;

/// Newsletter subscriptions and consent: a free report behind a form, a confirmation by one press, a
/// gated download, and proof of what was agreed to.
#[derive(Parser)]
#[command(
    name = "assent",
    version,
    after_help = "To see all of it at once, run `assent demo`. To begin for real: publish a policy, add a \
                  newsletter, add a report with --publish, then `assent serve`."
)]
struct Arguments {
    /// The settings file; environment variables win over it
    #[arg(long, global = true, env = "ASSENT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Leave the tables as they are: an older version's is refused, and `assent migrate` alone brings it up to date
    #[arg(long, global = true, env = "ASSENT_NO_MIGRATE", value_parser = FalseyValueParser::new())]
    no_migrate: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Alone(Alone),
    #[command(flatten)]
    Desk(Desk),
}

/// What opens for itself what it needs.
#[derive(Subcommand)]
enum Alone {
    /// Make a demo with sample content and serve it; no mail leaves the machine
    Demo(demo::Demo),
    /// Apply migrations, then serve pages and deliver mail
    Serve(serve::Serve),
    /// Put a back-up in place of the database and files
    Restore(restore::Restore),
    Check(check::Check),
    /// Try out how mail leaves
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Make the keys that sign mail
    #[command(subcommand)]
    Dkim(dkim::DkimCommand),
    /// Read one message that came back, on standard input: a bounce or a complaint
    Bounce(bounce::BounceCommand),
    Openapi(openapi::Openapi),
    #[command(hide = true, name = crate::report_drawing::COMMAND)]
    DrawReport(draw_report::DrawReport),
    /// Name, copy and check the texts of pages and mails; a running server reads them when it starts
    #[command(subcommand)]
    Templates(templates::TemplatesCommand),
}

/// What works on an open installation.
#[derive(Subcommand)]
enum Desk {
    /// Apply migrations and stop
    Migrate,
    /// Manage console accounts
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// Add, edit, publish, withdraw and name reports
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// Add, offer, archive and name newsletters
    #[command(subcommand)]
    Newsletter(newsletter::NewsletterCommand),
    /// Add, edit, offer and name purposes of your own
    #[command(subcommand)]
    Purpose(purpose::PurposeCommand),
    /// Publish and name privacy policies
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Write the contacts that may be written to for one purpose
    Export(export::Export),
    /// Bring in contacts who agreed elsewhere, each with evidence of it
    Import(import::Import),
    /// Name who must be removed from copies exported earlier
    Withdrawals(withdrawals::Withdrawals),
    /// Delete all that is held of an address
    Erase(erase::Erase),
    /// Check the consent ledger, and prove it to others
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Write all that this installation needs to go on into a directory
    Backup(backup::Backup),
    /// Delete what nobody confirmed, and evidence past its time
    Purge(purge::Purge),
}

impl Desk {
    /// Whether an installation begins by it. Any other command means people who are held already: a new installation,
    /// made by it in a wrong directory, would only seem to have been asked.
    fn may_begin(&self) -> bool {
        match self {
            Self::Migrate
            | Self::Staff(_)
            | Self::Report(_)
            | Self::Newsletter(_)
            | Self::Purpose(_)
            | Self::Policy(_) => true,
            Self::Export(_)
            | Self::Import(_)
            | Self::Withdrawals(_)
            | Self::Erase(_)
            | Self::Ledger(_)
            | Self::Backup(_)
            | Self::Purge(_) => false,
        }
    }
}

/// What tells a mail server to try again later (`EX_TEMPFAIL` of sysexits.h).
const TRY_LATER: u8 = 75;

/// Runs the program: 0 done, 1 refused or wrong, 2 wrong usage, 3 a receipt that was compared in part, 75 to be tried
/// again later.
#[must_use]
pub fn main() -> ExitCode {
    stop_when_nobody_reads("assent");
    let arguments = Arguments::parse();
    limits::keep_files_private();
    limits::allow_many_connections();
    // Within the memory that it leaves itself there is no room for a runtime.
    if let Command::Alone(Alone::DrawReport(command)) = &arguments.command {
        return told(command.run());
    }
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(arguments)));
    told(outcome)
}

/// How the program ends; what went wrong is said.
fn told(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("assent: {}", sentence(error.as_ref()));
            exit_code(&error)
        }
    }
}

fn exit_code(error: &outcome::Error) -> ExitCode {
    if error.is::<bounce::TryLater>() {
        return TRY_LATER.into();
    }
    error
        .downcast_ref()
        .map_or(ExitCode::FAILURE, |refusal: &AuditRefusal| refusal.exit_code().into())
}

async fn run(Arguments { config, no_migrate, command }: Arguments) -> Outcome {
    // Whoever asks for it by name has it done.
    let tables = match &command {
        Command::Desk(Desk::Migrate) => Tables::Migrate,
        _ if no_migrate => Tables::Leave,
        _ => Tables::Migrate,
    };
    match command {
        Command::Alone(command) => Box::pin(run_alone(config, tables, command)).await,
        Command::Desk(command) => Box::pin(run_at_desk(config, tables, command)).await,
    }
}

async fn run_alone(config: Option<PathBuf>, tables: Tables, command: Alone) -> Outcome {
    match command {
        Alone::Demo(command) => command.run(config.as_deref()).await,
        Alone::Serve(command) => {
            let settings = settings(config)?;
            log_to_stderr("info", settings.log_json);
            command.run(open(settings, tables).await?).await
        }
        Alone::Restore(command) => {
            let settings = settings(config)?;
            log_to_stderr("warn", settings.log_json);
            Box::pin(command.run(settings)).await
        }
        Alone::Check(command) => {
            log_to_stderr("error", false);
            Box::pin(command.run(config)).await
        }
        Alone::Mail(command) => {
            let settings = settings(config)?;
            log_to_stderr("warn", settings.log_json);
            command.run(settings, tables).await
        }
        Alone::Dkim(command) => command.run(&settings(config)?),
        Alone::Bounce(command) => {
            log_to_stderr("error", false);
            Box::pin(command.run(config, tables)).await
        }
        Alone::Openapi(command) => command.run(&settings(config)?),
        Alone::DrawReport(command) => command.run(),
        Alone::Templates(command) => command.run(config),
    }
}

async fn run_at_desk(config: Option<PathBuf>, tables: Tables, command: Desk) -> Outcome {
    if let Desk::Ledger(ledger) = &command
        && let Some(outcome) = ledger.run_alone()
    {
        return outcome;
    }
    let settings = settings(config)?;
    log_to_stderr("warn", settings.log_json);
    // A database that does not answer says so when it is opened.
    if !command.may_begin() && matches!(is_there(&settings.database_url).await, Ok(false)) {
        let place = match sqlite_file(settings.database_url.expose_secret()) {
            Some(file) => format!("at {}", file.display()),
            None => "in the PostgreSQL database of the settings".to_owned(),
        };
        return Err(refuse(format!(
            "there is no database of an installation {place}: name its settings by --config, or go to where its \
             assent.toml lies"
        )));
    }
    let core = open(settings, tables).await?;
    // What another replica noted is known before anybody is named.
    if let Desk::Export(_) | Desk::Withdrawals(_) = &command {
        core.take_in_endings().await?;
    }
    let outcome = match command {
        // Opening brought the schema up to date.
        Desk::Migrate => Ok(()),
        Desk::Staff(command) => command.run(&core).await,
        Desk::Report(command) => command.run(&core).await,
        Desk::Newsletter(command) => command.run(&core).await,
        Desk::Purpose(command) => command.run(&core).await,
        Desk::Policy(command) => command.run(&core).await,
        Desk::Export(command) => command.run(&core).await,
        Desk::Import(command) => command.run(&core).await,
        Desk::Withdrawals(command) => command.run(&core).await,
        Desk::Erase(command) => command.run(&core).await,
        Desk::Ledger(command) => command.run(&core).await,
        Desk::Backup(command) => command.run(&core).await,
        Desk::Purge(command) => command.run(&core).await,
    };
    core.files.settle().await;
    core.bring_endings().await;
    core.db.close().await;
    outcome
}
