//! `/console/tasks`: what the program does by itself, when it did so last, and what fails.

use std::time::Duration;

use axum::response::Response;
use serde::Serialize;

use super::alarms::AlarmNote;
use super::route::Route;
use super::staff_session::StaffSession;
use crate::domain::background_task::BackgroundTask;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::store::background_tasks::{self, LastRun, TaskOutcome};
use crate::templates::page::Page;
use crate::web::Error;

const PATH: &str = "/console/tasks";

/// How long no word comes of any task of a worker before there seems to be none: it gives word every minute.
const SILENT: Duration = Duration::from_mins(5);

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(PATH, Right::See, show)]
}

async fn show(session: StaffSession) -> Result<Response, Error> {
    let app = &session.app;
    let tasks = background_tasks::list(&mut app.db.read().await?).await?;
    let broken = tasks.iter().filter(|state| state.failing_since.is_some());
    let page = TasksPage {
        no_worker: no_worker(&tasks, app.clock.now()),
        failing: broken.map(FailingTask::from).collect(),
        tasks: tasks.iter().map(TaskRow::from).collect(),
    };
    session.show(&page)
}

/// `console/tasks.html`.
#[derive(Serialize)]
pub(super) struct TasksPage {
    no_worker: Option<NoWorker>,
    failing: Vec<FailingTask>,
    tasks: Vec<TaskRow>,
}

/// `since` is empty where there never was one.
#[derive(Serialize)]
struct NoWorker {
    since: Option<Timestamp>,
}

/// A task that fails.
#[derive(Serialize)]
struct FailingTask {
    name: &'static str,
    title: &'static str,
    often: String,
    meanwhile: &'static str,
    since: Option<Timestamp>,
}

/// A task in the list.
#[derive(Serialize)]
struct TaskRow {
    name: &'static str,
    title: &'static str,
    often: String,
    finished_at: Timestamp,
    outcome: Option<String>,
    outcome_at: Option<Timestamp>,
    failing_since: Option<Timestamp>,
}

impl Page for TasksPage {
    const TEMPLATE: &'static str = "console/tasks.html";

    fn samples() -> Vec<Self> {
        let at = Timestamp::SAMPLE;
        let state = |words: Option<&str>, failing_since| LastRun {
            task: BackgroundTask::SealLedger,
            period: Duration::from_secs(5),
            started_at: at,
            finished_at: at,
            outcome: words.map(|words| TaskOutcome { words: words.to_owned(), at }),
            failing_since,
        };
        let page = |no_worker, states: &[LastRun]| Self {
            no_worker,
            failing: states.iter().map(FailingTask::from).collect(),
            tasks: states.iter().map(TaskRow::from).collect(),
        };
        vec![
            page(None, &[state(Some("12 leaves sealed"), None), state(None, Some(at))]),
            page(Some(NoWorker { since: Some(at) }), &[state(None, None)]),
            page(Some(NoWorker { since: None }), &[]),
        ]
    }
}

/// Since when no worker seems to run, if none does: `since` is empty where there never was one.
fn no_worker(tasks: &[LastRun], now: Timestamp) -> Option<NoWorker> {
    let of_worker = tasks.iter().filter(|state| state.task.is_of_worker());
    let heard = of_worker.map(|state| state.finished_at).max();
    let is_silent = heard.is_none_or(|heard| now.since(heard) > SILENT);
    is_silent.then_some(NoWorker { since: heard })
}

impl From<&LastRun> for TaskRow {
    fn from(state: &LastRun) -> Self {
        let outcome = state.outcome.as_ref();
        Self {
            name: state.task.as_str(),
            title: title(state.task),
            often: often(state.period),
            finished_at: state.finished_at,
            outcome: outcome.map(|outcome| outcome.words.clone()),
            outcome_at: outcome.map(|outcome| outcome.at),
            failing_since: state.failing_since,
        }
    }
}

impl From<&LastRun> for FailingTask {
    fn from(state: &LastRun) -> Self {
        Self {
            name: state.task.as_str(),
            title: title(state.task),
            often: often(state.period),
            meanwhile: meanwhile(state.task),
            since: state.failing_since,
        }
    }
}

/// The tasks that fail as one thing to look at, for the console's first page.
pub(super) fn alarm(tasks: &[LastRun]) -> Option<AlarmNote> {
    let failing = || tasks.iter().filter(|state| state.failing_since.is_some());
    let since: Timestamp = failing().filter_map(|state| state.failing_since).min()?;
    let titles: Vec<&str> = failing().map(|state| title(state.task)).collect();
    let title = match titles.len() {
        1 => "A background task fails".to_owned(),
        n => format!("{n} background tasks fail"),
    };
    Some(AlarmNote {
        title,
        detail: titles.join("; "),
        todo: "Each is tried again by itself. See what waits for it meanwhile.",
        href: PATH,
        since,
    })
}

fn title(task: BackgroundTask) -> &'static str {
    match task {
        BackgroundTask::DeliverMail => "Hand mail over to the relay",
        BackgroundTask::DeliverWebhooks => "Tell other programs what happened",
        BackgroundTask::LookUpDomains => "Ask whether anything takes the mail of a domain",
        BackgroundTask::AnswerLinkRequests => "Mail lost links again",
        BackgroundTask::WorkPolicies => "Tell of new policies, and end what ran out",
        BackgroundTask::MakeExports => "Make large exports",
        BackgroundTask::DrawReports => "Draw the covers of reports",
        BackgroundTask::SealLedger => "Seal the ledger",
        BackgroundTask::VerifyLedger => "Check the ledger",
        BackgroundTask::MailCheckpoint => "Mail the newest checkpoint",
        BackgroundTask::AskWitnesses => "Ask the witnesses to sign the newest checkpoint",
        BackgroundTask::StampHead => {
            "Have the day\u{2019}s newest checkpoint stamped with the time"
        }
        BackgroundTask::ExchangeOutside => "Keep withdrawals outside the database",
        BackgroundTask::ReplayEndings => "End what was ended elsewhere",
        BackgroundTask::ForgetSignups => "Delete unconfirmed signups",
        BackgroundTask::ForgetPeople => "Delete evidence past its time",
        BackgroundTask::ForgetExports => "Delete files of exports",
        BackgroundTask::ForgetUploads => "Delete uploads that broke off",
        BackgroundTask::ForgetWebhooks => "Delete what webhooks were told, past its time",
        BackgroundTask::ForgetRequests => "Delete complaints and requests past their time",
        BackgroundTask::EmptyLog => "Empty the database\u{2019}s log of what was erased",
        BackgroundTask::WatchConfirmations => "Watch whether people confirm",
        BackgroundTask::WatchRefusals => "Watch whether mail is refused in numbers",
        BackgroundTask::WatchRelay => "Watch whether the relay is back",
        BackgroundTask::WatchSealing => "Watch whether the ledger is sealed",
        BackgroundTask::WatchStanding => "Watch whether the database is the newest",
        BackgroundTask::WatchClock => "Keep time by the database\u{2019}s clock",
    }
}

/// What is not done while it fails, and whether something is lost by that.
fn meanwhile(task: BackgroundTask) -> &'static str {
    match task {
        BackgroundTask::DeliverMail => {
            "No mail leaves. Nothing is lost: all that waits leaves once this works."
        }
        BackgroundTask::DeliverWebhooks => {
            "No webhook is told anything. Nothing is lost for 30 days: all that waits is told once this works."
        }
        BackgroundTask::LookUpDomains => {
            "Nobody who waits is told that their address has no mail server. Their mail is tried all the same."
        }
        BackgroundTask::AnswerLinkRequests => {
            "Whoever asks for a lost link waits for it. Nothing is lost."
        }
        BackgroundTask::WorkPolicies => {
            "Nobody is told of a new policy or asked again. What ran out is in no export, whatever happens here."
        }
        BackgroundTask::MakeExports => "Exports that were asked for wait. Small ones can be taken.",
        BackgroundTask::DrawReports => {
            "Reports without a cover of their own show a plain sheet, and no number of pages unless it was typed."
        }
        BackgroundTask::SealLedger => {
            "Consents are recorded, and cannot be proved before they are sealed."
        }
        BackgroundTask::VerifyLedger => {
            "The last verdict on the ledger stands. Once it is a day old, each export checks the ledger first."
        }
        BackgroundTask::MailCheckpoint => {
            "Whoever is to be mailed checkpoints gets none, and cannot tell whether the ledger was changed since."
        }
        BackgroundTask::AskWitnesses => {
            "No witness signs what the ledger became since. Nothing is lost: they are asked again."
        }
        BackgroundTask::StampHead => {
            "Nobody outside says when the newest checkpoints were there. The next stamp covers them all."
        }
        BackgroundTask::ExchangeOutside => {
            "What people end is kept on this machine alone: keep its data directory. Look at the file store."
        }
        BackgroundTask::ReplayEndings => {
            "What people ended on another machine may go on here. Exports look at it themselves."
        }
        BackgroundTask::ForgetSignups => {
            "Signups that nobody confirmed are kept longer than was promised."
        }
        BackgroundTask::ForgetPeople => {
            "Evidence about people who left is kept longer than was promised."
        }
        BackgroundTask::ForgetExports => {
            "Files with contacts are kept longer than a day. Look at the file store."
        }
        BackgroundTask::ForgetUploads => "Parts of files take up room. Look at the file store.",
        BackgroundTask::ForgetWebhooks => {
            "What webhooks were told, and answered, is kept longer than 30 days."
        }
        BackgroundTask::ForgetRequests => {
            "Complaints and requests that were answered are kept longer than was promised."
        }
        BackgroundTask::EmptyLog => {
            "What was erased may lie in the database\u{2019}s log for a while yet."
        }
        BackgroundTask::WatchConfirmations => {
            "Nobody hears of it if somebody types in addresses of strangers."
        }
        BackgroundTask::WatchRefusals => "Nobody hears of it if mail is refused in numbers.",
        BackgroundTask::WatchRelay => {
            "The alarm about the relay may stand until the next mail leaves."
        }
        BackgroundTask::WatchSealing => "Nobody hears of it if the ledger is not sealed.",
        BackgroundTask::WatchStanding => {
            "Nobody hears of it from this machine if the database was put back to an older one."
        }
        BackgroundTask::WatchClock => {
            "This machine goes by what it knew last of the database\u{2019}s clock, or by its own."
        }
    }
}

/// How often, by the largest unit that fits.
fn often(period: Duration) -> String {
    let seconds = period.as_secs();
    if seconds == 0 {
        return "several times a second".to_owned();
    }
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let fits = units.iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, unit) = fits.unwrap_or(&units[3]);
    match seconds / length {
        1 => format!("every {unit}"),
        n => format!("every {n} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_is_said_in_the_largest_unit() {
        for (seconds, words) in [
            (1, "every second"),
            (5, "every 5 seconds"),
            (60, "every minute"),
            (90, "every 90 seconds"),
            (600, "every 10 minutes"),
            (86_400, "every day"),
        ] {
            assert_eq!(often(Duration::from_secs(seconds)), words);
        }
        assert_eq!(often(Duration::from_millis(500)), "several times a second");
    }

    #[test]
    fn several_that_fail_are_one_alarm() {
        let at = |minute: i64| Timestamp::from_micros(minute * 60_000_000);
        let state = |task, failing_since: Option<i64>| LastRun {
            task,
            period: Duration::from_secs(5),
            started_at: at(9),
            finished_at: at(9),
            outcome: None,
            failing_since: failing_since.map(at),
        };
        let seals = state(BackgroundTask::SealLedger, Some(5));
        let works = state(BackgroundTask::WatchRelay, None);
        assert_eq!(alarm(std::slice::from_ref(&works)), None);
        let one = alarm(&[seals.clone(), works]).unwrap();
        assert_eq!(
            (one.title.as_str(), one.detail.as_str()),
            ("A background task fails", "Seal the ledger")
        );
        let two = alarm(&[seals, state(BackgroundTask::MakeExports, Some(3))]).unwrap();
        assert_eq!((two.title.as_str(), two.since), ("2 background tasks fail", at(3)));
    }
}
