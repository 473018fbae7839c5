//! The figures of one span.

use uuid::Uuid;

use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::store::Tx;
use crate::store::contacts::figures::{
    Domain, FormCount, FormDay, Today, count_bounced, count_by_form_and_day, count_downloaded,
    count_mailed, count_today, list_domains,
};
use crate::store::contacts::source_figures::{SourceCount, count_by_source};
use crate::store::signup::dropped_forms::{self, DroppedForms};
use crate::web::state::dashboard_span::Span;

/// How many domains are listed.
const DOMAINS: i64 = 10;
/// How many ways by which readers came to one form.
const SOURCES: i64 = 20;

/// Everything that is counted of one span.
#[derive(Clone, Debug)]
pub(in crate::web) struct Figures {
    pub today: Today,
    pub days: Vec<FormDay>,
    pub mailed: Vec<FormCount>,
    pub bounced: Vec<FormCount>,
    pub downloaded: Vec<FormCount>,
    pub domains: Vec<Domain>,
    pub sources: Vec<SourceCount>,
    pub dropped: Vec<DroppedForms>,
}

impl Figures {
    pub(in crate::web) async fn count(
        tx: &mut Tx,
        now: Timestamp,
        timezone: &TimeZone,
        span: Span,
    ) -> sqlx::Result<Self> {
        let today = timezone.day_of(now);
        let since = span.since(today, timezone);
        let mut days = Vec::new();
        for stretch in timezone.stretches(since, timezone.ends(today)) {
            days.extend(count_by_form_and_day(tx, stretch).await?);
        }
        Ok(Self {
            today: count_today(tx, now, timezone.begins(today)).await?,
            days,
            mailed: count_mailed(tx, since).await?,
            bounced: count_bounced(tx, since).await?,
            downloaded: count_downloaded(tx, since).await?,
            domains: list_domains(tx, since, DOMAINS).await?,
            sources: count_by_source(tx, since, SOURCES).await?,
            dropped: dropped_forms::list(tx, span.first_day(today)).await?,
        })
    }
}

/// How many of one form's signups were counted.
pub(in crate::web) fn of_form(counts: &[FormCount], report_id: Option<Uuid>) -> i64 {
    counts.iter().find(|count| count.report_id == report_id).map_or(0, |count| count.signups)
}
