//! `assent staff …`.

use std::io::{BufRead, IsTerminal};

use clap::Subcommand;

use super::outcome::{Error, Outcome, refuse};
use crate::app::Core;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::staff::member::Role;
use crate::domain::staff::password::{HashMemory, Password, PasswordHash};
use crate::flows;
use crate::flows::staff::add_staff::{NewStaff, add_staff};
use crate::flows::staff::change_staff::{self, Changed};
use crate::flows::staff::set_password::set_by_command;
use crate::store::Tx;
use crate::store::staff::accounts;
use crate::store::staff::members::{self, Staff};

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
    /// Take an account's access, and end its sessions
    Disable {
        /// The address that signs in
        email: String,
    },
    /// Give an account another password, read as `add` reads it; its sessions end
    Reset {
        /// The address that signs in
        email: String,
        /// Turn two-factor off as well, for who lost authenticator and recovery codes
        #[arg(long)]
        two_factor_off: bool,
    },
}

impl StaffCommand {
    pub(super) async fn run(self, core: &Core) -> Outcome {
        match self {
            Self::Add { email, role } => add(core, &email, role).await,
            Self::List => list(core).await,
            Self::Disable { email } => disable(core, &email).await,
            Self::Reset { email, two_factor_off } => reset(core, &email, two_factor_off).await,
        }
    }
}

async fn add(core: &Core, email: &str, role: Role) -> Outcome {
    let email = EmailAddress::parse(email)?;
    let hash = new_password(core, &email)?;
    let act = core.act();
    let new = NewStaff { email: &email, role, password_hash: &hash };
    if core.db.run(|tx| Box::pin(add_staff(tx, &act, new))).await?.is_none() {
        return Err(refuse(format!("{email} has an account already")));
    }
    println!("added {email}");
    Ok(())
}

fn new_password(core: &Core, email: &EmailAddress) -> Result<PasswordHash, Error> {
    let known = [email.as_str(), core.settings.controller.name.as_str()];
    let password = Password::parse(read_password()?, &known)?;
    Ok(PasswordHash::new(
        &password,
        &core.moment().new_password_salt(),
        &mut HashMemory::default(),
    )?)
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
    let all = accounts::list(&mut core.db.read().await?).await?;
    if all.is_empty() {
        println!("nobody yet: `assent staff add EMAIL --role admin` adds the first account");
    }
    for one in all {
        println!("{}\t{}\t{}", one.email, one.role.as_str(), one.state());
    }
    Ok(())
}

async fn find(tx: &mut Tx, email: &EmailAddress) -> Result<Staff, Error> {
    let found = members::find_by_email(tx, email).await?;
    found.ok_or_else(|| no_account(email))
}

fn no_account(email: &EmailAddress) -> Error {
    refuse(format!("{email} has no account: see `assent staff list`"))
}

async fn disable(core: &Core, email: &str) -> Outcome {
    let email = EmailAddress::parse(email)?;
    let act = core.act();
    let disabled = core.db.run(|tx| {
        Box::pin(async {
            match members::find_by_email(tx, &email).await? {
                Some(staff) => change_staff::disable(tx, &act, staff.staff_id).await,
                None => Ok(Changed::Unknown),
            }
        })
    });
    match disabled.await? {
        Changed::Done => {}
        Changed::Same => return Err(refuse(format!("{email} is disabled already"))),
        Changed::LastAdmin => {
            return Err(refuse(format!(
                "{email} is the last admin who can sign in: add another one first"
            )));
        }
        Changed::Unknown => return Err(no_account(&email)),
    }
    println!("disabled {email}");
    Ok(())
}

async fn reset(core: &Core, email: &str, two_factor_off: bool) -> Outcome {
    let email = EmailAddress::parse(email)?;
    let account = find(&mut core.db.read().await?, &email).await?;
    if account.disabled_at.is_some() {
        return Err(refuse(format!("{email} is disabled: an admin can enable it in the console")));
    }
    let hash = new_password(core, &email)?;
    let (act, staff_id) = (core.act(), account.staff_id);
    let reset = core.db.run(|tx| {
        Box::pin(async {
            let set = set_by_command(tx, &act, staff_id, &hash).await?;
            if set && two_factor_off {
                // Where it is off already there is nothing to do.
                let _ = change_staff::turn_code_off(tx, &act, staff_id).await?;
            }
            Ok::<_, flows::Error>(set)
        })
    });
    if !reset.await? {
        return Err(refuse(format!("{email} was disabled meanwhile")));
    }
    println!("changed the password of {email}");
    Ok(())
}
