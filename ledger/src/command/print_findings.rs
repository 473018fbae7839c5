//! What an audit found, a line each.

use crate::audit::AuditReport;

pub(super) fn print_findings(report: &AuditReport) {
    for finding in &report.findings {
        println!("{finding}");
    }
    if report.more > 0 {
        println!("and {} more", report.more);
    }
}
