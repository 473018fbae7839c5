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
use crate::store::alarms::{self, Alarm};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// 503 while the database is away. What stands as an alarm does not stop signups: mail waits for a relay, and
/// a form that rests says so itself. The detail names it, whichever process found it.
async fn ready(State(app): State<Arc<App>>) -> impl IntoResponse {
    let standing = async { alarms::list(&mut app.db.read().await?).await };
    let (status, detail) = match standing.await {
        Ok(alarms) => (StatusCode::OK, detail(&alarms, &app.site.timezone)),
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "database: does not answer\nmail: not known\n".into())
        }
    };
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], detail)
}

fn detail(alarms: &[Alarm], timezone: &TimeZone) -> String {
    let of = |subject: &str| alarms.iter().find(|alarm| alarm.subject == subject);
    let mail = match (of(MAIL_PAUSED), of(MAIL_RELAY)) {
        (Some(_), _) => "paused until `assent mail resume`".to_owned(),
        (None, Some(alarm)) => format!("waits: {}", alarm.detail),
        (None, None) => "ok".to_owned(),
    };
    let line = |alarm: &Alarm| {
        format!("{} since {}: {}\n", alarm.subject, timezone.minute(alarm.since), alarm.detail)
    };
    let others = alarms.iter().filter(|alarm| alarm.subject != MAIL_RELAY);
    let others: String = others.map(line).collect();
    format!("database: ok\nmail: {mail}\n{others}")
}
