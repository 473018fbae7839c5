//! What a new installation still needs before anybody can sign up, found by what is there.

use serde::Serialize;

use crate::domain::catalog::report::ReportStatus;
use crate::domain::staff::right::Right;
use crate::site::Controller;
use crate::store::catalog::reports::Report;
use crate::web::console::staff_session::StaffSession;

/// What is there already.
pub(super) struct Offers<'a> {
    pub controller: &'a Controller,
    pub has_policy: bool,
    pub has_newsletter: bool,
    pub reports: &'a [Report],
}

/// Something to do next, and where, if that is here.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct Step {
    title: &'static str,
    text: String,
    href: Option<&'static str>,
}

impl Step {
    pub(super) fn samples() -> Vec<Self> {
        vec![
            step("Say who you are", "Set ASSENT_CONTROLLER_NAME.", None),
            step("Add a report", "Upload its file.", Some("/console/reports")),
        ]
    }
}

/// The next steps in their order; none once a form can be filled in.
pub(super) fn next(offers: &Offers<'_>, session: &StaffSession) -> Vec<Step> {
    let published = offers.reports.iter().any(|report| report.status == ReportStatus::Published);
    if offers.controller.is_complete() && offers.has_policy && published {
        return vec![];
    }
    let mut steps = Vec::new();
    let missing = missing(offers.controller);
    if !missing.is_empty() {
        let text = format!(
            "Notices name who holds the details. Set {} where the program is configured, then restart it.",
            missing.join(", ")
        );
        steps.push(step("Say who you are", text, None));
    }
    if !offers.has_policy {
        let text = "Every form asks for consent to it, so there is no form without one.";
        let own = session.may(Right::PublishPolicy);
        let text = if own { text.to_owned() } else { format!("{text} An admin publishes it.") };
        steps.push(step("Publish your privacy policy", text, Some("/console/policies")));
    }
    if !offers.has_newsletter {
        let text = "If you send one. A form then offers it as a choice of its own.";
        steps.push(step("Add a newsletter", text, Some("/console/newsletters")));
    }
    if offers.reports.is_empty() {
        let text = "Upload its file; its page and form are made from that.";
        steps.push(step("Add a report", text, Some("/console/reports")));
    } else if !published {
        let text = "No report is on offer. Look at it as readers will, then publish it.";
        steps.push(step("Publish a report", text, Some("/console/reports")));
    }
    steps
}

fn step(title: &'static str, text: impl Into<String>, href: Option<&'static str>) -> Step {
    Step { title, text: text.into(), href }
}

/// The settings that name the controller and are blank.
fn missing(controller: &Controller) -> Vec<&'static str> {
    [
        (&controller.name, "ASSENT_CONTROLLER_NAME"),
        (&controller.address, "ASSENT_CONTROLLER_ADDRESS"),
        (&controller.contact, "ASSENT_CONTROLLER_CONTACT"),
    ]
    .iter()
    .filter(|(part, _)| part.trim().is_empty())
    .map(|(_, setting)| *setting)
    .collect()
}
