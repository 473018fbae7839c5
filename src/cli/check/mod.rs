//! `assent check`: what serving would refuse, or could not do. It writes nothing, wherever it looks.

mod dns;
mod dns_records;
mod place;
mod report;
mod site;
mod stored;
mod witnesses;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use self::report::{OK, Part, Report, in_time};
use super::opening::settings;
use super::outcome::{Error, Outcome, refuse};
use crate::app::{sender, transport};
use crate::config::{FoundKeys, Keys, MailTarget, Settings, find_exposed_keys};
use crate::domain::sentence::sentence;
use crate::files::{Files, directory_of};
use crate::mail::compose::Sender;
use crate::random::Random;
use crate::templates::Templates;
use crate::tls;

/// Say what serving would refuse or could not do; writes nothing
#[derive(clap::Args)]
#[command(
    after_help = "Each part gets a line: `ok`, or what is wrong with it and what to do. Exit code: 0 ready, 1 not.\n\n\
                  It looks at settings, templates and keys; at the database and its schema, the ledger, and what \
                  people ended that the database does not know; at the file store, the mail relay and the port; and \
                  whether there are a policy and an account. Witnesses and time stamps are asked about the newest \
                  checkpoint, where they are set. The SPF, DKIM, DMARC and MX records that mail needs are \
                  looked up in DNS. It may run beside `assent serve`."
)]
pub(super) struct Check {
    /// Ask no name server; print the DNS records that mail needs
    #[arg(long)]
    no_dns: bool,
    /// The name server to ask, such as the domain's own, instead of this machine's
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "no_dns")]
    dns_server: Option<SocketAddr>,
}

impl Check {
    pub(super) async fn run(self, config: Option<PathBuf>) -> Outcome {
        tls::use_ring();
        let settings = match settings(config) {
            Ok(settings) => settings,
            Err(errors) => {
                for error in errors.0 {
                    println!("configuration: {}", sentence(&error));
                }
                return Err(refuse("the configuration is wrong: mend it and check again"));
            }
        };
        let mut report = Report::default();
        let (found, keys) = match Keys::find(&settings, &Random::System) {
            Ok(found) => (keys_found(&settings, &found), Some(found.keys)),
            Err(error) => (Err(error.into()), None),
        };
        let (configured, sender) = match configuration(&settings, keys.as_ref()) {
            Ok(sender) => (Ok(OK), sender),
            Err(error) => (Err(error), None),
        };
        report.tell("configuration", configured);
        report.tell("controller", site::controller(&settings.controller));
        report.tell("evidence", Ok(site::evidence(&settings)));
        report.tell("source", Ok(site::source(settings.source_url.as_ref())));
        report.tell("signup sources", Ok(site::signup_sources(settings.signup_sources)));
        report.tell("bot check", site::bot_check(&settings));
        if let Some(file) = &settings.disposable_domains {
            report.tell("disposable domains", site::disposable(file));
        }
        report.tell("base_url", site::base_url(&settings.base_url));
        report.tell("keys", found);
        let data_dir = report.tell("data directory", data_dir(&settings.data_dir));
        let files = report.tell("files", in_time(files(&settings)).await);
        report.tell("mail relay", in_time(mail(&settings)).await);
        if let Some(keys) = &keys {
            let newest = if data_dir {
                stored::look(&mut report, &settings, keys, files).await
            } else {
                None
            };
            witnesses::look(&mut report, &settings, newest.as_deref()).await;
            report.tell("port", site::port(&settings, keys).await);
        }
        if let Some(sender) = sender {
            self.look_at_dns(&mut report, &settings, &sender).await;
        }
        report.end()
    }

    async fn look_at_dns(&self, report: &mut Report, settings: &Settings, sender: &Sender) {
        if let MailTarget::Mailbox(directory) = &settings.mail.target {
            let directory = directory.display();
            println!(
                "\nNo relay is set (mail.url): mail is written to {directory} and reaches nobody."
            );
            return;
        }
        let records = dns_records::needed(&settings.mail, sender);
        if self.no_dns {
            println!("\nDNS records for mail from {}:", settings.mail.from.email);
            for record in &records {
                println!("\n{}: {}", record.kind, record.advice);
            }
            return;
        }
        let resolver = match dns::resolver(self.dns_server) {
            Ok(resolver) => resolver,
            Err(error) => {
                report.tell("DNS", Err(error));
                return;
            }
        };
        for (name, part) in dns::look_up(&resolver, &records).await {
            report.tell(name, part);
        }
    }
}

/// Reads the files that settings name: templates, and what signs mail. Whose mail it is, is known where the keys are.
fn configuration(settings: &Settings, keys: Option<&Keys>) -> Result<Option<Sender>, Error> {
    Templates::load(settings.templates_dir.as_deref(), &settings.timezone)?;
    Ok(keys.map(|keys| sender(settings, &keys.links)).transpose()?)
}

fn keys_found(settings: &Settings, found: &FoundKeys) -> Part {
    let exposed = find_exposed_keys(settings);
    if !exposed.is_empty() {
        let files: Vec<String> = exposed.iter().map(|file| file.display().to_string()).collect();
        let files = files.join(" ");
        return Err(refuse(format!(
            "everybody on this machine may read or write {files}: run `chmod 600 {files}`"
        )));
    }
    let missing: Vec<String> = found.missing().map(|file| file.display().to_string()).collect();
    if missing.is_empty() {
        return Ok(OK);
    }
    Ok(format!("ok; the first start makes {}", missing.join(", ")).into())
}

/// What leaving is noted in must be written, and so must the heads.
fn data_dir(directory: &Path) -> Part {
    let usable = place::usable(directory)?;
    place::usable(&directory.join("outside"))?;
    place::writable(&directory.join("endings.log"))?;
    Ok(usable)
}

async fn files(settings: &Settings) -> Part {
    let mut usable = OK;
    if let Some(directory) = directory_of(&settings.files_url) {
        usable = place::usable(directory)?;
        place::usable(&directory.join("outside"))?;
    }
    Files::look(&settings.files_url)?.demand_readable().await?;
    Ok(usable)
}

async fn mail(settings: &Settings) -> Part {
    match &settings.mail.target {
        MailTarget::Mailbox(directory) => place::usable(directory),
        MailTarget::Relay(_) => {
            transport(settings)?.check().await?;
            Ok(OK)
        }
    }
}
