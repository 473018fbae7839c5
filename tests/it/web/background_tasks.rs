//! What the program does by itself: seen at the console and at `/readyz`, and stopped by nothing but its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use assent::domain::background_task::BackgroundTask;
use assent::domain::staff::member::Role;
use assent::flows::Error;
use assent::flows::record_task::record_task;
use assent::store::background_tasks::{self, LastRun};
use assent::worker::driver::{Driver, Outcome, Schedule, Task, TaskError};
use assent::worker::last_runs::LastRuns;
use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};
use macro_rules_attribute::apply;

/// A task that the program of a story does not run.
const OWN: BackgroundTask = BackgroundTask::WatchStanding;

/// What a run of a scripted task does.
enum Step {
    Work,
    Fail,
    Panic,
}

/// A task whose runs each wait for what they are to do.
struct Scripted {
    name: BackgroundTask,
    steps: UnboundedReceiver<Step>,
    begun: Arc<AtomicUsize>,
}

/// What the story tells such a task, and how many runs of it began.
struct Script {
    steps: UnboundedSender<Step>,
    begun: Arc<AtomicUsize>,
}

fn scripted(name: BackgroundTask) -> (Box<dyn Task>, Script) {
    let (sender, steps) = unbounded_channel();
    let begun = Arc::new(AtomicUsize::new(0));
    let task = Scripted { name, steps, begun: begun.clone() };
    (Box::new(task), Script { steps: sender, begun })
}

impl Script {
    fn tells(&self, step: Step) {
        assert!(self.steps.send(step).is_ok(), "the task is gone");
    }

    /// Waits until so many runs began.
    async fn begun(&self, runs: usize) {
        poll::until(&format!("the beginning of run {runs}"), || async {
            (self.begun.load(Ordering::SeqCst) >= runs).then_some(())
        })
        .await;
    }
}

#[async_trait]
impl Task for Scripted {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(self.name, Duration::from_millis(10))
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        match self.steps.recv().await {
            Some(Step::Work) => Ok(Outcome::done("a page of the script turned")),
            Some(Step::Fail) => Err(Error::NotLevel("it was told to".to_owned()).into()),
            Some(Step::Panic) => panic!("it was told to"),
            None => Ok(Outcome::nothing()),
        }
    }
}

/// Another process on the database of a story, with tasks of its own.
struct Process {
    driver: Driver,
    stop: CancellationToken,
}

impl Process {
    fn begins(app: &TestApp) -> Self {
        let runs = LastRuns::new(app.core.moment().new_id());
        let stop = CancellationToken::new();
        let driver = Driver::new(&app.clock, &runs, &stop);
        tokio::spawn(runs.write_down(app.core.db.clone(), stop.clone()));
        Self { driver, stop }
    }

    fn drives(&self, task: Box<dyn Task>) -> JoinHandle<()> {
        tokio::spawn(self.driver.clone().drive(task))
    }
}

async fn state(app: &TestApp, task: BackgroundTask) -> Option<LastRun> {
    let states = background_tasks::list(&mut app.read().await).await.unwrap();
    states.into_iter().find(|state| state.task == task)
}

/// Waits until a task is said to fail, or to work.
async fn fails(app: &TestApp, task: BackgroundTask, fails: bool) -> LastRun {
    poll::until(&format!("{task:?} fails: {fails}"), || async {
        state(app, task).await.filter(|state| state.failing_since.is_some() == fails)
    })
    .await
}

async fn readyz(app: &TestApp) -> String {
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, 200, "signups can be taken");
    ready.text()
}

#[apply(both_databases!)]
async fn each_task_is_shown_with_what_it_did_last(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    let page = poll::until("the first check of the ledger", || async {
        let page = desk.page("/console/tasks").await;
        let told = ["the ledger is sound", "deliver-mail", "answer-link-requests"];
        told.iter().all(|told| page.contains(told)).then_some(page)
    })
    .await;
    for told in [
        "Background tasks",
        "Check the ledger",
        "every 10 minutes",
        "every second",
        "nothing yet",
        ">Works</span>",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains(">Fails</span>") && !page.contains("No worker seems to run"), "{page}");
    assert!(readyz(&app).await.contains("\ntasks: ok\n"));
    // A run that tells something new may come between: then it is looked at once more.
    let says = async |told: &str, change: &'static str| {
        poll::until(told, || async {
            app.advance(Duration::from_mins(6));
            app.tamper(change).await.unwrap();
            desk.page("/console/tasks").await.contains(told).then_some(())
        })
        .await;
    };
    says("The last word of one came", "DELETE FROM background_task WHERE name = 'none'").await;
    let others = "DELETE FROM background_task WHERE name <> 'exchange-outside'";
    says("No word of one ever came", others).await;
    says("No task has run yet", "DELETE FROM background_task").await;
}

#[apply(both_databases!)]
async fn a_task_that_fails_is_told_until_it_works_again(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.tamper("ALTER TABLE link_request RENAME TO link_request_away").await.unwrap();
    fails(&app, BackgroundTask::AnswerLinkRequests, true).await;
    let ready = readyz(&app).await;
    let told = "database: ok\nmail: ok\ntask answer-link-requests fails since 09:";
    assert!(ready.starts_with(told) && ready.lines().count() == 3, "{ready}");
    let page = desk.page("/console/tasks").await;
    for told in ["Mail lost links again: this fails", ">Fails</span>", "every second"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let first = desk.page("/console").await;
    assert!(first.contains("A background task fails") && first.contains("/console/tasks"));
    for page in [ready, page, first] {
        assert!(!page.contains("link_request"), "why stands in the log alone: {page}");
    }
    // The others go on.
    app.subscribe("ada@b.example", "").await;
    app.tamper("ALTER TABLE link_request_away RENAME TO link_request").await.unwrap();
    fails(&app, BackgroundTask::AnswerLinkRequests, false).await;
    assert!(readyz(&app).await.contains("\ntasks: ok\n"));
    assert!(!desk.page("/console").await.contains("A background task fails"));
}

#[apply(both_databases!)]
async fn what_goes_wrong_ends_one_run_of_one_task(database: Database) {
    let app = TestApp::start(database).await;
    let process = Process::begins(&app);
    let (task, script) = scripted(OWN);
    let (other, others) = scripted(BackgroundTask::MailCheckpoint);
    let running = [process.drives(task), process.drives(other)];
    for (run, step) in [Step::Panic, Step::Fail].into_iter().enumerate() {
        script.tells(step);
        fails(&app, OWN, true).await;
        others.tells(Step::Work);
        others.begun(run + 2).await;
        script.tells(Step::Work);
        let outcome = fails(&app, OWN, false).await.outcome.unwrap();
        assert_eq!(outcome.words, "a page of the script turned");
    }
    assert!(running.iter().all(|running| !running.is_finished()));
}

#[apply(both_databases!)]
async fn the_end_waits_for_runs_under_way_and_for_nothing_else(database: Database) {
    let app = TestApp::start(database).await;
    let process = Process::begins(&app);
    let (task, script) = scripted(OWN);
    let running = process.drives(task);
    script.tells(Step::Work);
    script.begun(2).await;
    let asleep = process.drives(Box::new(Asleep));
    poll::until("a run that is over", || async { state(&app, Asleep.schedule().task).await }).await;
    process.stop.cancel();
    asleep.await.unwrap();
    // The second run waits for its step, and is not broken off.
    tokio::task::yield_now().await;
    assert!(!running.is_finished());
    script.tells(Step::Work);
    running.await.unwrap();
    assert_eq!(script.begun.load(Ordering::SeqCst), 2);
    // So does the program with all of its own.
    tokio::time::timeout(Duration::from_secs(25), app.stop()).await.expect("an end in time");
}

/// Works once and then sleeps for longer than any story takes.
struct Asleep;

#[async_trait]
impl Task for Asleep {
    fn schedule(&self) -> Schedule {
        Schedule::at_once(BackgroundTask::MailCheckpoint, Duration::from_hours(24))
    }

    async fn run(&mut self) -> Result<Outcome, TaskError> {
        Ok(Outcome::nothing())
    }
}

/// Has a process say of its last run whether it failed.
async fn says(app: &TestApp, process: Uuid, failed: bool, is_first: bool) {
    let now = app.clock.now();
    let run = LastRun {
        task: OWN,
        period: Duration::from_secs(5),
        started_at: now,
        finished_at: now,
        outcome: None,
        failing_since: failed.then_some(now),
    };
    let mut tx = app.write().await;
    record_task(&mut tx, process, &run, is_first).await.unwrap();
    tx.commit().await.unwrap();
}

#[apply(both_databases!)]
async fn what_one_process_sees_fail_another_one_does_not_end(database: Database) {
    let app = TestApp::start(database).await;
    let [one, other, third] = [1, 2, 3].map(Uuid::from_u128);
    let since = async || state(&app, OWN).await.unwrap().failing_since;
    says(&app, other, false, true).await;
    says(&app, one, true, true).await;
    let began = since().await;
    assert_eq!(began, Some(app.clock.now()));
    app.advance(Duration::from_mins(1));
    says(&app, other, false, false).await;
    assert_eq!(since().await, began, "it fails there");
    says(&app, one, true, false).await;
    assert_eq!(since().await, began, "since the beginning");
    says(&app, one, false, false).await;
    assert_eq!(since().await, None);
    // One that follows, as after a new start, knows better.
    says(&app, one, true, false).await;
    says(&app, third, false, true).await;
    assert_eq!(since().await, None);
    // One that is gone does not fail for good.
    says(&app, one, true, false).await;
    app.advance(Duration::from_mins(5));
    says(&app, other, false, false).await;
    assert_eq!(since().await, None);
}
