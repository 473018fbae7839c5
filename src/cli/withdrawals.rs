//! `assent withdrawals`.

use std::io::Write;

use serde_json::json;

use super::actor::disclosed;
use super::outcome::Outcome;
use crate::app::Core;
use crate::domain::ledger::cursor::Cursor;
use crate::export::{TextFormat, WithdrawnRows};
use crate::flows;
use crate::flows::contacts::allow_withdrawals::allow_withdrawals;
use crate::flows::contacts::record_disclosure::Disclosure;
use crate::sealing::seal_all;
use crate::store::consent::withdrawals;

/// How many are read at once.
const AT_ONCE: i64 = 1000;

/// Name who must be removed from copies exported earlier: consents that ended, in the ledger's order
#[derive(clap::Args)]
pub(super) struct Withdrawals {
    /// Only those after this cursor: the last one of the time before
    #[arg(long, value_name = "CURSOR", default_value_t = Cursor::START, allow_hyphen_values = true)]
    after: Cursor,
    /// The form of the output
    #[arg(long, value_enum, default_value = "csv")]
    format: TextFormat,
}

impl Withdrawals {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        // What ended a moment ago gets its place first, so that no cursor can run past it.
        let sealed = seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await;
        // Who left must be known even while nothing can be sealed.
        if matches!(sealed, Err(flows::Error::Tree)) {
            eprintln!(
                "assent: the newest may be missing: nothing can be sealed until `assent ledger verify` is sound"
            );
        } else {
            sealed?;
        }
        let epoch = allow_withdrawals(&core.db, &core.flow_settings, self.after).await?;
        let mut out = std::io::stdout();
        let mut file = WithdrawnRows::begin(self.format, epoch)?;
        let (mut after, mut rows) = (self.after.after, 0);
        loop {
            let ended = withdrawals::list(&mut core.db.read().await?, after, AT_ONCE).await?;
            let Some(last) = ended.last() else { break };
            after = last.cursor.unwrap_or(after);
            rows += ended.len();
            for withdrawal in &ended {
                file.row(withdrawal)?;
            }
            out.write_all(&file.take()?)?;
        }
        out.write_all(&file.take()?)?;
        out.flush()?;
        disclosed(core, Disclosure::Withdrawals, &json!({"after": self.after, "rows": rows})).await
    }
}
