//! The named Ed25519 keys that sign checkpoints and receipts, in the text forms of C2SP signed-note
//! and Go's `golang.org/x/mod/sumdb/note`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::digest::hex;
use super::epoch::Epoch;

/// The signature type of plain Ed25519 (C2SP signed-note, "Signature types").
const ED25519: u8 = 0x01;

/// That of a witness's cosignatures (C2SP tlog-cosignature, "Format").
pub(super) const COSIGNATURE: u8 = 0x04;

/// The longest name of a key, in bytes.
const NAME_LIMIT: usize = 255;

/// Why a text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is empty, too long, or has a character that notes cannot carry.
    #[error(
        "a key's name must have 1 to 255 bytes and no space, no control character and no plus sign"
    )]
    Name,
    /// Not the three parts of a verifier key.
    #[error("a public key must read NAME+ID+BASE64, as `assent` printed it")]
    PublicForm,
    /// Not the parts of a signer key.
    #[error("a signing key must read PRIVATE+KEY+NAME+ID+BASE64, as `assent` wrote it")]
    PrivateForm,
    /// Base64 that is damaged, of the wrong length, or for another algorithm than Ed25519.
    #[error("the key's last part must be base64 of an Ed25519 key")]
    Bytes,
    /// A key of one type where one of the other is meant.
    #[error("this is the key of a ledger, and not one that a witness signs with")]
    NotWitness,
    /// The same the other way round.
    #[error("this is the key of a witness, and not one that a ledger signs with")]
    NotLedger,
    /// The id does not follow from name and key: a typing error, or a key under another's name.
    #[error(
        "the key's id does not belong to its name and bytes; part of the text has been changed"
    )]
    Id,
}

/// The name a key signs under, such as `reports.example.org/ledger` (C2SP signed-note): 1 to 255
/// bytes without white space, control characters or `+`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// Reads a name.
    ///
    /// # Errors
    /// [`KeyError::Name`] when it is empty, too long or has a character that notes cannot carry.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.len() > NAME_LIMIT || text.contains(refused) {
            return Err(KeyError::Name);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret half of a key, with the name it signs under. It is not shown by `Debug`, and its bytes
/// are wiped when it is dropped.
#[derive(Clone)]
pub struct SigningKey {
    name: KeyName,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key of 32 secret bytes (RFC 8032 §5.1.5), under a name.
    #[must_use]
    pub fn new(name: KeyName, seed: [u8; 32]) -> Self {
        Self { name, key: ed25519_dalek::SigningKey::from_bytes(&seed) }
    }

    /// Reads `PRIVATE+KEY+<name>+<id>+<base64>`, the form in which a key file keeps key and name
    /// together for good.
    ///
    /// # Errors
    /// A [`KeyError`] that says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or(KeyError::PrivateForm)?;
        let (name, id, seed) = parts(rest).ok_or(KeyError::PrivateForm)?;
        let key = Self::new(KeyName::parse(name)?, key_bytes(seed, ED25519)?);
        if id != hex(&key.vkey().id) {
            return Err(KeyError::Id);
        }
        Ok(key)
    }

    /// The text that [`SigningKey::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        let (id, seed) = (hex(&self.vkey().id), typed(ED25519, self.key.as_bytes()));
        format!("PRIVATE+KEY+{}+{id}+{seed}", self.name).into()
    }

    /// The name it signs under.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// This key under another name.
    #[must_use]
    pub fn renamed(&self, name: KeyName) -> Self {
        Self { name, key: self.key.clone() }
    }

    /// The public half.
    #[must_use]
    pub fn vkey(&self) -> VerifyingKey {
        VerifyingKey::new(self.name.clone(), self.key.verifying_key())
    }

    /// The Ed25519 signature of a message (RFC 8032 §5.1.6).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret withheld)", self.name)
    }
}

/// The public half of a key, with the name it signs under: what an auditor holds. Its text is
/// `<name>+<id>+<base64>` (C2SP signed-note, "Verifier keys").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    name: KeyName,
    id: [u8; 4],
    key: ed25519_dalek::VerifyingKey,
}

impl VerifyingKey {
    fn new(name: KeyName, key: ed25519_dalek::VerifyingKey) -> Self {
        let id = key_id(&name, ED25519, &key);
        Self { name, id, key }
    }

    /// Reads `<name>+<id>+<base64>`.
    ///
    /// # Errors
    /// A [`KeyError`] that says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, key) = read_public(text, ED25519)?;
        Ok(Self { name, id, key })
    }

    /// This key under another name, and so with another id.
    #[must_use]
    pub fn renamed(&self, name: KeyName) -> Self {
        Self::new(name, self.key)
    }

    /// This key under the name that its ledger began with, by which it counts in all epochs.
    #[must_use]
    pub fn first_named(&self) -> Self {
        self.renamed(KeyName(Epoch::first_name(self.name.as_str()).to_owned()))
    }

    /// The name it signs under.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What signature lines name it by: the first four bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ key).
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The 32 bytes of the key (RFC 8032 §5.1.5).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// SHA-256 of the key's 32 bytes in lower-case hex, four digits at a time: what two people read to
    /// each other over the telephone.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let pairs = Sha256::digest(self.key.as_bytes());
        pairs.chunks(2).map(hex).collect::<Vec<_>>().join(" ")
    }

    /// The key as a JSON Web Key (RFC 8037 §2, `alg` by RFC 9864), for programs that check receipts; `kid` is the
    /// key's text form.
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({
            "alg": "Ed25519",
            "crv": "Ed25519",
            "kid": self.to_string(),
            "kty": "OKP",
            "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(self.key.as_bytes()),
        })
    }

    /// Whether this key made this signature of this message (RFC 8032 §5.1.7, and without the leeway
    /// in it by which one signature could be passed off as another).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        is_signed(&self.key, message, signature)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&public_text(&self.name, ED25519, &self.key))
    }
}

/// The name, id and bytes of a public key of this type.
pub(super) fn read_public(
    text: &str,
    kind: u8,
) -> Result<(KeyName, [u8; 4], ed25519_dalek::VerifyingKey), KeyError> {
    let (name, id, key) = parts(text).ok_or(KeyError::PublicForm)?;
    let name = KeyName::parse(name)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key_bytes(key, kind)?)
        .map_err(|_| KeyError::Bytes)?;
    // A key of small order lets anyone make signatures that seem valid.
    if key.is_weak() {
        return Err(KeyError::Bytes);
    }
    let own = key_id(&name, kind, &key);
    if id == hex(&own) { Ok((name, own, key)) } else { Err(KeyError::Id) }
}

/// The text of a public key of this type: what [`read_public`] reads.
pub(super) fn public_text(name: &KeyName, kind: u8, key: &ed25519_dalek::VerifyingKey) -> String {
    format!("{name}+{}+{}", hex(&key_id(name, kind, key)), typed(kind, key.as_bytes()))
}

/// What signature lines name a key by: the first four bytes of SHA-256(name ‖ newline ‖ type ‖ key).
fn key_id(name: &KeyName, kind: u8, key: &ed25519_dalek::VerifyingKey) -> [u8; 4] {
    let digest = Sha256::new()
        .chain_update(name.as_str())
        .chain_update([b'\n', kind])
        .chain_update(key.as_bytes())
        .finalize();
    let mut id = [0; 4];
    id.copy_from_slice(&digest[..4]);
    id
}

/// Whether this key made this signature (RFC 8032 §5.1.7, strictly).
pub(super) fn is_signed(
    key: &ed25519_dalek::VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    Signature::from_slice(signature)
        .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

/// The name, the id and the base64 part, in which a plus sign is a digit.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    Some((name, id, key))
}

/// The key within base64 of its type and its bytes.
fn key_bytes(base64: &str, kind: u8) -> Result<[u8; 32], KeyError> {
    let bytes = STANDARD.decode(base64).map_err(|_| KeyError::Bytes)?;
    match bytes.split_first() {
        Some((found, key)) if *found == kind => key.try_into().map_err(|_| KeyError::Bytes),
        Some((&ED25519, _)) => Err(KeyError::NotWitness),
        Some((&COSIGNATURE, _)) => Err(KeyError::NotLedger),
        _ => Err(KeyError::Bytes),
    }
}

/// Base64 of a key's type and its bytes.
fn typed(kind: u8, key: &[u8; 32]) -> String {
    STANDARD.encode([&[kind][..], key].concat())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    // The example of golang.org/x/mod/sumdb/note.
    const SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn keys_read_and_print_as_gos_do() {
        let key = SigningKey::parse(SECRET).unwrap();
        assert_eq!(key.to_text().expose_secret(), SECRET);
        assert_eq!(key.vkey().to_string(), PUBLIC);
        assert_eq!(VerifyingKey::parse(PUBLIC), Ok(key.vkey()));
        assert_eq!(key.name().as_str(), "PeterNeumann");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let key = SigningKey::parse(SECRET).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(PeterNeumann, secret withheld)");
        assert!(!format!("{:?}", key.to_text()).contains("AYEK"));
    }

    #[test]
    fn damaged_keys_are_refused_with_the_reason() {
        for (from, to, error) in [
            ("PeterNeumann", "Peter Neumann", KeyError::Name),
            ("PeterNeumann", "", KeyError::Name),
            ("PeterNeumann", "PeterNeuman", KeyError::Id),
            ("c74f20a3", "c74f20a4", KeyError::Id),
            ("c74f20a3", "C74F20A3", KeyError::Id),
            ("ARpc", "Arpc", KeyError::Bytes),
            ("ARpc", "ARp", KeyError::Bytes),
            ("10TW", "10TX", KeyError::Bytes),
            ("ARpc", "BBpc", KeyError::NotLedger),
            ("+c74f20a3", "", KeyError::PublicForm),
        ] {
            let got = VerifyingKey::parse(&PUBLIC.replace(from, to));
            assert_eq!(got, Err(error), "{from} -> {to}");
        }
        assert_eq!(SigningKey::parse(PUBLIC).unwrap_err(), KeyError::PrivateForm);
        assert_eq!(SigningKey::parse(&SECRET.replace("c7", "c8")).unwrap_err(), KeyError::Id);
    }

    #[test]
    fn names_are_what_a_note_can_carry() {
        for name in
            ["", "two words", "no\u{a0}break", "a+b", "line\n", "bell\u{7}", &"x".repeat(256)]
        {
            assert_eq!(KeyName::parse(name), Err(KeyError::Name), "{name:?}");
        }
        assert!(KeyName::parse("reports.example.org/ledger").is_ok());
    }

    #[test]
    fn a_weak_key_is_refused() {
        let zero = ed25519_dalek::VerifyingKey::from_bytes(&[0; 32]).unwrap();
        let text = VerifyingKey::new(KeyName::parse("weak").unwrap(), zero).to_string();
        assert_eq!(VerifyingKey::parse(&text), Err(KeyError::Bytes));
    }

    #[test]
    fn signatures_and_fingerprints() {
        let key = SigningKey::new(KeyName::parse("ledger").unwrap(), [1; 32]);
        let signature = key.sign(b"words");
        assert!(key.vkey().verify(b"words", &signature));
        assert!(!key.vkey().verify(b"other words", &signature));
        assert!(!key.vkey().verify(b"words", &signature[..63]));
        let fingerprint = key.vkey().fingerprint();
        assert_eq!(fingerprint.len(), 64 + 15);
        assert_eq!(fingerprint.split(' ').count(), 16);
        assert_eq!(key.vkey().jwk()["crv"], "Ed25519");
    }
}
