//! Whether the program lives, and whether it can take signups.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::App;
use crate::domain::mail::alarm::{MAIL_PAUSED, MAIL_RELAY, quotes_others};
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::keep_verdict::find_verdict;
use crate::store::ledger::verdicts::Verdict;
use crate::store::mail::alarms::{self, Alarm};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// 503 while the database is away. What stands as an alarm does not stop signups: mail waits for a relay, and
/// a form that rests says so itself. The detail names it, whichever process found it, and what the last check of the
/// ledger found. Anybody may ask, so what a relay or a file store said stands at the console alone.
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
    let mail = if of(MAIL_PAUSED).is_some() {
        "paused until `assent mail resume`"
    } else if of(MAIL_RELAY).is_some() {
        "waits"
    } else {
        "ok"
    };
    let line = |subject: &str, since: Timestamp, detail: &str| {
        let words = if quotes_others(subject) { String::new() } else { format!(": {detail}") };
        format!("{subject} since {}{words}\n", timezone.minute(since))
    };
    let others = alarms.iter().filter(|alarm| alarm.subject != MAIL_RELAY);
    let others: String =
        others.map(|alarm| line(&alarm.subject, alarm.since, &alarm.detail)).collect();
    let broken = verdict.and_then(|verdict| {
        Some(line("ledger-check", verdict.checked_at, verdict.finding.as_ref()?))
    });
    format!("database: ok\nmail: {mail}\n{others}{}", broken.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mail::alarm::{LEDGER, OUTSIDE, REFUSALS};

    #[test]
    fn what_other_systems_said_is_left_out() {
        let since = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let said = "535 <reports@relay.internal>\r\ndatabase: ok";
        let alarm =
            |subject: &str| Alarm { subject: subject.to_owned(), detail: said.to_owned(), since };
        let of = |subjects: &[&str]| {
            let alarms: Vec<Alarm> = subjects.iter().map(|subject| alarm(subject)).collect();
            detail(&alarms, None, &TimeZone::UTC)
        };
        assert_eq!(of(&[]), "database: ok\nmail: ok\n");
        assert_eq!(of(&[MAIL_RELAY]), "database: ok\nmail: waits\n");
        assert_eq!(
            of(&[MAIL_RELAY, OUTSIDE, REFUSALS]),
            "database: ok\nmail: waits\noutside since 09:00 UTC on 23 November 2026\n\
             refusals since 09:00 UTC on 23 November 2026\n"
        );
        let own = of(&[LEDGER, MAIL_PAUSED, MAIL_RELAY]);
        assert!(own.contains("mail: paused until") && own.matches(said).count() == 2, "{own}");
    }
}
