//! Every page of the console, for the check of templates.

use super::catalog::reports::preview::ReportPreviewPage;
use super::contacts::exports::page::ExportsPage;
use super::contacts::exports::run_page::ExportPage;
use super::contacts::subscribers::erase::{ErasePage, ErasedPage};
use super::contacts::subscribers::list_page::SubscribersPage;
use super::contacts::subscribers::person_page::SubscriberPage;
use super::contacts::subscribers::receipts::ReceiptPage;
use super::contacts::suppressions::bring::BringSuppressionsPage;
use super::contacts::suppressions::lift::LiftSuppressionPage;
use super::contacts::suppressions::page::SuppressionsPage;
use super::dashboard::page::DashboardPage;
use super::error_page::ErrorPage;
use super::ledger::page::LedgerPage;
use super::mail::list_page::MailsPage;
use super::mail::one::MailPage;
use super::mail::retry::MailRetryPage;
use super::page::{LayoutPage, sample, sample_other_sites, sample_signed_out};
use super::tasks::TasksPage;
use crate::templates::page::Samples;

pub(in crate::web) fn samples(all: &mut Samples) {
    sample::<ReportPreviewPage>(all);
    sample::<LayoutPage>(all);
    sample_other_sites::<LayoutPage>(all);
    sample_signed_out::<LayoutPage>(all);
    sample::<DashboardPage<'_>>(all);
    sample::<SubscribersPage<'_>>(all);
    sample::<SubscriberPage>(all);
    sample::<ReceiptPage<'_>>(all);
    sample::<ErasePage>(all);
    sample::<ErasedPage>(all);
    sample::<ExportsPage<'_>>(all);
    sample::<ExportPage<'_>>(all);
    sample::<SuppressionsPage<'_>>(all);
    sample::<BringSuppressionsPage<'_>>(all);
    sample::<LiftSuppressionPage<'_>>(all);
    sample::<MailsPage<'_>>(all);
    sample::<MailPage<'_>>(all);
    sample::<MailRetryPage<'_>>(all);
    sample::<LedgerPage>(all);
    sample::<TasksPage>(all);
    sample::<ErrorPage<'_>>(all);
    sample_signed_out::<ErrorPage<'_>>(all);
}
