//! `assent demo`: everything at once, on this machine alone.

use std::path::{Path, PathBuf};

use super::opening::{log_to_stderr, open};
use super::outcome::{Error, Outcome, refuse};
use super::serve;
use crate::app::{Core, Role, Tables};
use crate::config::{Settings, Values};
use crate::demo;
use crate::domain::staff::password::{HashMemory, Password, PasswordHash};

/// Settings that would lead out of the demo's directory.
const SET_BY_DEMO: [&str; 4] =
    ["ASSENT_DATA_DIR", "ASSENT_DATABASE_URL", "ASSENT_FILES_URL", "ASSENT_MAIL_URL"];

/// Make a demo with sample content and serve it; no mail leaves the machine
#[derive(clap::Args)]
pub(super) struct Demo {
    /// Where everything of the demo lies; delete it to begin anew
    #[arg(long, default_value = "demo-data")]
    dir: PathBuf,
}

impl Demo {
    pub(super) async fn run(self, config: Option<&Path>) -> Outcome {
        if config.is_some() {
            return Err(refuse(
                "the demo reads no settings file: leave --config and ASSENT_CONFIG away, and give what is to be tried by \
                 the environment, such as ASSENT_EMBED_ORIGINS=https://www.publisher.example assent demo",
            ));
        }
        let settings = settings(&self.dir)?;
        log_to_stderr("warn", settings.log_json);
        let core = open(settings, Tables::Migrate).await?;
        let listener = serve::listen(&core).await?;
        demo::seed::seed(&core.db, &core.files, &core.flow_settings, &core.moment()).await?;
        let sign_in = sign_in(&core, &self.dir).await?;
        let origin = core.settings.origin();
        println!(
            "assent demo: no mail leaves this machine, all of it lies in {}",
            self.dir.display()
        );
        println!();
        println!("  The report      {origin}/reports/{}", demo::texts::REPORT_SLUG);
        println!("  All offers      {origin}/");
        println!("  The mailbox     {origin}/dev/mailbox");
        println!("  The console     {origin}/console");
        println!("                  {} with the password {sign_in}", demo::texts::STAFF);
        println!();
        println!(
            "Ask for the report with any address, open its mail in the mailbox, confirm, download. \
             Then sign in to the console and find yourself."
        );
        println!("Stop with Ctrl-C.");
        serve::run(core, Role::All, Some(listener), true).await
    }
}

/// The password of the demo's account: made at its first start and kept beside its data, for the next.
async fn sign_in(core: &Core, dir: &Path) -> Result<String, Error> {
    let file = dir.join("console-password");
    if let Ok(kept) = std::fs::read_to_string(&file) {
        return Ok(kept.trim().to_owned());
    }
    let at = core.moment();
    let password = at.new_token().chars().take(20).collect::<String>();
    let chosen = Password::parse(password.clone(), &[])?;
    let salt = at.new_password_salt();
    let hash = PasswordHash::new(&chosen, &salt, &mut HashMemory::default())?;
    if !demo::seed::add_account(&core.db, &at, &hash).await? {
        return Ok("you gave it".to_owned());
    }
    std::fs::write(&file, &password)?;
    Ok(password)
}

fn settings(dir: &Path) -> Result<Settings, crate::config::ConfigErrors> {
    let environment = std::env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        !SET_BY_DEMO.iter().any(|set| name.strip_suffix("_FILE").unwrap_or(&name) == *set)
    });
    let mut values = Values::read(None, environment);
    values.set_default("data_dir", &dir.display().to_string());
    values.set_default("controller.name", demo::texts::CONTROLLER_NAME);
    values.set_default("controller.address", demo::texts::CONTROLLER_ADDRESS);
    values.set_default("controller.contact", demo::texts::CONTROLLER_CONTACT);
    values.set_default("mail.from", demo::texts::MAIL_FROM);
    if let Some(listen) = values.get("listen").map(|source| format!("http://{}", source.value)) {
        values.set_default("base_url", &listen);
    }
    Settings::check(values)
}
