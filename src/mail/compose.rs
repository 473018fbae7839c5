//! From what a mail is about to the message that leaves.

use std::sync::Arc;
use std::time::SystemTime;

use lettre::message::header::{
    ContentDisposition, ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{
    Body, Mailbox, MultiPart, MultiPartBuilder, MultiPartKind, SinglePart, SinglePartBuilder,
};
use lettre::{Address, Message};
use uuid::Uuid;

use super::dkim::Dkim;
use super::letters::AnyMail;
use super::letters::signup::{ConfirmMail, MailedReport};
use super::relay_events::Marks;
use super::subject::{Subject, phrase};
use crate::domain::mail::outbox::message_id;
use crate::domain::mail::return_path::ReturnPaths;
use crate::domain::timestamp::Timestamp;
use crate::site::Site;
use crate::templates::{TemplateError, Templates, parts};

/// Who mail comes from.
#[derive(Clone)]
pub struct Sender {
    /// The address that readers see.
    pub from: Mailbox,
    /// The right side of message ids: the host of `base_url`.
    pub host: String,
    /// What signs mail, if the operator gave keys.
    pub dkim: Option<Arc<Dkim>>,
    /// The envelope sender of each mail; without it, it is `from`.
    pub return_paths: Option<ReturnPaths>,
    /// What each mail carries for a relay that sets another.
    pub marks: Option<Marks>,
}

/// One mail, ready to be handed over: its envelope and its text.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where it goes back to when it cannot be delivered.
    pub sender: Address,
    /// Who it goes to: one person.
    pub recipient: Address,
    /// Head and body as they travel, CRLF throughout.
    pub message: Vec<u8>,
}

/// What one mail is.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    /// Names the message for good, so that a second delivery of it is recognised as one.
    pub outbox_id: Uuid,
    /// To whom.
    pub to: &'a str,
    /// Where one press ends such mail, where it can be ended.
    pub leave: Option<&'a str>,
    /// When it was decided: the same on every try.
    pub date: Timestamp,
    /// What it says.
    pub mail: &'a dyn AnyMail,
    /// What goes along with it.
    pub attached: Option<&'a TextFile>,
}

/// A text that goes along with a mail, for whoever keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// What it is called.
    pub name: &'static str,
    /// What stands in it.
    pub text: String,
}

impl TextFile {
    /// The promises that a mail carries. Mail programs open a text by themselves, and filters let it pass.
    #[must_use]
    pub fn promises(text: String) -> Self {
        Self { name: "consent-promise.txt", text }
    }
}

/// Why a mail cannot be built. It is parked: trying again would not help.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A template is wrong.
    #[error("its template could not be rendered")]
    Template(#[from] TemplateError),
    /// The text template does not begin with `Subject:` and `Preheader:` lines.
    #[error("its text template must begin with the lines `Subject: …` and `Preheader: …`")]
    NoSubject,
    /// The address cannot stand in a message.
    #[error("its address cannot be mailed to")]
    Address(#[from] lettre::address::AddressError),
    /// A key could not sign it.
    #[error("it could not be signed")]
    Unsigned,
    /// The message could not be put together.
    #[error("its message could not be built")]
    Message(#[from] lettre::error::Error),
}

/// A header that holds one line as it is.
macro_rules! line_header {
    ($(#[$about:meta])* $type:ident, $name:literal) => {
        $(#[$about])*
        #[derive(Clone)]
        struct $type(String);

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }
            fn parse(line: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(line.to_owned()))
            }
            fn display(&self) -> HeaderValue {
                // Encoded or folded it would no longer be what the RFC asks for.
                HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
            }
        }
    };
}
line_header!(
    /// RFC 2919: what this mail belongs to.
    ListId, "List-Id"
);
line_header!(
    /// RFC 2369 §3.2, with exactly one https address as RFC 8058 §3.1 asks.
    ListUnsubscribe, "List-Unsubscribe"
);
line_header!(
    /// RFC 8058 §3.1: one POST is enough.
    ListUnsubscribePost, "List-Unsubscribe-Post"
);

/// RFC 3834 §5: tells vacation responders not to answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Builds the mail: text written by hand and HTML as alternatives, behind them what is attached; addressed to one person,
/// signed.
///
/// # Errors
/// When a template or an address is wrong.
pub fn compose(
    templates: &Templates,
    sender: &Sender,
    site: &Site,
    letter: Letter<'_>,
) -> Result<Outgoing, ComposeError> {
    let text = letter.mail.text(templates, site)?;
    let (subject, preheader, body) = parts(&text).ok_or(ComposeError::NoSubject)?;
    let html = letter.mail.html(templates, site, preheader)?;
    let recipient: Address = letter.to.parse()?;
    let mut message = Message::builder()
        .from(sender.from.clone())
        .to(Mailbox::new(None, recipient.clone()))
        .header(Subject::new(subject))
        .message_id(Some(message_id(letter.outbox_id, &sender.host)))
        .date(SystemTime::from(letter.date.date_time()))
        .header(AutoSubmitted);
    if let Some(leave) = letter.leave {
        message = message
            .header(ListId(list_id(sender)))
            .header(ListUnsubscribe(format!("<{leave}>")))
            .header(ListUnsubscribePost("List-Unsubscribe=One-Click".to_owned()));
    }
    if let Some(marks) = &sender.marks {
        let (name, value) = marks.header(letter.outbox_id);
        // The relay reads it as it stands.
        let name = HeaderName::new_from_ascii_str(name);
        let value = HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value);
        message = message.raw_header(value);
    }
    let said = alternative(letter.outbox_id)
        .singlepart(plain_text().body(text_body(body)))
        .singlepart(SinglePart::html(html));
    let message = message.multipart(match letter.attached {
        None => said,
        Some(file) => mixed(letter.outbox_id).multipart(said).singlepart(attachment(file)),
    })?;
    Ok(Outgoing {
        sender: match &sender.return_paths {
            Some(paths) => paths.address(letter.outbox_id).parse()?,
            None => sender.from.email.clone(),
        },
        recipient,
        message: signed(sender, message.formatted(), letter.date)?,
    })
}

/// RFC 2919 §2 and §3: words for people, who see them where their mail program lists what they are sent, and the
/// name by which filters know it.
fn list_id(sender: &Sender) -> String {
    let from = sender.from.name.as_deref().unwrap_or(&sender.host);
    let words = phrase(&format!("{from}: receipts and notices"));
    // The words have a line of their own where they are long.
    let space = if words.len() > PHRASE_MAX { "\r\n " } else { " " };
    format!("{words}{space}<receipts.{}>", sender.host)
}

/// Words of this length leave room for a name on their line, of 78 if it can be (RFC 5322 §2.1.1).
const PHRASE_MAX: usize = 40;

/// Two forms of one text, with a boundary that is the same on every try.
fn alternative(outbox_id: Uuid) -> MultiPartBuilder {
    MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("parts-of-{}", outbox_id.simple()))
}

/// A mail and what is attached to it.
fn mixed(outbox_id: Uuid) -> MultiPartBuilder {
    MultiPart::builder()
        .kind(MultiPartKind::Mixed)
        .boundary(format!("whole-of-{}", outbox_id.simple()))
}

fn attachment(file: &TextFile) -> SinglePart {
    let disposition = ContentDisposition::attachment(file.name);
    plain_text().header(disposition).body(text_body(&file.text))
}

fn signed(sender: &Sender, message: Vec<u8>, at: Timestamp) -> Result<Vec<u8>, ComposeError> {
    let Some(dkim) = &sender.dkim else { return Ok(message) };
    let signatures = dkim.signatures(&message, at).ok_or(ComposeError::Unsigned)?;
    Ok([signatures, message].concat())
}

/// The longest line of a message, without its end (RFC 5322 §2.1.1).
const LINE_MAX: usize = 998;

fn plain_text() -> SinglePartBuilder {
    SinglePart::builder().header(ContentType::TEXT_PLAIN)
}

/// A text, unencoded where it can be: quoted-printable would break long links and signed lines in two for whoever
/// reads the raw message.
fn text_body(text: &str) -> Body {
    let plain = text.is_ascii()
        && !text.contains(['\r', '\0'])
        && text.lines().all(|line| line.len() <= LINE_MAX);
    if plain {
        let lines = text.replace('\n', "\r\n").into_bytes();
        Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text.to_owned())
    }
}

/// The subject that mail 1 will have, for the page that says which mail to look for.
///
/// # Errors
/// When the template is wrong.
pub fn confirmation_subject(
    templates: &Templates,
    site: &Site,
    report_title: Option<&str>,
) -> Result<String, ComposeError> {
    let mail = ConfirmMail {
        report: report_title.map(|title| MailedReport { title: title.to_owned() }),
        newsletters: vec![],
        confirm_url: String::new(),
        code: None,
        not_me_url: String::new(),
        valid_until: Timestamp::EARLIEST,
        again: false,
        address: String::new(),
    };
    let text = mail.text(templates, site)?;
    parts(&text).map(|(subject, ..)| subject.to_owned()).ok_or(ComposeError::NoSubject)
}
