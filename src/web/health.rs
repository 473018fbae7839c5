//! Whether the program lives, and whether it can take signups.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::App;
use crate::domain::alarm::{MAIL_PAUSED, MAIL_RELAY};
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::keep_verdict::find_verdict;
use crate::store::alarms::{self, Alarm};
use crate::store::ledger_verdicts::Verdict;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// 503 while the database is away. What stands as an alarm does not stop signups: mail waits for a relay, and
/// a form that rests says so itself. The detail names it, whichever process found it, and what the last check of the
/// ledger found.
async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let (status, detail) = match standing(&app).await {
        Ok((alarms, verdict)) => {
            (StatusCode::OK, detail(&alarms, verdict.as_ref(), &app.site.timezone))
        }
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "database: does not answer\nmail: not known\n".into())
        }
    };
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], detail)
}

async fn standing(app: &App) -> sqlx::Result<(Vec<Alarm>, Option<Verdict>)> {
    let mut tx = app.db.read().await?;
    Ok((alarms::list(&mut tx).await?, find_verdict(&mut tx, &app.terms.evidence_key).await?))
}

fn detail(alarms: &[Alarm], verdict: Option<&Verdict>, timezone: &TimeZone) -> String {
    let of = |subject: &str| alarms.iter().find(|alarm| alarm.subject == subject);
    let mail = match (of(MAIL_PAUSED), of(MAIL_RELAY)) {
        (Some(_), _) => "paused until `assent mail resume`".to_owned(),
        (None, Some(alarm)) => format!("waits: {}", alarm.detail),
        (None, None) => "ok".to_owned(),
    };
    let line = |subject: &str, since: Timestamp, detail: &str| {
        format!("{subject} since {}: {detail}\n", timezone.minute(since))
    };
    let others = alarms.iter().filter(|alarm| alarm.subject != MAIL_RELAY);
    let others: String =
        others.map(|alarm| line(&alarm.subject, alarm.since, &alarm.detail)).collect();
    let broken = verdict.and_then(|verdict| {
        Some(line("ledger-check", verdict.checked_at, verdict.finding.as_ref()?))
    });
    format!("database: ok\nmail: {mail}\n{others}{}", broken.unwrap_or_default())
}
