//! Which keys an installation goes on with that a back-up is put into. Its own come first: a back-up by somebody else
//! may bring keys by which all that it holds is sound.

use std::fmt;
use std::path::Path;

use assent_ledger::note::{KeyName, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::keys::{ADDRESS, LEDGER, decode, derived, ledger_name, signing_keys};
use super::{Keys, KeysError, Settings};
use crate::domain::contacts::address_key::AddressSecret;
use crate::random::Random;

const SECRET_KEY: &str = "secret.key";
const ADDRESS_KEY: &str = "address.key";
const LEDGER_KEY: &str = "ledger.key";

/// Where a key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// It is given by a setting.
    Settings,
    /// It lies in the data directory already.
    DataDirectory,
    /// It follows from the secret key that is here.
    SecretKey,
    /// It came with the back-up, or follows from the secret key that did.
    BackUp,
    /// It is made for want of any.
    New,
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings => "given by the settings",
            Self::DataDirectory => "from the data directory",
            Self::SecretKey => "follows from the secret key here",
            Self::BackUp => "came with the back-up",
            Self::New => "made now",
        })
    }
}

/// The keys of a back-up.
#[derive(Clone, Debug)]
pub struct BackedUpKeys<'a> {
    /// Where they lie, if they do.
    pub folder: &'a Path,
    /// The fingerprint of the address key that it was written under, as it says itself.
    pub address_fingerprint: Option<String>,
    /// Whether they are taken although a secret key is here that they do not follow from.
    pub taken: bool,
}

/// The keys that an installation goes on with.
pub struct RestoredKeys {
    /// The keys.
    pub keys: Keys,
    /// Where the address key came from.
    pub address: KeySource,
    /// Where the ledger's key came from.
    pub ledger: KeySource,
    /// The files that the data directory lacks, so that every later start has these keys.
    pub files: Vec<(&'static str, SecretString)>,
}

/// One key, as a file holds it.
struct Choice {
    source: KeySource,
    text: SecretString,
}

/// The secret key, and whose it is.
struct Secret {
    source: KeySource,
    text: SecretString,
    ring: Vec<[u8; 32]>,
}

impl RestoredKeys {
    /// Takes each key from the settings, else from the data directory, else lets it follow from the secret key there,
    /// and else from the back-up. Where a secret key is here, the back-up's must follow from it, from one behind a
    /// comma too, unless they are to be taken all the same: an address key outlives the secret key that it was made
    /// from. Nothing is written.
    ///
    /// # Errors
    /// [`KeysError::Foreign`] where they do not, and when a key is malformed or cannot be read.
    pub fn choose(
        settings: &Settings,
        from: &BackedUpKeys<'_>,
        random: &Random,
    ) -> Result<Self, KeysError> {
        let secret = choose_secret(settings, from, random)?;
        let address = choose_address(settings, from, &secret)?;
        let ledger = choose_ledger(settings, from, &secret)?;
        let mut files = vec![];
        if !secret.is_here() {
            files.push((SECRET_KEY, secret.text.clone()));
        }
        for (name, key) in [(ADDRESS_KEY, &address), (LEDGER_KEY, &ledger)] {
            if !matches!(key.source, KeySource::Settings | KeySource::DataDirectory) {
                files.push((name, key.text.clone()));
            }
        }
        let given = Settings {
            secret_key: Some(secret.text),
            address_key: Some(address.text),
            ledger_key: Some(ledger.text),
            ..settings.clone()
        };
        let keys = Keys::load(&given, random)?;
        Ok(Self { keys, address: address.source, ledger: ledger.source, files })
    }
}

fn choose_secret(
    settings: &Settings,
    from: &BackedUpKeys<'_>,
    random: &Random,
) -> Result<Secret, KeysError> {
    let secret = |source, (name, text): (String, SecretString)| {
        let ring = decode(&name, text.expose_secret())?;
        Ok(Secret { source, text, ring })
    };
    if let Some(given) = &settings.secret_key {
        return secret(KeySource::Settings, ("secret_key".to_owned(), given.clone()));
    }
    if let Some(there) = find(&settings.data_dir, SECRET_KEY)? {
        return secret(KeySource::DataDirectory, there);
    }
    if let Some(there) = find(from.folder, SECRET_KEY)? {
        return secret(KeySource::BackUp, there);
    }
    let text = STANDARD.encode(random.bytes::<32>()).into();
    secret(KeySource::New, (SECRET_KEY.to_owned(), text))
}

impl Secret {
    /// Whether it is this installation's own.
    fn is_here(&self) -> bool {
        matches!(self.source, KeySource::Settings | KeySource::DataDirectory)
    }

    /// How a key that follows from it came here.
    fn leads_by(&self) -> KeySource {
        if self.is_here() { KeySource::SecretKey } else { self.source }
    }

    /// What follows from each of the ring, the present one first.
    fn following(&self, what: &[u8]) -> Vec<[u8; 32]> {
        self.ring.iter().map(|secret| derived(secret, what)).collect()
    }

    /// The one of the ring that the installation began with, by the fingerprint of its address key; the present one
    /// where none is.
    fn made(&self, fingerprint: Option<&str>) -> Result<&[u8; 32], KeysError> {
        let is_meant = |secret: &&[u8; 32]| {
            Some(fingerprint_of(&derived(secret, ADDRESS)).as_str()) == fingerprint
        };
        let made = self.ring.iter().find(is_meant).or(self.ring.first());
        made.ok_or_else(|| KeysError::Malformed(SECRET_KEY.to_owned()))
    }
}

fn choose_address(
    settings: &Settings,
    from: &BackedUpKeys<'_>,
    secret: &Secret,
) -> Result<Choice, KeysError> {
    if let Some(own) = find_own(settings, settings.address_key.as_ref(), ADDRESS_KEY)? {
        return Ok(own);
    }
    let fingerprint = from.address_fingerprint.as_deref();
    let choice = |source, key: &[u8; 32]| Choice { source, text: STANDARD.encode(key).into() };
    let Some((name, text)) = find(from.folder, ADDRESS_KEY)? else {
        return Ok(choice(secret.leads_by(), &derived(secret.made(fingerprint)?, ADDRESS)));
    };
    let first = decode(&name, text.expose_secret())?.first().copied();
    let key = first.ok_or(KeysError::Malformed(name))?;
    if !secret.is_here() {
        return Ok(Choice { source: KeySource::BackUp, text });
    }
    // It may bring another one than it was written under.
    let meant = |own: &&[u8; 32]| **own == key || Some(fingerprint_of(own).as_str()) == fingerprint;
    if let Some(own) = secret.following(ADDRESS).iter().find(meant) {
        return Ok(choice(KeySource::SecretKey, own));
    }
    if from.taken {
        return Ok(Choice { source: KeySource::BackUp, text });
    }
    Err(KeysError::Foreign(ADDRESS_KEY, fingerprint_of(&key)))
}

fn choose_ledger(
    settings: &Settings,
    from: &BackedUpKeys<'_>,
    secret: &Secret,
) -> Result<Choice, KeysError> {
    if let Some(own) = find_own(settings, settings.ledger_key.as_ref(), LEDGER_KEY)? {
        return Ok(own);
    }
    let Some((name, text)) = find(from.folder, LEDGER_KEY)? else {
        let name = KeyName::parse(&ledger_name(settings))
            .map_err(|error| KeysError::Ledger("base_url".to_owned(), error))?;
        let seed = derived(secret.made(from.address_fingerprint.as_deref())?, LEDGER);
        let text = SigningKey::new(name, seed).to_text();
        return Ok(Choice { source: secret.leads_by(), text });
    };
    let keys = signing_keys(&name, text.expose_secret())?;
    // Whoever has one that follows knows the secret key, and may have put others beside it. Its name is what the
    // ledger was called at first, which nothing else says.
    let following = secret.following(LEDGER);
    let follows = |key: &SigningKey| {
        let own = |seed: &[u8; 32]| SigningKey::new(key.name().clone(), *seed).vkey();
        following.iter().any(|seed| own(seed) == key.vkey())
    };
    if secret.is_here() && keys.iter().any(follows) {
        return Ok(Choice { source: KeySource::SecretKey, text });
    }
    if secret.is_here() && !from.taken {
        let fingerprints: Vec<String> = keys.iter().map(|key| key.vkey().fingerprint()).collect();
        return Err(KeysError::Foreign(LEDGER_KEY, fingerprints.join(", ")));
    }
    Ok(Choice { source: KeySource::BackUp, text })
}

/// A key that a setting gives, or the data directory holds.
fn find_own(
    settings: &Settings,
    given: Option<&SecretString>,
    name: &str,
) -> Result<Option<Choice>, KeysError> {
    if let Some(text) = given {
        return Ok(Some(Choice { source: KeySource::Settings, text: text.clone() }));
    }
    let there = find(&settings.data_dir, name)?;
    Ok(there.map(|(_, text)| Choice { source: KeySource::DataDirectory, text }))
}

/// The key file of that name in a folder, and what errors call it.
fn find(folder: &Path, name: &str) -> Result<Option<(String, SecretString)>, KeysError> {
    let file = folder.join(name);
    match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeysError::File(file, error)),
        Ok(text) => Ok(Some((file.display().to_string(), text.trim().to_owned().into()))),
    }
}

fn fingerprint_of(key: &[u8; 32]) -> String {
    AddressSecret::new(*key).fingerprint()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Values;

    /// A machine, and an installation that was backed up with its keys.
    struct Story {
        machine: tempfile::TempDir,
        folder: tempfile::TempDir,
        fingerprint: Option<String>,
    }

    fn secret(seed: u8) -> String {
        STANDARD.encode([seed; 32])
    }

    fn settings(data_dir: &Path, set: &[(&str, &str)]) -> Settings {
        let own = [
            ("ASSENT_DATA_DIR", data_dir.to_str().unwrap()),
            ("ASSENT_BASE_URL", "https://a.example"),
        ];
        let set = own.iter().chain(set).copied();
        Settings::check(Values::read(None, set)).unwrap()
    }

    impl Story {
        /// It went by this secret key, and kept that itself if `kept`.
        fn new(seed: u8, kept: bool) -> Self {
            let (machine, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let given = secret(seed);
            let set: &[(&str, &str)] =
                if kept { &[] } else { &[("ASSENT_SECRET_KEY", given.as_str())] };
            if kept {
                std::fs::write(folder.path().join(SECRET_KEY), &given).unwrap();
            }
            let keys = Keys::load(&settings(folder.path(), set), &Random::System).unwrap();
            Self { machine, folder, fingerprint: Some(keys.addresses.fingerprint()) }
        }

        fn choose(&self, set: &[(&str, &str)], taken: bool) -> Result<RestoredKeys, KeysError> {
            let from = BackedUpKeys {
                folder: self.folder.path(),
                address_fingerprint: self.fingerprint.clone(),
                taken,
            };
            RestoredKeys::choose(&settings(self.machine.path(), set), &from, &Random::System)
        }

        fn sources(&self, set: &[(&str, &str)], taken: bool) -> [KeySource; 2] {
            let chosen = self.choose(set, taken).map_err(|error| error.to_string()).unwrap();
            // Whoever starts afterwards has the same keys.
            for (name, text) in &chosen.files {
                std::fs::write(self.machine.path().join(name), text.expose_secret()).unwrap();
            }
            let keys = Keys::load(&settings(self.machine.path(), set), &Random::System).unwrap();
            assert_eq!(keys.addresses.fingerprint(), chosen.keys.addresses.fingerprint());
            let first = |keys: &Keys| keys.ledger.first().vkey();
            assert_eq!(first(&keys), first(&chosen.keys));
            [chosen.address, chosen.ledger]
        }

        fn is_foreign(&self, set: &[(&str, &str)]) -> bool {
            let refused = matches!(self.choose(set, false), Err(KeysError::Foreign(..)));
            refused && std::fs::read_dir(self.machine.path()).unwrap().next().is_none()
        }
    }

    #[test]
    fn keys_that_follow_from_the_secret_key_here_are_its_own() {
        for (seeds, keys) in [([1, 1], true), ([2, 1], true), ([2, 1], false)] {
            let story = Story::new(1, false);
            if !keys {
                std::fs::remove_dir_all(story.folder.path()).unwrap();
            }
            let ring = seeds.map(secret).join(",");
            let set = [("ASSENT_SECRET_KEY", ring.as_str())];
            assert_eq!(story.sources(&set, false), [KeySource::SecretKey; 2], "{seeds:?}");
            let chosen = story.choose(&set, false).ok().unwrap();
            assert_eq!(Some(chosen.keys.addresses.fingerprint()), story.fingerprint);
        }
    }

    #[test]
    fn the_name_that_a_ledger_began_with_comes_with_the_back_up() {
        let story = Story::new(1, false);
        let named =
            SigningKey::new(KeyName::parse("old/ledger").unwrap(), derived(&[1; 32], LEDGER));
        let later = SigningKey::new(KeyName::parse("old/ledger").unwrap(), [9; 32]);
        let keys = [&later, &named].map(|key| key.to_text().expose_secret().to_owned()).join(",");
        std::fs::write(story.folder.path().join(LEDGER_KEY), keys).unwrap();
        let given = secret(1);
        let set = [("ASSENT_SECRET_KEY", given.as_str())];
        assert_eq!(story.sources(&set, false), [KeySource::SecretKey; 2]);
        assert_eq!(
            story.choose(&set, false).ok().unwrap().keys.ledger.first().vkey(),
            later.vkey()
        );
    }

    #[test]
    fn those_of_another_secret_key_are_taken_when_told_to_alone() {
        let story = Story::new(1, false);
        let given = secret(2);
        let set = [("ASSENT_SECRET_KEY", given.as_str())];
        assert!(story.is_foreign(&set));
        // Whatever it says that it was written under.
        for fingerprint in [None, Some("0011".to_owned())] {
            assert!(Story { fingerprint, ..Story::new(1, false) }.is_foreign(&set));
        }
        // One that names the fingerprint of the key here brings no key of its own for it.
        let own = Keys::load(&settings(&story.machine.path().join("own"), &set), &Random::System);
        let fingerprint = Some(own.ok().unwrap().addresses.fingerprint());
        assert!(matches!(
            Story { fingerprint, ..Story::new(1, false) }.choose(&set, false),
            Err(KeysError::Foreign(LEDGER_KEY, _))
        ));
        assert_eq!(Story::new(1, false).sources(&set, true), [KeySource::BackUp; 2]);
    }

    #[test]
    fn a_secret_key_that_lies_here_counts_as_one_that_is_set() {
        let story = Story::new(1, false);
        std::fs::write(story.machine.path().join(SECRET_KEY), secret(2)).unwrap();
        assert!(matches!(story.choose(&[], false), Err(KeysError::Foreign(ADDRESS_KEY, _))));
        std::fs::write(story.machine.path().join(SECRET_KEY), secret(1)).unwrap();
        assert_eq!(story.sources(&[], false), [KeySource::SecretKey; 2]);
    }

    #[test]
    fn where_no_key_is_those_of_the_back_up_are_taken() {
        for kept in [true, false] {
            let story = Story::new(1, kept);
            assert_eq!(story.sources(&[], false), [KeySource::BackUp; 2]);
            assert!(story.machine.path().join(SECRET_KEY).exists());
            let chosen = story.choose(&[], false).ok().unwrap();
            assert_eq!(Some(chosen.keys.addresses.fingerprint()), story.fingerprint);
        }
        let none = Story::new(1, false);
        std::fs::remove_dir_all(none.folder.path()).unwrap();
        let chosen = none.choose(&[], true).ok().unwrap();
        assert_eq!([chosen.address, chosen.ledger], [KeySource::New; 2]);
    }

    #[test]
    fn a_secret_key_of_the_back_up_takes_no_set_ones_place() {
        let story = Story::new(1, true);
        let given = secret(1);
        assert_eq!(
            story.sources(&[("ASSENT_SECRET_KEY", &given)], true),
            [KeySource::SecretKey; 2]
        );
        assert!(!story.machine.path().join(SECRET_KEY).exists());
    }

    #[test]
    fn keys_that_are_given_or_lie_here_come_first() {
        let story = Story::new(1, true);
        let (own, key) = (secret(7), SigningKey::new(KeyName::parse("x").unwrap(), [7; 32]));
        let key = key.to_text();
        let set =
            [("ASSENT_ADDRESS_KEY", own.as_str()), ("ASSENT_LEDGER_KEY", key.expose_secret())];
        assert_eq!(story.sources(&set, true), [KeySource::Settings; 2]);
        for (name, text) in [(ADDRESS_KEY, own.as_str()), (LEDGER_KEY, key.expose_secret())] {
            std::fs::write(story.machine.path().join(name), text).unwrap();
        }
        assert_eq!(story.sources(&[], true), [KeySource::DataDirectory; 2]);
    }

    #[test]
    fn what_is_no_key_is_named() {
        for (name, text) in [(ADDRESS_KEY, "short"), (LEDGER_KEY, "PRIVATE+KEY"), (SECRET_KEY, "")]
        {
            let story = Story::new(1, true);
            std::fs::write(story.folder.path().join(name), text).unwrap();
            let refused = story.choose(&[], false).err().unwrap().to_string();
            assert!(refused.contains(name), "{refused}");
        }
    }
}
