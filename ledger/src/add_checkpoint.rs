//! Asking a witness to cosign a checkpoint (C2SP tlog-witness, `add-checkpoint`): what is sent by POST. Nothing is sent
//! here, and [`witness_answer`](super::witness_answer) says what came of it.

use super::consistency_proof::ConsistencyProof;
use super::note::SignedNote;

/// The most lines that a consistency proof may have there.
const PROOF_MOST: usize = 63;

/// Why nothing can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The witness knows a larger tree: not one of a witness to be asked.
    #[error("the witness knows {old_size} entries, and the checkpoint has {size}")]
    Larger {
        /// What the witness knows.
        old_size: u64,
        /// What the checkpoint has.
        size: u64,
    },
    /// A proof with more lines than are allowed, or one where none belongs.
    #[error("the consistency proof is not one from this size to the checkpoint's")]
    Proof,
}

/// The body of the request: the proof leads from the newest size that the witness is known to have cosigned, 0 at
/// first, to the note.
///
/// # Errors
/// A [`RequestError`] where a witness would have to refuse it by its form.
pub fn request(proof: &ConsistencyProof, note: &SignedNote) -> Result<String, RequestError> {
    let (old_size, size) = (proof.old_size, note.checkpoint().size);
    if old_size > size {
        return Err(RequestError::Larger { old_size, size });
    }
    let needs_hashes = old_size != 0 && old_size != size;
    let count = proof.hashes.len();
    if count > PROOF_MOST || (count == 0) == needs_hashes {
        return Err(RequestError::Proof);
    }
    Ok(proof.text(note.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::decode_hash;

    // The example of C2SP tlog-witness; its line by a second key is left out.
    const NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    const PROOF: [&str; 4] = [
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=",
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=",
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=",
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=",
    ];

    #[test]
    fn a_request_is_that_of_the_specification() {
        let note = SignedNote::parse(NOTE).unwrap();
        let hashes = PROOF.map(|hash| decode_hash(hash).unwrap()).to_vec();
        let asked = |old_size, hashes: &[_]| {
            request(&ConsistencyProof { old_size, hashes: hashes.to_vec() }, &note)
        };
        let expected = format!("old 20852014\n{}\n\n{NOTE}", PROOF.join("\n"));
        assert_eq!(asked(20_852_014, &hashes), Ok(expected));
        assert_eq!(asked(0, &[]), Ok(format!("old 0\n\n{NOTE}")));
        assert_eq!(asked(20_852_163, &[]), Ok(format!("old 20852163\n\n{NOTE}")));
        for (old_size, hashes) in
            [(0, &hashes[..]), (20_852_163, &hashes), (7, &[]), (7, &[[0; 32]; 64])]
        {
            assert_eq!(asked(old_size, hashes), Err(RequestError::Proof));
        }
        let larger = RequestError::Larger { old_size: 20_852_164, size: 20_852_163 };
        assert_eq!(asked(20_852_164, &hashes), Err(larger));
    }
}
