//! The background tasks, one to a file, and which of them a process does.

mod answer_link_requests;
pub mod ask_witnesses;
pub mod draw_reports;
mod empty_log;
mod exchange_outside;
pub mod forget_exports;
pub mod forget_people;
mod forget_requests;
pub mod forget_signups;
pub mod forget_uploads;
mod forget_webhooks;
mod look_up_domains;
mod mail_checkpoint;
mod make_exports;
mod replay_endings;
mod seal_ledger;
pub mod stamp_head;
mod verify_ledger;
pub mod watch_clock;
pub mod watch_confirmations;
pub mod watch_refusals;
pub mod watch_relay;
pub mod watch_sealing;
pub mod watch_standing;
pub mod work_policies;

use std::sync::Arc;

use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::flows::ledger::replay_endings::Replay;
use crate::store::Db;
use crate::worker::WorkerParts;
use crate::worker::driver::Task;

type Tasks = Vec<Box<dyn Task>>;

/// Those of a process that serves pages alone, and so neither seals nor mails. It notes endings, and its machine may be
/// lost.
#[must_use]
pub fn of_pages_alone(parts: &WorkerParts) -> Tasks {
    let mut tasks = of_every_process(parts, &Arc::default());
    tasks.push(Box::new(watch_standing::WatchStanding::new(parts.clone())));
    tasks
}

/// Those of a process that works. It ends again what `replay` finds not to have ended; what it makes until `stop` is given
/// back then.
#[must_use]
pub fn of_worker(
    parts: &WorkerParts,
    replay: &Arc<Mutex<Replay>>,
    stop: &CancellationToken,
) -> Tasks {
    let of = || parts.clone();
    let looked = Arc::default();
    let mut tasks = of_every_process(parts, &looked);
    let more: [Box<dyn Task>; 17] = [
        Box::new(replay_endings::ReplayEndings::new(of(), replay.clone(), looked)),
        Box::new(answer_link_requests::AnswerLinkRequests(of())),
        Box::new(work_policies::WorkPolicies::new(of())),
        Box::new(make_exports::MakeExports::new(of(), stop.clone())),
        Box::new(seal_ledger::SealLedger::new(of())),
        Box::new(verify_ledger::VerifyLedger(of())),
        Box::new(ask_witnesses::AskWitnesses::new(of(), stop.clone())),
        Box::new(stamp_head::StampHead::new(of(), stop.clone())),
        Box::new(forget_signups::ForgetSignups(of())),
        Box::new(forget_people::ForgetPeople(of())),
        Box::new(forget_exports::ForgetExports(of())),
        Box::new(forget_uploads::ForgetUploads(of())),
        Box::new(forget_webhooks::ForgetWebhooks(of())),
        Box::new(forget_requests::ForgetRequests(of())),
        Box::new(watch_confirmations::WatchConfirmations(of())),
        Box::new(watch_refusals::WatchRefusals(of())),
        Box::new(watch_relay::WatchRelay(of())),
    ];
    tasks.extend(more);
    if let Some(drawer) = &parts.drawer {
        tasks.push(Box::new(draw_reports::DrawReports(of(), drawer.clone())));
    }
    if parts.checkpoint_recipient.is_some() {
        tasks.push(Box::new(mail_checkpoint::MailCheckpoint(of())));
    }
    if let Some(resolver) = &parts.resolver {
        let look = look_up_domains::LookUpDomains::new(of(), resolver.clone(), stop.clone());
        tasks.push(Box::new(look));
    }
    if matches!(parts.db, Db::Sqlite { .. }) {
        tasks.push(Box::new(empty_log::EmptyLog(of())));
    }
    tasks
}

fn of_every_process(parts: &WorkerParts, looked: &Arc<Notify>) -> Tasks {
    let mut tasks: Tasks = vec![
        Box::new(exchange_outside::ExchangeOutside::new(parts.clone(), looked.clone())),
        Box::new(watch_sealing::WatchSealing(parts.clone())),
    ];
    if matches!(parts.db, Db::Postgres { .. }) {
        tasks.push(Box::new(watch_clock::WatchClock::new(parts.clone())));
    }
    tasks
}
