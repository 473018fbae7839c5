//! The form on our own pages: what it answers when it is sent.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::blank_form::FormPages;
use super::shown_form::{Refused, ShownForm, Values, page_form};
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::slug::Slug;
use crate::web::form::RESTS_FOR;
use crate::web::form::answers::{Answers, Unusable};
use crate::web::form::bot_check::{self, Without};
use crate::web::form::came_from::came_from;
use crate::web::form::form_context::FormContext;
use crate::web::form::hand_in::{HandIn, hand_in, to_same_mailbox};
use crate::web::headers::{Checking, Embeddable, check_headers, frame_headers};
use crate::web::http::fields::{FieldError, Fields, InvalidField};
use crate::web::origin::{self, SentFrom};
use crate::web::visitor::Visitor;
use crate::web::waiting::Waiting;
use crate::web::{App, Error};

/// Where a form stands that was sent.
pub(super) struct Place<'a> {
    /// The pages on which it does.
    pub pages: FormPages<'a>,
    /// The page elsewhere around that, where its browser says which.
    pub page: Option<String>,
    /// What the same browser sent before, where it keeps that.
    pub before: Option<Waiting>,
}

/// Takes a form that was sent: stores it and leads to the waiting page, or shows it again
/// with what to do. The answer does not depend on whether the address is known.
pub(super) async fn receive(
    visitor: Visitor,
    context: &FormContext<'_>,
    fields: &Fields,
    pages: FormPages<'_>,
) -> Result<Response, Error> {
    let before = Waiting::read(&visitor.app, &visitor.headers);
    let place = Place { pages, page: None, before };
    let waiting = match take(&visitor, context, fields, place).await {
        Ok(Ok(waiting)) => waiting,
        Ok(Err(page)) => {
            let answer = (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
            return Ok(checking(context, embeddable(answer)));
        }
        Err(error) => {
            let answer = unstored(&visitor.app, (context, fields), &pages, error)?;
            return Ok(checking(context, embeddable(answer)));
        }
    };
    let cookie = waiting.header(&visitor.app).ok_or(Error::Internal)?;
    let to = [
        (header::LOCATION, "/check-your-inbox".parse().map_err(|_| Error::Internal)?),
        (header::SET_COOKIE, cookie),
    ];
    Ok((StatusCode::SEE_OTHER, to).into_response())
}

/// Takes a form that was sent: stores it, or gives the page on which it is shown again with what to do.
pub(super) async fn take(
    visitor: &Visitor,
    context: &FormContext<'_>,
    fields: &Fields,
    place: Place<'_>,
) -> Result<Result<Waiting, Html<String>>, Error> {
    let Visitor { app, ip, query, headers, request_id } = visitor;
    let Place { pages, page, before } = place;
    let from = origin::sent_from(app, headers)?;
    app.network_limits.signups.check(*ip)?;
    let answers = match Answers::read(context, fields) {
        Ok(answers) => answers,
        Err(unusable) => return refuse(app, (context, fields), &pages, unusable).map(Err),
    };
    let ticked = answers.ticked();
    let again = |fault| {
        let fault = InvalidField { field: "form", ..fault };
        let unusable = Unusable { errors: vec![fault], consent: true, ticked };
        refuse(app, (context, fields), &pages, unusable).map(Err)
    };
    let work = (fields.one(bot_check::FIELD), Without::Script(*ip));
    let check = match bot_check::look(app, context, work)? {
        Ok(check) => check,
        Err(fault) => return again(fault),
    };
    // Elsewhere stands what somebody else wrote there, whatever form of ours it names: its words are shown where it is
    // confirmed. Who says nothing is taken at their form's word: whoever means to imitate a browser sends its headers too.
    let (blank, drawn_by, source, page) = match &from {
        SentFrom::Ours | SentFrom::Silent => {
            (pages.shown(app, context, fields)?, DrawnBy::Ours, context.path.clone(), page)
        }
        SentFrom::Elsewhere(origin) => (None, DrawnBy::Page, origin.clone(), None),
        SentFrom::Unsaid => (None, DrawnBy::Page, context.path.clone(), None),
    };
    let around = if let SentFrom::Elsewhere(origin) = from { Some(origin) } else { page.clone() };
    let came_from = came_from(app, query, around.as_deref());
    let before = to_same_mailbox(app, before, &answers.email);
    let form = HandIn {
        context,
        answers,
        is_trapped: !fields.one("website").is_empty(),
        blank,
        method: Method::Form,
        drawn_by,
        source,
        page,
        came_from,
        request: None,
        check,
        before,
        request_id: request_id.clone(),
    };
    match hand_in(app, form).await? {
        Ok(waiting) => Ok(Ok(waiting)),
        Err(fault) => again(fault),
    }
}

/// The answer to a form that could not be stored just now: the form again with all that was typed and ticked, and its button.
///
/// # Errors
/// The same error, where it is another.
pub(super) fn unstored(
    app: &App,
    (context, fields): (&FormContext<'_>, &Fields),
    pages: &FormPages<'_>,
    error: Error,
) -> Result<Response, Error> {
    if error.status() != StatusCode::SERVICE_UNAVAILABLE {
        return Err(error);
    }
    let unusable = match Answers::read(context, fields) {
        Ok(answers) => Unusable { errors: vec![], consent: true, ticked: answers.ticked() },
        Err(unusable) => unusable,
    };
    let errors = vec![InvalidField::new("form", "unavailable", UNSTORED)];
    let page = refuse(app, (context, fields), pages, Unusable { errors, ..unusable })?;
    // The status, the time to come back, and the line in the log are those of the error.
    let mut answer = error.into_response();
    answer.extensions_mut().remove::<Error>();
    let (head, _) = answer.into_parts();
    let (page_head, body) = page.into_response().into_parts();
    let mut answer = Response::from_parts(head, body);
    answer.headers_mut().extend(page_head.headers);
    Ok(answer)
}

/// What is said of a form that could not be stored just now.
const UNSTORED: &str = "We could not make sure that your form was stored. What you typed is still here: send it again in a \
                        few seconds";

/// The form with an address that was typed on another page, and nothing ticked (GDPR Art. 7(2): the words stand here). It
/// is stored once it is sent from here. Where its reader came from goes on in the address that it posts to.
pub(super) fn begun<'a>(
    visitor: &Visitor,
    context: &FormContext<'a>,
    fields: &'a Fields,
) -> ShownForm<'a> {
    let Visitor { app, query, headers, .. } = visitor;
    // Any page may lead here; which one, is said of those that may hold our forms.
    let elsewhere = origin::elsewhere(app, headers).ok().flatten();
    let query = came_from(app, query, elsewhere.as_deref()).to_query();
    let mark = if query.is_empty() { "" } else { "?" };
    let action = format!("{}{mark}{query}", context.path);
    let unclear = fields.is_repeated("email") || fields.is_faulty("email");
    let email = if unclear { "" } else { fields.one("email") };
    let values = Values { email, ..Values::default() };
    let typed = Refused { values, consent: false, ticked: vec![], errors: vec![] };
    page_form(context, Some(typed)).posting_to(action).checking(context)
}

/// The page that shows a form again which is not taken, with what to do.
fn refuse(
    app: &App,
    (context, fields): (&FormContext<'_>, &Fields),
    pages: &FormPages<'_>,
    unusable: Unusable,
) -> Result<Html<String>, Error> {
    let blank = pages.own.blank(app, context)?;
    let form = page_form(context, Some(refused(fields, unusable)));
    (pages.own.render)(form.checking(context).naming(&blank.sha256))
}

/// What lets a page with this form be framed, and work on its bot check.
pub(super) fn page_headers(app: &App, context: &FormContext<'_>) -> Vec<(HeaderName, HeaderValue)> {
    if context.asks_check() { check_headers(app, true) } else { frame_headers(app) }
}

/// Marks a page with this form, if that asks for a bot check.
pub(super) fn checking(context: &FormContext<'_>, mut response: Response) -> Response {
    if context.asks_check() {
        response.extensions_mut().insert(Checking);
    }
    response
}

/// What stood in a form that cannot be taken, to be shown again.
fn refused(fields: &Fields, unusable: Unusable) -> Refused<'_> {
    let Unusable { errors, consent, ticked } = unusable;
    Refused {
        values: Values {
            email: fields.one("email"),
            name: fields.one("name"),
            organisation: fields.one("organisation"),
            job_title: fields.one("job_title"),
        },
        consent,
        ticked,
        errors: errors.into_iter().map(FieldError::from).collect(),
    }
}

/// The answer to a form that was sent while it rests: nothing is stored, for it would mail somebody.
pub(super) fn rests(page: Html<String>) -> Response {
    let later = [(header::RETRY_AFTER, RESTS_FOR.to_string())];
    embeddable((StatusCode::SERVICE_UNAVAILABLE, later, page).into_response())
}

/// Marks a page as one that `embed_origins` may frame.
pub(super) fn embeddable(mut response: Response) -> Response {
    response.extensions_mut().insert(Embeddable);
    response
}

/// The report's slug of a path, for a 404 rather than a 400 when it is none.
pub(super) fn slug(text: &str) -> Result<Slug, Error> {
    text.parse().map_err(|_| Error::NotFound)
}
