//! An independent opinion on a mail, by `verify_mail.py`: it knows the RFCs and nothing of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::smtp::program;

/// What stands in the DNS: names and their TXT records.
pub type Records = BTreeMap<String, String>;

/// Holds when these mails break no rule.
pub fn well_formed<M: AsRef<[u8]>>(mails: &[M], records: &Records) {
    let found = findings(mails, records);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The rules that these mails break, a line each: `NUMBER.eml: RULE`, counted from 0.
pub fn findings<M: AsRef<[u8]>>(mails: &[M], records: &Records) -> Vec<String> {
    assert!(!mails.is_empty(), "no mail to look at");
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("records"), serde_json::to_vec(records).expect("JSON"))
        .expect("a file");
    let mut command = python();
    command.arg(script("verify_mail.py")).arg(dir.path().join("records"));
    for (number, mail) in mails.iter().enumerate() {
        let path = dir.path().join(format!("{number}.eml"));
        fs::write(&path, mail).expect("a file");
        command.arg(path);
    }
    let output = command.output().expect("python");
    let found: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect();
    // Python ends with 1 when it crashes, too.
    let ended = (output.status.code(), errors(&output));
    assert_eq!(ended, (Some(i32::from(!found.is_empty())), String::new()));
    found
}

/// Python with dkimpy and `PyNaCl`.
pub fn python() -> Command {
    Command::new(program("TEST_DKIM_PYTHON", &["/usr/bin/python3", "python3"]))
}

/// A script beside this file.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support").join(name)
}

pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A pair of keys to sign with, made by openssl as PKCS #8 in PEM, and what the DNS says of them.
pub struct DkimKeys {
    /// RSA with 2048 bits, selector `rsa`.
    pub rsa: PathBuf,
    /// Ed25519, selector `ed`.
    pub ed25519: PathBuf,
    pub records: Records,
}

impl DkimKeys {
    /// Makes both for this domain, in this directory.
    pub fn make(directory: &Path, domain: &str) -> Self {
        let (rsa, ed25519) = (directory.join("rsa.pem"), directory.join("ed25519.pem"));
        let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let size = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
        openssl(&format!("genpkey {size} -out {}", path(&rsa)));
        openssl(&format!("genpkey -algorithm ed25519 -out {}", path(&ed25519)));
        let public = |key: &Path| openssl(&format!("pkey -in {} -pubout -outform DER", path(key)));
        let record =
            |kind: &str, key: &[u8]| format!("v=DKIM1; k={kind}; p={}", STANDARD.encode(key));
        let name = |selector: &str| format!("{selector}._domainkey.{domain}");
        // RFC 8463 §4: the 32 bytes alone, which stand at the end.
        let raw = public(&ed25519);
        let records = Records::from([
            (name("rsa"), record("rsa", &public(&rsa))),
            (name("ed"), record("ed25519", &raw[raw.len() - 32..])),
        ]);
        Self { rsa, ed25519, records }
    }
}

/// Runs openssl with these words; returns what it printed.
pub fn openssl(words: &str) -> Vec<u8> {
    let output = Command::new("openssl").args(words.split(' ')).output().expect("openssl");
    assert!(output.status.success(), "openssl {words}: {}", errors(&output));
    output.stdout
}
