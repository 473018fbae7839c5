//! What a witness answers when it is asked to cosign a checkpoint (C2SP tlog-witness, `add-checkpoint`), and whether
//! that is its signature.

use super::cosignature::{Cosigned, WitnessKey};
use super::note::{NoteSignature, SignedNote, decimal};

/// The longest answer of a witness that is read, in bytes.
pub const ANSWER_MOST: usize = 64 * 1024;

/// The media type of an answer that says which size the witness knows.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// What a witness answered over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The body, of at most [`ANSWER_MOST`] bytes.
    pub body: &'a [u8],
}

/// What a witness says by its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessSays {
    /// It signed: its lines for the note, mostly one, and when first, RFC 3339.
    Cosigned {
        /// The lines, for [`SignedNote::with`].
        lines: Vec<NoteSignature>,
        /// By the clock of the witness.
        at: String,
    },
    /// Nothing was signed, for it knows the ledger at this size: ask again with a proof from there.
    Knows(u64),
}

/// Why there is no cosignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// 400.
    #[error("the witness could not read the request")]
    Unread,
    /// 403: it knows this ledger by another key.
    #[error("the witness knows this ledger by another key")]
    OtherKey,
    /// 404: nobody has told it of this ledger.
    #[error("the witness does not know this ledger: its operator must add the ledger's key")]
    UnknownLedger,
    /// 409 without a size: it saw another root over as many entries.
    #[error("the witness has seen another checkpoint over as many entries: two were signed")]
    Conflict,
    /// 422: what it saw is not in this tree.
    #[error("the witness has seen a checkpoint that is not the beginning of this one")]
    Inconsistent,
    /// Any other status.
    #[error("the witness answered with status {0}")]
    Status(u16),
    /// A body that is not what the status promises.
    #[error("the answer of the witness cannot be read")]
    Form,
    /// Lines, and none by this key.
    #[error("the witness answered without a signature by its key")]
    Missing,
    /// A line in its name that does not verify.
    #[error("the signature that the witness answered with is not one of this checkpoint")]
    False,
}

/// What the answer of this witness about this note comes to. Lines by other keys are passed over.
///
/// # Errors
/// A [`WitnessRefusal`]; [`WitnessSays::Knows`] is none.
pub fn judge(
    answer: Answer<'_>,
    note: &SignedNote,
    witness: &WitnessKey,
) -> Result<WitnessSays, WitnessRefusal> {
    match answer.status {
        200 => cosigned(text(answer.body)?, note, witness),
        400 => Err(WitnessRefusal::Unread),
        403 => Err(WitnessRefusal::OtherKey),
        404 => Err(WitnessRefusal::UnknownLedger),
        409 if is_size(answer.content_type) => {
            let size = text(answer.body)?.strip_suffix('\n').and_then(decimal);
            size.map(WitnessSays::Knows).ok_or(WitnessRefusal::Form)
        }
        409 => Err(WitnessRefusal::Conflict),
        422 => Err(WitnessRefusal::Inconsistent),
        status => Err(WitnessRefusal::Status(status)),
    }
}

fn cosigned(
    body: &str,
    note: &SignedNote,
    witness: &WitnessKey,
) -> Result<WitnessSays, WitnessRefusal> {
    let lines = body.strip_suffix('\n').ok_or(WitnessRefusal::Form)?;
    let mut own = Vec::new();
    for line in lines.split('\n') {
        let line = NoteSignature::parse(line).ok_or(WitnessRefusal::Form)?;
        own.extend(witness.is_named(&line).then_some(line));
    }
    match witness.look_at(note.text(), &own) {
        Cosigned::At(at) => Ok(WitnessSays::Cosigned { lines: own, at }),
        Cosigned::Missing => Err(WitnessRefusal::Missing),
        Cosigned::False => Err(WitnessRefusal::False),
    }
}

fn text(body: &[u8]) -> Result<&str, WitnessRefusal> {
    let text = std::str::from_utf8(body).map_err(|_| WitnessRefusal::Form)?;
    if text.len() <= ANSWER_MOST { Ok(text) } else { Err(WitnessRefusal::Form) }
}

/// Whether a `Content-Type` is that of a size; parameters may follow (RFC 9110 §8.3.1).
fn is_size(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|content_type| content_type.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(SIZE_TYPE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cosignature::tests::{line, witness};
    use crate::note::Checkpoint;

    const TYPE: Option<&str> = Some("text/x.tlog.size");

    // The example of C2SP tlog-witness; its line by a second key is left out.
    const NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    fn example() -> SignedNote {
        SignedNote::parse(NOTE).unwrap()
    }

    #[test]
    fn an_answer_is_what_its_status_says() {
        let (w, other) = (witness("w", 1), witness("other", 2));
        let own = Checkpoint { origin: "ledger".into(), size: 7, root: [9; 32] };
        let note = SignedNote::parse(&own.sign(&[witness("ledger", 9).1])).unwrap();
        let good = line(&w, note.text(), 7);
        let said = |status, content_type, body: &str| {
            judge(Answer { status, content_type, body: body.as_bytes() }, &note, &w.0)
        };
        let by_other = line(&other, note.text(), 7);
        let later = line(&w, note.text(), 9);
        for (body, lines) in [
            (format!("{good}\n"), vec![&good]),
            (format!("{by_other}\n{good}\n"), vec![&good]),
            (format!("{later}\n{good}\n"), vec![&later, &good]),
        ] {
            let lines: Vec<_> = lines.into_iter().cloned().collect();
            let at = "1970-01-01T00:00:07Z".to_owned();
            assert_eq!(w.0.cosigned(&note.with(&lines)), Cosigned::At(at.clone()), "{body}");
            assert_eq!(said(200, None, &body), Ok(WitnessSays::Cosigned { lines, at }), "{body}");
        }
        let refused = |status, body: &str| said(status, None, body).unwrap_err();
        let of_other_text = line(&w, "ledger\n8\n", 7);
        for (body, refusal) in [
            (String::new(), WitnessRefusal::Form),
            (format!("{good}"), WitnessRefusal::Form),
            (format!("{good}\n\n"), WitnessRefusal::Form),
            (format!("{good}\nmore\n"), WitnessRefusal::Form),
            (format!("{good}\n").repeat(1000), WitnessRefusal::Form),
            (format!("{by_other}\n"), WitnessRefusal::Missing),
            (format!("{of_other_text}\n"), WitnessRefusal::False),
            (format!("{good}\n{of_other_text}\n"), WitnessRefusal::False),
        ] {
            assert_eq!(refused(200, &body), refusal, "{body:.300}");
        }
        for (status, refusal) in [
            (400, WitnessRefusal::Unread),
            (403, WitnessRefusal::OtherKey),
            (404, WitnessRefusal::UnknownLedger),
            (409, WitnessRefusal::Conflict),
            (422, WitnessRefusal::Inconsistent),
            (302, WitnessRefusal::Status(302)),
            (500, WitnessRefusal::Status(500)),
        ] {
            assert_eq!(refused(status, "7\n"), refusal);
        }
        for content_type in [TYPE, Some("Text/X.TLog.Size; charset=utf-8")] {
            assert_eq!(said(409, content_type, "7\n"), Ok(WitnessSays::Knows(7)));
        }
        for body in ["7", "07\n", "-7\n", "7\n\n", "", "18446744073709551616\n"] {
            assert_eq!(said(409, TYPE, body), Err(WitnessRefusal::Form), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(status in 0..700_u16, sized: bool, body: Vec<u8>) {
            let content_type = TYPE.filter(|_| sized);
            let _ = judge(Answer { status, content_type, body: &body }, &example(), &witness("w", 1).0);
        }
    }
}
