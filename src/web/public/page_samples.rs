//! Every page of the public's, for the check of templates.

use super::check_your_inbox::{CameBackPage, CheckYourInboxPage};
use super::code::ConfirmByCodePage;
use super::confirm::{ConfirmPage, ConfirmedPage};
use super::downloads::page::DownloadPage;
use super::index::IndexPage;
use super::ledger::page::LedgerPage;
use super::lost_link::{FreshLinkPage, PreferencesAskPage};
use super::newsletters::NewslettersPage;
use super::not_me::{NotMeDonePage, NotMePage};
use super::policies::{PolicyChangesPage, PolicyPage};
use super::postmaster::ItPage;
use super::preferences::disclosure::MyDataPage;
use super::preferences::erase::ErasedPage;
use super::preferences::receipts::ReceiptPage;
use super::preferences::shown::PreferencesPage;
use super::purposes::PurposePage;
use super::renew::page::{RenewPage, RenewedPage};
use super::reports::ReportPage;
use super::thank_you::ThankYouPage;
use super::unsubscribe::{UnsubscribeDeletedPage, UnsubscribePage, UnsubscribedPage};
use crate::templates::page::Samples;
use crate::web::state::frame::sample;

pub(in crate::web) fn samples(all: &mut Samples) {
    sample::<IndexPage>(all);
    sample::<ReportPage>(all);
    sample::<NewslettersPage>(all);
    sample::<CheckYourInboxPage>(all);
    sample::<CameBackPage>(all);
    sample::<ConfirmByCodePage>(all);
    sample::<ConfirmPage>(all);
    sample::<ConfirmedPage>(all);
    sample::<NotMePage>(all);
    sample::<NotMeDonePage>(all);
    sample::<DownloadPage>(all);
    sample::<ThankYouPage>(all);
    sample::<PreferencesAskPage>(all);
    sample::<PreferencesPage>(all);
    sample::<ErasedPage>(all);
    sample::<UnsubscribePage>(all);
    sample::<UnsubscribedPage>(all);
    sample::<UnsubscribeDeletedPage>(all);
    sample::<MyDataPage>(all);
    sample::<ReceiptPage>(all);
    sample::<RenewPage>(all);
    sample::<RenewedPage>(all);
    sample::<PolicyPage>(all);
    sample::<PolicyChangesPage>(all);
    sample::<PurposePage>(all);
    sample::<LedgerPage>(all);
    sample::<ItPage>(all);
    sample::<FreshLinkPage>(all);
}
