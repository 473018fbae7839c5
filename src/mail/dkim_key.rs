//! The keys that sign mail: read from PEM files, made anew, and shown as the DNS records that receivers look
//! them up in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::KeypairBytes;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{Document, EncodePrivateKey, EncodePublicKey, LineEnding};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DkimAlgorithm {
    /// RSA with 2048 bits, which every receiver understands (RFC 8301 §3).
    Rsa,
    /// Ed25519, short and fast, which not every receiver understands yet (RFC 8463).
    Ed25519,
}

/// One key and the selector it is looked up by.
#[derive(Clone)]
pub struct DkimKey {
    /// Names the key among those of its domain.
    pub selector: String,
    pair: Pair,
}

#[derive(Clone)]
enum Pair {
    Rsa(Arc<RsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

/// Why a file holds no key that can sign.
#[derive(Debug, thiserror::Error)]
pub enum DkimKeyError {
    /// It cannot be read.
    #[error("the DKIM key {0} cannot be read")]
    Read(PathBuf, #[source] std::io::Error),
    /// It holds no private key.
    #[error("{0} holds no private key in PEM: make one with `assent dkim new`")]
    Pem(PathBuf),
    /// The key cannot sign mail.
    #[error(
        "{0} holds a key that cannot sign mail: RSA with 2048 to 4096 bits, or Ed25519, is needed"
    )]
    Kind(PathBuf),
    /// A new key could not be made.
    #[error("the key could not be made: {0}")]
    New(String),
}

impl std::fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DkimKey({}, {})", self.selector, self.algorithm())
    }
}

impl DkimKey {
    /// Reads a key from a PEM file (PKCS #8, or PKCS #1 for RSA), as `openssl genpkey` writes it too.
    ///
    /// # Errors
    /// When there is no such file, or no such key in it.
    pub fn load(selector: &str, file: &Path) -> Result<Self, DkimKeyError> {
        let pem = std::fs::read(file).map_err(|e| DkimKeyError::Read(file.to_owned(), e))?;
        let key =
            PrivateKeyDer::from_pem_slice(&pem).map_err(|_| DkimKeyError::Pem(file.to_owned()))?;
        let pair = match &key {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).map(rsa).ok(),
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                RsaKeyPair::from_pkcs8(der).map(rsa).ok().or_else(|| {
                    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
                    Some(Pair::Ed25519(Arc::new(pair)))
                })
            }
            _ => None,
        };
        let pair = pair.ok_or_else(|| DkimKeyError::Kind(file.to_owned()))?;
        Ok(Self { selector: selector.to_owned(), pair })
    }

    /// What `a=` says.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The signature of what was canonicalised; `None` when it could not be made. Ed25519 signs the hash
    /// (RFC 8463 §3).
    #[must_use]
    pub(super) fn sign(&self, data: &[u8]) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).ok()?;
                Some(signature)
            }
            Pair::Ed25519(pair) => {
                let hash = ring::digest::digest(&ring::digest::SHA256, data);
                Some(pair.sign(hash.as_ref()).as_ref().to_vec())
            }
        }
    }

    /// The name its DNS record stands under (RFC 6376 §3.6.2.1).
    #[must_use]
    pub fn record_name(&self, domain: &str) -> String {
        format!("{}._domainkey.{domain}", self.selector)
    }

    /// The text of its DNS record (RFC 6376 §3.6.1).
    #[must_use]
    pub fn record(&self) -> String {
        let (kind, key) = match &self.pair {
            Pair::Rsa(pair) => ("rsa", public_info(pair)),
            Pair::Ed25519(pair) => ("ed25519", pair.public_key().as_ref().to_vec()),
        };
        format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(key))
    }
}

fn rsa(pair: RsaKeyPair) -> Pair {
    Pair::Rsa(Arc::new(pair))
}

/// The public key as `SubjectPublicKeyInfo`, which is what receivers expect.
fn public_info(pair: &RsaKeyPair) -> Vec<u8> {
    let key = rsa::PublicKey::from_pkcs1_der(pair.public_key().as_ref()).ok();
    let info = key.and_then(|key| key.to_public_key_der().ok());
    info.map(Document::into_vec).unwrap_or_default()
}

/// A new private key, as PEM (PKCS #8), from these 32 bytes of chance.
///
/// # Errors
/// When it could not be made.
pub fn new_pem(algorithm: DkimAlgorithm, seed: [u8; 32]) -> Result<String, DkimKeyError> {
    let failed = |error: &dyn std::fmt::Display| DkimKeyError::New(error.to_string());
    let pem = match algorithm {
        DkimAlgorithm::Rsa => {
            let mut chance = <rand::rngs::StdRng as rand::SeedableRng>::from_seed(seed);
            let key = rsa::PrivateKey::new(&mut chance, 2048).map_err(|e| failed(&e))?;
            key.to_pkcs8_pem(LineEnding::LF).map_err(|e| failed(&e))?
        }
        // Without the public half, which not every reader of keys knows in such a file.
        DkimAlgorithm::Ed25519 => KeypairBytes { secret_key: seed, public_key: None }
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|e| failed(&e))?,
    };
    Ok(pem.to_string())
}
