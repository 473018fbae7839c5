//! The step after the form, in the frame: which mail to look for, and its code.

use axum::response::Html;
use serde::Serialize;

use crate::templates::page::Page;
use crate::web::form::frame::Frame;
use crate::web::http::fields::FieldError;
use crate::web::public::awaited_mail::{AwaitedMail, heard};
use crate::web::public::check_your_inbox::Word;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// What the page says of what was just done.
#[derive(Clone, Copy, Default)]
pub(super) struct Said<'a> {
    /// What came of it.
    pub word: Option<Word>,
    /// The code that was typed, and what to do about it.
    pub refused: Option<(&'a str, &'static str)>,
}

/// The page for who waits so.
pub(super) async fn page(
    app: &App,
    frame: &Frame,
    waiting: &Waiting,
    said: Said<'_>,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let heard = heard(app, waiting).await;
    let refused = said.refused;
    app.page(&EmbedInboxPage {
        frame: frame.clone().starting_at(|start| waiting.address_of_form(start)),
        mail: AwaitedMail::new(app, &catalog, Some(waiting))?,
        came_back: heard.came_back,
        no_server: heard.no_server,
        word: said.word.and_then(Word::text),
        queued: said.word == Some(Word::Queued),
        form: CodeForm {
            waiting: waiting.token(app).ok_or(Error::Internal)?,
            code: refused.map_or("", |(typed, _)| typed),
            errors: refused.iter().map(|(_, what)| FieldError::new("code", *what)).collect(),
        },
    })
}

/// `public/embed_inbox.html`.
#[derive(Clone, Serialize)]
pub(in crate::web) struct EmbedInboxPage<'a> {
    frame: Frame,
    #[serde(flatten)]
    mail: AwaitedMail<'a>,
    /// Whether it could not be delivered.
    came_back: bool,
    /// The domain whose mail nothing takes.
    no_server: Option<&'a str>,
    word: Option<&'a str>,
    /// Whether the message was asked for, and waits for its minute.
    queued: bool,
    form: CodeForm<'a>,
}

/// The field for the code.
#[derive(Clone, Serialize)]
struct CodeForm<'a> {
    /// By which this form is known again, for two hours.
    waiting: String,
    code: &'a str,
    errors: Vec<FieldError>,
}

impl Page for EmbedInboxPage<'_> {
    const TEMPLATE: &'static str = "public/embed_inbox.html";

    fn samples() -> Vec<Self> {
        let [told, untold] = Frame::samples();
        let form = CodeForm { waiting: "TOKEN".to_owned(), code: "", errors: vec![] };
        let page = |mail: AwaitedMail<'static>| Self {
            frame: told.clone(),
            mail,
            came_back: false,
            no_server: None,
            word: None,
            queued: false,
            form: form.clone(),
        };
        let [sent, rests, later, newsletter, many, by_link, _] = AwaitedMail::samples().map(page);
        let refused = CodeForm { code: "12345", errors: FieldError::samples(&["code"]), ..form };
        vec![
            Self { word: Some("You asked for the message again."), ..sent.clone() },
            rests,
            Self { came_back: true, ..newsletter.clone() },
            Self { queued: true, no_server: Some("council.example"), ..later },
            Self { frame: untold, form: refused, ..newsletter },
            many,
            by_link,
            Self { came_back: true, ..sent },
        ]
    }
}
