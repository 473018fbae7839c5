//! What the operator set, as types.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use assent_ledger::note::VerifyingKey;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::mail_settings::MailSettings;
use super::page_settings::PageSettings;
use super::published::{SOURCE_URL, security_contact, source_url};
use super::read::{duration, from_str, link_lifetime, parse, path, said, yes_or_no};
use super::sources::Values;
use super::{ConfigError, ConfigErrors};
use crate::domain::alarm::OnCollapse;
use crate::domain::base_url::{host, origin};
use crate::domain::consent::processing::Processing;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::limit::{MailLimit, Window};
use crate::domain::signup::bot_check::BotCheck;
use crate::domain::signup::link_lifetime::LinkLifetime;
use crate::domain::time_zone::TimeZone;
use crate::outgoing_http::AllowedHosts;
use crate::site::{Controller, Site};
use crate::store::CONNECTIONS;
use crate::time_stamping::time_stamping_address;
use crate::witnesses::{Witness, read_witnesses};

/// Every setting, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only source of the origin in links.
    pub base_url: Url,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything lies that has no place of its own.
    pub data_dir: PathBuf,
    /// The database.
    pub database_url: SecretString,
    /// How many connections to PostgreSQL this process may hold at once.
    pub database_connections: u32,
    /// Whether the database's clock counts, and not this machine's own.
    pub database_clock: bool,
    /// The report files.
    pub files_url: String,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Link secrets, base64, comma-separated: the first signs.
    pub secret_key: Option<SecretString>,
    /// The address secret, base64.
    pub address_key: Option<SecretString>,
    /// What signs the ledger, comma-separated: the first signs receipts, all sign checkpoints.
    pub ledger_key: Option<SecretString>,
    /// Public keys that signed checkpoints before, and whose private half is no longer here.
    pub ledger_old_keys: Vec<VerifyingKey>,
    /// Who is mailed a signed tree head every day.
    pub ledger_witness_mail: Option<EmailAddress>,
    /// Who is asked to sign each newest tree head.
    pub ledger_witnesses: Vec<Witness>,
    /// Who stamps the newest tree head of each day with the time.
    pub ledger_timestamp_url: Option<Url>,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The legal entity named in notices.
    pub controller: Controller,
    /// What evidence says of the processing.
    pub processing: Processing,
    /// Where the sources of what runs here are offered (AGPL-3.0 §13).
    pub source_url: Option<Url>,
    /// How a vulnerability of this installation is reported: `mailto:` or `https:` (RFC 9116 §2.5.3).
    pub security_contact: Option<Url>,
    /// The zone of days and times that people read and type.
    pub timezone: TimeZone,
    /// How long a confirmation link works.
    pub confirm_ttl: LinkLifetime,
    /// How long a download link works.
    pub download_ttl: LinkLifetime,
    /// How many downloads a link is good for.
    pub download_limit: i64,
    /// How long an unconfirmed signup is kept.
    pub pending_retention: Duration,
    /// How long evidence is kept after all consents of a person ended.
    pub evidence_retention: Duration,
    /// How long a complaint or a request is kept after it was closed.
    pub requests_retention: Duration,
    /// How many signups one address of the network may send.
    pub signups_per_ip: Option<Window>,
    /// How many confirmation mails one mailbox may be sent.
    pub mail_per_address: MailLimit,
    /// What happens when hardly anybody who was mailed through a form confirms.
    pub confirmations_collapse: OnCollapse,
    /// Which forms ask for a bot check.
    pub bot_check: BotCheck,
    /// The operator's templates.
    pub templates_dir: Option<PathBuf>,
    /// Origins that may post forms, call the signup API and frame the form.
    pub embed_origins: Vec<String>,
    /// What readers' pages look like.
    pub pages: PageSettings,
    /// Whether it is kept where readers came from.
    pub signup_sources: bool,
    /// The file of the domains at which mailboxes are thrown away.
    pub disposable_domains: Option<PathBuf>,
    /// Hosts that webhooks may be sent to in the clear, and wherever they are.
    pub webhook_hosts: AllowedHosts,
    /// Whether the log is JSON.
    pub log_json: bool,
}

/// The second of each two is held against the first: where that is wrong, nothing can be said of it.
const HELD_AGAINST: &[(&str, &str)] =
    &[("mail.from", "mail.dkim_domain"), ("mail.relay_events", "mail.relay_events_key")];

impl Settings {
    /// Checks the values that were written and fills in the defaults.
    ///
    /// # Errors
    /// Names each setting that does not fit, and what it should look like.
    pub fn check(mut values: Values) -> Result<Self, ConfigErrors> {
        let mut wrong = values.take_wrong();
        let unread =
            |error: &ConfigError| matches!(error, ConfigError::Read(..) | ConfigError::Toml(..));
        let all_is_read = !wrong.iter().any(unread);
        loop {
            match Self::read(&values) {
                Ok(settings) if wrong.is_empty() => return Ok(settings),
                Ok(_) => return Err(ConfigErrors(wrong)),
                Err(error) => {
                    // Without what is wrong, the rest is read.
                    let goes_on = match &error {
                        ConfigError::Wrong { key, .. } => {
                            for (_, held) in HELD_AGAINST.iter().filter(|(first, _)| first == key) {
                                values.take_out(held);
                            }
                            values.take_out(key).is_some()
                        }
                        _ => false,
                    };
                    // What is missing may stand in the file that could not be read, or was wrong there.
                    if goes_on || (all_is_read && !is_told(&wrong, &error)) {
                        wrong.push(error);
                    }
                    if !goes_on {
                        return Err(ConfigErrors(wrong));
                    }
                }
            }
        }
    }

    /// Reads them up to the first that does not fit.
    fn read(values: &Values) -> Result<Self, ConfigError> {
        let text = |key: &str, default: &str| {
            values.get(key).map_or_else(|| default.to_owned(), |source| source.value.clone())
        };
        let secret = |key: &str| values.get(key).map(|s| SecretString::from(s.value.clone()));
        let data_dir = PathBuf::from(text("data_dir", "data"));
        let in_data =
            |scheme: &str, name: &str| format!("{scheme}:{}", data_dir.join(name).display());
        let base_url = parse(values, "base_url", "http://127.0.0.1:8080", base_url)?;
        let hello = host(&base_url).to_owned();
        Ok(Self {
            listen: parse(values, "listen", "127.0.0.1:8080", |text| {
                text.parse().map_err(|_| "write ADDRESS:PORT, such as 127.0.0.1:8080".to_owned())
            })?,
            database_url: text("database_url", &in_data("sqlite", "assent.db")).into(),
            database_connections: parse(
                values,
                "database.connections",
                &CONNECTIONS.to_string(),
                connections,
            )?,
            database_clock: parse(values, "database.clock", "database", |text| match text {
                "database" => Ok(true),
                "machine" => Ok(false),
                _ => Err("write `database` or `machine`".to_owned()),
            })?,
            files_url: text("files_url", &in_data("file", "files")),
            secret_key: secret("secret_key"),
            address_key: secret("address_key"),
            ledger_key: secret("ledger.key"),
            ledger_old_keys: parse(values, "ledger.old_keys", "", |text| {
                let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
                keys.map(|key| VerifyingKey::parse(key).map_err(|error| said(&error))).collect()
            })?,
            ledger_witness_mail: parse(values, "ledger.witness_mail", "", |text| match text {
                "" => Ok(None),
                text => EmailAddress::parse(text).map(Some).map_err(|error| said(&error)),
            })?,
            ledger_witnesses: parse(values, "ledger.witnesses", "", |text| {
                read_witnesses(text).map_err(|error| said(&error))
            })?,
            ledger_timestamp_url: parse(values, "ledger.timestamp_url", "", |text| match text {
                "" => Ok(None),
                text => time_stamping_address(text).map(Some).map_err(|error| said(&error)),
            })?,
            trusted_proxies: parse(values, "trusted_proxies", "", proxies)?,
            controller: Controller {
                name: text("controller.name", "").trim().to_owned(),
                address: text("controller.address", "").trim().to_owned(),
                contact: text("controller.contact", "").trim().to_owned(),
                identifier: text("controller.identifier", "").trim().to_owned(),
            },
            processing: Processing {
                jurisdiction: text("processing.jurisdiction", "").trim().to_owned(),
                recipients: recipients(&text("processing.recipients", "")),
                retention: text("processing.retention", "").trim().to_owned(),
                storage: text("processing.storage", "").trim().to_owned(),
            },
            source_url: parse(values, "source_url", SOURCE_URL, source_url)?,
            security_contact: parse(values, "security_contact", "", security_contact)?,
            timezone: parse(values, "timezone", "UTC", from_str)?,
            confirm_ttl: parse(values, "confirm_ttl", "48h", link_lifetime)?,
            download_ttl: parse(values, "download.ttl", "30d", link_lifetime)?,
            download_limit: parse(values, "download.limit", "20", |text| {
                let limit = text.parse().ok().filter(|limit| *limit > 0);
                limit.ok_or_else(|| "write a whole number above 0".to_owned())
            })?,
            pending_retention: parse(values, "pending_retention", "7d", duration)?,
            evidence_retention: parse(values, "evidence_retention", "6y", duration)?,
            requests_retention: parse(values, "requests_retention", "3y", duration)?,
            signups_per_ip: parse(values, "limits.signups_per_ip", "30/min", |text| match text {
                "off" => Ok(None),
                text => text.parse().map(Some).map_err(|error| said(&error)),
            })?,
            mail_per_address: parse(values, "limits.mail_per_address", "2/15min,4/day", from_str)?,
            confirmations_collapse: parse(
                values,
                "limits.confirmations_collapse",
                "alarm",
                |text| match text {
                    "alarm" => Ok(OnCollapse::Alarm),
                    "pause" => Ok(OnCollapse::Pause),
                    "off" => Ok(OnCollapse::Off),
                    _ => Err("write `alarm`, `pause` or `off`".to_owned()),
                },
            )?,
            bot_check: parse(values, "bot_check", "off", from_str)?,
            templates_dir: path(values, "templates_dir"),
            embed_origins: parse(values, "embed_origins", "", origins)?,
            pages: PageSettings::check(values)?,
            signup_sources: parse(values, "signup_sources", "true", yes_or_no)?,
            disposable_domains: path(values, "disposable_domains"),
            webhook_hosts: parse(values, "webhooks.allowed_hosts", "", AllowedHosts::read)?,
            log_json: parse(values, "log_format", "text", log_format)?,
            mail: MailSettings::check(values, &data_dir, &hello)?,
            base_url,
            data_dir,
        })
    }

    /// The origin of all links, without a slash at its end.
    #[must_use]
    pub fn origin(&self) -> String {
        origin(&self.base_url).to_owned()
    }

    /// The site as pages and mails show it; mails need no stylesheet.
    #[must_use]
    pub fn site(&self, demo: bool, css: String, icon: String) -> Site {
        Site {
            name: self.controller.site_name().to_owned(),
            controller: self.controller.clone(),
            demo,
            css,
            icon,
            timezone: self.timezone.clone(),
            source_url: self.source_url.as_ref().map(ToString::to_string),
        }
    }
}

/// Whether this setting was told of already.
fn is_told(wrong: &[ConfigError], error: &ConfigError) -> bool {
    let key = |error: &ConfigError| match error {
        ConfigError::Wrong { key, .. } => Some(*key),
        _ => None,
    };
    wrong.iter().any(|told| key(told).is_some() && key(told) == key(error))
}

/// Whether it is JSON.
fn log_format(text: &str) -> Result<bool, String> {
    match text {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err("write `text` or `json`".to_owned()),
    }
}

/// Fewer would have pages wait for exports.
fn connections(text: &str) -> Result<u32, String> {
    let connections = text.parse().ok().filter(|connections| (6..=1000).contains(connections));
    connections.ok_or_else(|| "write a whole number from 6 to 1000".to_owned())
}

fn base_url(text: &str) -> Result<Url, String> {
    let wrong =
        || "write an address such as https://reports.example.org, without a path".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty();
    if plain { Ok(url) } else { Err(wrong()) }
}

/// A name or a sentence each, with semicolons between: commas stand within them.
fn recipients(text: &str) -> Vec<String> {
    let each = text.split(';').map(str::trim);
    each.filter(|one| !one.is_empty()).map(ToOwned::to_owned).collect()
}

fn proxies(text: &str) -> Result<Vec<IpNet>, String> {
    let one = |part: &str| {
        let part = part.trim();
        let net = part.parse().or_else(|_| part.parse::<std::net::IpAddr>().map(IpNet::from));
        net.map_err(|_| format!("`{part}` is not a network: write such as 10.0.0.0/8,::1"))
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(one).collect()
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    let one = |part: &str| {
        let url = Url::parse(part.trim()).ok().filter(|url| url.path() == "/" && url.has_host());
        url.map(|url| url.origin().ascii_serialization()).ok_or_else(|| {
            // What stands before it may be a password.
            let part = part.rsplit('@').next().unwrap_or_default();
            format!("`{part}` is not an origin: write such as https://www.example.org")
        })
    };
    text.split(',').filter(|part| !part.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Settings::check(Values::read(None, environment)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_readme() {
        let settings = check(&[]).unwrap();
        assert_eq!(settings.origin(), "http://127.0.0.1:8080");
        assert_eq!(settings.files_url, "file:data/files");
        assert_eq!(settings.download_limit, 20);
        assert_eq!(settings.confirm_ttl, LinkLifetime::new(Duration::from_hours(48)));
        assert_eq!(settings.requests_retention, Duration::from_hours(3 * 8_766));
        assert_eq!(settings.timezone, TimeZone::UTC);
        assert!(!settings.controller.is_complete());
        assert_eq!(settings.source_url.is_some(), !SOURCE_URL.is_empty());
        assert_eq!(settings.security_contact, None);
        assert!(settings.signup_sources);
        assert_eq!(settings.disposable_domains, None);
        assert_eq!(settings.bot_check, BotCheck::default());
    }

    #[test]
    fn an_error_names_the_setting_as_it_was_written() {
        for (name, value) in [
            ("ASSENT_LISTEN", "8080"),
            ("ASSENT_BASE_URL", "reports.example.org"),
            ("ASSENT_BASE_URL", "https://example.org/sub"),
            ("ASSENT_CONFIRM_TTL", "soon"),
            ("ASSENT_CONFIRM_TTL", "0s"),
            ("ASSENT_DOWNLOAD_LIMIT", "0"),
            ("ASSENT_REQUESTS_RETENTION", "for ever"),
            ("ASSENT_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
            ("ASSENT_LIMIT_SIGNUPS_PER_IP", "many"),
            ("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "stop"),
            ("ASSENT_EMBED_ORIGINS", "https://a.test/path"),
            ("ASSENT_BRAND_COLOUR", "gold"),
            ("ASSENT_BRAND_COLOUR", "#ffd700"),
            ("ASSENT_DRAW_COVERS", "never"),
            ("ASSENT_SIGNUP_SOURCES", "off"),
            ("ASSENT_BOT_CHECK", "on,alarm"),
            ("ASSENT_BOT_CHECK", "reports"),
            ("ASSENT_MAIL_FROM", "nobody"),
            ("ASSENT_MAIL_BOUNCE_DOMAIN", "localhost"),
            ("ASSENT_MAIL_BOUNCE_DOMAIN", "bounces@example.org"),
            ("ASSENT_WEBHOOKS_ALLOWED_HOSTS", "http://crm.internal"),
            ("ASSENT_LOG_FORMAT", "xml"),
            ("ASSENT_TIMEZONE", "Europe/Lodon"),
            ("ASSENT_TIMEZONE", "+01:00"),
            ("ASSENT_SOURCE_URL", "code.example.org/assent"),
            ("ASSENT_SECURITY_CONTACT", "http://example.org/report"),
            ("ASSENT_LEDGER_WITNESSES", "https://witness.example"),
            ("ASSENT_LEDGER_TIMESTAMP_URL", "stamps.example"),
        ] {
            let error = check(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("{name} is wrong: ")), "{error}");
        }
    }

    #[test]
    fn what_a_file_may_hold_that_cannot_be_read_is_not_missed() {
        let error = check(&[
            ("ASSENT_MAIL_RELAY_EVENTS", "ses"),
            ("ASSENT_MAIL_RELAY_EVENTS_KEY_FILE", "/nonexistent"),
        ]);
        let error = error.unwrap_err();
        let named = "ASSENT_MAIL_RELAY_EVENTS_KEY_FILE";
        assert!(error.contains(named) && error.lines().count() == 1, "{error}");
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let error = check(&[
            ("ASSENT_LISTEN", "8080"),
            ("ASSENT_TIMEZON", "UTC"),
            ("ASSENT_MAIL_FROM", "nobody"),
            // Right for whoever it was meant to be.
            ("ASSENT_MAIL_DKIM_DOMAIN", "example.org"),
            ("ASSENT_MAIL_RELAY_EVENTS", "ses"),
            ("ASSENT_CONFIRM_TTL", "soon"),
        ]);
        let error = error.unwrap_err();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[0], "5 things are wrong with the settings:");
        let named: Vec<&str> =
            lines[1..].iter().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(
            named,
            [
                "ASSENT_TIMEZON",
                "ASSENT_LISTEN",
                "ASSENT_CONFIRM_TTL",
                "ASSENT_MAIL_FROM",
                "mail.relay_events_key"
            ]
        );
    }
}
