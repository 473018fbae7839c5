//! The order of each subject's events, as far as bodies show it: none left out between two others, nothing of
//! whoever was erased, and no time that runs back unmentioned.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::event_type::EventType;
use super::finding::Problem;
use super::tree::Hash;

/// What one event says of its subject.
#[derive(Clone, Debug)]
pub(super) struct InOrder {
    /// The signup or the subscriber.
    pub subject_id: Uuid,
    /// What happened.
    pub event_type: EventType,
    /// Its number; none before version 2 of the leaf.
    pub seq: Option<u32>,
    /// The leaf before it, as it names it; none of the first, and before version 2.
    pub previous: Option<Hash>,
    /// When, in whole seconds since the Unix epoch.
    pub at: Option<i64>,
    /// Whether it says that something of its subject was emptied.
    pub empties: bool,
}

/// Each subject's newest event so far, in 24 bytes: a ledger of a million people is checked in little memory. A hash
/// table would hold twice that while it grows.
#[derive(Debug, Default)]
pub(super) struct Subjects(BTreeMap<u64, Newest>);

#[derive(Clone, Copy, Debug)]
struct Newest {
    /// The first bytes of its leaf's hash.
    leaf: [u8; 8],
    /// 0 before version 2.
    seq: u32,
    /// Seconds since 2000; the lowest bit tells whether the subject was erased.
    at: u32,
}

/// The beginning of 2000, in seconds since the Unix epoch.
const BEGINNING: i64 = 946_684_800;

impl Newest {
    fn new(leaf: &Hash, event: &InOrder) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&leaf[..8]);
        let seconds = u32::try_from(event.at.unwrap_or(BEGINNING) - BEGINNING).unwrap_or(0);
        let erased = u32::from(event.event_type == EventType::Erased);
        Self { leaf: first, seq: event.seq.unwrap_or(0), at: (seconds & !1) | erased }
    }

    fn erased(self) -> bool {
        self.at & 1 == 1
    }
}

/// What is found of one event.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What is wrong.
    pub problem: Option<Problem>,
    /// Whether it bears an earlier time than the one before it, by two seconds or more.
    pub runs_back: bool,
}

impl Subjects {
    /// The next event in the order of the tree, with the hash of its leaf.
    pub(super) fn take(&mut self, event: &InOrder, leaf: &Hash) -> Judged {
        // The last bytes of a key are its random ones.
        let (_, key) = event.subject_id.as_u64_pair();
        let newest = Newest::new(leaf, event);
        let before = self.0.insert(key, newest);
        let Some(before) = before else {
            let first = matches!((event.seq, event.previous), (None | Some(1), None));
            // What stood before an erasure stands bare.
            let erased = event.event_type == EventType::Erased;
            let problem = if erased {
                (event.seq == Some(1) && first && event.empties).then_some(Problem::NothingOfTheirs)
            } else {
                (!first).then_some(Problem::Gap)
            };
            return Judged { problem, runs_back: false };
        };
        if before.erased() != newest.erased() {
            return Judged { problem: Some(Problem::LeftOver), runs_back: false };
        }
        let follows = match (event.seq, event.previous) {
            (None, _) => before.seq == 0,
            (Some(seq), Some(previous)) => {
                previous[..8] == before.leaf
                    && (before.seq == 0 || before.seq.checked_add(1) == Some(seq))
            }
            (Some(_), None) => false,
        };
        Judged {
            problem: (!follows).then_some(Problem::Gap),
            runs_back: newest.at & !1 < before.at & !1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: EventType, seq: u32, previous: Option<u8>) -> InOrder {
        InOrder {
            subject_id: Uuid::from_u128(7),
            event_type,
            seq: (seq > 0).then_some(seq),
            previous: previous.map(|byte| [byte; 32]),
            at: Some(BEGINNING + 100),
            empties: false,
        }
    }

    fn judge(events: &[(InOrder, u8)]) -> Vec<(Option<String>, bool)> {
        let mut subjects = Subjects::default();
        let judged = events.iter().map(|(event, leaf)| subjects.take(event, &[*leaf; 32]));
        judged.map(|j| (j.problem.map(|problem| problem.to_string()), j.runs_back)).collect()
    }

    #[test]
    fn events_follow_each_other() {
        use EventType::{Erased, Given, Withdrawn};
        let sound = (None, false);
        let gap = (Some(Problem::Gap.to_string()), false);
        let left = (Some(Problem::LeftOver.to_string()), false);
        let first = (event(Given, 1, None), 1);
        for (events, last) in [
            (vec![first.clone()], &sound),
            (vec![first.clone(), (event(Withdrawn, 2, Some(1)), 2)], &sound),
            (vec![first.clone(), (event(Withdrawn, 2, Some(9)), 2)], &gap),
            (vec![first.clone(), (event(Withdrawn, 3, Some(1)), 2)], &gap),
            (vec![first.clone(), (event(Withdrawn, 2, None), 2)], &gap),
            (vec![(event(Withdrawn, 2, Some(1)), 2)], &gap),
            (vec![(event(Given, 0, None), 1), (event(Withdrawn, 5, Some(1)), 2)], &sound),
            (vec![(event(Given, 0, None), 1), (event(Withdrawn, 0, None), 2)], &sound),
            (vec![first.clone(), (event(Withdrawn, 0, None), 2)], &gap),
            (vec![(event(Erased, 3, Some(1)), 3)], &sound),
            (vec![(event(Erased, 3, Some(1)), 3), (event(Erased, 4, Some(3)), 4)], &sound),
            (vec![first.clone(), (event(Erased, 2, Some(1)), 2)], &left),
            (vec![(event(Erased, 3, Some(1)), 3), (event(Given, 4, Some(3)), 4)], &left),
        ] {
            assert_eq!(judge(&events).last(), Some(last), "{events:?}");
        }
    }

    #[test]
    fn who_had_no_event_has_none_emptied() {
        use EventType::Erased;
        let empties = |event| InOrder { empties: true, ..event };
        let found = Some(Problem::NothingOfTheirs.to_string());
        let first = event(Erased, 1, None);
        assert_eq!(judge(&[(first.clone(), 1)]), [(None, false)]);
        assert_eq!(judge(&[(empties(first), 1)]), [(found, false)]);
        // What stood before it stands bare.
        assert_eq!(judge(&[(empties(event(Erased, 3, Some(1))), 3)]), [(None, false)]);
        assert_eq!(judge(&[(empties(event(Erased, 0, None)), 3)]), [(None, false)]);
    }

    #[test]
    fn a_time_that_runs_back_is_told() {
        let later = event(EventType::Given, 1, None);
        let earlier =
            InOrder { at: Some(BEGINNING + 40), ..event(EventType::Withdrawn, 2, Some(1)) };
        assert_eq!(judge(&[(later, 1), (earlier, 2)]), [(None, false), (None, true)]);
    }
}
