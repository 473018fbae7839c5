//! `assent-audit`: what an outsider checks of a consent ledger, with nothing of the server that keeps it.

use std::error::Error;
use std::process::ExitCode;

use assent_ledger::command::{AuditBundle, AuditReceipt, stop_when_nobody_reads};
use clap::Parser;

/// Checks what an assent installation gives out of its consent ledger: bundles, and receipts of single consents
#[derive(Parser)]
#[command(name = "assent-audit", version)]
enum Command {
    Bundle(AuditBundle),
    Receipt(AuditReceipt),
}

/// 0 sound, 1 not to be believed, 2 wrong usage, 3 a receipt that was compared in part.
fn main() -> ExitCode {
    stop_when_nobody_reads("assent-audit");
    let outcome = match Command::parse() {
        Command::Bundle(command) => command.run(),
        Command::Receipt(command) => command.run(),
    };
    let Err(refusal) = outcome else { return ExitCode::SUCCESS };
    eprint!("assent-audit: {refusal}");
    let mut cause = refusal.source();
    while let Some(next) = cause {
        eprint!(": {next}");
        cause = next.source();
    }
    eprintln!();
    refusal.exit_code().into()
}
