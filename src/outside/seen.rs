//! What this process knows of heads by itself, whatever became of the places where they are kept.

use std::time::{Duration, Instant};

use super::heads::Head;

/// How long ago all heads known may have been looked at.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How many heads may have been kept since then.
const LOOK_AFTER: u32 = 12;

/// What this process knows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The newest head at which the database stood level.
    pub(super) head: Option<Head>,
    /// When it stood level with all heads known.
    pub(super) compared: Option<Instant>,
    /// How many newer heads it had since then.
    pub(super) since: u32,
}

impl Seen {
    pub(super) fn is_compared(&self) -> bool {
        self.since < LOOK_AFTER
            && self.compared.is_some_and(|compared| compared.elapsed() < LOOK_EVERY)
    }

    pub(super) fn see(&mut self, head: &Head) {
        if self.head.as_ref().is_none_or(|seen| seen.rank() < head.rank()) {
            self.head = Some(head.clone());
            self.since = self.since.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use assent_ledger::keys::LedgerKeys;
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;

    fn head(size: u64) -> Head {
        let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [1; 32]);
        let keys = LedgerKeys::new(key, vec![], vec![]);
        let head = Checkpoint { origin: keys.origin().to_owned(), size, root: [7; 32] };
        Head::parse(&head.sign(keys.signing()), &keys).unwrap()
    }

    #[test]
    fn all_heads_are_looked_at_again_after_some() {
        let mut seen = Seen::default();
        assert!(!seen.is_compared(), "nothing was looked at");
        seen.compared = Some(Instant::now());
        for size in 1..=u64::from(LOOK_AFTER) {
            assert!(seen.is_compared(), "{size}");
            // Seen twice, it is one.
            seen.see(&head(size));
            seen.see(&head(size));
        }
        assert!(!seen.is_compared());
        seen.see(&head(3));
        assert_eq!(seen.head.map(|head| head.size()), Some(u64::from(LOOK_AFTER)), "the newest");
    }
}
