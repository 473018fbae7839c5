//! All that the console counts in the background.

use std::sync::Arc;

use tokio::sync::Semaphore;
use uuid::Uuid;

use super::dashboard_figures::Figures;
use super::dashboard_span::Span;
use crate::clock::Clock;
use crate::domain::time_zone::TimeZone;
use crate::store::Db;
use crate::store::catalog::reports;
use crate::store::catalog::reports::ReportFigures;
use crate::store::consent::consents;
use crate::store::consent::consents::StateCount;
use crate::store::consent::renewals::{self, Answers};
use crate::store::policy::versions;
use crate::web::state::counting::Copies;

/// The copies that pages are given.
pub struct FiguresCache {
    /// How forms did over the days that are looked at.
    pub(in crate::web) spans: Arc<Copies<Span, Figures>>,
    /// What became of each report's form.
    pub(in crate::web) reports: Arc<Copies<(), Vec<ReportFigures>>>,
    /// How many people stand in each state of each purpose.
    pub(in crate::web) purposes: Arc<Copies<(), Vec<StateCount>>>,
    /// How many people agree to each version of the privacy policy.
    pub(in crate::web) policies: Arc<Copies<(), Vec<(Uuid, i64)>>>,
    /// What came of the mail about one version.
    pub(in crate::web) answers: Arc<Copies<Uuid, Answers>>,
}

impl FiguresCache {
    /// No copies yet, of this database. Days are those of this zone.
    #[must_use]
    pub fn new(db: &Db, clock: &Clock, timezone: &TimeZone) -> Self {
        // What takes longest does not hold up the rest: two of SQLite's four readers are taken at most.
        let timezone = timezone.clone();
        let (long, short) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
        Self {
            spans: Copies::new(db, clock, &long, move |mut tx, now, span| {
                let timezone = timezone.clone();
                Box::pin(async move { Figures::count(&mut tx, now, &timezone, span).await })
            }),
            reports: Copies::new(db, clock, &short, |mut tx, _, ()| {
                Box::pin(async move { reports::list_figures(&mut tx).await })
            }),
            purposes: Copies::new(db, clock, &short, |mut tx, _, ()| {
                Box::pin(async move { consents::count_states(&mut tx).await })
            }),
            answers: Copies::new(db, clock, &long, |mut tx, _, policy_version_id| {
                Box::pin(async move { renewals::count_answers(&mut tx, policy_version_id).await })
            }),
            policies: Copies::new(db, clock, &short, |mut tx, _, ()| {
                Box::pin(async move { versions::count_people(&mut tx).await })
            }),
        }
    }
}
