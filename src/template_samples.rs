//! Everything that pages and mails may be given, so that templates are checked before a reader sees them.

#[cfg(test)]
mod check_tests;
#[cfg(test)]
mod mail_tests;

use crate::mail::letters;
use crate::templates::page::Samples;
use crate::web::page_samples;

/// What the template of each page and mail may be given, in every state that it shows.
#[must_use]
pub fn samples() -> Samples {
    let mut all = Samples::default();
    page_samples::samples(&mut all);
    letters::samples(&mut all);
    all
}
