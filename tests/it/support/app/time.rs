//! Time goes on, and the work that waits is done, when a story says so.

use std::sync::atomic::Ordering;
use std::time::Duration;

use assent::app::Core;
use assent::clock::Clock;
use assent::flows::ledger::keep_verdict::{find_seen, keep_verdict};
use assent::sealing::before_export::allow_to_begin;
use assent::sealing::seal_all;
use assent::store::ledger::verdicts::Verdict;
use assent::worker::tasks::work_policies::{PolicyWork, work_policies};

use super::TestApp;
use crate::support::poll;

impl TestApp {
    /// Does what policies ask for by now, as the worker does.
    pub async fn work_policies(&self) -> PolicyWork {
        let core = &self.core;
        let worked = work_policies(&core.db, &core.flow_settings, &self.clock, &core.random).await;
        worked.expect("policies worked")
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn set_back(&self, by: Duration) {
        let Clock::Manual(now) = &self.clock else { unreachable!("stories hold the clock") };
        now.fetch_sub(by.as_micros().try_into().expect("microseconds"), Ordering::SeqCst);
    }

    /// Gives what waits its place in the ledger.
    pub async fn seal(&self) {
        let core = &self.core;
        seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await.expect("sealed");
    }

    /// Has the ledger checked, so that something may be exported.
    pub async fn check(&self) {
        let core = &self.core;
        let allowed =
            allow_to_begin(&core.db, &core.flow_settings, &core.clock, &core.random).await;
        allowed.expect("an export may begin");
    }

    /// Keeps a verdict on the ledger in place of what the running program's own check says, which it begins with.
    pub async fn says_of_ledger(&self, verdict: &Verdict) {
        let Core { db, flow_settings: settings, .. } = &self.core;
        poll::until("a verdict that stands", || async {
            let own = find_seen(&mut self.read().await).await.expect("an answer")?;
            let kept = keep_verdict(db, settings.at(&self.core.moment()), verdict, Some(own)).await;
            kept.expect("an answer").then_some(())
        })
        .await;
    }
}
