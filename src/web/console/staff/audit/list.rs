//! `/console/audit`: who did what, newest first.

use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::store::staff::audit_entries::{list_actions, list_actors, list_newest};
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::choice::SelectOption;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff::audit::addresses::addresses;
use crate::web::console::staff::audit::filter::{Narrowed, PATH, read};
use crate::web::console::staff::audit::labels::{self, Entry};
use crate::web::console::staff_session::StaffSession;

/// How many entries a page holds.
const ENTRIES: i64 = 50;

pub(super) async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let narrowed = read(&asked, &session.app.site.timezone);
    let before = asked.one("before").parse().ok();
    page(&session, &narrowed, before, narrowed.errors.clone()).await
}

/// The list again, with what was wrong about taking it away.
pub(super) async fn refused(
    session: &StaffSession,
    narrowed: &Narrowed,
) -> Result<Response, Error> {
    let mut errors = narrowed.errors.clone();
    if errors.is_empty() {
        errors.push(fault("form", "Choose CSV or NDJSON"));
    }
    page(session, narrowed, None, errors).await
}

async fn page(
    session: &StaffSession,
    narrowed: &Narrowed,
    before: Option<Uuid>,
    errors: Faults,
) -> Result<Response, Error> {
    let app = &session.app;
    let addresses = addresses(app).await?;
    let mut tx = app.db.read().await?;
    let found = list_newest(&mut tx, &narrowed.filter, before, ENTRIES + 1).await?;
    let actors = list_actors(&mut tx).await?;
    let actions = list_actions(&mut tx).await?;
    drop(tx);
    let page = usize::try_from(ENTRIES).unwrap_or(usize::MAX);
    let last = found.get(page - 1).filter(|_| found.len() > page);
    let actors =
        actors.iter().map(|actor| SelectOption::new(actor, labels::who(actor, &addresses)));
    let actions =
        actions.iter().map(|name| SelectOption::new(name, labels::what(name, &Value::Null)));
    let entries =
        found.iter().take(page).map(|entry| Entry::new(entry, &addresses, &app.site.timezone));
    let page = AuditPage {
        errors,
        actor: &narrowed.actor,
        action: &narrowed.action,
        since: &narrowed.since,
        until: &narrowed.until,
        actors: actors.collect(),
        actions: actions.collect(),
        is_narrowed: !narrowed.address("", "").is_empty(),
        entries: entries.collect(),
        newest: before.is_some().then(|| narrowed.address(PATH, "")),
        older: last.map(|last| narrowed.address(PATH, &last.audit_entry_id.to_string())),
    };
    session.show_with(&page, &page.errors)
}

/// `console/audit.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct AuditPage<'a> {
    errors: Faults,
    actor: &'a str,
    action: &'a str,
    since: &'a str,
    until: &'a str,
    actors: Vec<SelectOption<'a>>,
    actions: Vec<SelectOption<'a>>,
    is_narrowed: bool,
    entries: Vec<Entry<'a>>,
    /// Where the newest entries are, when others are shown.
    newest: Option<String>,
    older: Option<String>,
}

impl Page for AuditPage<'_> {
    const TEMPLATE: &'static str = "console/audit.html";

    fn samples() -> Vec<Self> {
        let nothing = || Self {
            errors: vec![],
            actor: "",
            action: "",
            since: "",
            until: "",
            actors: vec![SelectOption::new("command line", "command line")],
            actions: vec![SelectOption::new("report.publish", "published the report")],
            is_narrowed: false,
            entries: vec![],
            newest: None,
            older: None,
        };
        let narrowed = || Self { is_narrowed: true, since: "2026-11-01", ..nothing() };
        let whole = Self {
            entries: vec![Entry::sample()],
            newest: Some("/console/audit".to_owned()),
            older: Some("/console/audit?before=ID".to_owned()),
            ..narrowed()
        };
        let refused = Self { errors: vec![fault("since", "Write a day")], ..narrowed() };
        vec![whole, refused, nothing()]
    }
}
