//! What the addresses begin with at which the ledger is a log for others to follow (C2SP tlog-tiles): its checkpoint and
//! its tiles. A log is known by its origin, which is another in each epoch.

use assent_ledger::epoch::Epoch;

const FIRST: &str = "/ledger";

/// That of the log of an epoch: `/ledger`, and `/ledger/r2` where the origin ends in `/r2`.
#[must_use]
pub fn log_prefix(epoch: Epoch) -> String {
    epoch.name(FIRST)
}

/// The epoch whose log has this prefix; `None` for any other text.
#[must_use]
pub fn epoch_at(prefix: &str) -> Option<Epoch> {
    Epoch::from_name(prefix, FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_epoch_has_one_prefix() {
        let second = Epoch::FIRST.next();
        for (prefix, epoch) in
            [("/ledger", Epoch::FIRST), ("/ledger/r2", second), ("/ledger/r3", second.next())]
        {
            assert_eq!((epoch_at(prefix), log_prefix(epoch).as_str()), (Some(epoch), prefix));
        }
        for other in [
            "",
            "/ledge",
            "/ledger/",
            "/ledger/r1",
            "/ledger/r02",
            "/ledger/R2",
            "/ledger/%722",
            "/ledger/r2/r3",
            "/ledger/key",
        ] {
            assert_eq!(epoch_at(other), None, "{other}");
        }
    }
}
