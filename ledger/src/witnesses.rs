//! The witnesses that an auditor trusts, and how many of them must have signed.

use std::fmt;

use super::cosignature::{Cosigned, WitnessKey};
use super::note::{Checkpoint, SignedNote};
use super::witness_reach::KeptHead;
pub use super::witness_reach::WitnessReach;

/// Witnesses, and how many must have signed.
#[derive(Clone, Debug)]
pub struct Witnesses {
    keys: Vec<WitnessKey>,
    quorum: usize,
}

/// Why these cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessesError {
    /// One key must not count twice, under two names either.
    #[error("the key of witness {0} is given twice")]
    Twice(String),
    /// As many as there are, and one at least.
    #[error("the quorum must be from 1 to the number of witnesses, which is {0}")]
    Quorum(usize),
}

impl Witnesses {
    /// These; all of them must have signed unless a quorum is given.
    ///
    /// # Errors
    /// When one is there twice, or the quorum cannot be reached or is none.
    pub fn new(keys: Vec<WitnessKey>, quorum: Option<usize>) -> Result<Self, WitnessesError> {
        for (at, key) in keys.iter().enumerate() {
            if keys.iter().take(at).any(|earlier| earlier.as_bytes() == key.as_bytes()) {
                return Err(WitnessesError::Twice(key.name().to_string()));
            }
        }
        let quorum = quorum.unwrap_or(keys.len());
        if !(1..=keys.len()).contains(&quorum) {
            return Err(WitnessesError::Quorum(keys.len()));
        }
        Ok(Self { keys, quorum })
    }

    /// Which of them signed a note.
    #[must_use]
    pub fn look_at(&self, note: &SignedNote) -> Witnessed {
        let look = |key: &WitnessKey| (key.name().to_string(), key.cosigned(note));
        let seen = self.keys.iter().map(look).collect();
        Witnessed { quorum: self.quorum, seen, reach: WitnessReach::of(note.checkpoint()) }
    }
}

/// Which witnesses signed a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// How many must have.
    pub quorum: usize,
    /// Each by its name, with what the note has of it.
    pub seen: Vec<(String, Cosigned)>,
    /// How far back they speak, of a ledger that went on after a loss; else up to its beginning.
    pub reach: Option<WitnessReach>,
}

impl Witnessed {
    /// How many signed.
    #[must_use]
    pub fn count(&self) -> usize {
        self.seen.iter().filter(|(_, cosigned)| matches!(cosigned, Cosigned::At(_))).count()
    }

    /// Whether those are enough.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.count() >= self.quorum
    }

    /// With how far back they speak, of a ledger whose tree holds the checkpoint `kept`, which they signed so, and which
    /// went on from so many leaves if there was a loss.
    #[must_use]
    pub(super) fn look_back(
        mut self,
        kept: Option<(&Checkpoint, Self)>,
        resumed_from: Option<u64>,
    ) -> Self {
        if let Some(reach) = &mut self.reach {
            reach.go_on_from(resumed_from);
            if let Some((head, by)) = kept {
                let (count, is_enough) = (by.count(), by.is_enough());
                let (origin, size) = (head.origin.clone(), head.size);
                reach.look_back(KeptHead { origin, size, count, is_enough });
            }
        }
        self
    }
}

/// A line for each witness, and one that says what it comes to.
impl fmt::Display for Witnessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, cosigned) in &self.seen {
            match cosigned {
                Cosigned::At(at) => writeln!(f, "witness {name} signed this checkpoint at {at}")?,
                Cosigned::Missing => writeln!(f, "witness {name} did not sign this checkpoint")?,
                Cosigned::False => {
                    writeln!(f, "witness {name} did not write the line that stands in its name")?;
                }
            }
        }
        let (count, known, quorum) = (self.count(), self.seen.len(), self.quorum);
        write!(f, "{count} of {known} witnesses signed, and {quorum} must have")?;
        if self.is_enough() {
            f.write_str(
                ": each says that up to here it saw one history of this ledger, and no other",
            )?;
            if let Some(reach) = &self.reach {
                write!(f, "\n{reach}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosignature::tests::{line, witness};
    use crate::note::SigningKey;

    fn note(by: &[&(WitnessKey, SigningKey)]) -> SignedNote {
        let checkpoint = Checkpoint { origin: "ledger".into(), size: 7, root: [9; 32] };
        let own = witness("ledger", 9).1;
        let note = SignedNote::parse(&checkpoint.sign(&[own])).unwrap();
        let line = |by: &&(WitnessKey, SigningKey)| line(by, note.text(), 1_764_000_000);
        note.with(&by.iter().map(line).collect::<Vec<_>>())
    }

    #[test]
    fn as_many_must_sign_as_are_asked_for() {
        let [one, two, three] = [("w/1", 1), ("w/2", 2), ("w/3", 3)].map(|(n, s)| witness(n, s));
        let keys = [&one, &two, &three].map(|(key, _)| key.clone());
        let enough = |quorum, by: &[&(WitnessKey, SigningKey)]| {
            Witnesses::new(keys.to_vec(), quorum).unwrap().look_at(&note(by)).is_enough()
        };
        assert!(enough(None, &[&one, &two, &three]));
        assert!(!enough(None, &[&one, &two]));
        assert!(enough(Some(2), &[&three, &one]));
        assert!(!enough(Some(2), &[&one, &one]), "twice is once");
        assert!(!enough(Some(1), &[&witness("w/1", 4), &witness("w/4", 1)]));
        assert!(!enough(Some(1), &[]));

        let seen = Witnesses::new(keys.to_vec(), Some(2)).unwrap().look_at(&note(&[&one]));
        let told = "witness w/1 signed this checkpoint at 2025-11-24T16:00:00Z\n\
                    witness w/2 did not sign this checkpoint\n\
                    witness w/3 did not sign this checkpoint\n\
                    1 of 3 witnesses signed, and 2 must have";
        assert_eq!(seen.to_string(), told);
    }

    #[test]
    fn after_a_loss_they_speak_only_since_the_new_name() {
        let own = witness("ledger", 9).1;
        let (one, two) = (witness("w/1", 1), witness("w/2", 2));
        let head = |origin: &str, size, by: &[&(WitnessKey, SigningKey)]| {
            let checkpoint = Checkpoint { origin: origin.into(), size, root: [9; 32] };
            let note = SignedNote::parse(&checkpoint.sign(std::slice::from_ref(&own))).unwrap();
            let lines: Vec<_> = by.iter().map(|by| line(by, note.text(), 7)).collect();
            note.with(&lines)
        };
        let both = Witnesses::new(vec![one.0.clone(), two.0.clone()], None).unwrap();
        let now = |origin| head(origin, 9, &[&one, &two]);
        let said = |note: &SignedNote, kept: Option<&SignedNote>, from| {
            let kept = kept.map(|kept| (kept.checkpoint(), both.look_at(kept)));
            both.look_at(note).look_back(kept, from).to_string().lines().nth(3).map(str::to_owned)
        };
        let signed = head("l", 5, &[&one, &two]);
        assert_eq!(said(&now("l"), Some(&signed), None), None, "there was no loss");
        assert_eq!(
            both.look_at(&now("l/r2")).to_string().lines().nth(3).map(str::to_owned),
            said(&now("l/r2"), None, None)
        );
        let says = |note: &SignedNote, kept: Option<&SignedNote>, from, words: &[&str]| {
            let said = said(note, kept, from).unwrap();
            for words in words {
                assert!(said.contains(words), "{words}: {said}");
            }
            said
        };
        let only = "only since it is called l/r2";
        let wanted =
            "the last checkpoint that they signed under the name before covers that; give it";
        says(&now("l/r2"), None, None, &[only, "Of what is older they say nothing", wanted]);
        says(
            &now("l/r2"),
            None,
            Some(7),
            &[only, "Of the first 7 leaves they say nothing", wanted],
        );
        // What says nothing of before the loss does not help.
        for other in [now("l/r2"), head("l/r3", 5, &[&one, &two]), head("k", 5, &[&one, &two])] {
            says(&now("l/r2"), Some(&other), Some(7), &["Of the first 7 leaves they say nothing"]);
        }
        let one_alone = head("l", 5, &[&one]);
        let few =
            "The checkpoint over 5 leaves that you kept, of l, is signed by 1 of them, too few";
        says(&now("l/r2"), Some(&one_alone), Some(7), &[only, few, wanted]);
        let seen = "2 of them signed the checkpoint over 5 leaves that you kept, of l, too";
        let between = "of index 5 to 6 they say nothing";
        let told = says(&now("l/r2"), Some(&signed), Some(7), &[only, seen, between]);
        assert!(!told.contains(wanted), "{told}");
        let told = says(&now("l/r2"), Some(&signed), Some(5), &[only, seen]);
        assert!(!told.contains("of index"), "{told}");
        let second = head("l/r2", 5, &[&one, &two]);
        let again = "and that only since it was called l/r2";
        says(&now("l/r3"), Some(&second), Some(7), &["called l/r3", between, again, wanted]);
        // Too few signed at all: then there is nothing to be read wrong.
        assert_eq!(said(&head("l/r2", 9, &[&one]), None, None), None);
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        let [one, two, again] = [("w/1", 1), ("w/2", 2), ("w/3", 1)].map(|(n, s)| witness(n, s).0);
        let new = |keys: &[&WitnessKey], quorum| {
            Witnesses::new(keys.iter().map(|key| (*key).clone()).collect(), quorum).map(|_| ())
        };
        assert_eq!(new(&[&one, &two, &again], None), Err(WitnessesError::Twice("w/3".into())));
        for (keys, quorum) in [(&[][..], None), (&[&one, &two], Some(0)), (&[&one, &two], Some(3))]
        {
            assert_eq!(new(keys, quorum), Err(WitnessesError::Quorum(keys.len())));
        }
        assert_eq!(new(&[&one, &two], Some(1)), Ok(()));
    }
}
