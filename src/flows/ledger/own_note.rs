//! The note of a stored head, as it was signed here. Rows are written by whoever holds the database, so that it can be read
//! is looked at, and that it is of the size it is kept under.

use assent_ledger::note::SignedNote;

use crate::flows::Error;
use crate::store::ledger::checkpoints::StoredCheckpoint;

/// The note of this head. Whose signatures it bears is not checked here.
///
/// # Errors
/// When it is no note, or one of another size.
pub fn own_note(head: &StoredCheckpoint) -> Result<SignedNote, Error> {
    let note = SignedNote::parse(&head.note).map_err(|_| Error::Tree)?;
    let is_own = i64::try_from(note.checkpoint().size) == Ok(head.size);
    if is_own { Ok(note) } else { Err(Error::Tree) }
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn a_note_is_of_the_size_it_is_kept_under() {
        let key = SigningKey::new(KeyName::parse("a.example/ledger").unwrap(), [9; 32]);
        let signed = Checkpoint { origin: "a.example/ledger".into(), size: 7, root: [9; 32] };
        let note = signed.sign(std::slice::from_ref(&key));
        let stored = |size, note: &str| StoredCheckpoint {
            size,
            root: vec![9; 32],
            note: note.to_owned(),
            created_at: Timestamp::SAMPLE,
            previous: None,
            mac: None,
        };
        assert_eq!(own_note(&stored(7, &note)).unwrap().checkpoint(), &signed);
        for (size, note) in [(8, note.as_str()), (-7, &note), (7, "none"), (7, "")] {
            assert!(matches!(own_note(&stored(size, note)), Err(Error::Tree)), "{size}: {note}");
        }
    }
}
