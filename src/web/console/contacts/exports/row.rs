//! One export as lists and its own page show it.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::staff::api_token;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::export_runs::ExportRun;
use crate::store::staff::api_tokens::TokenRow;

/// One export.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct RunRow<'a> {
    id: Uuid,
    who: &'a str,
    at: Timestamp,
    purpose: &'a str,
    filter: Vec<String>,
    format: &'a str,
    rows: i64,
    state: &'static str,
    sha256: Option<&'a str>,
}

impl<'a> RunRow<'a> {
    pub(super) fn new(run: &'a ExportRun, tokens: &'a [TokenRow], timezone: &TimeZone) -> Self {
        let is_theirs = |token: &&TokenRow| api_token::actor(token.api_token_id) == run.actor;
        let token = tokens.iter().find(is_theirs).map(|token| token.name.as_str());
        Self {
            id: run.export_run_id,
            who: run.email.as_deref().or(token).unwrap_or(&run.actor),
            at: run.created_at,
            purpose: run.purpose.as_str(),
            filter: filter(run, timezone),
            format: run.format.as_str(),
            rows: run.rows_done,
            state: run.state.as_str(),
            sha256: run.sha256.as_deref(),
        }
    }
}

impl RunRow<'static> {
    pub(super) fn sample(state: &'static str, sha256: Option<&'static str>) -> Self {
        Self {
            id: Uuid::nil(),
            who: "ada@example.org",
            at: Timestamp::SAMPLE,
            purpose: "newsletter:weekly",
            filter: vec!["Report digital-councils".to_owned()],
            format: "csv",
            rows: 1204,
            state,
            sha256,
        }
    }
}

/// What narrowed an export or changed its form, in words.
fn filter(run: &ExportRun, timezone: &TimeZone) -> Vec<String> {
    [
        run.report.as_ref().map(|slug| format!("Report {slug}")),
        run.since.map(|at| format!("Confirmed from {}", timezone.since(at))),
        run.until.map(|at| format!("Confirmed until {}", timezone.until(at))),
        run.policy.as_ref().map(|label| format!("Policy {label}")),
        run.preset.map(|preset| format!("Columns for {}", preset.title())),
        run.links.then(|| "With links to unsubscribe".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
