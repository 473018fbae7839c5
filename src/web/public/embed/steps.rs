//! What a reader may do in the frame while they wait: type the code of the mail, and have it sent once more.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::inbox_page::{self, Said};
use super::{form_page, ready_page};
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::signup::code::Code;
use crate::store::signup::signups::Signup;
use crate::web::form::RESTS_FOR;
use crate::web::form::code::{
    CodePress, CodeTry, NO_CODE, NO_TRY_LEFT, OTHER_FORM, SEE_CHOICES, WRONG_CODE, press_code,
};
use crate::web::form::form_context::form_slug;
use crate::web::form::frame::{Frame, stated_host};
use crate::web::form::instead::{asks_for, offered, send_instead};
use crate::web::form::resend::resend as resend_mail;
use crate::web::headers::InFrame;
use crate::web::http::fields::Fields;
use crate::web::public::check_your_inbox::{AGAIN, INSTEAD, PAUSED, TOO_MANY, Word};
use crate::web::visitor::Visitor;
use crate::web::waiting::Waiting;
use crate::web::{App, Error, origin};

/// Whoever looks at where a step is sent finds the form.
pub(super) async fn lead(Path(name): Path<String>) -> Result<Redirect, Error> {
    Ok(Redirect::to(&Frame::new(form_slug(&name)?.as_ref(), None).path))
}

/// A step that was sent: in which frame, and by whom.
struct Step {
    frame: Frame,
    waiting: Waiting,
    address_key: AddressKey,
}

impl Step {
    /// Reads it, or gives the form anew where what its reader waited with is gone, or another form's.
    async fn read(
        visitor: &Visitor,
        name: &str,
        fields: &Fields,
    ) -> Result<Result<Self, Response>, Error> {
        let app = &visitor.app;
        origin::check(app, &visitor.headers)?;
        let report = form_slug(name)?;
        let frame = Frame::new(report.as_ref(), stated_host(app, fields));
        let waiting = Waiting::from_token(app, fields.one("waiting"))
            .filter(|waiting| waiting.report_slug() == report && !fields.is_repeated("waiting"));
        let address_key = waiting.as_ref().and_then(|waiting| waiting.address_key(app));
        if let Some((waiting, address_key)) = waiting.zip(address_key) {
            return Ok(Ok(Self { frame, waiting, address_key }));
        }
        let catalog = app.catalog.get().await?;
        let context = form_page::context(&catalog, report.as_ref(), &frame)?;
        let page = if catalog.rests(report.as_ref()) {
            form_page::page(app, &frame, &context, None)?
        } else {
            form_page::lost(app, &frame, &context)?
        };
        Ok(Err(answer(StatusCode::UNPROCESSABLE_ENTITY, page)))
    }

    /// The waiting page again.
    async fn again(
        &self,
        app: &App,
        status: StatusCode,
        said: Said<'_>,
    ) -> Result<Response, Error> {
        let page = inbox_page::page(app, &self.frame, &self.waiting, said).await?;
        Ok(answer(status, page))
    }
}

fn answer(status: StatusCode, page: Html<String>) -> Response {
    (status, Extension(InFrame), page).into_response()
}

/// The code of the mail confirms, as it does on our own page.
pub(super) async fn confirm(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let step = match Step::read(&visitor, &name, &fields).await? {
        Ok(step) => step,
        Err(lost) => return Ok(lost),
    };
    let Visitor { app, request_id, .. } = visitor;
    let typed = fields.one("code");
    let once = !fields.is_repeated("code") && !fields.is_faulty("code");
    let wrong = match Code::parse(typed).filter(|_| once) {
        None => NO_CODE,
        Some(code) => {
            let own = step.waiting.signup_id;
            let tried = CodeTry { address_key: &step.address_key, code, own };
            // Beside the field stands what this form chose, unless that was too much to keep, and no other's choices.
            let shows = step.waiting.shown().is_some();
            let was_seen = |signup: &Signup| shows && signup.signup_id == own;
            match press_code(&app, &app.moment_of(request_id), tried, was_seen).await? {
                CodePress::Confirmed(signup_id) => {
                    let page = ready_page::page(&app, &step.frame, signup_id).await?;
                    return Ok(answer(StatusCode::OK, page));
                }
                // The choices of another form, or what was left since, are seen on our own page alone.
                CodePress::OldPage(link) if link.id != own => OTHER_FORM,
                CodePress::OldPage(_) | CodePress::BehindLink => SEE_CHOICES,
                CodePress::Wrong => WRONG_CODE,
                CodePress::NoTryLeft => NO_TRY_LEFT,
            }
        }
    };
    let said = Said { refused: Some((typed, wrong)), ..Said::default() };
    step.again(&app, StatusCode::UNPROCESSABLE_ENTITY, said).await
}

/// What was asked for goes to the address that was meant, as on our own page.
pub(super) async fn instead(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let mut step = match Step::read(&visitor, &name, &fields).await? {
        Ok(step) => step,
        Err(lost) => return Ok(lost),
    };
    let Visitor { app, ip, request_id, .. } = visitor;
    let said = |text| Said { word: Some(Word::Said(text)), ..Said::default() };
    let catalog = app.catalog.get().await?;
    if catalog.rests(step.waiting.report_slug().as_ref()) {
        let page = step.again(&app, StatusCode::SERVICE_UNAVAILABLE, said(PAUSED)).await?;
        return Ok(later(page, RESTS_FOR));
    }
    let offered = offered(&app, &catalog, &step.waiting).filter(|email| asks_for(&fields, email));
    let Some(email) = offered else {
        return step.again(&app, StatusCode::OK, Said::default()).await;
    };
    app.network_limits.signups.check(ip)?;
    step.waiting = send_instead(&app, &app.moment_of(request_id), &step.waiting, email).await?;
    step.again(&app, StatusCode::ACCEPTED, said(INSTEAD)).await
}

/// An answer after which it is worth asking again in so many seconds.
fn later(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Mails once more what the form led to.
pub(super) async fn resend(
    visitor: Visitor,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, Error> {
    let mut step = match Step::read(&visitor, &name, &fields).await? {
        Ok(step) => step,
        Err(lost) => return Ok(lost),
    };
    let Visitor { app, request_id, .. } = visitor;
    let said = |word| Said { word: Some(word), ..Said::default() };
    let says = |text| said(Word::Said(text));
    if app.catalog.get().await?.rests(step.waiting.report_slug().as_ref()) {
        let page = step.again(&app, StatusCode::SERVICE_UNAVAILABLE, says(PAUSED)).await?;
        return Ok(later(page, RESTS_FOR));
    }
    let at = app.moment_of(request_id);
    if let Some(next) = step.waiting.asks_again_from(&app.settings.mail_limit, at.now) {
        let page = step.again(&app, StatusCode::TOO_MANY_REQUESTS, says(TOO_MANY)).await?;
        return Ok(later(page, next.since(at.now).as_secs() + 1));
    }
    resend_mail(&app, &at, &mut step.waiting).await?;
    let word = if step.waiting.waits(at.now) { Word::Queued } else { Word::Said(AGAIN) };
    step.again(&app, StatusCode::ACCEPTED, said(word)).await
}
