//! The file of the domains at which mailboxes are thrown away.

use std::path::Path;

use assent_ledger::text_file::read_text;

use super::start_error::StartError;
use crate::domain::contacts::mail_domain::DomainList;

/// Reads it, where one is named.
///
/// # Errors
/// When it cannot be read, or a line of it is no domain.
pub fn disposable_domains(file: Option<&Path>) -> Result<DomainList, StartError> {
    let Some(file) = file else { return Ok(DomainList::default()) };
    let wrong = |error: &dyn std::error::Error| StartError::DisposableDomains(error.to_string());
    let text = read_text(file).map_err(|error| wrong(&error))?;
    DomainList::parse(&text).map_err(|error| wrong(&error))
}
