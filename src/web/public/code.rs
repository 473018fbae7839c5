//! `/check-your-inbox/code`: the six digits of mail 1, for who cannot follow its link. A code confirms the form
//! that its mail was about. Where that is the form of the page, its choices stood beside the field; another
//! form's are shown first, to see and to change, and so is what was left since the form was sent.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use uuid::Uuid;

use super::check_your_inbox::{self, back};
use super::confirm::lead_on;
use super::open_signup::{OpenSignup, Refused, ShownChoices, was_shown};
use crate::domain::consent::address_confirmation::ConfirmedBy;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::request_id::RequestId;
use crate::domain::signup::code::Code;
use crate::domain::signup::submitted_form::SignupStatus;
use crate::domain::timestamp::Timestamp;
use crate::flows::signup::confirm::{Press, must_see_words};
use crate::flows::signup::try_code::find_by_link;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::signups::Signup;
use crate::templates::page::Page;
use crate::web::form::code::{
    CodePress, CodeTry, NO_CODE, NO_TRY_LEFT, Pressed, SEE_CHOICES, WRONG_CODE, press_button,
    press_code,
};
use crate::web::http::fields::{FieldError, Fields};
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/check-your-inbox/code", get(show).post(press))
}

/// A form's choices, for the browser that typed its code.
async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Error> {
    let Some((waiting, address_key)) = read(&app, &headers) else {
        return Ok(back("", None));
    };
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    match find_typed(&mut tx, &app.moment(), &waiting, &address_key).await? {
        Some(signup) if signup.status == SignupStatus::Pending => {
            let open = OpenSignup::read((&mut tx, &app.settings), &catalog, &signup).await?;
            drop(tx);
            Ok(page(&app, &waiting, (&signup, &open), None)?.into_response())
        }
        Some(signup) => lead_on(&app, &mut tx, signup.signup_id, None).await,
        None => Ok(back("", None)),
    }
}

async fn press(
    State(app): State<Arc<App>>,
    request_id: RequestId,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Error> {
    let Some((waiting, address_key)) = read(&app, &headers) else {
        return Ok(back("", None));
    };
    if was_shown(&fields) {
        confirm_typed(&app, request_id, (&waiting, &address_key), &fields).await
    } else {
        press_typed(&app, request_id, (waiting, &address_key), &fields).await
    }
}

/// The cookie, and whose address it names.
fn read(app: &App, headers: &HeaderMap) -> Option<(Waiting, AddressKey)> {
    let waiting = Waiting::read(app, headers)?;
    let address_key = waiting.address_key(app)?;
    Some((waiting, address_key))
}

/// The signup whose code this browser typed and whose choices must be seen first, while that code would still be taken:
/// never that of a form which must be confirmed behind the mailed link.
async fn find_typed(
    tx: &mut Tx,
    at: &Moment,
    waiting: &Waiting,
    address_key: &AddressKey,
) -> Result<Option<Signup>, Error> {
    let Some(typed) = waiting.typed_link() else { return Ok(None) };
    let found = find_by_link(tx, at, address_key, typed).await?;
    Ok(found.filter(|signup| signup.status != SignupStatus::Pending || !must_see_words(signup)))
}

/// A code was typed.
async fn press_typed(
    app: &App,
    request_id: RequestId,
    (mut waiting, address_key): (Waiting, &AddressKey),
    fields: &Fields,
) -> Result<Response, Error> {
    let typed = fields.one("code");
    let once = !fields.is_repeated("code") && !fields.is_faulty("code");
    let Some(code) = Code::parse(typed).filter(|_| once) else {
        return again(app, &waiting, typed, NO_CODE).await;
    };
    let tried = CodeTry { address_key, code, own: waiting.signup_id };
    let was_seen = |signup: &Signup| was_seen(&waiting, signup, fields);
    match press_code(app, &app.moment_of(request_id), tried, was_seen).await? {
        CodePress::Confirmed(signup_id) => confirmed(app, signup_id).await,
        CodePress::NoTryLeft => again(app, &waiting, typed, NO_TRY_LEFT).await,
        CodePress::Wrong => again(app, &waiting, typed, WRONG_CODE).await,
        CodePress::BehindLink => again(app, &waiting, typed, SEE_CHOICES).await,
        CodePress::OldPage(link) => {
            waiting.typed = Some((link.id, link.generation));
            Ok(back("/code", waiting.header(app)))
        }
    }
}

/// Leads on from a confirmation; not to the choices of the address's owner, for somebody may have guessed the code.
async fn confirmed(app: &App, signup_id: Uuid) -> Result<Response, Error> {
    lead_on(app, &mut app.db.read().await?, signup_id, None).await
}

/// Whether the page that the code was typed on showed what this signup's form chose: its own page, and not one
/// that another tab left standing. A form that says nothing of what it showed was its own.
fn was_seen(waiting: &Waiting, signup: &Signup, fields: &Fields) -> bool {
    let shown = waiting.shown();
    let said = (!fields.all("shown").is_empty()).then(|| fields.one("shown"));
    signup.signup_id == waiting.signup_id
        && shown.is_some_and(|shown| said.is_none_or(|said| said == shown))
}

/// The button under a form's choices was pressed.
async fn confirm_typed(
    app: &App,
    request_id: RequestId,
    (waiting, address_key): (&Waiting, &AddressKey),
    fields: &Fields,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let at = app.moment_of(request_id);
    let mut tx = app.db.read().await?;
    let Some(signup) = find_typed(&mut tx, &at, waiting, address_key).await? else {
        drop(tx);
        return again(app, waiting, "", WRONG_CODE).await;
    };
    if !is_of_page(&signup, fields) {
        return Ok(back("/code", None));
    }
    let open = OpenSignup::read((&mut tx, &app.settings), &catalog, &signup).await?;
    drop(tx);
    let refuse = |open: &OpenSignup<'_>, refused: &Refused<'_>| -> Result<Response, Error> {
        let page = page(app, waiting, (&signup, open), Some(refused))?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let sent = match open.read_page(fields)? {
        Ok(sent) => sent,
        Err(refused) => return refuse(&open, &refused),
    };
    // Without its boxes the button confirms no more than the code does.
    let press = sent.as_ref().map_or(Press::Code, |page| Press::Page(page, ConfirmedBy::Code));
    match press_button(app, &at, &signup, press).await? {
        Pressed::Confirmed(signup_id) => confirmed(app, signup_id).await,
        Pressed::Settled => again(app, waiting, "", WRONG_CODE).await,
        Pressed::OldPage => {
            let open =
                OpenSignup::read((&mut app.db.read().await?, &app.settings), &catalog, &signup)
                    .await?;
            refuse(&open, &open.refuse_old_page(fields)?)
        }
    }
}

/// Whether the button stood under this signup's choices, and not under those of a page that another tab left
/// standing. A form that says nothing of it stood there.
fn is_of_page(signup: &Signup, fields: &Fields) -> bool {
    let said = (!fields.all("form").is_empty()).then(|| fields.one("form"));
    said.is_none_or(|said| said == signup.signup_id.to_string())
}

/// The waiting page again, with what to do.
async fn again(
    app: &App,
    waiting: &Waiting,
    typed: &str,
    what: &'static str,
) -> Result<Response, Error> {
    let page = check_your_inbox::page(app, Some(waiting), None, Some((typed, what))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The page with a form's choices, under the address that was typed here: another's, or its own of which some were left.
fn page(
    app: &App,
    waiting: &Waiting,
    (signup, open): (&Signup, &OpenSignup<'_>),
    refused: Option<&Refused<'_>>,
) -> Result<Html<String>, Error> {
    app.page(&ConfirmByCodePage {
        own: signup.signup_id == waiting.signup_id,
        address: &waiting.email,
        name: signup.name.as_deref(),
        organisation: signup.organisation.as_deref(),
        job_title: signup.job_title.as_deref(),
        choices: open.shown(refused)?,
        form: CodeForm { id: signup.signup_id, errors: Refused::errors(refused) },
        sent_at: signup.created_at,
        valid_until: signup.expires_at.min(waiting.until()),
    })
}

/// `public/confirm_by_code.html`.
#[derive(Serialize)]
pub(super) struct ConfirmByCodePage<'a> {
    /// Whether it is the form of this browser's own page.
    own: bool,
    address: &'a str,
    name: Option<&'a str>,
    organisation: Option<&'a str>,
    job_title: Option<&'a str>,
    #[serde(flatten)]
    choices: ShownChoices<'a>,
    form: CodeForm,
    sent_at: Timestamp,
    valid_until: Timestamp,
}

#[derive(Serialize)]
struct CodeForm {
    /// Whose choices these are.
    id: Uuid,
    errors: Vec<FieldError>,
}

impl Page for ConfirmByCodePage<'_> {
    const TEMPLATE: &'static str = "public/confirm_by_code.html";

    fn samples() -> Vec<Self> {
        let page = |choices, errors| Self {
            own: false,
            address: "reader@council.example",
            name: Some("Ada Reader"),
            organisation: Some("Northmoor"),
            job_title: Some("Head of service"),
            choices,
            form: CodeForm { id: Uuid::nil(), errors },
            sent_at: Timestamp::SAMPLE,
            valid_until: Timestamp::SAMPLE,
        };
        let (refused, errors) = ShownChoices::refused_sample();
        let bare =
            Self { name: None, organisation: None, job_title: None, ..page(refused, errors) };
        vec![page(ShownChoices::sample(), vec![]), Self { own: true, ..bare }]
    }
}
