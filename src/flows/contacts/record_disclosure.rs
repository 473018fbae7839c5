//! Somebody takes personal data out by other ways than an export, and that they did is written down.

use serde_json::Value;

use crate::domain::staff::action::Action;
use crate::flows::{Act, Error};
use crate::store::Tx;

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// The audit, or what a filter leaves of it.
    Audit,
    /// The file of a finished export, once more.
    ExportFile,
    /// Who must be removed from the copy that an export made.
    WithdrawnSince,
    /// Who left, as programs ask for it.
    Withdrawals,
    /// The ledger, for outsiders.
    LedgerBundle,
    /// A signed receipt.
    Receipt,
    /// Everything held of one person.
    SubscriberData,
    /// A page of people, as programs ask for it.
    Subscribers,
    /// One person, and whether they may be written to, as programs ask for it.
    Subscriber,
    /// What one person agreed to, as programs ask for it.
    SubscriberConsents,
}

impl Disclosure {
    fn action(self) -> Action {
        match self {
            Self::Audit => Action::AuditExport,
            Self::ExportFile => Action::ExportFile,
            Self::WithdrawnSince => Action::ExportWithdrawn,
            Self::Withdrawals => Action::Withdrawals,
            Self::LedgerBundle => Action::LedgerBundle,
            Self::Receipt => Action::LedgerReceipt,
            Self::SubscriberData => Action::SubscriberData,
            Self::Subscribers => Action::SubscriberList,
            Self::Subscriber => Action::SubscriberRead,
            Self::SubscriberConsents => Action::SubscriberConsents,
        }
    }
}

/// Writes down what was taken, with ids and counts.
pub async fn record_disclosure(
    tx: &mut Tx,
    act: &Act,
    what: Disclosure,
    detail: &Value,
) -> Result<(), Error> {
    Ok(act.audit(tx, what.action(), detail).await?)
}
