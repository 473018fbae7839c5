//! Where the ledger went on after a loss: what the database says of it against the leaves that began each epoch.

use assent_ledger::epoch::Epoch;
use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::encode_hash;
use assent_ledger::record::{NamedHead, RecordType};
use serde::Deserialize;

use super::verification::Verification;
use crate::flows::{Error, FlowSettings};
use crate::outside::Head;
use crate::store::Tx;
use crate::store::ledger::epochs::{self, Resumed};
use crate::store::ledger::records::StoredRecord;

/// An epoch that a leaf began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    /// The place of the leaf; none while it waits for one, which this program never lets it.
    index: Option<i64>,
    said: Said,
}

/// What the body of such a leaf says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Said {
    at: String,
    epoch: String,
    known: Option<NamedHead>,
}

impl Begun {
    /// What a record of ours began; `None` where it began nothing.
    pub(super) fn from_record(record: &StoredRecord) -> Option<Self> {
        if record.record_type != RecordType::Resumed {
            return None;
        }
        let said = serde_json::from_str(&record.body).ok()?;
        Some(Self { index: record.leaf_index, said })
    }

    /// Whether this row says the same of it.
    fn is_told(&self, row: &Resumed, keys: &LedgerKeys) -> bool {
        let known = row.known_note.as_ref().map(|note| Head::parse(note, keys).as_ref().map(named));
        self.said.epoch == row.epoch.name(keys.origin())
            && self.index == Some(row.from_size)
            && self.said.at == row.resumed_at.to_string()
            && self.said.known.clone().map(Some) == known
    }
}

/// Each row against its leaf, and each leaf against its row.
pub(super) async fn check_epochs(
    tx: &mut Tx,
    settings: &FlowSettings,
    begun: &[Begun],
    told: &mut Verification,
) -> Result<(), Error> {
    let rows = epochs::list(tx).await?;
    for what in problems(&rows, begun, &settings.ledger_keys) {
        told.add(what);
    }
    Ok(())
}

fn problems(rows: &[Resumed], begun: &[Begun], keys: &LedgerKeys) -> Vec<String> {
    let name = |epoch: Epoch| epoch.name(keys.origin());
    let of = |row: &Resumed| begun.iter().find(|begun| begun.said.epoch == name(row.epoch));
    let mut problems = vec![];
    for row in rows {
        match of(row) {
            None => problems.push(format!(
                "the database says that the ledger went on as {}, and no leaf began that",
                name(row.epoch)
            )),
            Some(begun) if !begun.is_told(row, keys) => problems.push(format!(
                "the database does not say of {} what the leaf says that began it",
                name(row.epoch)
            )),
            Some(_) => {}
        }
    }
    for begun in begun {
        if !rows.iter().any(|row| name(row.epoch) == begun.said.epoch) {
            problems.push(format!(
                "the ledger went on as {}, and the database does not say so any more",
                begun.said.epoch
            ));
        }
    }
    problems
}

fn named(head: &Head) -> NamedHead {
    let signed = head.note.checkpoint();
    let (origin, root) = (signed.origin.clone(), encode_hash(&signed.root));
    NamedHead { origin, root, size: signed.size }
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;
    use crate::domain::timestamp::Timestamp;

    fn keys() -> LedgerKeys {
        let name = KeyName::parse("example.org/ledger").unwrap();
        LedgerKeys::new(SigningKey::new(name, [1; 32]), vec![], vec![])
    }

    fn note(size: u64) -> String {
        let keys = keys();
        Checkpoint { origin: keys.origin().to_owned(), size, root: [7; 32] }.sign(keys.signing())
    }

    /// The second epoch began behind five leaves, and of one more nine were known.
    fn row() -> Resumed {
        Resumed {
            epoch: Epoch::FIRST.next(),
            from_size: 5,
            known_note: Some(note(9)),
            resumed_at: Timestamp::from_micros(1_000_000),
        }
    }

    fn leaf() -> Begun {
        let row = row();
        let known = Head::parse(&row.known_note.unwrap(), &keys()).as_ref().map(named);
        let said =
            Said { at: row.resumed_at.to_string(), epoch: "example.org/ledger/r2".into(), known };
        Begun { index: Some(5), said }
    }

    fn found(rows: &[Resumed], begun: &[Begun]) -> String {
        problems(rows, begun, &keys()).join("; ")
    }

    #[test]
    fn each_row_has_its_leaf_and_each_leaf_its_row() {
        assert_eq!(found(&[], &[]), "");
        assert_eq!(found(&[row()], &[leaf()]), "");
        let none = Resumed { known_note: None, ..row() };
        let said = Said { known: None, ..leaf().said };
        assert_eq!(found(std::slice::from_ref(&none), &[Begun { said, ..leaf() }]), "");
        assert!(found(&[row()], &[]).contains("no leaf began that"));
        assert!(found(&[], &[leaf()]).contains("does not say so any more"));
        let invented = Resumed { epoch: Epoch::numbered(7).unwrap(), ..row() };
        let told = found(&[row(), invented], &[leaf()]);
        assert_eq!(
            told,
            "the database says that the ledger went on as example.org/ledger/r7, and no leaf began that"
        );
        for other in [
            none,
            Resumed { from_size: 3, ..row() },
            Resumed { known_note: Some("nonsense".into()), ..row() },
            Resumed { known_note: Some(note(8)), ..row() },
            Resumed { resumed_at: Timestamp::from_micros(2_000_000), ..row() },
        ] {
            let told = found(std::slice::from_ref(&other), &[leaf()]);
            assert!(
                told.contains("does not say of example.org/ledger/r2 what"),
                "{other:?}: {told}"
            );
        }
        let unplaced = Begun { index: None, ..leaf() };
        assert!(found(&[row()], &[unplaced]).contains("does not say of"));
    }
}
