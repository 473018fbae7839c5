//! The published keys as a JWK Set (RFC 7517 §5): of a bundle the file `keys.json`, and the same at an address.

use serde::Deserialize;
use serde_json::{Value, json};

use super::note::{KeyError, VerifyingKey};

/// The media type of a JWK Set (RFC 7517 §8.5).
pub const JWKS_TYPE: &str = "application/jwk-set+json";

/// The algorithm of a key that both sides know: RFC 9864 names the curve, RFC 8037 did not.
const ALGORITHMS: [&str; 2] = ["Ed25519", "EdDSA"];

/// The keys that have signed, newest first.
#[must_use]
pub fn jwks(keys: &[VerifyingKey]) -> Value {
    let published = |key: &VerifyingKey| {
        let mut jwk = key.jwk();
        // A member of our own, which readers that don't know it pass over (RFC 7517 §4).
        jwk["vkey"] = key.to_string().into();
        jwk
    };
    json!({ "keys": keys.iter().map(published).collect::<Value>() })
}

/// The text of `keys.json`: [`jwks`], a member a line.
#[must_use]
pub fn keys_json(keys: &[VerifyingKey]) -> String {
    format!("{:#}\n", jwks(keys))
}

/// Why `keys.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Not JSON of the form that [`keys_json`] writes.
    #[error("it is not a list of keys as `assent` writes it")]
    Form(#[source] serde_json::Error),
    /// A key's text is damaged.
    #[error("key {0} of it is damaged")]
    Key(usize, #[source] KeyError),
    /// The two forms of a key are not of one key.
    #[error("key {0} of it is another as a JSON Web Key than in `vkey`")]
    Jwk(usize),
}

/// The keys that [`keys_json`] wrote, in their order. Bundles of before, which have the JSON Web Key in a member
/// `jwk` of its own, are read too.
///
/// # Errors
/// A [`KeysError`] that says which part is wrong.
pub fn read_keys(text: &str) -> Result<Vec<VerifyingKey>, KeysError> {
    #[derive(Deserialize)]
    struct Published {
        keys: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        vkey: String,
        jwk: Option<Value>,
        #[serde(flatten)]
        members: Value,
    }
    let published: Published = serde_json::from_str(text).map_err(KeysError::Form)?;
    let read = |(at, entry): (usize, Entry)| {
        let key =
            VerifyingKey::parse(&entry.vkey).map_err(|error| KeysError::Key(at + 1, error))?;
        let jwk = entry.jwk.unwrap_or(entry.members);
        if is_of(&jwk, &key) { Ok(key) } else { Err(KeysError::Jwk(at + 1)) }
    };
    published.keys.into_iter().enumerate().map(read).collect()
}

/// Whether a JSON Web Key is this key's, to be used as this key is.
fn is_of(jwk: &Value, key: &VerifyingKey) -> bool {
    let own = key.jwk();
    ["crv", "kid", "kty", "use", "x"].iter().all(|name| jwk.get(name) == own.get(name))
        && jwk["alg"].as_str().is_some_and(|algorithm| ALGORITHMS.contains(&algorithm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::hex;
    use crate::note::{KeyName, SigningKey};

    fn key(seed: u8) -> VerifyingKey {
        SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), [seed; 32]).vkey()
    }

    #[test]
    fn keys_read_as_written() {
        let text = keys_json(&[key(2), key(1)]);
        assert_eq!(read_keys(&text).unwrap(), [key(2), key(1)]);
    }

    #[test]
    fn each_is_a_jwk_as_the_rfcs_have_it() {
        // The key of RFC 8037 Appendix A.
        let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let seed = crate::bundle::decode_salt(seed).unwrap();
        let key = SigningKey::new(KeyName::parse("example.org/ledger").unwrap(), seed).vkey();
        let set = jwks(std::slice::from_ref(&key));
        let jwk = json!({
            "alg": "Ed25519",
            "crv": "Ed25519",
            "kid": key.to_string(),
            "kty": "OKP",
            "use": "sig",
            "vkey": key.to_string(),
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        assert_eq!(set, json!({ "keys": [jwk] }));
    }

    #[test]
    fn the_older_form_is_read() {
        let mut older = key(1).jwk();
        older["alg"] = json!("EdDSA");
        let entry = json!({ "jwk": older, "since": null, "vkey": key(1).to_string() });
        let text = json!({ "keys": [entry] }).to_string();
        assert_eq!(read_keys(&text).unwrap(), [key(1)]);
        let own = key(1).jwk()["x"].as_str().unwrap().to_owned();
        let other = key(2).jwk()["x"].as_str().unwrap().to_owned();
        assert!(matches!(read_keys(&text.replace(&own, &other)), Err(KeysError::Jwk(1))));
    }

    #[test]
    fn damaged_keys_are_refused() {
        let text = keys_json(&[key(2)]);
        assert!(matches!(read_keys("[]"), Err(KeysError::Form(_))));
        let own = key(2).jwk()["x"].as_str().unwrap().to_owned();
        let other = key(1).jwk()["x"].as_str().unwrap().to_owned();
        let vkey = format!("\"vkey\": \"{}\"", key(2));
        for (from, to) in [
            (&*own, &*other),
            ("OKP", "EC"),
            ("\"sig\"", "\"enc\""),
            ("\"alg\": \"Ed25519\"", "\"alg\": \"none\""),
            ("\"crv\": \"Ed25519\"", "\"crv\": \"Ed448\""),
            (&*vkey, &*format!("\"vkey\": \"{}\"", key(1))),
        ] {
            let spoilt = text.replace(from, to);
            assert_ne!(spoilt, text, "{from}");
            assert!(matches!(read_keys(&spoilt), Err(KeysError::Jwk(1))), "{from}");
        }
        let twice = text.replacen("\"kid\"", "\"vkey\": \"x\", \"kid\"", 1);
        assert!(matches!(read_keys(&twice), Err(KeysError::Form(_))));
        let id = hex(&key(2).id());
        assert!(matches!(read_keys(&text.replace(&id, "00000000")), Err(KeysError::Key(1, _))));
    }
}
