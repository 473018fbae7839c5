//! What each mail is given, as types with samples beside them; and every mail, for the check of templates.

pub mod consent;
pub mod contacts;
pub mod ledger;
pub mod policy;
pub mod sample;
pub mod signup;
pub mod staff;
pub mod trial;

use serde::Serialize;

use self::consent::{ChangeMail, PreferencesLinkMail};
use self::contacts::{RequestLetterMail, RequestReceivedMail};
use self::ledger::CheckpointMail;
use self::policy::{PolicyNoticeMail, RenewalMail};
use self::sample::PREHEADER;
use self::signup::{ConfirmMail, DownloadLinkMail, ReceiptMail};
use self::staff::{InvitationMail, PasswordResetMail, WebhookOffMail};
use self::trial::TestMail;
use crate::site::Site;
use crate::templates::page::{MailTemplate, Samples};
use crate::templates::{MAIL_HEAD, TemplateError, Templates};

/// A mail of any kind, to be rendered.
pub trait AnyMail: Send + Sync {
    /// Subject, preheader and text.
    ///
    /// # Errors
    /// When its template is wrong.
    fn text(&self, templates: &Templates, site: &Site) -> Result<String, TemplateError>;

    /// Its HTML, with the preheader of its text.
    ///
    /// # Errors
    /// When its template is wrong.
    fn html(
        &self,
        templates: &Templates,
        site: &Site,
        preheader: &str,
    ) -> Result<String, TemplateError>;
}

impl<M: MailTemplate + Send + Sync> AnyMail for M {
    fn text(&self, templates: &Templates, site: &Site) -> Result<String, TemplateError> {
        templates.render(&format!("mail/{}.txt", M::NAME), MailText { site, mail: self })
    }

    fn html(
        &self,
        templates: &Templates,
        site: &Site,
        preheader: &str,
    ) -> Result<String, TemplateError> {
        let html = MailHtml { text: MailText { site, mail: self }, preheader };
        templates.render(&format!("mail/{}.html", M::NAME), html)
    }
}

#[derive(Serialize)]
struct MailText<'a, M> {
    site: &'a Site,
    #[serde(flatten)]
    mail: &'a M,
}

#[derive(Serialize)]
struct MailHtml<'a, M> {
    #[serde(flatten)]
    text: MailText<'a, M>,
    preheader: &'a str,
}

/// What each mail's templates may be given, in every state that it shows.
pub fn samples(all: &mut Samples) {
    add::<ConfirmMail>(all);
    add::<ReceiptMail>(all);
    add::<DownloadLinkMail>(all);
    add::<PreferencesLinkMail>(all);
    add::<ChangeMail>(all);
    add::<PolicyNoticeMail>(all);
    add::<RenewalMail>(all);
    add::<CheckpointMail>(all);
    add::<InvitationMail>(all);
    add::<PasswordResetMail>(all);
    add::<WebhookOffMail>(all);
    add::<RequestReceivedMail>(all);
    add::<RequestLetterMail>(all);
    add::<TestMail>(all);
}

fn add<M: MailTemplate>(all: &mut Samples) {
    let site = Site::sample();
    for mail in &M::samples() {
        let text = MailText { site: &site, mail };
        all.add(&format!("mail/{}.txt", M::NAME), &text);
        let html = MailHtml { text, preheader: PREHEADER };
        all.add(&format!("mail/{}.mjml", M::NAME), &html);
        all.add(MAIL_HEAD, &html);
    }
}
