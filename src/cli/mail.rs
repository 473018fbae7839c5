//! `assent mail`.

use super::opening::open;
use super::outcome::{Outcome, refuse};
use crate::app::{Core, Tables, sender, transport};
use crate::clock::Clock;
use crate::config::{Keys, Settings};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::bounce::BounceKind;
use crate::flows::ledger::compare_heads::demand_level;
use crate::flows::mail::pause_mail::resume_mail;
use crate::mail::compose::{Letter, compose};
use crate::mail::letters::trial::TestMail;
use crate::mail::transport::{Step, Transport, TransportError};
use crate::random::{Moment, Random};
use crate::templates::Templates;
use crate::tls;

#[derive(clap::Subcommand)]
pub(super) enum MailCommand {
    /// Send one message to an address of yours, and tell each step of the way to the relay
    #[command(
        after_help = "Look at what arrives: that it is not in the junk folder, and that its headers say \
                            dkim=pass, spf=pass and dmarc=pass. `assent check` names the DNS records that make \
                            it so."
    )]
    Test(Test),
    /// Let mail leave again that is kept back since the database went back in time
    Resume,
}

#[derive(clap::Args)]
pub(super) struct Test {
    /// Where to send it
    #[arg(value_parser = EmailAddress::parse)]
    address: EmailAddress,
}

impl MailCommand {
    pub(super) async fn run(self, settings: Settings, tables: Tables) -> Outcome {
        match self {
            Self::Test(test) => test.run(&settings).await,
            Self::Resume => resume(open(settings, tables).await?).await,
        }
    }
}

/// Mail of a database that went back in time tells people what is not so any more.
async fn resume(core: Core) -> Outcome {
    demand_level(&core.db, &core.flow_settings).await?;
    let act = core.act();
    let resumed = core.db.run(|tx| Box::pin(resume_mail(tx, &act))).await?;
    core.db.close().await;
    println!("{}", if resumed { "mail leaves again" } else { "mail was not kept back" });
    Ok(())
}

impl Test {
    async fn run(self, settings: &Settings) -> Outcome {
        let Self { address } = self;
        tls::use_ring();
        let at = Moment::new(&Clock::System, &Random::System);
        let templates = Templates::load(settings.templates_dir.as_deref(), &settings.timezone)?;
        let site = settings.site(false, String::new(), String::new());
        let keys = Keys::load(settings, &Random::System)?;
        let sender = sender(settings, &keys.links)?;
        let mail = TestMail { date: at.now, base_url: settings.origin() };
        let letter = Letter {
            outbox_id: at.new_id(),
            to: address.as_str(),
            leave: None,
            date: at.now,
            mail: &mail,
            attached: None,
        };
        let outgoing = compose(&templates, &sender, &site, letter)?;
        match transport(settings)? {
            Transport::Smtp(smtp) => {
                let mut tell = |step: Step<'_>| tell(&step, &address);
                let sent = smtp.try_out(&outgoing, &|| true, &mut tell).await;
                sent.map_err(|error| refuse(refusal(&error)))?;
                println!("It is on its way. Look in the mailbox to see whether it arrives.");
            }
            mailbox @ Transport::Mailbox(_) => {
                mailbox.send(letter.outbox_id, &outgoing, &|| true).await?;
                println!(
                    "written to the mailbox directory as {}.eml: mail.url names no relay, so nothing left",
                    letter.outbox_id
                );
            }
        }
        Ok(())
    }
}

fn tell(step: &Step<'_>, address: &EmailAddress) {
    match step {
        Step::Connected(server) => println!("connected to {server}"),
        Step::Greeted(name) => println!("the relay calls itself {name}"),
        Step::Encrypted => println!("the way is encrypted, and the relay's certificate is sound"),
        Step::SignedIn(user) => println!("signed in as {user}"),
        Step::Sender => println!("our sender's address is accepted"),
        Step::Recipient => println!("{} is accepted", address.as_str()),
        Step::Taken(words) => println!("the message is accepted: {words}"),
    }
}

/// The first step that went wrong, the relay's own words, and what to do.
fn refusal(error: &TransportError) -> String {
    let advice = match error {
        TransportError::Relay(trouble) if trouble.verbatim.is_some() => {
            "No mail can leave. Look at the user and password in mail.url (special characters are written as %40 \
             and so on), and at mail.from"
        }
        TransportError::Relay(_) => {
            "No mail can leave. Look at the name, the port and the TLS in mail.url, and whether the relay runs"
        }
        TransportError::Transient(_) => {
            "The relay may take it later: real mail would be tried again, with growing pauses"
        }
        TransportError::Refused(BounceKind::Hard, _) => {
            "Nobody reads mail at this address. Real mail would be parked, and the address not be written to again"
        }
        TransportError::Refused(..) | TransportError::Permanent(_) => {
            "The relay will not take this message. Real mail would be parked with this reason"
        }
        TransportError::Crowded => "It takes no more connections: set mail.connections lower",
        TransportError::TooLate => "It took too long",
    };
    let verbatim = error.trouble().and_then(|trouble| trouble.verbatim.as_deref());
    let words = verbatim.map(|words| format!(" (“{words}”)")).unwrap_or_default();
    format!("{error}{words}. {advice}")
}
