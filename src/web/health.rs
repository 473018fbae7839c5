//! Whether the program lives, and whether it can take signups.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::App;
use crate::domain::alarm::{MAIL_PAUSED, MAIL_RELAY, quotes_others};
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::store::alarms::{self, Alarm};
use crate::store::background_tasks::{self, LastRun};
use crate::store::ledger::verdicts::Verdict;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// 503 while the database is away or takes nothing. What stands as an alarm does not stop signups: mail waits for a relay, and
/// a form that rests says so itself. The detail names it, whichever process found it, the background tasks that fail, and
/// what the last check of the ledger found. Anybody may ask, so what a relay or a file store said stands at the console
/// alone, and why a task fails in the log.
async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let (status, detail) = match find_standing(&app).await {
        Ok(standing) if app.write_check.takes_writes(&app.db, app.clock.now()).await => {
            (StatusCode::OK, format!("database: ok\n{}", detail(&standing, &app.site.timezone)))
        }
        Ok(standing) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("database: takes no writes\n{}", detail(&standing, &app.site.timezone)),
        ),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "database: does not answer\nmail: not known\ntasks: not known\n".into(),
        ),
    };
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], detail)
}

/// What the detail is made from.
#[derive(Default)]
struct Standing {
    alarms: Vec<Alarm>,
    tasks: Vec<LastRun>,
    verdict: Option<Verdict>,
}

async fn find_standing(app: &App) -> sqlx::Result<Standing> {
    let mut tx = app.db.read().await?;
    Ok(Standing {
        alarms: alarms::list(&mut tx).await?,
        tasks: background_tasks::list(&mut tx).await?,
        verdict: find_verdict(&mut tx, &app.settings.evidence_key).await?,
    })
}

fn detail(standing: &Standing, timezone: &TimeZone) -> String {
    let Standing { alarms, tasks, verdict } = standing;
    let of = |subject: &str| alarms.iter().find(|alarm| alarm.subject == subject);
    let mail = if of(MAIL_PAUSED).is_some() {
        "paused until `assent mail resume`"
    } else if of(MAIL_RELAY).is_some() {
        "waits"
    } else {
        "ok"
    };
    let failing = tasks.iter().filter_map(|state| {
        let since = timezone.minute(state.failing_since?);
        Some(format!("task {} fails since {since}\n", state.task.as_str()))
    });
    let failing: String = failing.collect();
    let tasks = if failing.is_empty() { "tasks: ok\n" } else { &failing };
    let line = |subject: &str, since: Timestamp, detail: &str| {
        let words = if quotes_others(subject) { String::new() } else { format!(": {detail}") };
        format!("{subject} since {}{words}\n", timezone.minute(since))
    };
    let others = alarms.iter().filter(|alarm| alarm.subject != MAIL_RELAY);
    let others: String =
        others.map(|alarm| line(&alarm.subject, alarm.since, &alarm.detail)).collect();
    let broken = verdict.as_ref().and_then(|verdict| {
        Some(line("ledger-check", verdict.checked_at, verdict.finding.as_ref()?))
    });
    format!("mail: {mail}\n{tasks}{others}{}", broken.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::alarm::{LEDGER, OUTSIDE, REFUSALS};
    use crate::domain::background_task::BackgroundTask;

    #[test]
    fn tasks_that_fail_stand_in_place_of_all_being_well() {
        let at = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let state = |task, failing_since| LastRun {
            task,
            period: Duration::from_secs(5),
            started_at: at,
            finished_at: at,
            outcome: None,
            failing_since,
        };
        let works = state(BackgroundTask::SealLedger, None);
        let of = |tasks: &[LastRun]| {
            detail(&Standing { tasks: tasks.to_vec(), ..Standing::default() }, &TimeZone::UTC)
        };
        assert_eq!(of(std::slice::from_ref(&works)), "mail: ok\ntasks: ok\n");
        assert_eq!(
            of(&[works, state(BackgroundTask::WatchRelay, Some(at))]),
            "mail: ok\ntask watch-relay fails since 09:00 UTC on 23 November 2026\n"
        );
    }

    #[test]
    fn what_other_systems_said_is_left_out() {
        let since = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let said = "535 <reports@relay.internal>\r\ndatabase: ok";
        let alarm =
            |subject: &str| Alarm { subject: subject.to_owned(), detail: said.to_owned(), since };
        let of = |subjects: &[&str]| {
            let alarms = subjects.iter().map(|subject| alarm(subject)).collect();
            detail(&Standing { alarms, ..Standing::default() }, &TimeZone::UTC)
        };
        assert_eq!(of(&[]), "mail: ok\ntasks: ok\n");
        assert_eq!(of(&[MAIL_RELAY]), "mail: waits\ntasks: ok\n");
        assert_eq!(
            of(&[MAIL_RELAY, OUTSIDE, REFUSALS]),
            "mail: waits\ntasks: ok\noutside since 09:00 UTC on 23 November 2026\n\
             refusals since 09:00 UTC on 23 November 2026\n"
        );
        let own = of(&[LEDGER, MAIL_PAUSED, MAIL_RELAY]);
        assert!(own.contains("mail: paused until") && own.matches(said).count() == 2, "{own}");
    }
}
