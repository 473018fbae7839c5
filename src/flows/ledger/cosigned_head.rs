//! A head's note with the lines of the witnesses that signed it, as it is shown. Rows of signatures are written by whoever
//! holds the database, so each is held against its witness' key, here, once the transaction that read it is over: a
//! false line would make of the whole note one that nobody accepts (C2SP signed-note, "Verifying signatures").

use assent_ledger::cosignature::{Cosigned, WitnessKey};
use assent_ledger::note::{NoteSignature, SignedNote};

use crate::flows::Error;
use crate::flows::ledger::own_note::own_note;
use crate::store::Tx;
use crate::store::ledger::checkpoints::{self, StoredCheckpoint};
use crate::store::ledger::cosignatures::{self, Cosignature, CosignatureOfHead};

/// A head as it was signed here, and what is stored of witnesses under it, not looked at yet.
pub struct CosignedHead {
    /// The head.
    pub head: StoredCheckpoint,
    cosignatures: Vec<Cosignature>,
}

impl CosignedHead {
    /// The newest that may be seen; none before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(tx: &mut Tx) -> sqlx::Result<Option<Self>> {
        match checkpoints::find_kept(tx).await? {
            Some(head) => {
                let cosignatures = cosignatures::list(tx, head.size).await?;
                Ok(Some(Self { head, cosignatures }))
            }
            None => Ok(None),
        }
    }

    /// Its note with the lines of those of these witnesses that signed it, in their order; behind them, as far as there is
    /// room, those of witnesses that were set before. Call it when no transaction is open. What is no note is shown as it is.
    #[must_use]
    pub fn note(&self, witnesses: &[WitnessKey]) -> String {
        join(&self.head.note, &self.cosignatures, witnesses)
    }

    /// The same, to be read.
    ///
    /// # Errors
    /// When it is no note, or one of another size.
    pub fn signed_note(&self, witnesses: &[WitnessKey]) -> Result<SignedNote, Error> {
        Ok(with_lines(&own_note(&self.head)?, &self.cosignatures, witnesses))
    }
}

/// The note with these lines, as far as they are what they say.
pub(super) fn join(note: &str, stored: &[Cosignature], witnesses: &[WitnessKey]) -> String {
    match SignedNote::parse(note) {
        Ok(own) => with_lines(&own, stored, witnesses).as_str().to_owned(),
        Err(_) => note.to_owned(),
    }
}

fn with_lines(own: &SignedNote, stored: &[Cosignature], witnesses: &[WitnessKey]) -> SignedNote {
    let mut joined = own.clone();
    for witness in witnesses {
        let mut rows = stored.iter().filter(|row| row.witness == witness.to_string());
        if let Some(line) = rows.find_map(|row| signed_line(witness, &row.line, own)) {
            joined = joined.with(&[line]);
        }
    }
    for row in stored {
        let Ok(other) = WitnessKey::parse(&row.witness) else { continue };
        // A key that bears a name which counts, ours or that of a witness, and by chance its id, would spoil the note.
        let is_taken = |name: &str| name == other.name().as_str();
        if own.signatures().iter().any(|line| is_taken(&line.name))
            || witnesses.iter().any(|witness| is_taken(witness.name().as_str()))
        {
            continue;
        }
        if let Some(line) = signed_line(&other, &row.line, own) {
            joined = joined.with(&[line]);
        }
    }
    joined
}

/// The line, if this witness signed this head with it.
fn signed_line(witness: &WitnessKey, line: &str, head: &SignedNote) -> Option<NoteSignature> {
    let line = NoteSignature::parse(line).filter(|line| witness.is_named(line))?;
    let signed = head.bare().with(std::slice::from_ref(&line));
    matches!(witness.cosigned(&signed), Cosigned::At(_)).then_some(line)
}

/// Whether this witness signed the head with the row beside it.
#[must_use]
pub fn is_by(witness: &WitnessKey, row: &CosignatureOfHead) -> bool {
    let head = SignedNote::parse(&row.note);
    head.is_ok_and(|head| signed_line(witness, &row.cosignature.line, &head).is_some())
}

/// Whether a row is what it says, whoever its witness is.
#[must_use]
pub fn is_true(row: &CosignatureOfHead) -> bool {
    WitnessKey::parse(&row.cosignature.witness).is_ok_and(|witness| is_by(&witness, row))
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::domain::timestamp::Timestamp;

    const NAME: &str = "a.example/ledger";

    /// A witness, and the row by which it signs this text.
    fn witness(name: &str, seed: u8, text: &str) -> (WitnessKey, Cosignature) {
        let key = SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32]);
        let public = [&[4], &key.vkey().as_bytes()[..]].concat();
        let said = [name.as_bytes(), b"\n", &public].concat();
        let id = *assent_ledger::digest::sha256(&said).first_chunk::<4>().unwrap();
        let vkey = format!("{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(&public));
        let signature = key.sign(format!("cosignature/v1\ntime 7\n{text}").as_bytes());
        let bytes = [&7_u64.to_be_bytes()[..], &signature].concat();
        let line = NoteSignature { name: name.to_owned(), key_id: id, bytes }.to_string();
        let witness = WitnessKey::parse(&vkey).unwrap();
        let received_at = Timestamp::SAMPLE;
        (witness, Cosignature { witness: vkey, size: 7, line, received_at })
    }

    #[test]
    fn those_that_are_set_come_first_and_none_is_false() {
        let own = SigningKey::new(KeyName::parse(NAME).unwrap(), [9; 32]);
        let head = Checkpoint { origin: NAME.into(), size: 7, root: [9; 32] };
        let (note, text) = (head.sign(std::slice::from_ref(&own)), head.text());
        let others = (0..30).map(|n| witness(&format!("a{n:02}.example"), n, &text).1);
        let (first, row) = witness("z.example", 50, &text);
        let (second, mut forged) = witness("y.example", 51, &text);
        forged.line = witness("y.example", 51, "another").1.line;
        let of_our_name = witness(NAME, 52, &text).1;
        let of_a_witness = witness("y.example", 53, &text).1;
        let no_key = Cosignature { witness: "another".to_owned(), ..row.clone() };
        let special = [forged, of_our_name, of_a_witness, no_key];
        let rows: Vec<_> = special.into_iter().chain(others).chain([row]).collect();
        let joined = join(&note, &rows, &[first.clone(), second.clone()]);
        let joined = SignedNote::parse(&joined).unwrap();
        let names: Vec<&str> = joined.signatures().iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names.len(), 16, "as many as a note may have");
        assert_eq!(names[..3], [NAME, "z.example", "a00.example"]);
        assert!(names.iter().skip(2).all(|name| name.starts_with('a')), "{names:?}");
        assert!(joined.verified_by(&[own.vkey()]).is_some());
        assert!(matches!(first.cosigned(&joined), Cosigned::At(_)));
        assert_eq!(second.cosigned(&joined), Cosigned::Missing);
    }
}
