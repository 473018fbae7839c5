//! Where settings are written: a TOML file, overridden by environment variables; `…_FILE` reads a
//! value from a file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

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
    /// The name the operator used.
    pub name: String,
    /// The value as written.
    pub value: String,
}

/// The values that were written, by their name in TOML.
#[derive(Clone, Debug, Default)]
pub struct Values(HashMap<&'static str, Source>);

impl Values {
    /// Reads the file, if there is one, then the environment over it.
    ///
    /// # Errors
    /// When a file cannot be read, or a name is not a setting.
    pub fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut values = Self::default();
        if let Some(path) = file {
            values.read_toml(path)?;
        }
        // Sorted, so that the same mistake is named first on every start.
        let ours: BTreeMap<String, String> =
            environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        for (name, value) in ours {
            if !ELSEWHERE.contains(&name.as_str()) {
                values.read_variable(&name, value)?;
            }
        }
        Ok(values)
    }

    /// The value of one setting, as written.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Source> {
        self.0.get(key)
    }

    /// Sets a value where none was written.
    pub fn set_default(&mut self, key: &str, value: &str) {
        if let Some((key, _)) = KNOWN.iter().find(|(known, _)| *known == key) {
            let source = Source { name: (*key).to_owned(), value: value.to_owned() };
            self.0.entry(key).or_insert(source);
        }
    }

    fn read_toml(&mut self, path: &Path) -> Result<(), ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read(shown.clone(), error))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.char_indices().take_while(|(place, _)| *place < at);
            let line = before.filter(|(_, c)| *c == '\n').count() + 1;
            ConfigError::Toml(shown, format!("line {line}: {}", error.message()))
        })?;
        for (name, value) in flatten("", &table) {
            let Some((key, _)) = KNOWN.iter().find(|(key, _)| *key == name) else {
                return Err(unknown(&name, KNOWN.iter().map(|(key, _)| *key)));
            };
            self.0.insert(key, Source { name, value });
        }
        Ok(())
    }

    fn read_variable(&mut self, name: &str, value: String) -> Result<(), ConfigError> {
        if let Some((key, _)) = KNOWN.iter().find(|(_, variable)| *variable == name) {
            self.0.insert(key, Source { name: name.to_owned(), value });
            return Ok(());
        }
        let from_file = name.strip_suffix("_FILE");
        let known = KNOWN.iter().find(|(_, variable)| Some(*variable) == from_file);
        let Some((key, _)) = known else {
            return Err(unknown(name, KNOWN.iter().map(|(_, variable)| *variable)));
        };
        let text = std::fs::read_to_string(&value).map_err(|e| ConfigError::Read(value, e))?;
        self.0.insert(key, Source { name: name.to_owned(), value: text.trim_end().to_owned() });
        Ok(())
    }
}

/// Nested tables as dotted names; lists as comma-separated values.
fn flatten(prefix: &str, table: &toml::Table) -> Vec<(String, String)> {
    let mut flat = Vec::new();
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(table) => flat.append(&mut flatten(&name, table)),
            toml::Value::Array(values) => {
                let values: Vec<String> = values.iter().map(plain).collect();
                flat.push((name, values.join(",")));
            }
            value => flat.push((name, plain(value))),
        }
    }
    flat
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ConfigError {
    let hint = nearest(name, known).map_or_else(
        || "; README.md names them all".to_owned(),
        |known| format!("; did you mean {known}?"),
    );
    ConfigError::Unknown(name.to_owned(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str, environment: &[(&str, &str)]) -> Result<Values, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("assent.toml");
        std::fs::write(&file, toml).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Values::read(Some(&file), environment).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let values = read(
            "listen = '127.0.0.1:1'\n[mail]\nurl = 'file:a'\n[download]\nlimit = 3",
            &[("ASSENT_LISTEN", "127.0.0.1:2"), ("PATH", "/bin")],
        )
        .unwrap();
        let value = |key| values.get(key).map(|source| source.value.as_str());
        assert_eq!(value("listen"), Some("127.0.0.1:2"));
        assert_eq!(value("mail.url"), Some("file:a"));
        assert_eq!(value("download.limit"), Some("3"));
        assert_eq!(value("base_url"), None);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = read("[mail]\nurls = 'x'", &[]).unwrap_err();
        assert_eq!(error, "mail.urls is not a setting; did you mean mail.url?");
        let error = read("", &[("ASSENT_BASEURL", "x")]).unwrap_err();
        assert_eq!(error, "ASSENT_BASEURL is not a setting; did you mean ASSENT_BASE_URL?");
    }

    #[test]
    fn a_value_may_lie_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("url");
        std::fs::write(&file, "smtp://relay\n").unwrap();
        let values = read("", &[("ASSENT_MAIL_URL_FILE", file.to_str().unwrap())]).unwrap();
        assert_eq!(values.get("mail.url").unwrap().value, "smtp://relay");
        assert!(read("", &[("ASSENT_MAIL_URL_FILE", "/nonexistent")]).is_err());
    }
}
