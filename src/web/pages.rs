//! Every page, for the check of templates.

use super::console;
use crate::templates::page::Samples;

/// What each page's template may be given, in every state that it shows.
#[must_use]
pub fn samples() -> Samples {
    let mut all = Samples::default();
    console::pages::samples(&mut all);
    all
}
