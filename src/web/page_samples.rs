//! Every page, for the check of templates.

use super::api::ApiPage;
use super::dev::{MailPage, MailboxPage};
use super::error_pages::{BrokenLinkPage, EmbedErrorPage, ErrorPage, GonePage};
use super::state::frame::{Layout, sample};
use super::{console, public};
use crate::templates::page::Samples;

/// What each page's template may be given, in every state that it shows.
pub fn samples(all: &mut Samples) {
    sample::<Layout>(all);
    public::page_samples::samples(all);
    sample::<ApiPage>(all);
    sample::<GonePage>(all);
    sample::<BrokenLinkPage>(all);
    sample::<ErrorPage>(all);
    sample::<EmbedErrorPage>(all);
    sample::<MailboxPage>(all);
    sample::<MailPage>(all);
    console::page_samples::samples(all);
}
