//! What is known of all endings: the newest of each scope, and whether anything forbids to write to somebody.

use std::collections::HashMap;

use super::ending::{Ending, EndingReason, Scope, Turn};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::timestamp::Timestamp;

/// When one scope began last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Began {
    /// When it began last.
    pub at: Timestamp,
    /// Whether it was lifted since.
    pub lifted: bool,
    /// Whether that was by a clock that did not stand behind its beginning: who came back then seems no newer than it.
    pub set_back: bool,
}

/// The last moments of one scope.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    began: Option<Timestamp>,
    lifted: Option<Timestamp>,
}

impl Turns {
    fn began(self) -> Option<Began> {
        // At one moment a beginning counts for more: better once too often.
        self.began.map(|at| Began {
            at,
            lifted: self.lifted > Some(at),
            set_back: self.lifted == Some(Ending::lifted_at(at, at)),
        })
    }
}

/// All endings, the newest of each scope, by address.
#[derive(Clone, Debug, Default)]
pub struct Endings {
    of: HashMap<AddressKey, Vec<Ended>>,
    /// How often something new was heard.
    number: u64,
}

/// What is known of one scope of an address.
#[derive(Clone, Debug)]
struct Ended {
    reason: EndingReason,
    purpose: Option<Purpose>,
    turns: Turns,
    /// When something new was heard of it last, in the order of what was heard.
    number: u64,
}

impl Endings {
    /// Sorts out what was read, in any order and however often.
    #[must_use]
    pub fn from_lines(lines: Vec<Ending>) -> Self {
        let mut endings = Self::default();
        endings.add(lines);
        endings
    }

    /// Adds what was read since.
    pub(super) fn add(&mut self, lines: Vec<Ending>) {
        for Ending { at, address_key, turn, reason, purpose } in lines {
            let of = self.of.entry(address_key).or_default();
            let known = of.iter().position(|e| (e.reason, &e.purpose) == (reason, &purpose));
            let known = known.unwrap_or_else(|| {
                of.push(Ended { reason, purpose, turns: Turns::default(), number: 0 });
                of.len() - 1
            });
            let ended = &mut of[known];
            let newest = match turn {
                Turn::Began => &mut ended.turns.began,
                Turn::Lifted => &mut ended.turns.lifted,
            };
            if *newest < Some(at) {
                *newest = Some(at);
                self.number += 1;
                ended.number = self.number;
            }
        }
    }

    /// How often something new was heard, of any scope.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Those of which something new was heard after `number`; all after 0.
    #[must_use]
    pub fn newer(&self, number: u64) -> HashMap<Scope, Began> {
        if number >= self.number {
            return HashMap::new();
        }
        let began = |(key, ended): (&AddressKey, &Ended)| {
            let began = ended.turns.began().filter(|_| ended.number > number)?;
            let (reason, purpose) = (ended.reason, ended.purpose.clone());
            Some((Scope { address_key: key.clone(), reason, purpose }, began))
        };
        let all = self.of.iter().flat_map(|(key, of)| of.iter().map(move |ended| (key, ended)));
        all.filter_map(began).collect()
    }

    /// Those of these scopes.
    #[must_use]
    pub fn only(&self, scopes: impl Iterator<Item = Scope>) -> HashMap<Scope, Began> {
        let began = |scope: Scope| {
            let of = self.of.get(&scope.address_key)?;
            let known = |e: &&Ended| (e.reason, &e.purpose) == (scope.reason, &scope.purpose);
            let began = of.iter().find(known)?.turns.began()?;
            Some((scope, began))
        };
        scopes.filter_map(began).collect()
    }

    /// When this scope began last, if it did.
    #[must_use]
    pub fn began(&self, scope: Scope) -> Option<Began> {
        self.only(std::iter::once(scope)).into_values().next()
    }

    /// When somebody of this key came back last after they had left, if they did.
    #[must_use]
    pub fn came_back(&self, key: &AddressKey) -> Option<Timestamp> {
        let of = self.of.get(key)?;
        of.iter()
            .filter(|ended| ended.reason.is_left())
            .filter_map(|ended| ended.turns.lifted)
            .max()
    }

    /// How many scopes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.values().map(Vec::len).sum()
    }

    /// Whether nobody ever left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Since when something forbids to write to somebody, by the keys of their address and of the subscriber, by a
    /// consent of this moment, if anything does. Who came back after they left or were erased, or renewed what had run
    /// out, may be written to; the other reasons hold until they are lifted.
    #[must_use]
    pub fn forbids(
        &self,
        keys: &[AddressKey],
        purpose: &Purpose,
        confirmed_at: Timestamp,
    ) -> Option<Timestamp> {
        let forbids = |Ended { reason, purpose: of, turns, .. }: &Ended| {
            let began = turns.began().filter(|began| !began.lifted)?;
            let holds = reason.covers(of.as_ref(), purpose)
                && (!reason.is_by_time() || confirmed_at <= began.at);
            holds.then_some(began.at)
        };
        keys.iter().filter_map(|key| self.of.get(key)).flatten().filter_map(forbids).min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ending::tests::{KEY, line, moment};
    use super::*;

    #[test]
    fn who_came_back_after_leaving_may_be_written_to() {
        let weekly: Purpose = "newsletter:weekly".parse().unwrap();
        let other: Purpose = "newsletter:other".parse().unwrap();
        let key = AddressKey::from_hex(KEY).unwrap();
        let left = line(5, "began", "unsubscribed", "newsletter:weekly");
        let endings = Endings::from_lines(vec![left.clone()]);
        let forbids = |endings: &Endings, purpose, at| {
            endings.forbids(std::slice::from_ref(&key), purpose, moment(at)).is_some()
        };
        assert!(forbids(&endings, &weekly, 4) && forbids(&endings, &weekly, 5));
        assert!(!forbids(&endings, &weekly, 6) && !forbids(&endings, &other, 4));
        let lifted = line(7, "lifted", "unsubscribed", "newsletter:weekly");
        assert!(!forbids(&Endings::from_lines(vec![lifted.clone(), left.clone()]), &weekly, 4));
        let scope = lifted.scope();
        assert!(
            Endings::from_lines(vec![lifted.clone()]).only([scope].into_iter()).is_empty(),
            "nothing began"
        );
        let again = line(8, "began", "unsubscribed", "newsletter:weekly");
        assert!(forbids(&Endings::from_lines(vec![again, lifted, left]), &weekly, 7));
    }

    #[test]
    fn what_is_new_is_told_once() {
        let mut endings = Endings::from_lines(vec![line(5, "began", "erased", "*")]);
        let known = endings.number();
        assert_eq!((endings.newer(0).len(), endings.newer(known).len()), (1, 0));
        // Said again, or older than what is known, it is nothing new.
        endings.add(vec![line(5, "began", "erased", "*"), line(4, "began", "erased", "*")]);
        assert_eq!(endings.number(), known);
        let scope = line(6, "lifted", "erased", "*").scope();
        endings.add(vec![line(6, "lifted", "erased", "*"), line(1, "began", "manual", "*")]);
        assert_eq!(endings.newer(known).len(), 2);
        // As where the clock stood before the beginning, for only then it is lifted right behind it.
        let began = Began { at: moment(5), lifted: true, set_back: true };
        assert_eq!(endings.newer(known)[&scope], began);
        endings.add(vec![line(7, "lifted", "erased", "*")]);
        assert_eq!(endings.newer(known)[&scope], Began { set_back: false, ..began });
        // What is lifted and never began is nothing to go by.
        endings = Endings::from_lines(vec![line(7, "lifted", "erased", "*")]);
        assert!(endings.newer(0).is_empty());
    }

    #[test]
    fn what_staff_stopped_holds_until_it_is_lifted() {
        let weekly: Purpose = "newsletter:weekly".parse().unwrap();
        let key = AddressKey::from_hex(KEY).unwrap();
        let stopped = line(5, "began", "manual", "*");
        assert!(
            Endings::from_lines(vec![stopped.clone()])
                .forbids(std::slice::from_ref(&key), &weekly, moment(9))
                .is_some()
        );
        let lifted = line(6, "lifted", "manual", "*");
        assert!(
            Endings::from_lines(vec![stopped, lifted])
                .forbids(std::slice::from_ref(&key), &weekly, moment(9))
                .is_none()
        );
        // What began earliest counts, whatever came first to be known.
        let twice = Endings::from_lines(vec![
            line(7, "began", "bounced", "*"),
            line(5, "began", "manual", "*"),
        ]);
        assert_eq!(twice.forbids(std::slice::from_ref(&key), &weekly, moment(9)), Some(moment(5)));
        // Not having asked for a confirmation is not about consent.
        let not_me = Endings::from_lines(vec![line(5, "began", "not-me", "*")]);
        assert!(not_me.forbids(std::slice::from_ref(&key), &weekly, moment(1)).is_none());
    }

    #[test]
    fn what_somebody_left_by_their_link_holds_for_the_subscriber() {
        let weekly: Purpose = "newsletter:weekly".parse().unwrap();
        let keys = [
            AddressKey::from_hex(&KEY.replace('0', "1")).unwrap(),
            AddressKey::from_hex(KEY).unwrap(),
        ];
        for scope in ["newsletter:weekly", "*"] {
            let endings = Endings::from_lines(vec![line(5, "began", "left", scope)]);
            assert!(endings.forbids(&keys, &weekly, moment(5)).is_some(), "{scope}");
            assert!(endings.forbids(&keys[..1], &weekly, moment(5)).is_none(), "{scope}");
            assert!(endings.forbids(&keys, &weekly, moment(6)).is_none(), "{scope}");
        }
        let other = Endings::from_lines(vec![line(5, "began", "left", "newsletter:other")]);
        assert!(other.forbids(&keys, &weekly, moment(5)).is_none());
        let mail = Endings::from_lines(vec![line(5, "began", "left-mail", "*")]);
        assert!(mail.forbids(&keys, &weekly, moment(5)).is_some());
        assert!(mail.forbids(&keys, &Purpose::privacy_policy(), moment(5)).is_none());
    }

    #[test]
    fn who_renewed_what_had_run_out_may_be_written_to() {
        let weekly: Purpose = "newsletter:weekly".parse().unwrap();
        let key = AddressKey::from_hex(KEY).unwrap();
        let ran_out = line(5, "began", "expired", "newsletter:weekly");
        let endings = Endings::from_lines(vec![ran_out.clone()]);
        assert!(endings.forbids(std::slice::from_ref(&key), &weekly, moment(5)).is_some());
        assert!(endings.forbids(std::slice::from_ref(&key), &weekly, moment(6)).is_none());
        let lifted = line(6, "lifted", "expired", "newsletter:weekly");
        assert!(
            Endings::from_lines(vec![ran_out, lifted])
                .forbids(std::slice::from_ref(&key), &weekly, moment(4))
                .is_none()
        );
    }
}
