//! What the program asks of the operating system before it does anything.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

/// Every file made from now on is its owner's alone: databases, exports and mails hold personal data.
pub(super) fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Raises the number of open connections to what the system allows; the usual default of 1,024 is used
/// up by as many slow clients.
pub(super) fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        eprintln!("assent: the number of open files could not be raised: {error}");
    }
}
