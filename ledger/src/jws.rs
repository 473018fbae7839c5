//! What the ledger's key signs beside checkpoints: compact JWS (RFC 7515) with Ed25519 (RFC 8037), each kind under
//! a type of its own, so that no signed thing passes for another (RFC 8725 §3.11).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::leaf::canonical;
use super::note::{SigningKey, VerifyingKey};

/// The longest text that is read, in bytes: a receipt carries a form and a policy.
pub(super) const LIMIT: usize = 4 * 1024 * 1024;

/// The algorithm by its own name (RFC 9864 §2.2).
const ALGORITHM: &str = "Ed25519";

/// The name of several algorithms at once, of which our keys are for one (RFC 8037 §3.1). What was signed under it stays
/// signed.
const OLDER_ALGORITHM: &str = "EdDSA";

/// Why a text was not signed as that kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// More than 4 MiB.
    #[error("it is longer than 4 MiB")]
    TooLong,
    /// Not three parts of base64url with dots between.
    #[error("it is not a JWS in its compact form")]
    Form,
    /// Another kind of JWS, or another algorithm.
    #[error("its header does not say so")]
    Header,
    /// Signed by somebody else.
    #[error("it was not signed by a known key")]
    UnknownKey,
    /// Changed after it was signed.
    #[error("its signature is wrong: it was changed after it was signed")]
    Signature,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
    /// Extensions that must be understood (RFC 7515 §4.1.11): there are none that we do.
    crit: Option<Value>,
}

/// The payload in its RFC 8785 form, signed as this type; `content` is the media type of the payload.
#[must_use]
pub(super) fn sign(typ: &str, content: &str, payload: &Value, key: &SigningKey) -> String {
    let header =
        json!({ "alg": ALGORITHM, "cty": content, "kid": key.vkey().to_string(), "typ": typ });
    let text = |part: &Value| canonical(part).unwrap_or_else(|_| part.to_string());
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(text(part));
    let signed = format!("{}.{}", encode(&header), encode(payload));
    // A note's text ends in a newline and this has none, so neither signature can pass for the other.
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// What was signed, and by whom.
pub(super) struct Signed<'k> {
    pub(super) payload: Vec<u8>,
    pub(super) key: &'k VerifyingKey,
}

/// The signed bytes, if one of `keys` signed them as this type (RFC 7515 §5.2).
///
/// # Errors
/// A [`JwsError`] that says what fails.
pub(super) fn verify<'k>(
    typ: &str,
    jws: &str,
    keys: &'k [VerifyingKey],
) -> Result<Signed<'k>, JwsError> {
    if jws.len() > LIMIT {
        return Err(JwsError::TooLong);
    }
    let (signed, signature) = jws.rsplit_once('.').ok_or(JwsError::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(JwsError::Form)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Form);
    let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);

    let header: Header = serde_json::from_slice(&header).map_err(|_| JwsError::Header)?;
    let known = [ALGORITHM, OLDER_ALGORITHM].contains(&header.alg.as_str());
    if !known || header.typ != typ || header.crit.is_some() {
        return Err(JwsError::Header);
    }
    let key = keys.iter().find(|key| key.to_string() == header.kid);
    let key = key.ok_or(JwsError::UnknownKey)?;
    if !key.verify(signed.as_bytes(), &signature) {
        return Err(JwsError::Signature);
    }
    Ok(Signed { payload, key })
}

/// The JWS that a file holds: no white space is part of one, and mail programs break long lines.
pub(super) fn unbroken(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The type that a text declares, believed or not: what to verify it as.
pub(super) fn declared_type(jws: &str) -> Option<String> {
    let header = jws.get(..LIMIT).unwrap_or(jws).split('.').next()?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    Some(header.typ)
}
