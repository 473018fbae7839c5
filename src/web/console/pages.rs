//! Every page of the console, for the check of templates.

use super::catalog::reports::preview::ReportPreviewPage;
use super::page::sample;
use super::tasks::TasksPage;
use crate::templates::page::Samples;

pub(in crate::web) fn samples(all: &mut Samples) {
    sample::<ReportPreviewPage>(all);
    sample::<TasksPage>(all);
}
