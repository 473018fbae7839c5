//! `/check-your-inbox`: what to look for, a field for the code of the mail, and the mail once more. The page
//! knows only what its reader chose and when; it never says whether the address is known.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::awaited_mail::{AwaitedMail, Heard, heard};
use crate::domain::request_id::RequestId;
use crate::templates::page::Page;
use crate::web::form::resend::resend as resend_mail;
use crate::web::http::fields::FieldError;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// What the page says after one of its buttons, or a fresh link, led here: by its query.
const WORDS: [(&str, Word); 7] = [
    ("word=again", Word::Said(AGAIN)),
    ("word=queued", Word::Queued),
    ("word=wait", Word::Said(TOO_MANY)),
    ("word=instead", Word::Said(INSTEAD)),
    (
        "word=fresh",
        Word::Said(
            "If the request is still open, and we can write to the address that the old link was sent to, a \
             fresh one is on its way there.",
        ),
    ),
    (
        "word=other",
        Word::Said(
            "The link to that report is on its way to the address that the first one was sent to, if we can still \
             write to it. One address gets only a few messages a day.",
        ),
    ),
    (RESTS, Word::Said(PAUSED)),
];

/// What a page says of what was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// In these words.
    Said(&'static str),
    /// That the message was asked for once more, and leaves in its minute: by when it comes is known to the page.
    Queued,
}

impl Word {
    /// What is said of it wherever it is.
    pub(super) fn text(self) -> Option<&'static str> {
        match self {
            Self::Said(text) => Some(text),
            Self::Queued => None,
        }
    }
}

/// The message was asked for once more.
pub(super) const AGAIN: &str = "You asked for the message again. One address gets only a few messages a day, so look \
                                once more whether it has come already.";
/// It was asked for too often.
pub(super) const TOO_MANY: &str = "No message was sent: you have asked for as many to this address as we send in so \
                                   short a time. This page says from when you can ask again.";
/// What was asked for goes to another address.
pub(super) const INSTEAD: &str = "We use this address instead. A message to the one that you typed first confirms nothing from now on.";
/// It was asked for while the form rests.
pub(super) const PAUSED: &str =
    "No message was sent: this form is paused for now. Links we have already sent still work.";

/// The query of the word for whose form rests.
const RESTS: &str = "word=rests";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/check-your-inbox", get(show))
        .route("/check-your-inbox/resend", post(resend))
}

async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Html<String>, Error> {
    let waiting = Waiting::read(&app, &headers);
    let said = WORDS.iter().find(|(word, _)| query.as_deref() == Some(word));
    page(&app, waiting.as_ref(), said.map(|(_, word)| *word), None).await
}

/// The page; after a code that was refused, with what was typed and what to do.
pub(super) async fn page(
    app: &App,
    waiting: Option<&Waiting>,
    word: Option<Word>,
    refused: Option<(&str, &'static str)>,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let mail = AwaitedMail::new(app, &catalog, waiting)?;
    let form_path = mail.form_path();
    let start_again =
        waiting.map_or_else(|| form_path.clone(), |waiting| waiting.address_of_form(&form_path));
    let heard = match waiting {
        Some(waiting) => heard(app, waiting).await,
        None => Heard::default(),
    };
    if let Some(waiting) = waiting.filter(|_| heard.came_back) {
        let (address, sender) = (&waiting.email, app.sender.from.to_string());
        let meant = mail.meant;
        return app.page(&CameBackPage { address, sender, start_again, meant });
    }
    app.page(&CheckYourInboxPage {
        mail,
        word: word.and_then(Word::text),
        no_server: heard.no_server,
        queued: word == Some(Word::Queued),
        form: CodeForm {
            code: refused.map_or("", |(typed, _)| typed),
            errors: refused.iter().map(|(_, what)| FieldError::new("code", *what)).collect(),
            shown: waiting.and_then(Waiting::shown),
        },
        start_again,
    })
}

async fn resend(
    State(app): State<Arc<App>>,
    request_id: RequestId,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let Some(mut waiting) = Waiting::read(&app, &headers) else {
        return Ok(back("", None));
    };
    if app.catalog.get().await?.rests(waiting.report_slug().as_ref()) {
        return Ok(rests());
    }
    let at = app.moment_of(request_id);
    if waiting.asks_again_from(&app.settings.mail_limit, at.now).is_some() {
        return Ok(back("?word=wait", None));
    }
    resend_mail(&app, &at, &mut waiting).await?;
    let word = if waiting.waits(at.now) { "?word=queued" } else { "?word=again" };
    Ok(back(word, waiting.header(&app)))
}

/// Leads to the page that says that nothing was mailed, for the form rests.
pub(super) fn rests() -> Response {
    back(&format!("?{RESTS}"), None)
}

/// Leads to a page under this one, by what follows its path.
pub(super) fn back(rest: &str, cookie: Option<HeaderValue>) -> Response {
    let to = [(header::LOCATION, format!("/check-your-inbox{rest}"))];
    let mut response = (StatusCode::SEE_OTHER, to).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// `public/came_back.html`.
#[derive(Clone, Serialize)]
pub(super) struct CameBackPage<'a> {
    address: &'a str,
    sender: String,
    start_again: String,
    /// The address that may have been meant.
    meant: Option<String>,
}

impl Page for CameBackPage<'_> {
    const TEMPLATE: &'static str = "public/came_back.html";

    fn samples() -> Vec<Self> {
        let sender = "Example Press <reports@example.org>".to_owned();
        let start_again = "/reports/digital-councils".to_owned();
        let unclear = Self { address: "reader@council.example", sender, start_again, meant: None };
        let meant = Some("reader@gmail.com".to_owned());
        vec![Self { address: "reader@gmial.com", meant, ..unclear.clone() }, unclear]
    }
}

/// `public/check_your_inbox.html`.
#[derive(Clone, Serialize)]
pub(super) struct CheckYourInboxPage<'a> {
    #[serde(flatten)]
    mail: AwaitedMail<'a>,
    /// What was just done.
    word: Option<&'a str>,
    /// The domain whose mail nothing takes.
    no_server: Option<&'a str>,
    /// Whether that was to ask for the message, which waits for its minute.
    queued: bool,
    form: CodeForm<'a>,
    start_again: String,
}

/// The field for the code.
#[derive(Clone, Serialize)]
struct CodeForm<'a> {
    code: &'a str,
    errors: Vec<FieldError>,
    /// What the form says that the page showed; none where it shows no choices.
    shown: Option<String>,
}

impl Page for CheckYourInboxPage<'_> {
    const TEMPLATE: &'static str = "public/check_your_inbox.html";

    fn samples() -> Vec<Self> {
        let page = |mail: AwaitedMail<'static>| Self {
            start_again: mail.form_path(),
            mail,
            word: None,
            no_server: None,
            queued: false,
            form: CodeForm {
                code: "",
                errors: vec![],
                shown: Some("digital-councils newsletter:weekly".to_owned()),
            },
        };
        let [sent, rests, later, newsletter, many, by_link, stranger] =
            AwaitedMail::samples().map(page);
        let refused = CodeForm {
            code: "12345",
            errors: FieldError::samples(&["code"]),
            shown: Some(String::new()),
        };
        let unknown = CodeForm { shown: None, ..many.form.clone() };
        vec![
            Self { word: Some("You asked for the message again."), ..sent },
            rests,
            Self { queued: true, no_server: Some("council.example"), ..later },
            Self { form: refused, ..newsletter },
            Self { form: unknown.clone(), ..many },
            by_link,
            Self { form: unknown, ..stranger },
        ]
    }
}
