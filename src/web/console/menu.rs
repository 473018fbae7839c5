//! The menu of the console.

use serde::Serialize;

use crate::domain::staff::member::Role;
use crate::domain::staff::right::Right;

/// The pages of the console in the order of its menu: the group that each stands in, and who sees it there.
const MENU: [(&str, &str, &str, Right); 15] = [
    ("", "Today", "/console", Right::See),
    ("Contacts", "Subscribers", "/console/subscribers", Right::See),
    ("Contacts", "Exports", "/console/exports", Right::Export),
    ("Contacts", "Suppressions", "/console/suppressions", Right::See),
    ("Contacts", "Requests", "/console/requests", Right::AnswerRequests),
    ("Offers", "Reports", "/console/reports", Right::See),
    ("Offers", "Newsletters", "/console/newsletters", Right::See),
    ("Offers", "Policies", "/console/policies", Right::See),
    ("Operation", "Mail", "/console/mail", Right::See),
    ("Operation", "Ledger", "/console/ledger", Right::See),
    ("Operation", "Background tasks", "/console/tasks", Right::See),
    ("Operation", "Audit", "/console/audit", Right::See),
    ("Access", "Staff", "/console/staff", Right::ManageStaff),
    ("Access", "Tokens", "/console/tokens", Right::ManageTokens),
    ("Access", "Webhooks", "/console/webhooks", Right::ManageWebhooks),
];

/// A page in the menu.
#[derive(Serialize)]
pub(super) struct MenuEntry {
    group: &'static str,
    title: &'static str,
    path: &'static str,
    current: bool,
}

/// What this role sees in the menu while this route is shown.
pub(super) fn menu(role: Role, route: &str) -> Vec<MenuEntry> {
    let seen = MENU.iter().filter(|(.., right)| role.may(*right));
    let entry = |(group, title, path, _): &(&'static str, &'static str, &'static str, Right)| {
        let below = route.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let current = route == *path || (below && *path != "/console");
        MenuEntry { group, title, path, current }
    };
    seen.map(entry).collect()
}
