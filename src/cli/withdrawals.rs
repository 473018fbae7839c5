//! `assent withdrawals`.

use std::io::{BufWriter, Write};

use serde_json::json;

use super::{Outcome, disclosed};
use crate::app::Core;
use crate::export::Format;
use crate::export::csv::record;
use crate::flows;
use crate::notary::seal_all;
use crate::store::withdrawals::{self, Withdrawal};

/// How many are read at once.
const AT_ONCE: i64 = 1000;

/// Name who must be removed from copies exported earlier: consents that ended, in the ledger's order
#[derive(clap::Args)]
pub(super) struct Withdrawals {
    /// Only those after this cursor: the last one of the time before
    #[arg(long, value_name = "CURSOR", default_value_t = -1, allow_negative_numbers = true)]
    after: i64,
    /// The form of the output
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
}

impl Withdrawals {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        // What ended a moment ago gets its place first, so that no cursor can run past it.
        let sealed = seal_all(&core.db, &core.terms, &core.clock, &core.random).await;
        // Who left must be known even while nothing can be sealed.
        if matches!(sealed, Err(flows::Error::Tree)) {
            eprintln!(
                "assent: the newest may be missing: nothing can be sealed until `assent ledger verify` is sound"
            );
        } else {
            sealed?;
        }
        let mut out = BufWriter::new(std::io::stdout());
        if self.format == Format::Csv {
            out.write_all("\u{feff}".as_bytes())?;
            let columns = ["cursor", "subscriber_id", "email", "purpose", "event", "at"];
            record(&mut out, &columns.map(|column| Some(column.to_owned())))?;
        }
        let (mut after, mut rows) = (self.after, 0);
        loop {
            let ended = withdrawals::list(&mut core.db.read().await?, after, AT_ONCE).await?;
            let Some(last) = ended.last() else { break };
            after = last.cursor;
            rows += ended.len();
            for withdrawal in &ended {
                match self.format {
                    Format::Csv => record(&mut out, &cells(withdrawal))?,
                    Format::Ndjson => {
                        let Withdrawal { cursor, subscriber_id, email, purpose, event, at } =
                            withdrawal;
                        let row = json!({"cursor": cursor, "subscriber_id": subscriber_id,
                                         "email": email, "purpose": purpose, "event": event, "at": at});
                        writeln!(out, "{row}")?;
                    }
                }
            }
        }
        out.flush()?;
        disclosed(core, "withdrawals", &json!({"after": self.after, "rows": rows})).await
    }
}

fn cells(withdrawal: &Withdrawal) -> [Option<String>; 6] {
    [
        Some(withdrawal.cursor.to_string()),
        Some(withdrawal.subscriber_id.to_string()),
        withdrawal.email.clone(),
        Some(withdrawal.purpose.to_string()),
        Some(withdrawal.event.as_str().to_owned()),
        Some(withdrawal.at.to_string()),
    ]
}
