//! Where settings are written: a TOML file, overridden by environment variables; `…_FILE` reads a
//! value from a file.

use std::collections::{BTreeMap, HashMap};
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
    ("files_url", "ASSENT_FILES_URL"),
    ("mail.url", "ASSENT_MAIL_URL"),
    ("mail.from", "ASSENT_MAIL_FROM"),
    ("mail.bounce_domain", "ASSENT_MAIL_BOUNCE_DOMAIN"),
    ("mail.relay_events", "ASSENT_MAIL_RELAY_EVENTS"),
    ("mail.relay_events_key", "ASSENT_MAIL_RELAY_EVENTS_KEY"),
    ("mail.timeout", "ASSENT_MAIL_TIMEOUT"),
    ("mail.connections", "ASSENT_MAIL_CONNECTIONS"),
    ("mail.per_domain", "ASSENT_MAIL_PER_DOMAIN"),
    ("mail.dkim_domain", "ASSENT_MAIL_DKIM_DOMAIN"),
    ("mail.dkim_keys", "ASSENT_MAIL_DKIM_KEYS"),
    ("secret_key", "ASSENT_SECRET_KEY"),
    ("address_key", "ASSENT_ADDRESS_KEY"),
    ("ledger.key", "ASSENT_LEDGER_KEY"),
    ("ledger.old_keys", "ASSENT_LEDGER_OLD_KEYS"),
    ("ledger.witness_mail", "ASSENT_LEDGER_WITNESS_MAIL"),
    ("trusted_proxies", "ASSENT_TRUSTED_PROXIES"),
    ("controller.name", "ASSENT_CONTROLLER_NAME"),
    ("controller.address", "ASSENT_CONTROLLER_ADDRESS"),
    ("controller.contact", "ASSENT_CONTROLLER_CONTACT"),
    ("timezone", "ASSENT_TIMEZONE"),
    ("confirm_ttl", "ASSENT_CONFIRM_TTL"),
    ("download.ttl", "ASSENT_DOWNLOAD_TTL"),
    ("download.limit", "ASSENT_DOWNLOAD_LIMIT"),
    ("pending_retention", "ASSENT_PENDING_RETENTION"),
    ("evidence_retention", "ASSENT_EVIDENCE_RETENTION"),
    ("limits.signups_per_ip", "ASSENT_LIMIT_SIGNUPS_PER_IP"),
    ("limits.mail_per_address", "ASSENT_LIMIT_MAIL_PER_ADDRESS"),
    ("limits.confirmations_collapse", "ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE"),
    ("templates_dir", "ASSENT_TEMPLATES_DIR"),
    ("embed_origins", "ASSENT_EMBED_ORIGINS"),
    ("log_format", "ASSENT_LOG_FORMAT"),
];

/// Read elsewhere, so not settings of the file.
const ELSEWHERE: &[&str] = &["ASSENT_CONFIG"];
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
    pub fn read(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Self {
        let mut values = Self::default();
        if let Some(path) = file
            && let Err(error) = values.read_toml(path)
        {
            values.wrong.push(error);
        }
        // Sorted, so that mistakes are named in one order on every start.
        let ours: BTreeMap<String, String> =
            environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        for (name, value) in ours {
            if !ELSEWHERE.contains(&name.as_str())
                && let Err(error) = values.read_variable(&name, value)
            {
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
        for Written { name, value, at } in flatten("", table.get_ref()) {
            let shown = format!("{file}, line {}: {name}", line_of(&text, at));
            match KNOWN.iter().find(|(key, _)| *key == name) {
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

    fn read_variable(&mut self, name: &str, value: String) -> Result<(), ConfigError> {
        let shown = name.to_owned();
        if let Some((key, _)) = KNOWN.iter().find(|(_, variable)| *variable == name) {
            self.set.insert(key, Source { shown, value });
            return Ok(());
        }
        let from_file = name.strip_suffix("_FILE");
        let known = KNOWN.iter().find(|(_, variable)| Some(*variable) == from_file);
        let Some((key, _)) = known else {
            return Err(unknown(name, shown, KNOWN.iter().map(|(_, variable)| *variable)));
        };
        let text = std::fs::read_to_string(&value)
            .map_err(|error| ConfigError::Read(format!("{value} ({name})"), error))?;
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
                flat.push(Written { name, value: values.join(","), at });
            }
            value => flat.push(Written { name, value: plain(value), at }),
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
        // No setting is a list of these, so its reader refuses what stands there.
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
                "/nonexistent (ASSENT_MAIL_URL_FILE) cannot be read",
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
}
