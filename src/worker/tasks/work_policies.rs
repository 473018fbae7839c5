//! Tells of changed policies, asks again, reminds, and records what lapsed.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::clock::Clock;
use crate::domain::background_task::BackgroundTask;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::lapse::{self, lapse};
use crate::flows::policy::ask_again::{
    self, announce_policy, due_now, list_announced, worked_since,
};
use crate::flows::{Error, FlowSettings};
use crate::random::{Moments, Random};
use crate::store::Db;
use crate::store::consent::renewals;
use crate::store::policy::announcements::{self, Announcement};
use crate::store::policy::versions;
use crate::store::policy::versions::PolicyVersion;
use crate::worker::WorkerParts;
use crate::worker::driver::{Outcome, Schedule, Task, TaskError};

const EVERY: Duration = Duration::from_mins(1);

/// What one look at the policies came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyWork {
    /// How many mails were decided.
    pub mails: u64,
    /// How many consents lapsed.
    pub lapsed: usize,
}

pub(super) struct WorkPolicies {
    parts: WorkerParts,
    /// Whether what lapsed while no worker ran is still to be recorded.
    is_behind: bool,
}

impl WorkPolicies {
    pub(super) fn new(parts: WorkerParts) -> Self {
        Self { parts, is_behind: true }
    }

    /// Records what lapsed while no worker ran; once that is done there is nothing more.
    async fn catch_up(&mut self) -> Result<usize, Error> {
        if !self.is_behind {
            return Ok(0);
        }
        let WorkerParts { db, settings, clock, random, .. } = &self.parts;
        let moments = Moments::new(clock, random);
        let lapsed = lapse_all(db, settings, moments, Timestamp::from_micros(0)).await?;
        self.is_behind = false;
        Ok(lapsed)
    }
}

#[async_trait]
impl Task for WorkPolicies {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::WorkPolicies, EVERY)
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        let before = self.catch_up().await;
        let WorkerParts { db, settings, clock, random, .. } = &self.parts;
        let work = work_policies(db, settings, clock, random).await?;
        let (mails, lapsed) = (usize::try_from(work.mails).unwrap_or(usize::MAX), work.lapsed);
        Ok(Outcome::counted(&[
            (mails, "mail about a policy decided", "mails about policies decided"),
            (before? + lapsed, "consent ran out", "consents ran out"),
        ]))
    }
}

/// Does what is due now: first what lapsed, then who is told.
///
/// # Errors
/// When the database does not take it; what was committed before stays done.
pub async fn work_policies(
    db: &Db,
    settings: &FlowSettings,
    clock: &Clock,
    random: &Random,
) -> Result<PolicyWork, Error> {
    let (now, moments) = (clock.now(), Moments::new(clock, random));
    let lapsed = lapse_all(db, settings, moments, worked_since(now, settings)).await?;
    let announced = list_announced(&mut db.read().await?, now, settings).await?;
    let mut mails = 0;
    for announcement in announced.iter().flat_map(|policy| due_now(policy, now)) {
        mails += announce_all(db, moments, &announcement).await?;
    }
    Ok(PolicyWork { mails, lapsed })
}

async fn announce_all(
    db: &Db,
    moments: Moments<'_>,
    announcement: &Announcement<'_>,
) -> Result<u64, Error> {
    let (mut mails, mut after) = (0, Uuid::nil());
    loop {
        let count = ask_again::AT_ONCE;
        // Looked for in a reading transaction: on SQLite the one writer is for readers' forms.
        let mut tx = db.read().await?;
        let due = announcements::list_due(&mut tx, announcement, after, count).await?;
        drop(tx);
        let Some(last) = due.last() else { return Ok(mails) };
        after = *last;
        let at = moments.now();
        mails += db.run(|tx| Box::pin(announce_policy(tx, &at, announcement, &due))).await?;
    }
}

/// Records what lapsed under every date after `since` that is over; returns how many consents ended.
async fn lapse_all(
    db: &Db,
    settings: &FlowSettings,
    moments: Moments<'_>,
    since: Timestamp,
) -> Result<usize, Error> {
    let over = versions::list_over(&mut db.read().await?, since, moments.clock.now()).await?;
    let mut lapsed = 0;
    for policy in &over {
        lapsed += lapse_under(db, settings, moments, policy).await?;
    }
    Ok(lapsed)
}

async fn lapse_under(
    db: &Db,
    settings: &FlowSettings,
    moments: Moments<'_>,
    policy: &PolicyVersion,
) -> Result<usize, Error> {
    let (mut lapsed, mut after) = (0, Uuid::nil());
    loop {
        let count = lapse::AT_ONCE;
        let mut tx = db.read().await?;
        let holders = renewals::list_holders_of_older(&mut tx, policy, after, count).await?;
        drop(tx);
        let Some(last) = holders.last() else { return Ok(lapsed) };
        after = *last;
        let at = moments.now();
        lapsed += db.run(|tx| Box::pin(lapse(tx, settings.at(&at), policy, &holders))).await?;
    }
}
