//! Cosignatures (C2SP tlog-cosignature, Ed25519): the word of a witness that a checkpoint holds all that it saw of
//! the ledger before, and when it looked.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::named_key::{COSIGNATURE, KeyError, KeyName, is_signed, public_text, read_public};
use super::note::{NoteSignature, SignedNote};

/// The public key of a witness, with the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: KeyName,
    id: [u8; 4],
    key: ed25519_dalek::VerifyingKey,
}

/// What a note has of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cosigned {
    /// It signed, the first time at this moment by its clock, RFC 3339.
    At(String),
    /// There is no line of its.
    Missing,
    /// There is a line in its name that it did not write.
    False,
}

impl WitnessKey {
    /// Reads `<name>+<id>+<base64>` of type 0x04.
    ///
    /// # Errors
    /// A [`KeyError`] that says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, key) = read_public(text, COSIGNATURE)?;
        Ok(Self { name, id, key })
    }

    /// The name it signs under.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The 32 bytes of the key. Signatures do not say under which name they were made, so one key under two names
    /// is one witness.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether a signature line names this key.
    #[must_use]
    pub fn is_named(&self, signature: &NoteSignature) -> bool {
        signature.name == self.name.as_str() && signature.key_id == self.id
    }

    /// What a note has of this witness. As with all keys that are known, one false line spoils all.
    #[must_use]
    pub fn cosigned(&self, note: &SignedNote) -> Cosigned {
        self.look_at(note.text(), note.signatures())
    }

    /// The same of a checkpoint's text and lines that are said to be of it.
    pub(super) fn look_at(&self, text: &str, signatures: &[NoteSignature]) -> Cosigned {
        let own = signatures.iter().filter(|signature| self.is_named(signature));
        let times: Option<Vec<_>> = own.map(|own| self.verify(text, &own.bytes)).collect();
        match times.map(|times| times.into_iter().min()) {
            None => Cosigned::False,
            Some(None) => Cosigned::Missing,
            Some(Some(first)) => first.format(&Rfc3339).map_or(Cosigned::False, Cosigned::At),
        }
    }

    /// When this signature of a checkpoint's text was made; `None` if it was not made by this key, or at no time that
    /// RFC 3339 can write.
    fn verify(&self, text: &str, signature: &[u8]) -> Option<OffsetDateTime> {
        let (seconds, signature) = signature.split_first_chunk::<8>()?;
        let seconds = u64::from_be_bytes(*seconds);
        let at = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
        is_signed(&self.key, signed_text(seconds, text).as_bytes(), signature).then_some(at)
    }
}

/// What a witness signs of a checkpoint's text, at this second of Unix time.
pub(super) fn signed_text(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&public_text(&self.name, COSIGNATURE, &self.key))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::digest::hex;
    use crate::named_key::SigningKey;

    /// A witness of a test.
    pub(crate) fn witness(name: &str, seed: u8) -> (WitnessKey, SigningKey) {
        let key = SigningKey::new(KeyName::parse(name).unwrap(), [seed; 32]);
        let public = ed25519_dalek::VerifyingKey::from_bytes(key.vkey().as_bytes()).unwrap();
        let text = public_text(key.name(), COSIGNATURE, &public);
        (WitnessKey::parse(&text).unwrap(), key)
    }

    /// The line by which it cosigns.
    pub(crate) fn line(of: &(WitnessKey, SigningKey), text: &str, seconds: u64) -> NoteSignature {
        let (witness, key) = of;
        let signature = key.sign(signed_text(seconds, text).as_bytes());
        let bytes = [&seconds.to_be_bytes()[..], &signature].concat();
        NoteSignature { name: witness.name.to_string(), key_id: witness.id, bytes }
    }

    // The checkpoint is the example of C2SP tlog-cosignature, whose key nobody has; these keys and lines were made of
    // it with Python's `cryptography`, from the seeds 0x0b…0b and 0x0c…0c.
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const ONE: &str =
        "witness.example.com/w1+663c16cc+BGa+fjMsekUzMr2dCn99sFX1xe8aBq2mbZizn7aBDEc6";
    const TWO: &str =
        "witness.example.com/w2+4414204e+BAtROtm0kkAVygkC7QeQRNOsXb7CMG8GlIwQ2o62458t";
    const BY_ONE: &str = "\u{2014} witness.example.com/w1 ZjwWzAAAAABkGFDLAIrnnJkINrRh7QxdqVjMuJ5GB9YwJ0fFtJK4D/D4IFFpZMw15TXTtag1eElH4DurRT8vRxAJWO3bJgVN8MBGBg==";
    const BY_TWO: &str = "\u{2014} witness.example.com/w2 RBQgTgAAAABkGFEAYXv8vsGY1z5TpxdyouyiMMXM5a+1pHy2NYkjAkBCciW67mE5DHfwBgCz5KRdyTvhoCyZnRqOKXXRgaz8K4qWBQ==";
    /// Over the same text with the line `an extension` behind it.
    const BY_ONE_MORE: &str = "\u{2014} witness.example.com/w1 ZjwWzAAAAABkGFDLXHv7pE2j0QntQ/wSSVGvkp80TFalBdZEgtVJZl5uZ0oJAxwC55kxXytPVWaGFCvcQ7x/K5xMn+wMRX6WHViVAA==";

    fn note(text: &str, lines: &[&str]) -> SignedNote {
        SignedNote::parse(&format!("{text}\n{}\n", lines.join("\n"))).unwrap()
    }

    fn of_both(text: &str, lines: &[&str]) -> [Cosigned; 2] {
        [ONE, TWO].map(|key| WitnessKey::parse(key).unwrap().cosigned(&note(text, lines)))
    }

    #[test]
    fn keys_read_and_print_as_others_do() {
        let foreign = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        for text in [ONE, TWO, foreign] {
            assert_eq!(WitnessKey::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(witness("witness.example.com/w1", 11).0.to_string(), ONE);
        let ledger = witness("witness.example.com/w1", 11).1.vkey().to_string();
        for (text, error) in [
            (&*ledger, KeyError::NotWitness),
            (&ONE.replace("663c", "663d"), KeyError::Id),
            (&ONE.replace("/w1", "/w3"), KeyError::Id),
            (&ONE.replace("BGa+", "BWa+"), KeyError::Bytes),
            (&ONE.replace("DEc6", "DEc"), KeyError::Bytes),
            ("w1", KeyError::PublicForm),
        ] {
            assert_eq!(WitnessKey::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn lines_of_another_make_verify() {
        let first = Cosigned::At("2023-03-20T12:25:47Z".into());
        let second = Cosigned::At("2023-03-20T12:26:40Z".into());
        assert_eq!(of_both(TEXT, &[BY_ONE, BY_TWO]), [first.clone(), second]);
        assert_eq!(of_both(TEXT, &[BY_ONE]), [first.clone(), Cosigned::Missing]);
        let more = format!("{TEXT}an extension\n");
        assert_eq!(of_both(&more, &[BY_ONE_MORE, BY_TWO]), [first, Cosigned::False]);
        assert_eq!(of_both(TEXT, &[BY_ONE_MORE])[0], Cosigned::False);
        assert_eq!(
            of_both(&TEXT.replace("163", "164"), &[BY_ONE, BY_TWO]),
            [Cosigned::False, Cosigned::False]
        );
        let own = line(&witness("witness.example.com/w2", 12), TEXT, 1_679_315_200);
        assert_eq!(own.to_string(), BY_TWO);
    }

    #[test]
    fn what_does_not_verify_is_no_cosignature() {
        let one = witness("w", 1);
        let good = line(&one, TEXT, 7);
        let seen = |lines: &[&NoteSignature]| {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            one.0.cosigned(&note(TEXT, &lines))
        };
        let later = line(&one, TEXT, 9);
        assert_eq!(seen(&[&later, &good]), Cosigned::At("1970-01-01T00:00:07Z".into()));
        let with = |bytes: Vec<u8>| NoteSignature { bytes, ..good.clone() };
        let earlier = [&6_u64.to_be_bytes()[..], &good.bytes[8..]].concat();
        let plain = one.1.sign(TEXT.as_bytes());
        for bytes in [
            earlier,
            good.bytes[..71].to_vec(),
            [&good.bytes[..], &[0]].concat(),
            vec![0; 7],
            plain.to_vec(),
            [&7_u64.to_be_bytes()[..], &plain].concat(),
            // Beyond the years of RFC 3339, and beyond 2^63 seconds.
            line(&one, TEXT, 253_402_300_800).bytes,
            line(&one, TEXT, u64::MAX).bytes,
        ] {
            assert_eq!(seen(&[&with(bytes.clone())]), Cosigned::False, "{}", hex(&bytes));
            assert_eq!(seen(&[&good, &with(bytes)]), Cosigned::False, "one false line spoils all");
        }
        let other_name = NoteSignature { name: "v".into(), ..good.clone() };
        let other_id = NoteSignature { key_id: [0; 4], ..good.clone() };
        assert_eq!(seen(&[&other_name, &other_id]), Cosigned::Missing);
    }
}
