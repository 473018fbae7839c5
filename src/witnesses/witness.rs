//! Witnesses, as the operator sets them (C2SP tlog-witness).

use assent_ledger::cosignature::WitnessKey;
use assent_ledger::note::KeyError;
use url::Url;

use crate::outgoing_http::{AddressError, read_address};

/// The most that may be set: a note has at most sixteen lines, and those of our own keys stand there, too.
const MOST: usize = 8;

/// A witness that the operator set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What it signs with.
    pub key: WitnessKey,
    /// Where it takes heads.
    pub(super) takes_at: Url,
}

/// Why a text names no witness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessFormError {
    /// Not of the two parts.
    #[error(
        "write each witness as KEY@ADDRESS, as its operator gives them: the verifier key NAME+ID+BASE64, and the address \
         that heads are submitted to, such as witness.example+1a2b3c4d+BASE64@https://witness.example"
    )]
    Form,
    /// The key is none of a witness.
    #[error("the key of the witness `{0}`: {1}")]
    Key(String, #[source] KeyError),
    /// The address can't be asked.
    #[error("the address of the witness `{0}`: {1}")]
    Address(String, AddressError),
    /// Two of one name, which alarms could not tell apart, or one key under two names, which is one witness.
    #[error("the witness `{0}` is set twice")]
    Twice(String),
    /// More than a head has room for.
    #[error("set at most {MOST} witnesses")]
    TooMany,
}

/// Reads witnesses, separated by commas.
///
/// # Errors
/// Says which one is wrong, and what to write.
pub fn read_witnesses(text: &str) -> Result<Vec<Witness>, WitnessFormError> {
    let mut witnesses: Vec<Witness> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let witness = Witness::read(part)?;
        // A signature does not say under which name it was made.
        let is_same = |other: &Witness| {
            other.name() == witness.name() || other.key.as_bytes() == witness.key.as_bytes()
        };
        if witnesses.iter().any(is_same) {
            return Err(WitnessFormError::Twice(witness.name().to_owned()));
        }
        witnesses.push(witness);
    }
    if witnesses.len() > MOST { Err(WitnessFormError::TooMany) } else { Ok(witnesses) }
}

impl Witness {
    fn read(text: &str) -> Result<Self, WitnessFormError> {
        let begins = text.find("@https:").or_else(|| text.find("@http:"));
        let (key, address) = match begins {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => text.rsplit_once('@').ok_or(WitnessFormError::Form)?,
        };
        let name = key.split('+').next().unwrap_or_default();
        let key = WitnessKey::parse(key)
            .map_err(|error| WitnessFormError::Key(name.to_owned(), error))?;
        let wrong = |error| WitnessFormError::Address(name.to_owned(), error);
        let mut takes_at = read_address(address).map_err(wrong)?;
        if takes_at.query().is_some() || takes_at.fragment().is_some() {
            return Err(wrong(AddressError::Query));
        }
        let prefix = takes_at.path().trim_end_matches('/').to_owned();
        takes_at.set_path(&format!("{prefix}/add-checkpoint"));
        Ok(Self { key, takes_at })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.name().as_str()
    }
}
