//! `/check-your-inbox`: what to look for, a field for the code of the mail, and the mail once more. The page
//! knows only what its reader chose and when; it never says whether the address is known.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::request_id::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::mail::compose::confirmation_subject;
use crate::store::mail::bounces;
use crate::templates::page::Page;
use crate::web::form::resend::resend as resend_mail;
use crate::web::http::fields::FieldError;
use crate::web::state::catalog::Catalog;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// What the page says after one of its buttons, or a fresh link, led here: by its query.
const WORDS: [(&str, &str); 4] = [
    (
        "word=again",
        "You asked for the message again. One address gets only a few messages a day, so look once more \
         whether it has come already.",
    ),
    ("word=wait", "It is too early to send the message again. This page says from when."),
    (
        "word=fresh",
        "If the request is still open, and we can write to the address that the old link was sent to, a fresh \
         one is on its way there.",
    ),
    (
        RESTS,
        "No message was sent: this form is paused for now. Links we have already sent still work.",
    ),
];

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
    page(&app, waiting.as_ref(), said.map(|(_, says)| *says), None).await
}

/// The page; after a code that was refused, with what was typed and what to do.
pub(super) async fn page(
    app: &App,
    waiting: Option<&Waiting>,
    word: Option<&str>,
    refused: Option<(&str, &'static str)>,
) -> Result<Html<String>, Error> {
    let catalog = app.catalog.get().await?;
    let slug = waiting.and_then(Waiting::report_slug);
    let report = slug.as_ref().and_then(|slug| catalog.report(slug)).map(|offered| &offered.report);
    let title = report.map(|report| report.title.as_str());
    let subject = confirmation_subject(&app.templates, &app.site, title).map_err(|error| {
        tracing::error!(error = ?error, "the subject of mail 1 could not be rendered");
        Error::Internal
    })?;
    let start_again = report.map_or_else(
        || if waiting.is_some() { "/newsletters".to_owned() } else { "/".to_owned() },
        |report| format!("/reports/{}", report.slug),
    );
    if let Some(waiting) = waiting
        && came_back(app, waiting).await
    {
        let (address, sender) = (&waiting.email, app.sender.from.to_string());
        return app.page(&CameBackPage { address, sender, start_again });
    }
    let limit = &app.settings.mail_limit;
    let again_from = waiting.and_then(|waiting| waiting.asks_again_from(limit, app.clock.now()));
    app.page(&CheckYourInboxPage {
        address: waiting.map(|waiting| waiting.email.as_str()),
        comes_by: waiting.and_then(|waiting| waiting.comes_by(limit)),
        sender: app.sender.from.to_string(),
        subject: waiting.map(|_| subject),
        word,
        form: CodeForm {
            code: refused.map_or("", |(typed, _)| typed),
            errors: refused.iter().map(|(_, what)| FieldError::new("code", *what)).collect(),
            shown: waiting.and_then(Waiting::shown),
        },
        report: title,
        chosen: waiting.and_then(|waiting| chosen(&catalog, waiting)),
        rests: waiting.is_some() && catalog.rests(slug.as_ref()),
        can_resend: again_from.is_none(),
        resend_from: again_from,
        start_again,
    })
}

/// The names of the boxes that were ticked on the form, besides the privacy policy's.
fn chosen(catalog: &Catalog, waiting: &Waiting) -> Option<Vec<String>> {
    let offer = |code: &Purpose| {
        catalog.all_offers().chain(&catalog.archived).find(|offer| offer.purpose == *code)
    };
    let name = |code: &Purpose| code.named(offer(code).map(|offer| offer.name.as_str()));
    Some(waiting.chosen.as_ref()?.iter().map(name).collect())
}

/// How long the page waits for that, when the database hangs.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the mail about this reader's own form came back, as from an address that does not exist: what
/// became of other mail would tell whether the address is known. While the database is away the page is
/// shown without it.
async fn came_back(app: &App, waiting: &Waiting) -> bool {
    let asked = async { bounces::came_back(&mut app.db.read().await?, waiting.signup_id).await };
    let told = tokio::time::timeout(PATIENCE, asked).await;
    told.unwrap_or(Err(sqlx::Error::PoolTimedOut)).unwrap_or_else(|error| {
        tracing::error!(error = ?error, "whether a mail came back could not be read");
        false
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
    Ok(back("?word=again", waiting.header(&app)))
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
#[derive(Serialize)]
pub(super) struct CameBackPage<'a> {
    address: &'a str,
    sender: String,
    start_again: String,
}

impl Page for CameBackPage<'_> {
    const TEMPLATE: &'static str = "public/came_back.html";

    fn samples() -> Vec<Self> {
        let CheckYourInboxPage { sender, start_again, .. } = CheckYourInboxPage::sample();
        vec![Self { address: "reader@council.example", sender, start_again }]
    }
}

/// `public/check_your_inbox.html`.
#[derive(Clone, Serialize)]
pub(super) struct CheckYourInboxPage<'a> {
    /// What this browser typed; none where it sent no form, or long ago.
    address: Option<&'a str>,
    /// By when the mail comes, if there is one.
    comes_by: Option<Timestamp>,
    sender: String,
    subject: Option<String>,
    /// What was just done.
    word: Option<&'a str>,
    form: CodeForm<'a>,
    report: Option<&'a str>,
    /// What was ticked besides the privacy policy, by name; none where that was too much to keep.
    chosen: Option<Vec<String>>,
    /// Whether the form rests.
    rests: bool,
    can_resend: bool,
    /// From when it can be sent again, if not now.
    resend_from: Option<Timestamp>,
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

impl CheckYourInboxPage<'_> {
    /// Right after a form for a report was sent.
    fn sample() -> Self {
        Self {
            address: Some("reader@council.example"),
            comes_by: Some(Timestamp::SAMPLE),
            sender: "Example Press <reports@example.org>".to_owned(),
            subject: Some("Your link to Digital councils".to_owned()),
            word: None,
            form: CodeForm {
                code: "",
                errors: vec![],
                shown: Some("digital-councils newsletter:weekly".to_owned()),
            },
            report: Some("Digital councils"),
            chosen: Some(vec!["The weekly".to_owned()]),
            rests: false,
            can_resend: false,
            resend_from: Some(Timestamp::SAMPLE),
            start_again: "/reports/digital-councils".to_owned(),
        }
    }
}

impl Page for CheckYourInboxPage<'_> {
    const TEMPLATE: &'static str = "public/check_your_inbox.html";

    fn samples() -> Vec<Self> {
        let sent = Self::sample();
        let later = Self { can_resend: true, resend_from: None, ..sent.clone() };
        let refused = Self {
            form: CodeForm {
                code: "12345",
                errors: FieldError::samples(&["code"]),
                shown: Some(String::new()),
            },
            report: None,
            chosen: Some(vec![]),
            ..later.clone()
        };
        let many = Self {
            form: CodeForm { shown: None, ..sent.form.clone() },
            comes_by: None,
            chosen: None,
            ..sent.clone()
        };
        let stranger = Self {
            address: None,
            comes_by: None,
            subject: None,
            report: None,
            ..Self { resend_from: None, can_resend: true, ..many.clone() }
        };
        vec![
            Self { word: Some("You asked for the message again."), ..sent },
            Self { rests: true, ..later.clone() },
            later,
            refused,
            many,
            stranger,
        ]
    }
}
