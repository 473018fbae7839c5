//! Draws the first page of reports as their covers, and counts their pages.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::background_task::BackgroundTask;
use crate::files::{Files, Shelf};
use crate::flows::catalog::keep_drawing::keep_drawing;
use crate::random::Moment;
use crate::report_drawing::{Drawing, LARGEST, ReportDrawer};
use crate::store::Db;
use crate::store::catalog::report_drawings::{self, NewDrawing, PictureKeys, UndrawnReport};
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

/// Whoever adds a report looks for its cover at once.
const EVERY: Duration = Duration::from_secs(2);

pub(super) struct DrawReports(pub WorkerParts, pub ReportDrawer);

#[async_trait]
impl Task for DrawReports {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::DrawReports, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let Self(parts, drawer) = self;
        Ok(match draw_next_report(&parts.db, &parts.files, drawer, &parts.moment()).await? {
            None => Outcome::nothing(),
            Some(true) => Outcome::done("1 report drawn").and_more_waits(),
            Some(false) => Outcome::done("1 report that cannot be drawn").and_more_waits(),
        })
    }
}

/// Draws the report that has waited longest: whether there is a picture of it; `None` where none waits. One that cannot be
/// drawn is not tried again.
///
/// # Errors
/// When the file store or the database does not answer, or no process can be started; then it waits on.
pub async fn draw_next_report(
    db: &Db,
    files: &Files,
    drawer: &ReportDrawer,
    at: &Moment,
) -> Result<Option<bool>, TaskError> {
    let Some(report) = report_drawings::find_undrawn(&mut db.read().await?).await? else {
        return Ok(None);
    };
    let drawing = match draw(files, drawer, &report).await {
        // Another hand took the file away, or put something else there: the reports after it are drawn all the same.
        Err(TaskError::Files(error)) if error.is_lasting() => Drawing::default(),
        drawing => drawing?,
    };
    let drawn = drawing.pictures.is_some();
    if !drawn {
        let pages = drawing.pages;
        tracing::warn!(report = %report.slug, ?pages, "the first page of a report could not be drawn");
    }
    let pictures = put(files, at, &drawing).await?;
    let UndrawnReport { report_id, slug, file_key, .. } = report;
    let new = NewDrawing { report_id, file_key, pages: drawing.pages, pictures };
    let unnamed = db.run(|tx| Box::pin(keep_drawing(tx, &slug, &new))).await?;
    if let Some(PictureKeys { cover, card }) = unnamed {
        files.delete_of_report(&cover).await?;
        files.delete_of_report(&card).await?;
    }
    Ok(Some(drawn))
}

async fn draw(
    files: &Files,
    drawer: &ReportDrawer,
    report: &UndrawnReport,
) -> Result<Drawing, TaskError> {
    let size = u64::try_from(report.byte_size).unwrap_or(0);
    if size > LARGEST {
        return Ok(Drawing::default());
    }
    let pdf = files.get(Shelf::Reports, &report.file_key, 0..size).await?;
    Ok(drawer.draw(pdf).await?)
}

/// Puts the pictures into the store, where there are any.
async fn put(
    files: &Files,
    at: &Moment,
    drawing: &Drawing,
) -> Result<Option<PictureKeys>, TaskError> {
    let Some(pictures) = &drawing.pictures else { return Ok(None) };
    let (cover, _) = files.put_cover_bytes(at.new_id(), pictures.cover.clone()).await?;
    let (card, _) = files.put_cover_bytes(at.new_id(), pictures.card.clone()).await?;
    Ok(Some(PictureKeys { cover, card }))
}
