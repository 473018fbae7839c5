//! Secrets: given, or made at the first start and kept beside the data.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assent_ledger::keys::LedgerKeys;
use assent_ledger::note::{KeyError, KeyName, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::Settings;
use crate::domain::base_url::host;
use crate::domain::contacts::address_key::AddressSecret;
use crate::domain::signup::link::LinkSecrets;
use crate::folders::{flush_folder, make_folder};
use crate::random::Random;

/// The secrets of one installation.
#[derive(Clone)]
pub struct Keys {
    /// What signs links.
    pub links: LinkSecrets,
    /// What addresses are hashed under; permanent.
    pub addresses: AddressSecret,
    /// What signs the ledger.
    pub ledger: Arc<LedgerKeys>,
}

/// Why the secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Not 32 bytes in base64.
    #[error("{0} must hold 32 bytes in base64: `openssl rand -base64 32` makes one")]
    Malformed(String),
    /// Not a key of the ledger.
    #[error(
        "{0} must hold what `ledger.key` in a data directory holds, or several of it with commas"
    )]
    Ledger(String, #[source] KeyError),
    /// The key's file cannot be read or made.
    #[error("the key file {0} cannot be read or made")]
    File(PathBuf, #[source] std::io::Error),
    /// A back-up's key, where a secret key is that it does not follow from.
    #[error(
        "{0} of the back-up does not follow from the secret key here, as with a secret key that was replaced since, \
         or a back-up of somebody else's: compare its fingerprint, {1}, with that of your installation, and go on \
         with it by --with-keys"
    )]
    Foreign(&'static str, String),
}

/// What the permanent keys follow from a secret key by.
pub(super) const ADDRESS: &[u8] = b"assent address key";
pub(super) const LEDGER: &[u8] = b"assent ledger key";

impl Keys {
    /// Takes the secrets that were given, else those in the data directory, else makes them there. An
    /// address key that was never given follows from the secret key, so that replicas that share the
    /// one share the other; it is then kept in its own file, for it must outlive the secret key. So it is
    /// with the ledger's key, whose file also keeps the name that the ledger goes by for good.
    ///
    /// # Errors
    /// When a secret is malformed, or its file cannot be read or made.
    pub fn load(settings: &Settings, random: &Random) -> Result<Self, KeysError> {
        loop {
            let FoundKeys { keys, mut missing } = Self::find(settings, random)?;
            if missing.is_empty() {
                return Ok(keys);
            }
            // One by one, for what follows from one must follow from the one that is there: another process may be
            // about to make it as well.
            let (file, text) = missing.swap_remove(0);
            keep(&file, text.expose_secret()).map_err(|error| KeysError::File(file, error))?;
        }
    }

    /// The same, and nothing is made: what is missing follows from what is there, or is new for this once.
    ///
    /// # Errors
    /// When a secret is malformed, or its file cannot be read.
    pub fn find(settings: &Settings, random: &Random) -> Result<FoundKeys, KeysError> {
        let mut missing = vec![];
        let file = settings.data_dir.join("secret.key");
        let (name, text) =
            given_or_kept("secret_key", settings.secret_key.as_ref(), file, |file| {
                let text = SecretString::from(STANDARD.encode(random.bytes::<32>()));
                missing.push((file, text.clone()));
                Ok(text)
            })?;
        let ring = decode(&name, text.expose_secret())?;
        let (first, older) = ring.split_first().ok_or(KeysError::Malformed(name))?;
        let links = LinkSecrets::new(*first, older);
        let file = settings.data_dir.join("address.key");
        let (name, text) =
            given_or_kept("address_key", settings.address_key.as_ref(), file, |file| {
                let text = SecretString::from(STANDARD.encode(derived(first, ADDRESS)));
                missing.push((file, text.clone()));
                Ok(text)
            })?;
        let address = decode(&name, text.expose_secret())?;
        let address = *address.first().ok_or(KeysError::Malformed(name))?;
        let file = settings.data_dir.join("ledger.key");
        let (name, text) =
            given_or_kept("ledger.key", settings.ledger_key.as_ref(), file, |file| {
                let name = KeyName::parse(&ledger_name(settings))
                    .map_err(|error| KeysError::Ledger("base_url".to_owned(), error))?;
                let text = SigningKey::new(name, derived(first, LEDGER)).to_text();
                missing.push((file, text.clone()));
                Ok(text)
            })?;
        let mut ledger = signing_keys(&name, text.expose_secret())?.into_iter();
        let signs = ledger.next().ok_or(KeysError::Malformed(name))?;
        let ledger = LedgerKeys::new(signs, ledger.collect(), settings.ledger_old_keys.clone());
        let keys = Self { links, addresses: AddressSecret::new(address), ledger: Arc::new(ledger) };
        Ok(FoundKeys { keys, missing })
    }
}

/// The secrets as they are, or would be.
pub struct FoundKeys {
    /// All of them.
    pub keys: Keys,
    /// What would be made, and what would lie there.
    missing: Vec<(PathBuf, SecretString)>,
}

impl FoundKeys {
    /// The files that the first start makes.
    pub fn missing(&self) -> impl Iterator<Item = &Path> {
        self.missing.iter().map(|(file, _)| file.as_path())
    }
}

/// The setting of this name, or what lies in the file, or what is made for it; and where that is from.
fn given_or_kept(
    name: &str,
    given: Option<&SecretString>,
    file: PathBuf,
    make: impl FnOnce(PathBuf) -> Result<SecretString, KeysError>,
) -> Result<(String, SecretString), KeysError> {
    if let Some(given) = given {
        return Ok((name.to_owned(), given.clone()));
    }
    let name = file.display().to_string();
    match std::fs::read_to_string(&file) {
        Ok(kept) => Ok((name, kept.into())),
        // Where a link stands that leads nowhere, no key can be put.
        Err(error) if error.kind() == ErrorKind::NotFound && !file.is_symlink() => {
            Ok((name, make(file)?))
        }
        Err(error) => Err(KeysError::File(file, error)),
    }
}

pub(super) fn decode(name: &str, text: &str) -> Result<Vec<[u8; 32]>, KeysError> {
    let malformed = || KeysError::Malformed(name.to_owned());
    text.trim()
        .split(',')
        .map(|key| {
            let bytes = STANDARD.decode(key.trim()).map_err(|_| malformed())?;
            <[u8; 32]>::try_from(bytes).map_err(|_| malformed())
        })
        .collect()
}

/// Writes a key whole, and only where there is none: of two processes that start at once, both then
/// read the one that came first.
fn keep(file: &Path, key: &str) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    make_folder(directory)?;
    let whole = file.with_extension(format!("{}.new", std::process::id()));
    let mut out =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&whole)?;
    out.write_all(format!("{key}\n").as_bytes())?;
    out.sync_all()?;
    let linked = std::fs::hard_link(&whole, file);
    std::fs::remove_file(&whole)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => flush_folder(directory),
    }
}

/// Reads what a file `ledger.key` holds.
pub(super) fn signing_keys(name: &str, text: &str) -> Result<Vec<SigningKey>, KeysError> {
    let parse = |key: &str| {
        SigningKey::parse(key.trim()).map_err(|error| KeysError::Ledger(name.to_owned(), error))
    };
    text.trim().split(',').map(parse).collect()
}

/// The name that a new ledger is given: where it is published first.
pub(super) fn ledger_name(settings: &Settings) -> String {
    let url = &settings.base_url;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}/ledger", host(url))
}

pub(super) fn derived(secret: &[u8; 32], what: &[u8]) -> [u8; 32] {
    use hmac::Mac;
    let mut mac = assent_ledger::digest::keyed(secret);
    mac.update(what);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Values;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn settings(directory: &Path, secret: Option<&str>) -> Settings {
        let mut environment =
            vec![("ASSENT_DATA_DIR".to_owned(), directory.to_str().unwrap().to_owned())];
        environment.extend(secret.map(|s| ("ASSENT_SECRET_KEY".to_owned(), s.to_owned())));
        Settings::check(Values::read(None, environment.into_iter())).unwrap()
    }

    #[test]
    fn keys_are_made_once_and_kept_private() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path(), None);
        let first = Keys::load(&settings, &Random::System).unwrap();
        let again = Keys::load(&settings, &Random::System).unwrap();
        assert_eq!(first.addresses.fingerprint(), again.addresses.fingerprint());
        for name in ["secret.key", "address.key", "ledger.key"] {
            let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn replicas_that_share_the_secret_know_the_same_addresses_even_after_it_changed() {
        let (one, two) = (STANDARD.encode([1; 32]), STANDARD.encode([2; 32]));
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let load = |at: &Path, secret: &str| {
            Keys::load(&settings(at, Some(secret)), &Random::System)
                .unwrap()
                .addresses
                .fingerprint()
        };
        let first = load(directory.path(), &one);
        assert_eq!(first, load(elsewhere.path(), &one));
        assert_eq!(first, load(directory.path(), &format!("{two},{one}")));
    }

    #[test]
    fn a_short_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let short = settings(directory.path(), Some("c2hvcnQ="));
        assert!(matches!(Keys::load(&short, &Random::System), Err(KeysError::Malformed(_))));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_no_missing_key() {
        let directory = tempfile::tempdir().unwrap();
        symlink("/nonexistent/secret", directory.path().join("secret.key")).unwrap();
        let settings = settings(directory.path(), None);
        for read in [
            Keys::find(&settings, &Random::System).map(|found| found.keys),
            Keys::load(&settings, &Random::System),
        ] {
            assert!(matches!(read, Err(KeysError::File(..))));
        }
    }

    #[test]
    fn a_look_makes_nothing_and_finds_what_will_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(&directory.path().join("none"), Some(&STANDARD.encode([1; 32])));
        let found = Keys::find(&settings, &Random::System).unwrap();
        let missing: Vec<_> =
            found.missing().map(|file| file.file_name().unwrap().to_owned()).collect();
        assert_eq!(missing, ["address.key", "ledger.key"]);
        assert!(!settings.data_dir.exists());
        let loaded = Keys::load(&settings, &Random::System).unwrap();
        assert_eq!(found.keys.addresses.fingerprint(), loaded.addresses.fingerprint());
        assert_eq!(Keys::find(&settings, &Random::System).unwrap().missing().count(), 0);
    }
}
