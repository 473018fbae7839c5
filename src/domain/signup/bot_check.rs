//! Work that a browser does for a form, so that many of them cost whoever sends them: ALTCHA, proof of work version 2. A
//! challenge is signed and names its form; the answer is a number under which a key that is derived from both begins as the
//! challenge says. Nothing of a reader is in either.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use hmac::Mac;
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::domain::ledger::keyed_hash::HashKey;
use crate::domain::signup::submitted_form::form_name;
use crate::domain::slug::Slug;
use crate::domain::timestamp::Timestamp;

/// How long a challenge may be answered.
pub const LIFETIME: Duration = Duration::from_mins(30);

/// What is derived with: browsers know it without a library.
const ALGORITHM: &str = "PBKDF2/SHA-256";
/// How many rounds one try takes: a millisecond or two, which is also what it costs to look at an answer.
const COST: u32 = 5_000;
/// What the derived key begins with: one try in 256.
const PREFIX: &str = "00";
const KEY_LENGTH: usize = 32;
/// An answer is not much longer than this.
const MOST: usize = 4_096;

/// Which forms ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BotCheck {
    always: bool,
    on_alarm: bool,
    forms: Vec<String>,
}

impl BotCheck {
    /// Whether the form of this report, or that of the newsletters, asks for it; `alarmed` while hardly anybody who was
    /// mailed through it confirms.
    #[must_use]
    pub fn is_asked(&self, report: Option<&Slug>, alarmed: bool) -> bool {
        self.always || (self.on_alarm && alarmed) || self.forms.contains(&form_name(report))
    }

    /// Whether an alarm has forms ask for it.
    #[must_use]
    pub fn is_on_alarm(&self) -> bool {
        self.on_alarm
    }
}

/// `off`, `on`, or any of `alarm` and the names of forms with commas between.
impl FromStr for BotCheck {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut check = Self::default();
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        for word in &words {
            let is_form = *word == form_name(None)
                || word.strip_prefix("reports/").is_some_and(|slug| slug.parse::<Slug>().is_ok());
            match *word {
                "off" | "on" if words.len() > 1 => {
                    return Err(format!("write `{word}` alone, or leave it out"));
                }
                "off" => {}
                "on" => check.always = true,
                "alarm" => check.on_alarm = true,
                form if is_form => check.forms.push(form.to_owned()),
                other => {
                    return Err(format!(
                        "`{other}` is none of `off`, `on`, `alarm` and the names of forms, such as \
                         reports/digital-councils or newsletters"
                    ));
                }
            }
        }
        Ok(check)
    }
}

/// What is to be worked on, its members in the order of their names: their text is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    algorithm: String,
    cost: u32,
    data: About,
    /// In seconds since the Unix epoch.
    expires_at: i64,
    key_length: usize,
    key_prefix: String,
    nonce: String,
    salt: String,
}

/// What an answer is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    form: String,
}

/// A signed challenge, as browsers get it and send it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    parameters: Parameters,
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Solution {
    counter: u32,
    derived_key: String,
}

#[derive(Deserialize)]
struct Payload {
    challenge: Challenge,
    solution: Solution,
}

/// An answer that is right; each is good once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolvedCheck {
    /// Which challenge.
    pub nonce: [u8; 16],
    /// Until when it could be answered.
    pub expires_at: Timestamp,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongCheck {
    /// It is none, or not to a challenge of ours for this form.
    Wrong,
    /// It comes too late.
    Expired,
}

/// What challenges are signed with: the first signs.
#[derive(Clone, Debug)]
pub struct CheckKeys(Vec<HashKey>);

impl CheckKeys {
    /// These keys.
    #[must_use]
    pub fn new(keys: Vec<HashKey>) -> Self {
        Self(keys)
    }

    /// A challenge for the form of this name, of 32 bytes of chance; none that is not signed.
    #[must_use]
    pub fn challenge(&self, form: &str, now: Timestamp, chance: [u8; 32]) -> Option<Challenge> {
        let (nonce, salt) = chance.split_at(16);
        let parameters = Parameters {
            algorithm: ALGORITHM.to_owned(),
            cost: COST,
            data: About { form: form.to_owned() },
            expires_at: now.plus(LIFETIME).micros().div_euclid(1_000_000),
            key_length: KEY_LENGTH,
            key_prefix: PREFIX.to_owned(),
            nonce: HEXLOWER.encode(nonce),
            salt: HEXLOWER.encode(salt),
        };
        let signature = signature(self.0.first()?, &parameters)?;
        Some(Challenge { parameters, signature: HEXLOWER.encode(&signature) })
    }

    /// Looks at an answer: base64 of JSON, as ALTCHA's widget sends it. The work is done again only for a challenge of ours.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn look(&self, form: &str, now: Timestamp, text: &str) -> Result<SolvedCheck, WrongCheck> {
        let Payload { challenge, solution } = read(text).ok_or(WrongCheck::Wrong)?;
        let Challenge { parameters, signature: signed } = challenge;
        let signed = HEXLOWER.decode(signed.as_bytes()).map_err(|_| WrongCheck::Wrong)?;
        let is_own = |key: &HashKey| {
            signature(key, &parameters).is_some_and(|own| bool::from(own.ct_eq(&signed)))
        };
        if !self.0.iter().any(is_own) || parameters.data.form != form {
            return Err(WrongCheck::Wrong);
        }
        let until = parameters.expires_at.checked_mul(1_000_000).ok_or(WrongCheck::Wrong)?;
        let expires_at = Timestamp::from_micros(until);
        if expires_at <= now {
            return Err(WrongCheck::Expired);
        }
        let (nonce, key) = parameters.key(solution.counter).ok_or(WrongCheck::Wrong)?;
        let key = HEXLOWER.encode(&key);
        let is_right = key.starts_with(&parameters.key_prefix) && key == solution.derived_key;
        if is_right { Ok(SolvedCheck { nonce, expires_at }) } else { Err(WrongCheck::Wrong) }
    }
}

impl Parameters {
    /// The nonce, and the key that a number leads to.
    fn key(&self, counter: u32) -> Option<([u8; 16], [u8; KEY_LENGTH])> {
        let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).ok();
        let nonce: [u8; 16] = bytes(&self.nonce)?.try_into().ok()?;
        let password = [&nonce[..], &counter.to_be_bytes()].concat();
        let mut key = [0; KEY_LENGTH];
        derive(
            PBKDF2_HMAC_SHA256,
            NonZeroU32::new(self.cost)?,
            &bytes(&self.salt)?,
            &password,
            &mut key,
        );
        Some((nonce, key))
    }
}

fn read(text: &str) -> Option<Payload> {
    let text = Some(text).filter(|text| text.len() <= MOST)?;
    serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
}

/// Over the text of the parameters, their names sorted.
fn signature(key: &HashKey, parameters: &Parameters) -> Option<Vec<u8>> {
    let text = serde_json::to_string(parameters).ok()?;
    let mut mac = key.begin();
    mac.update(text.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8; 32] = b"thirty-two characters of secret.";

    fn keys() -> CheckKeys {
        CheckKeys::new(vec![HashKey::new(SECRET)])
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-23T09:00:00Z").unwrap()
    }

    fn challenge(chance: u8) -> Challenge {
        keys().challenge("newsletters", now(), [chance; 32]).unwrap()
    }

    /// The answer to a challenge, as a browser finds it.
    fn solve(challenge: &Challenge) -> String {
        let of = |counter| HEXLOWER.encode(&challenge.parameters.key(counter).unwrap().1);
        let counter = (0..u32::MAX).find(|counter| of(*counter).starts_with(PREFIX)).unwrap();
        let solution = serde_json::json!({"counter": counter, "derivedKey": of(counter)});
        let payload = serde_json::json!({"challenge": challenge, "solution": solution});
        STANDARD.encode(payload.to_string())
    }

    #[test]
    fn without_a_key_there_is_none() {
        assert_eq!(CheckKeys::new(vec![]).challenge("newsletters", now(), [7; 32]), None);
    }

    #[test]
    fn an_answer_is_good_for_its_form_and_its_time() {
        let challenge = challenge(7);
        let answer = solve(&challenge);
        let solved = keys().look("newsletters", now(), &answer).unwrap();
        assert_eq!((solved.nonce, solved.expires_at), ([7; 16], now().plus(LIFETIME)));
        assert_eq!(keys().look("reports/newsletters", now(), &answer), Err(WrongCheck::Wrong));
        let late = now().plus(LIFETIME);
        assert_eq!(keys().look("newsletters", late, &answer), Err(WrongCheck::Expired));
        let others = CheckKeys::new(vec![HashKey::new(&[1; 32])]);
        assert_eq!(others.look("newsletters", now(), &answer), Err(WrongCheck::Wrong));
        let rotated = CheckKeys::new(vec![HashKey::new(&[1; 32]), HashKey::new(SECRET)]);
        assert!(rotated.look("newsletters", now(), &answer).is_ok());
    }

    // As ALTCHA's own library for servers (altcha-lib 2.8) signs it, solves it and finds it verified.
    #[test]
    fn it_is_the_protocol_of_altcha() {
        let challenge = challenge(7);
        let signed = "f573692e1fc25345b3122b9817d755d529faf951fd1510e459591db967d6fd45";
        assert_eq!(challenge.signature, signed);
        let answer = STANDARD.decode(solve(&challenge)).unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let key = "00d9b5552dfeb030d9829d8922ad9092ab0fa9761f9c3b3de55913b1e4073f7d";
        assert_eq!(answer["solution"], serde_json::json!({"counter": 121, "derivedKey": key}));
    }

    #[test]
    fn what_was_made_up_is_not_taken() {
        let challenge = challenge(7);
        let answer = STANDARD.decode(solve(&challenge)).unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let look = |answer: &str| keys().look("newsletters", now(), &STANDARD.encode(answer));
        assert!(look(&answer.to_string()).is_ok());
        for (path, value) in [
            ("/challenge/parameters/cost", serde_json::json!(1)),
            ("/challenge/parameters/keyPrefix", "".into()),
            ("/challenge/parameters/expiresAt", i64::MAX.into()),
            ("/challenge/parameters/nonce", "07".into()),
            ("/challenge/signature", "".into()),
            ("/challenge/signature", "zz".into()),
            ("/solution/counter", u32::MAX.into()),
            ("/solution/counter", (-1).into()),
            ("/solution/derivedKey", "00".into()),
            ("/solution", "0".into()),
        ] {
            let mut other = answer.clone();
            *other.pointer_mut(path).unwrap() = value;
            assert_eq!(look(&other.to_string()), Err(WrongCheck::Wrong), "{path}");
        }
        let mut wrong_key = answer.clone();
        wrong_key["solution"]["counter"] =
            (answer["solution"]["counter"].as_u64().unwrap() + 1).into();
        assert_eq!(look(&wrong_key.to_string()), Err(WrongCheck::Wrong));
        for text in ["", "{}", "null", "[]", &"[".repeat(3000)] {
            assert_eq!(look(text), Err(WrongCheck::Wrong), "{text}");
        }
        assert_eq!(keys().look("newsletters", now(), "%%%"), Err(WrongCheck::Wrong));
        assert_eq!(keys().look("newsletters", now(), &"A".repeat(100_000)), Err(WrongCheck::Wrong));
    }

    // A number that leads to its own key, and to one that does not begin as it must.
    #[test]
    fn a_key_without_the_beginning_is_no_answer() {
        let challenge = challenge(9);
        let of = |counter| HEXLOWER.encode(&challenge.parameters.key(counter).unwrap().1);
        let counter = (0..99).find(|counter| !of(*counter).starts_with(PREFIX)).unwrap();
        let solution = serde_json::json!({"counter": counter, "derivedKey": of(counter)});
        let answer = serde_json::json!({"challenge": challenge, "solution": solution}).to_string();
        assert_eq!(
            keys().look("newsletters", now(), &STANDARD.encode(answer)),
            Err(WrongCheck::Wrong)
        );
    }

    #[test]
    fn which_forms_ask_is_said_in_words() {
        let slug = "digital-councils".parse::<Slug>().unwrap();
        let asks = |text: &str, report, alarmed| {
            text.parse::<BotCheck>().unwrap().is_asked(report, alarmed)
        };
        assert!(!asks("off", Some(&slug), true) && asks("on", None, false));
        assert!(asks("alarm", None, true) && !asks("alarm", None, false));
        let some = "alarm, reports/digital-councils";
        assert!(
            asks(some, Some(&slug), false) && !asks(some, None, false) && asks(some, None, true)
        );
        assert!(asks("newsletters", None, false) && !asks("newsletters", Some(&slug), true));
        for text in [
            "",
            "yes",
            "on,alarm",
            "off,newsletters",
            "reports/",
            "reports/Not a slug",
            "digital-councils",
        ] {
            assert!(text.parse::<BotCheck>().is_err(), "{text}");
        }
    }
}
