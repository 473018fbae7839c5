//! Key files that everybody on the machine may use.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Settings;

/// What anybody may do who is neither the owner nor of the group. A group is how an operator, or a volume of Kubernetes,
/// lets the program read what another user owns.
const OTHERS_READ_OR_WRITE: u32 = 0o006;

/// The key files, of links, addresses, the ledger and mail, that others may read or write.
#[must_use]
pub fn find_exposed_keys(settings: &Settings) -> Vec<PathBuf> {
    let own = ["secret.key", "address.key", "ledger.key"].map(|name| settings.data_dir.join(name));
    let mail = settings.mail.dkim_keys.iter().map(|(_, file)| file.clone());
    own.into_iter().chain(mail).filter(|file| is_exposed(file)).collect()
}

/// What is not there, or cannot be looked at, is told by whoever reads it.
fn is_exposed(file: &Path) -> bool {
    let found = std::fs::metadata(file);
    found.is_ok_and(|found| found.permissions().mode() & OTHERS_READ_OR_WRITE != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;
    use crate::config::Values;

    #[test]
    fn keys_that_others_may_use_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let pem = dir.path().join("mail.pem");
        let set = [
            ("ASSENT_DATA_DIR", dir.path().display().to_string()),
            ("ASSENT_MAIL_DKIM_KEYS", format!("2026a:{}", pem.display())),
        ];
        let set = set.map(|(name, value)| (name.to_owned(), value));
        let settings = Settings::check(Values::read(None, set.into_iter())).unwrap();
        assert!(find_exposed_keys(&settings).is_empty(), "nothing is there");
        let link = dir.path().join("secret.key");
        let [secret, address, ledger] =
            ["kept", "address.key", "ledger.key"].map(|name| dir.path().join(name));
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        for (mode, exposed) in [
            (0o600, false),
            (0o400, false),
            (0o640, false),
            (0o660, false),
            (0o644, true),
            (0o604, true),
            (0o602, true),
            (0o666, true),
        ] {
            for file in [&secret, &address, &ledger, &pem] {
                std::fs::write(file, "a key").unwrap();
                std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
            }
            let found = find_exposed_keys(&settings);
            let all = [&link, &address, &ledger, &pem].map(Clone::clone).to_vec();
            assert_eq!(found, if exposed { all } else { vec![] }, "{mode:o}");
            for file in [&secret, &address, &ledger, &pem] {
                std::fs::remove_file(file).unwrap();
            }
        }
    }
}
