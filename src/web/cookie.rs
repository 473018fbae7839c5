//! The one cookie readers get: what the waiting page needs to know, signed, short-lived.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::App;
use crate::domain::link::LinkKind;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;

/// How long the waiting page remembers.
const LIFETIME: Duration = Duration::from_hours(2);

/// What the waiting page knows: nothing but what its reader typed. Whether the address is known, or
/// mail went out, is not in it, so that the page is the same for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The signup.
    pub signup_id: Uuid,
    /// The address typed.
    pub email: String,
    /// The report asked for.
    pub report: Option<String>,
    /// When the form was sent and the mail asked for again; microseconds since the Unix epoch.
    pub asked: Vec<i64>,
}

impl Waiting {
    /// A form just sent.
    pub(super) fn new(
        signup_id: Uuid,
        email: String,
        report: Option<&Slug>,
        now: Timestamp,
    ) -> Self {
        let report = report.map(ToString::to_string);
        Self { signup_id, email, report, asked: vec![now.micros()] }
    }

    /// Notes that the mail was asked for again; of many times, the newest are enough to limit by.
    pub(super) fn ask(&mut self, now: Timestamp) {
        const NOTED: usize = 32;
        self.asked.push(now.micros());
        self.asked.drain(..self.asked.len().saturating_sub(NOTED));
    }

    /// What the browser sent back, if it is ours and still young.
    pub(super) fn read(app: &App, headers: &HeaderMap) -> Option<Self> {
        let name = name(app);
        let sealed = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))?;
        let bytes = app.links.secrets.unseal(LinkKind::Waiting, sealed)?;
        let waiting: Self = serde_json::from_slice(&bytes).ok()?;
        let newest = Timestamp::from_micros(*waiting.asked.last()?);
        (newest.plus(LIFETIME) > app.clock.now()).then_some(waiting)
    }

    /// The `Set-Cookie` that keeps it.
    pub(super) fn header(&self, app: &App) -> Option<HeaderValue> {
        let sealed = app.links.secrets.seal(LinkKind::Waiting, &serde_json::to_vec(self).ok()?);
        let secure = if app.own_host.is_https() { "; Secure" } else { "" };
        let (name, age) = (name(app), LIFETIME.as_secs());
        let cookie =
            format!("{name}={sealed}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
        HeaderValue::try_from(cookie).ok()
    }
}

fn name(app: &App) -> &'static str {
    if app.own_host.is_https() { "__Host-assent_waiting" } else { "assent_waiting" }
}
