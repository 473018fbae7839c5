//! Whether anything tells what happened after a back-up was taken. What the back-up knows itself tells nothing of it,
//! and neither does what is older.

use std::collections::HashSet;

use super::manifest::Manifest;
use super::restore::Known;
use crate::outside::{Ending, Head};

/// What tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newer {
    /// A head that is newer than all of the back-up; or its own newest one, where the data directory or the file store
    /// says that it is the newest there, too.
    pub heads: bool,
    /// An ending of after the back-up's moment.
    pub endings: bool,
}

impl Newer {
    /// Looks at `own`, what the back-up knows itself; at the newest head and the endings that data directory and file
    /// store hold; and at what the operator has given.
    #[must_use]
    pub fn than(
        manifest: &Manifest,
        own: &Known,
        (found, noted): (Option<&Head>, &[Ending]),
        given: &Known,
    ) -> Self {
        let newest = own.heads.iter().map(Head::rank).max();
        let is_found = found.is_some_and(|head| Some(head.rank()) >= newest);
        let is_given = given.heads.iter().any(|head| Some(head.rank()) > newest);
        // They are copied behind the database, so that some of them may be later than its moment.
        let copied: HashSet<String> = own.endings.iter().map(ToString::to_string).collect();
        let is_later =
            |ending: &&Ending| manifest.moment().is_some_and(|moment| ending.at > moment);
        let mut later = noted.iter().chain(&given.endings).filter(is_later);
        let endings = later.any(|ending| !copied.contains(&ending.to_string()));
        Self { heads: is_found || is_given, endings }
    }

    /// Whether nothing does.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        !(self.heads || self.endings)
    }
}

#[cfg(test)]
mod tests {
    use assent_ledger::epoch::Epoch;
    use assent_ledger::keys::LedgerKeys;
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;

    fn head(number: i64, size: u64) -> Head {
        let name = KeyName::parse("example.org/ledger").unwrap();
        let keys = LedgerKeys::new(SigningKey::new(name, [1; 32]), vec![], vec![]);
        let epoch = Epoch::numbered(number).unwrap();
        let head = Checkpoint { origin: epoch.name(keys.origin()), size, root: [7; 32] };
        Head::parse(&head.sign(&keys.signing_in(epoch).unwrap()), &keys).unwrap()
    }

    fn ending(second: u8) -> Ending {
        let key = "0".repeat(64);
        Ending::parse(&format!("2026-11-23T09:00:{second:02}.000000Z {key} began erased *"))
            .unwrap()
    }

    fn manifest() -> Manifest {
        Manifest::new("2026-11-23T09:00:30.000000Z".into(), "sqlite", vec![])
    }

    /// Whether heads tell of it, where the back-up has one over 15 entries.
    fn by_heads(found: Option<&Head>, given: Vec<Head>) -> bool {
        let own = Known { heads: vec![head(1, 9), head(1, 15)], endings: vec![] };
        let given = Known { heads: given, endings: vec![] };
        let newer = Newer::than(&manifest(), &own, (found, &[]), &given);
        assert!(!newer.endings && newer.is_nothing() != newer.heads);
        newer.heads
    }

    #[test]
    fn a_head_that_is_older_or_the_back_ups_own_tells_nothing() {
        assert!(!by_heads(None, vec![]));
        assert!(!by_heads(Some(&head(1, 1)), vec![head(1, 14)]));
        assert!(!by_heads(None, vec![head(1, 15), head(1, 3)]), "the back-up holds it itself");
        assert!(by_heads(None, vec![head(1, 3), head(1, 16)]));
        assert!(by_heads(Some(&head(1, 15)), vec![]), "another place says that it is the newest");
        assert!(by_heads(Some(&head(1, 16)), vec![]));
        // One of a later epoch is newer, however small.
        assert!(by_heads(Some(&head(2, 2)), vec![]) && by_heads(None, vec![head(2, 2)]));
    }

    #[test]
    fn of_a_back_up_without_heads_any_head_tells() {
        let (own, given) = (Known::default(), Known { heads: vec![head(1, 1)], endings: vec![] });
        assert!(Newer::than(&manifest(), &own, (None, &[]), &given).heads);
        assert!(Newer::than(&manifest(), &own, (Some(&head(1, 1)), &[]), &own).heads);
        assert!(Newer::than(&manifest(), &own, (None, &[]), &own).is_nothing());
    }

    #[test]
    fn only_an_ending_of_after_the_back_up_tells() {
        let own = Known { heads: vec![], endings: vec![ending(10), ending(31)] };
        let by = |noted: &[Ending], given: &[Ending]| {
            let given = Known { heads: vec![], endings: given.to_vec() };
            Newer::than(&manifest(), &own, (None, noted), &given).endings
        };
        assert!(!by(&[], &[]));
        assert!(!by(&[ending(10), ending(20)], &[ending(30)]));
        assert!(!by(&[ending(31)], &[ending(31)]), "the back-up holds it itself");
        assert!(by(&[ending(10), ending(32)], &[]) && by(&[], &[ending(40), ending(10)]));
    }
}
