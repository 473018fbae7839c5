//! What somebody wishes to export, and the page that asks for it.

use axum::response::Response;
use uuid::Uuid;

use crate::domain::staff::right::Right;
use crate::store::Tx;
use crate::store::contacts::{export_runs, exportable};
use crate::store::staff::api_tokens;
use crate::web::console::contacts::exports::page::{ExportsPage, Preview, PreviewRow};
use crate::web::console::contacts::exports::row::RunRow;
use crate::web::console::form::fault;
use crate::web::console::paging::page_of;
use crate::web::console::staff_session::StaffSession;
use crate::web::export::{Allowed, Ask, Asker, Choices, Sent, allows};
use crate::web::http::fields::{FieldError, Fields};
use crate::web::{App, Error};

/// How many contacts are shown before they are taken away.
pub(super) const SHOWN: i64 = 10;

/// How many earlier exports stand on one page.
pub(super) const RUNS: i64 = 20;

/// What somebody at the desk wishes, or what is wrong with it.
pub(super) async fn read(
    tx: &mut Tx,
    session: &StaffSession,
    fields: &Fields,
) -> Result<Result<Ask, Vec<FieldError>>, Error> {
    let allowed = Allowed { links: session.may(Right::TakeLinks), workbooks: true };
    let read = Choices::read(tx).await?.parse(allowed, fields, &session.app.site.timezone);
    Ok(read.map_err(|wrong| wrong.iter().map(|w| fault(w.field, &w.message)).collect()))
}

pub(super) fn asker(session: &StaffSession) -> Asker {
    Asker { actor: session.actor(), staff_id: Some(session.staff_id) }
}

/// The page, with what a wish finds or what is wrong with it.
pub(super) async fn page(
    session: &StaffSession,
    tx: &mut Tx,
    fields: &Fields,
    found: Result<Option<Preview>, Vec<FieldError>>,
) -> Result<Response, Error> {
    let (found, errors) = found.map_or_else(|errors| (None, errors), |found| (found, vec![]));
    let before = fields.one("before").parse::<Uuid>().ok();
    let (runs, more) = page_of(export_runs::list(tx, before, RUNS + 1).await?, RUNS);
    let last = runs.last().filter(|_| more).map(|run| run.export_run_id);
    let tokens = api_tokens::list(tx).await?;
    let choices = Choices::read(tx).await?;
    let row = |run| RunRow::new(run, &tokens, &session.app.site.timezone);
    let page = ExportsPage {
        choices: choices.options(),
        asked: Sent::new(fields),
        errors,
        found,
        runs: runs.iter().map(row).collect(),
        newer: before.map(|_| "/console/exports"),
        older: last.map(|id| format!("/console/exports?before={id}")),
    };
    session.show_with(&page, &page.errors)
}

/// How many they are, the first of them, and what may be done with them.
pub(super) async fn preview(app: &App, tx: &mut Tx, ask: &Ask) -> Result<Preview, Error> {
    let (now, most) = (app.clock.now(), app.settings.streamed_most);
    // Counted no further than it matters: where something narrows it, all of them would take seconds.
    let count = exportable::count(tx, now, &ask.filter, most + 1).await?;
    let mut rows = vec![];
    exportable::first(tx, now, &ask.filter, SHOWN).await?.read(|row| {
        rows.push(PreviewRow::from(row));
        Ok::<(), sqlx::Error>(())
    })?;
    Ok(Preview {
        count: count.min(most),
        is_more: count > most,
        allows: allows(&ask.filter.purpose),
        purpose: ask.filter.purpose.to_string(),
        rows,
        download: format!("/console/exports/consented?{}", ask.query()),
    })
}
