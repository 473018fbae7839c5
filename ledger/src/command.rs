//! What an outsider has checked on the command line, by `assent ledger audit` and `assent ledger audit-receipt`, or by
//! `assent-audit`, which is nothing else.

mod bundle;
mod print_findings;
mod promise;
#[cfg(test)]
mod promise_tests;
mod receipt;
mod refusal;
mod told_entries;
pub(crate) mod told_stamps;
mod witness_arguments;

use std::io::{self, Write};
use std::panic;
use std::process;

pub use self::bundle::{AuditBundle, on_whose_word};
pub use self::receipt::AuditReceipt;
pub use self::refusal::AuditRefusal;

/// Whoever read the output has read enough, as `head` does: that is no fault of the program, and printing would say
/// it was. What cannot be written for another reason, as on a full disk, is said in a sentence.
pub fn stop_when_nobody_reads(program: &'static str) {
    /// What a shell says of a program that a closed pipe ended.
    const BROKEN_PIPE: i32 = 141;
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        match said.strip_prefix("failed printing to stdout: ") {
            Some(why) if why.starts_with("Broken pipe") => process::exit(BROKEN_PIPE),
            Some(why) => {
                // Where that cannot be written either, the status says it.
                let _told =
                    writeln!(io::stderr(), "{program}: the output could not be written: {why}");
                process::exit(1)
            }
            None if said.starts_with("failed printing to stderr: ") => process::exit(1),
            None => tell(panic),
        }
    }));
}
