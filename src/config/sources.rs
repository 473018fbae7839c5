//! Where settings are written: a TOML file, overridden by environment variables; `…_FILE` reads a
//! value from a file.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use crate::domain::nearest::nearest;

/// Every setting: its name in TOML, and its environment variable.
const KNOWN: &[(&str, &str)] = &[
    ("base_url", "ASSENT_BASE_URL"),
    ("listen", "ASSENT_LISTEN"),
    ("data_dir", "ASSENT_DATA_DIR"),
    ("database_url", "ASSENT_DATABASE_URL"),
    ("database.connections", "ASSENT_DATABASE_CONNECTIONS"),
    ("database.clock", "ASSENT_DATABASE_CLOCK"),
    ("files_url", "ASSENT_FILES_URL"),
    ("mail.url", "ASSENT_MAIL_URL"),
    ("mail.from", "ASSENT_MAIL_FROM"),
    ("mail.bounce_domain", "ASSENT_MAIL_BOUNCE_DOMAIN"),
    ("mail.relay_events", "ASSENT_MAIL_RELAY_EVENTS"),
    ("mail.relay_events_key", "ASSENT_MAIL_RELAY_EVENTS_KEY"),
    ("mail.timeout", "ASSENT_MAIL_TIMEOUT"),
    ("mail.connections", "ASSENT_MAIL_CONNECTIONS"),
    ("mail.check_domains", "ASSENT_MAIL_CHECK_DOMAINS"),
    ("mail.dns_server", "ASSENT_MAIL_DNS_SERVER"),
    ("mail.per_domain", "ASSENT_MAIL_PER_DOMAIN"),
    ("mail.dkim_domain", "ASSENT_MAIL_DKIM_DOMAIN"),
    ("mail.dkim_keys", "ASSENT_MAIL_DKIM_KEYS"),
    ("secret_key", "ASSENT_SECRET_KEY"),
    ("address_key", "ASSENT_ADDRESS_KEY"),
    ("ledger.key", "ASSENT_LEDGER_KEY"),
    ("ledger.old_keys", "ASSENT_LEDGER_OLD_KEYS"),
    ("ledger.witness_mail", "ASSENT_LEDGER_WITNESS_MAIL"),
    ("ledger.witnesses", "ASSENT_LEDGER_WITNESSES"),
    ("ledger.timestamp_url", "ASSENT_LEDGER_TIMESTAMP_URL"),
    ("trusted_proxies", "ASSENT_TRUSTED_PROXIES"),
    ("controller.name", "ASSENT_CONTROLLER_NAME"),
    ("controller.address", "ASSENT_CONTROLLER_ADDRESS"),
    ("controller.contact", "ASSENT_CONTROLLER_CONTACT"),
    ("controller.identifier", "ASSENT_CONTROLLER_IDENTIFIER"),
    ("processing.jurisdiction", "ASSENT_PROCESSING_JURISDICTION"),
    ("processing.recipients", "ASSENT_PROCESSING_RECIPIENTS"),
    ("processing.retention", "ASSENT_PROCESSING_RETENTION"),
    ("processing.storage", "ASSENT_PROCESSING_STORAGE"),
    ("source_url", "ASSENT_SOURCE_URL"),
    ("security_contact", "ASSENT_SECURITY_CONTACT"),
    ("timezone", "ASSENT_TIMEZONE"),
    ("confirm_ttl", "ASSENT_CONFIRM_TTL"),
    ("download.ttl", "ASSENT_DOWNLOAD_TTL"),
    ("download.limit", "ASSENT_DOWNLOAD_LIMIT"),
    ("pending_retention", "ASSENT_PENDING_RETENTION"),
    ("evidence_retention", "ASSENT_EVIDENCE_RETENTION"),
    ("requests_retention", "ASSENT_REQUESTS_RETENTION"),
    ("limits.signups_per_ip", "ASSENT_LIMIT_SIGNUPS_PER_IP"),
    ("limits.mail_per_address", "ASSENT_LIMIT_MAIL_PER_ADDRESS"),
    ("bot_check", "ASSENT_BOT_CHECK"),
    ("limits.confirmations_collapse", "ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE"),
    ("templates_dir", "ASSENT_TEMPLATES_DIR"),
    ("brand.colour", "ASSENT_BRAND_COLOUR"),
    ("brand.logo", "ASSENT_BRAND_LOGO"),
    ("brand.icon", "ASSENT_BRAND_ICON"),
    ("draw_covers", "ASSENT_DRAW_COVERS"),
    ("embed_origins", "ASSENT_EMBED_ORIGINS"),
    ("signup_sources", "ASSENT_SIGNUP_SOURCES"),
    ("disposable_domains", "ASSENT_DISPOSABLE_DOMAINS"),
    ("webhooks.allowed_hosts", "ASSENT_WEBHOOKS_ALLOWED_HOSTS"),
    ("log_format", "ASSENT_LOG_FORMAT"),
];

/// Those that may be lists.
const LISTS: &[&str] = &[
    "secret_key",
    "ledger.key",
    "ledger.old_keys",
    "ledger.witnesses",
    "trusted_proxies",
    "embed_origins",
    "bot_check",
    "webhooks.allowed_hosts",
    "mail.dkim_keys",
];

/// Read elsewhere, so not settings of the file.
const ELSEWHERE: &[&str] = &["ASSENT_CONFIG", "ASSENT_NO_MIGRATE"];
const PREFIX: &str = "ASSENT_";

/// Where one value was written, by the name the operator used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name the operator used, behind the file and the line where it stands in one.
    pub shown: String,
    /// The value as written.
    pub value: String,
}

/// The values that were written, by their name in TOML.
#[derive(Debug, Default)]
pub struct Values {
    set: HashMap<&'static str, Source>,
    /// What was written and is no value of a setting.
    wrong: Vec<ConfigError>,
}

impl Values {
    /// Reads the file, if there is one, then the environment over it. What cannot be read, or is no setting, is told by
    /// [`Settings::check`](super::Settings::check), with all else that is wrong.
    #[must_use]
    pub fn read<T: Into<OsString>>(
        file: Option<&Path>,
        environment: impl Iterator<Item = (T, T)>,
    ) -> Self {
        let mut values = Self::default();
        if let Some(path) = file
            && let Err(error) = values.read_toml(path)
        {
            values.wrong.push(error);
        }
        // Sorted, so that mistakes are named in one order on every start.
        let ours: BTreeMap<String, OsString> = environment
            .filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())))
            .filter(|(name, _)| name.starts_with(PREFIX) && !ELSEWHERE.contains(&name.as_str()))
            .collect();
        for (name, value) in ours {
            if let Err(error) = values.read_variable(&name, value) {
                values.wrong.push(error);
            }
        }
        values
    }

    /// The value of one setting, as written.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Source> {
        self.set.get(key)
    }

    /// Sets a value where none was written.
    pub fn set_default(&mut self, key: &str, value: &str) {
        if let Some((key, _)) = KNOWN.iter().find(|(known, _)| *known == key) {
            let source = Source { shown: (*key).to_owned(), value: value.to_owned() };
            self.set.entry(key).or_insert(source);
        }
    }

    /// Takes a value out, as if it had not been written.
    pub(super) fn take_out(&mut self, key: &str) -> Option<Source> {
        self.set.remove(key)
    }

    /// What was written and is no value of a setting.
    pub(super) fn take_wrong(&mut self) -> Vec<ConfigError> {
        std::mem::take(&mut self.wrong)
    }

    fn read_toml(&mut self, path: &Path) -> Result<(), ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read(file.clone(), error))?;
        let table = DeTable::parse(&text).map_err(|error| {
            let line = line_of(&text, error.span().map_or(0, |span| span.start));
            ConfigError::Toml(file.clone(), format!("line {line}: {}", error.message()))
        })?;
        for Written { name, value, at, is_list } in flatten("", table.get_ref()) {
            // An unknown name may be anything, and is shown at a terminal.
            let plain = name.replace(char::is_control, " ");
            let shown = format!("{file}, line {}: {plain}", line_of(&text, at));
            match KNOWN.iter().find(|(key, _)| *key == name) {
                Some((key, _)) if is_list && !LISTS.contains(key) => {
                    let why = "write one value, not a list".to_owned();
                    self.wrong.push(ConfigError::Wrong { key, shown, why });
                }
                Some((key, _)) => {
                    self.set.insert(key, Source { shown, value });
                }
                None => {
                    self.wrong.push(unknown(&name, shown, KNOWN.iter().map(|(key, _)| *key)));
                }
            }
        }
        Ok(())
    }

    fn read_variable(&mut self, name: &str, value: OsString) -> Result<(), ConfigError> {
        let shown = name.to_owned();
        if let Some((key, _)) = KNOWN.iter().find(|(_, variable)| *variable == name) {
            let why = || "write UTF-8 text".to_owned();
            let value = value.into_string().map_err(|_| ConfigError::Wrong {
                key,
                shown: shown.clone(),
                why: why(),
            })?;
            self.set.insert(key, Source { shown, value });
            return Ok(());
        }
        let from_file = name.strip_suffix("_FILE");
        let known = KNOWN.iter().find(|(_, variable)| Some(*variable) == from_file);
        let Some((key, _)) = known else {
            return Err(unknown(name, shown, KNOWN.iter().map(|(_, variable)| *variable)));
        };
        // The value may be the secret itself, by mistake.
        let text = read_value(Path::new(&value))
            .map_err(|error| ConfigError::Read(format!("the file that {name} names"), error))?;
        self.set.insert(key, Source { shown, value: text.trim_end().to_owned() });
        Ok(())
    }
}

/// A value of the file.
struct Written {
    name: String,
    value: String,
    /// Where its name begins, in bytes.
    at: usize,
    is_list: bool,
}

/// The longest value of a file of its own, in bytes.
const VALUE_MOST: u64 = 64 * 1024;

/// Reads a value from a file of its own, which may be a pipe.
fn read_value(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(VALUE_MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > VALUE_MOST {
        return Err(io::Error::other("it is longer than 64 KiB"));
    }
    Ok(text)
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Nested tables as dotted names; lists as comma-separated values.
fn flatten(prefix: &str, table: &DeTable<'_>) -> Vec<Written> {
    let mut flat = Vec::new();
    for (key, value) in table {
        let name = if prefix.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{prefix}.{}", key.get_ref())
        };
        let at = key.span().start;
        match value.get_ref() {
            DeValue::Table(table) => flat.append(&mut flatten(&name, table)),
            DeValue::Array(values) => {
                let values: Vec<String> =
                    values.iter().map(|value| plain(value.get_ref())).collect();
                flat.push(Written { name, value: values.join(","), at, is_list: true });
            }
            value => flat.push(Written { name, value: plain(value), at, is_list: false }),
        }
    }
    flat
}

fn plain(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        // Settings are read in tens.
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| number.to_string(), |number| number.to_string()),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        // No list is of these, so its reader refuses what stands there.
        DeValue::Array(_) | DeValue::Table(_) => "[…]".to_owned(),
    }
}

fn unknown<'a>(name: &str, shown: String, known: impl Iterator<Item = &'a str>) -> ConfigError {
    let hint = nearest(name, known).map_or_else(
        || "; README.md names them all".to_owned(),
        |known| format!("; did you mean {known}?"),
    );
    ConfigError::Unknown(shown, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str, environment: &[(&str, &str)]) -> Values {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("assent.toml");
        std::fs::write(&file, toml).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Values::read(Some(&file), environment)
    }

    /// What is wrong, the directory of the file left out.
    fn wrong(toml: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let wrong = read(toml, environment).take_wrong().into_iter().map(|error| {
            let text = error.to_string();
            text.split_once("assent.toml").map_or(text.clone(), |(_, after)| after.to_owned())
        });
        wrong.collect()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let values = read(
            "listen = '127.0.0.1:1'\n[mail]\nurl = 'file:a'\n[download]\nlimit = 3",
            &[("ASSENT_LISTEN", "127.0.0.1:2"), ("PATH", "/bin")],
        );
        let value = |key| values.get(key).map(|source| source.value.as_str());
        assert_eq!(value("listen"), Some("127.0.0.1:2"));
        assert_eq!(value("mail.url"), Some("file:a"));
        assert_eq!(value("download.limit"), Some("3"));
        assert_eq!(value("base_url"), None);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        assert_eq!(
            wrong("listen = '127.0.0.1:1'\n[mail]\nurls = 'x'\n\n[nothing]\nlike = {it = 1}", &[]),
            [
                ", line 3: mail.urls is not a setting; did you mean mail.url?",
                ", line 6: nothing.like.it is not a setting; README.md names them all",
            ]
        );
        assert_eq!(
            wrong("a b", &[("ASSENT_BASEURL", "x"), ("ASSENT_MAIL_URL_FILE", "/nonexistent")]),
            [
                " is not valid TOML: line 1: key with no value, expected `=`",
                "ASSENT_BASEURL is not a setting; did you mean ASSENT_BASE_URL?",
                "the file that ASSENT_MAIL_URL_FILE names cannot be read",
            ]
        );
    }

    #[test]
    fn lists_and_numbers_are_read_as_a_variable_would_say_them() {
        let values = read("trusted_proxies = ['::1', \"10.0.0.0/8\"]\ndownload.limit = 0x10", &[]);
        assert_eq!(values.get("trusted_proxies").unwrap().value, "::1,10.0.0.0/8");
        let limit = values.get("download.limit").unwrap();
        assert_eq!(limit.value, "16");
        assert!(limit.shown.ends_with(", line 2: download.limit"), "{}", limit.shown);
    }

    #[test]
    fn a_value_may_lie_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("url");
        std::fs::write(&file, "smtp://relay\n").unwrap();
        let values = read("", &[("ASSENT_MAIL_URL_FILE", file.to_str().unwrap())]);
        assert_eq!(values.get("mail.url").unwrap().value, "smtp://relay");
    }
    #[test]
    fn what_is_no_text_is_told_and_what_is_not_ours_passed_over() {
        use std::os::unix::ffi::OsStringExt;

        let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
        let environment = [
            (bytes(b"OTHER\xff"), bytes(b"x")),
            (bytes(b"OTHER"), bytes(b"\xff")),
            (bytes(b"ASSENT_LISTEN"), bytes(b"\xff")),
            (bytes(b"ASSENT_SECRET_KEY_FILE"), bytes(b"hunter2")),
            (bytes(b"ASSENT_ADDRESS_KEY_FILE"), bytes(b"/dev/zero")),
        ];
        let wrong = Values::read(None, environment.into_iter()).take_wrong();
        let told: Vec<String> =
            wrong.iter().map(|error| crate::domain::sentence::sentence(error)).collect();
        assert!(told[0].starts_with(
            "the file that ASSENT_ADDRESS_KEY_FILE names cannot be read: it is longer"
        ));
        assert_eq!(told[1], "ASSENT_LISTEN is wrong: write UTF-8 text");
        assert!(told[2].starts_with("the file that ASSENT_SECRET_KEY_FILE names cannot be read: "));
        assert!(!told.concat().contains("hunter2"));
    }

    #[test]
    fn a_list_stands_only_where_several_values_may() {
        let told = wrong("listen = ['a', 'b']\n\"a\\u001bb\" = 1\ntrusted_proxies = ['::1']", &[]);
        assert!(told[0].starts_with(", line 2: a b is not a setting"), "{told:?}");
        assert_eq!(told[1], ", line 1: listen is wrong: write one value, not a list");
        assert_eq!(told.len(), 2);
    }
}
