//! `assent staff …`.

use std::io::{BufRead, IsTerminal};

use clap::Subcommand;

use super::{ACTOR, Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::email_address::EmailAddress;
use crate::domain::password::{Password, PasswordHash};
use crate::domain::staff::Role;
use crate::flows::add_staff::add_staff;
use crate::store::staff;

#[derive(Subcommand)]
pub(super) enum StaffCommand {
    /// Add an account; the password is read from standard input, or asked for twice at a terminal
    Add {
        /// The address that signs in
        email: String,
        /// What the account may do
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Name all accounts
    List,
}

impl StaffCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Add { email, role } => add(core, &email, role).await,
            Self::List => list(core).await,
        }
    }
}

async fn add(core: &Core, email: &str, role: Role) -> Outcome {
    let email = EmailAddress::parse(email)?;
    let known = [email.as_str(), core.settings.controller.name.as_str()];
    let password = Password::parse(read_password()?, &known)?;
    let at = core.moment();
    let hash = PasswordHash::of(&password, &at.new_password_salt())?;
    let mut tx = core.db.write().await?;
    if add_staff(&mut tx, &at, ACTOR, &email, role, &hash).await?.is_none() {
        return Err(refuse(format!("{email} has an account already")));
    }
    tx.commit().await?;
    println!("added {email}");
    Ok(())
}

fn read_password() -> Result<String, Error> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
    }
    let first = rpassword::prompt_password("Password: ")?;
    let second = rpassword::prompt_password("Once more: ")?;
    if first == second { Ok(first) } else { Err(refuse("the two passwords differ: try again")) }
}

async fn list(core: &Core) -> Outcome {
    let all = staff::list(&mut core.db.read().await?).await?;
    if all.is_empty() {
        println!("nobody yet: `assent staff add EMAIL --role admin` adds the first account");
    }
    for one in all {
        let state = if one.disabled_at.is_some() { "disabled" } else { "active" };
        println!("{}\t{}\t{state}", one.email, one.role.as_str());
    }
    Ok(())
}
