//! Two-factor: codes of six digits from an authenticator (RFC 6238), and recovery codes for who lost it.

use assent_ledger::digest::sha256;
use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Secret, Totp};

use crate::domain::signup::code::Code;
use crate::domain::timestamp::Timestamp;

/// How many recovery codes an account is given.
pub const RECOVERY_CODES: usize = 10;

/// What an authenticator and this program share: 160 bits, as RFC 4226 §4 recommends.
#[derive(Clone)]
pub struct CodeSecret([u8; 20]);

impl CodeSecret {
    /// The secret out of what is derived for an account.
    #[must_use]
    pub fn from_derived(derived: &[u8; 32]) -> Self {
        let mut secret = [0; 20];
        secret.copy_from_slice(&derived[..20]);
        Self(secret)
    }

    /// The step of time whose code was typed: this one, the one before or the one after, for clocks differ
    /// (RFC 6238 §5.2). `None` when it is the code of none of them.
    #[must_use]
    pub fn step_of(&self, typed: Code, now: Timestamp) -> Option<i64> {
        let step = self.totp()?.check(&typed.to_string(), seconds(now))?;
        i64::try_from(step).ok()
    }

    /// The code of a moment, as its owner's authenticator shows it.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> Option<Code> {
        Code::parse(&self.totp()?.generate(seconds(now)).to_string())
    }

    /// The secret as people type it: groups of four letters and digits.
    #[must_use]
    pub fn text(&self) -> String {
        groups(&BASE32_NOPAD.encode(&self.0))
    }

    /// What the picture says: the address by which authenticators take the secret.
    #[must_use]
    pub fn url(&self, site: &str, email: &str) -> String {
        let (site, email) = (
            utf8_percent_encode(site, NON_ALPHANUMERIC),
            utf8_percent_encode(email, NON_ALPHANUMERIC),
        );
        let secret = BASE32_NOPAD.encode(&self.0);
        format!("otpauth://totp/{site}:{email}?secret={secret}&issuer={site}")
    }

    fn totp(&self) -> Option<Totp> {
        Builder::new().with_secret(Secret::new_stack(self.0)).build().ok()
    }
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.micros() / 1_000_000).unwrap_or_default()
}

/// What lets in whoever lost their authenticator, once: 80 bits, so that its hash gives nothing away.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode([u8; 10]);

impl RecoveryCode {
    /// A code out of random bytes.
    #[must_use]
    pub fn new(random: [u8; 10]) -> Self {
        Self(random)
    }

    /// Reads what was typed; spaces, hyphens and case do not count.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
        let bytes = BASE32_NOPAD.decode(plain.to_ascii_uppercase().as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// As it is written down: `ABCD-EFGH-IJKL-MNOP`.
    #[must_use]
    pub fn text(&self) -> String {
        groups(&BASE32_NOPAD.encode(&self.0)).replace(' ', "-")
    }

    /// What is kept of it.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256(&self.0)
    }
}

fn groups(text: &str) -> String {
    let fours: Vec<&str> = (0..text.len())
        .step_by(4)
        .filter_map(|at| text.get(at..(at + 4).min(text.len())))
        .collect();
    fours.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let mut derived = [0; 32];
        derived[..20].copy_from_slice(b"12345678901234567890");
        let secret = CodeSecret::from_derived(&derived);
        // Appendix B, SHA-1, the last six of its eight digits.
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
        {
            assert_eq!(secret.code(at(seconds)).unwrap().to_string(), code);
            let code = Code::parse(code).unwrap();
            let lates = [(-60, None), (-30, Some(0)), (0, Some(0)), (30, Some(0)), (60, None)];
            for (late, step) in lates.into_iter().filter(|(late, _)| seconds + late >= 0) {
                let found = secret.step_of(code, at(seconds + late));
                assert_eq!(found, step.map(|step: i64| seconds / 30 + step), "{seconds} {late}");
            }
        }
        assert_eq!(secret.text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            secret.url("Zoë & Co", "a+b@c.example"),
            "otpauth://totp/Zo%C3%AB%20%26%20Co:a%2Bb%40c%2Eexample\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Zo%C3%AB%20%26%20Co"
        );
    }

    #[test]
    fn recovery_codes_are_read_as_they_are_typed() {
        let code = RecoveryCode::new([0xa5; 10]);
        assert_eq!(code.text().len(), 19);
        for typed in [
            code.text(),
            code.text().to_lowercase(),
            format!(" {} ", code.text().replace('-', " ")),
        ] {
            assert!(RecoveryCode::parse(&typed) == Some(code.clone()), "{typed}");
        }
        for typed in
            ["", "123456", "ABCD-EFGH-IJKL-MNO", "ABCD-EFGH-IJKL-MNO1", "ABCD-EFGH-IJKL-MNOP-QRST"]
        {
            assert!(RecoveryCode::parse(typed).is_none(), "{typed}");
        }
    }
}
