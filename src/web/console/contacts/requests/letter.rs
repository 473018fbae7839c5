//! `/console/requests/{id}/letters/{kind}`: a letter to whoever complained or asked, begun by a template.

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;
use uuid::Uuid;

use super::labels::{begin, title};
use super::naming::{back, path_of};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::contacts::privacy_request::{LetterTemplate, LetterWay, RequestKind};
use crate::domain::contacts::request_reference::RequestReference;
use crate::domain::contacts::request_text::RequestText;
use crate::domain::contacts::request_times::Answering;
use crate::domain::text::Line;
use crate::domain::timestamp::Timestamp;
use crate::flows::contacts::answer_request::{Answered, WrittenLetter, write_letter};
use crate::store::contacts::privacy_requests;
use crate::templates::page::Page;
use crate::web::address::key;
use crate::web::choice::Choice;
use crate::web::console::form::{Faults, fault, needed, once};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

/// What stands in a draft where nobody but staff knows what to write.
const TO_FILL_IN: &str = "[[";

pub(super) async fn ask(
    session: StaffSession,
    Path((id, template)): Path<(String, String)>,
) -> Result<Response, Error> {
    let none = Fields::default();
    let which = (key(&id)?, key(&template)?);
    session.show(&page(&session.app, which, (&none, vec![])).await?)
}

/// The page, with what was sent and what is wrong with it; while it is being begun, with a draft.
async fn page<'a>(
    app: &App,
    (id, template): (Uuid, LetterTemplate),
    (sent, errors): (&'a Fields, Faults),
) -> Result<RequestLetterPage<'a>, Error> {
    let mut tx = app.db.read().await?;
    let request = privacy_requests::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    drop(tx);
    if !request.kind.letters().contains(&template) {
        return Err(Error::NotFound);
    }
    let is_begun = sent.has_other_than(&["csrf"]);
    let mailed = request.email.as_ref().map(|_| LetterWay::Mail.as_str());
    let later = Answering { is_extended: true, ..request.answering() };
    Ok(RequestLetterPage {
        title: begin(template),
        back: path_of(id),
        action: format!("{}/letters/{}", path_of(id), template.as_str()),
        form_id: sent.one("form_id").parse().unwrap_or_else(|_| app.moment().new_id()),
        letter: Draft {
            template: template.as_str(),
            reference: request.reference,
            is_complaint: request.kind == RequestKind::Complaint,
            kind: request.kind.words(),
            kind_title: title(request.kind),
            name: request.name,
            received_at: request.received_at,
            due_at: request.due_at,
            extended_until: later.due_at(&app.settings.timezone),
        },
        email: request.email,
        ways: ways(mailed.is_some()),
        way: if is_begun { sent.one("way") } else { mailed.unwrap_or(LetterWay::Post.as_str()) },
        reason: sent.one("reason"),
        words: is_begun.then(|| sent.text("words")),
        errors,
    })
}

fn ways(has_address: bool) -> Vec<Choice<'static>> {
    let mail = Choice {
        value: LetterWay::Mail.as_str(),
        title: "Email it",
        hint: Some("It leaves at once, and what became of it is shown with the request."),
    };
    let post = Choice {
        value: LetterWay::Post.as_str(),
        title: "I send it myself",
        hint: Some("By post or in another way. It is kept here as sent today."),
    };
    if has_address { vec![mail, post] } else { vec![post] }
}

pub(super) async fn send(
    session: StaffSession,
    Path((id, template)): Path<(String, String)>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let (id, template): (Uuid, LetterTemplate) = (key(&id)?, key(&template)?);
    let read = match read(&fields, template) {
        Ok(read) => read,
        Err(faults) => {
            return session.refuse(&page(app, (id, template), (&fields, faults)).await?);
        }
    };
    let act = session.act();
    let letter = WrittenLetter {
        template,
        way: read.way,
        words: &read.words,
        reason: read.reason.as_ref(),
        form_id: read.form_id,
    };
    let written =
        app.db.run(|tx| Box::pin(write_letter(tx, &act, &app.settings, (id, &letter)))).await?;
    let fault = match (written, read.way) {
        (Answered::Done, LetterWay::Mail) => return Ok(back(id, "sent")),
        (Answered::Done, LetterWay::Post) => return Ok(back(id, "noted")),
        (Answered::Gone | Answered::NoSuchLetter, _) => return Err(Error::NotFound),
        (Answered::NoAddress, _) => fault("way", "Send it yourself: there is no email address"),
        (Answered::TooLate, _) => fault(
            "form",
            "It cannot be put off any more: they would have had to be told before the time for the answer was over, and once",
        ),
        _ => return Ok(back(id, "settled")),
    };
    session.refuse(&page(app, (id, template), (&fields, vec![fault])).await?)
}

/// A letter as it was written.
struct Written {
    way: LetterWay,
    words: RequestText,
    reason: Option<Line>,
    form_id: Uuid,
}

fn read(fields: &Fields, template: LetterTemplate) -> Result<Written, Faults> {
    let mut faults = Faults::new();
    once(fields, &["way", "words"], &mut faults);
    let way = fields.one("way").parse().ok();
    if way.is_none() {
        faults.push(fault("way", "Choose how it is sent"));
    }
    let reason = if template == LetterTemplate::Extended {
        needed(fields, "reason", "Write why it takes longer: they must be told", &mut faults)
    } else {
        None
    };
    let words = match RequestText::parse(fields.text("words")) {
        Ok(None) => Err(fault("words", "Write the letter")),
        Ok(Some(words)) if words.as_str().contains(TO_FILL_IN) => {
            Err(fault("words", "Write your own words in place of what stands between [[ and ]]"))
        }
        Ok(Some(words)) => Ok(words),
        Err(error) => Err(fault("words", error)),
    };
    let words = words.map_err(|wrong| faults.push(wrong)).ok();
    let form_id = fields.one("form_id").parse().ok();
    if form_id.is_none() {
        faults.push(fault("form", "Load this page again, and fill in its form"));
    }
    match (way, words, form_id) {
        (Some(way), Some(words), Some(form_id)) if faults.is_empty() => {
            Ok(Written { way, words, reason, form_id })
        }
        _ => Err(faults),
    }
}

/// `console/request_letter.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct RequestLetterPage<'a> {
    title: &'static str,
    back: String,
    action: String,
    /// What this page's form sends its one letter by.
    form_id: Uuid,
    letter: Draft,
    /// Where it goes, where that is by email.
    email: Option<EmailAddress>,
    ways: Vec<Choice<'static>>,
    way: &'a str,
    reason: &'a str,
    /// What was written; nothing while it is a draft.
    words: Option<&'a str>,
    errors: Faults,
}

/// What a draft is made of.
#[derive(Clone, Serialize)]
struct Draft {
    template: &'static str,
    reference: RequestReference,
    is_complaint: bool,
    kind: &'static str,
    kind_title: &'static str,
    name: Option<String>,
    received_at: Timestamp,
    due_at: Timestamp,
    extended_until: Timestamp,
}

impl Page for RequestLetterPage<'_> {
    const TEMPLATE: &'static str = "console/request_letter.html";

    fn samples() -> Vec<Self> {
        let page = |kind: RequestKind, template: LetterTemplate, errors| RequestLetterPage {
            title: begin(template),
            back: "/console/requests/ID".to_owned(),
            action: "/console/requests/ID/letters/outcome".to_owned(),
            form_id: Uuid::nil(),
            letter: Draft {
                template: template.as_str(),
                reference: RequestReference::sample(),
                is_complaint: kind == RequestKind::Complaint,
                kind: kind.words(),
                kind_title: title(kind),
                name: (kind == RequestKind::Access).then(|| "Ada Hughes".to_owned()),
                received_at: Timestamp::SAMPLE,
                due_at: Timestamp::SAMPLE,
                extended_until: Timestamp::SAMPLE,
            },
            email: (kind == RequestKind::Access).then(EmailAddress::sample),
            ways: ways(kind == RequestKind::Access),
            way: LetterWay::Post.as_str(),
            reason: "",
            words: None,
            errors,
        };
        let each = RequestKind::ALL.into_iter().flat_map(|kind| {
            kind.letters().iter().map(move |template| page(kind, *template, vec![]))
        });
        let faults =
            ["way", "reason", "words", "form"].map(|field| fault(field, "do this instead"));
        let refused = RequestLetterPage {
            words: Some("Dear Ada"),
            ..page(RequestKind::Access, LetterTemplate::Extended, faults.into())
        };
        each.chain([refused]).collect()
    }
}
