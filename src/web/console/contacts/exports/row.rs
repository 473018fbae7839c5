//! One export as lists and its own page show it.

use serde_json::{Value, json};

use crate::domain::staff::api_token;
use crate::domain::time_zone::TimeZone;
use crate::store::contacts::export_runs::ExportRun;
use crate::store::staff::api_tokens::TokenRow;
use crate::web::App;

/// One export as lists show it.
pub(super) fn row(app: &App, run: &ExportRun, tokens: &[TokenRow]) -> Value {
    let is_theirs = |token: &&TokenRow| api_token::actor(token.api_token_id) == run.actor;
    let token = tokens.iter().find(is_theirs).map(|token| token.name.as_str());
    json!({
        "id": run.export_run_id,
        "who": run.email.as_deref().or(token).unwrap_or(&run.actor),
        "at": run.created_at,
        "purpose": run.purpose,
        "filter": filter(run, &app.site.timezone),
        "format": run.format,
        "rows": run.rows_done,
        "state": run.state.as_str(),
        "sha256": run.sha256,
    })
}

/// What narrowed an export or changed its form, in words.
pub(super) fn filter(run: &ExportRun, timezone: &TimeZone) -> Vec<String> {
    let preset = run.preset.as_deref().and_then(crate::export::Preset::named);
    [
        run.report.as_ref().map(|slug| format!("Report {slug}")),
        run.since.map(|at| format!("Confirmed from {}", timezone.since(at))),
        run.until.map(|at| format!("Confirmed until {}", timezone.until(at))),
        run.policy.as_ref().map(|label| format!("Policy {label}")),
        preset.map(|preset| format!("Columns for {}", preset.title())),
        run.links.then(|| "With links to unsubscribe".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
