//! A form that can be taken is handed in: stored, or, where a program filled it in, counted.

use std::sync::Arc;

use super::answers::Answers;
use super::bot_check::spent;
use super::form_context::FormContext;
use crate::domain::consent::blank_form::BlankForm;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::request_id::RequestId;
use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::flows::signup::count_dropped::DroppedForm;
use crate::flows::signup::sign_up::SignUp;
use crate::flows::signup::take_each::HandedIn;
use crate::web::http::fields::InvalidField;
use crate::web::waiting::{Sent, Waiting};
use crate::web::{App, Error};

/// A form that can be taken.
pub(in crate::web) struct HandIn<'a> {
    pub context: &'a FormContext<'a>,
    pub answers: Answers,
    /// Whether the field was filled in that people never see: then it gets the same answer and is counted, nothing else.
    pub is_trapped: bool,
    /// What was shown, where that is known.
    pub blank: Option<Arc<BlankForm>>,
    pub method: Method,
    pub drawn_by: DrawnBy,
    /// Where it stood, for evidence that many share: a path of ours, or an origin.
    pub source: String,
    /// The page elsewhere on which it stood, as its sender says: origin and path.
    pub page: Option<String>,
    /// Where its reader came from, as far as it is known.
    pub came_from: SignupSource,
    /// The request by which it may be sent again.
    pub request: Option<IdempotentRequest>,
    /// The work that was done for it.
    pub check: Option<SolvedCheck>,
    /// What the same browser sent to the same mailbox before.
    pub before: Option<Waiting>,
    pub request_id: RequestId,
}

/// Takes a form, or says that the work done for it was used up. What its sender is told depends on nothing that is known of
/// the address.
///
/// # Errors
/// When it could not be stored.
pub(in crate::web) async fn hand_in(
    app: &App,
    form: HandIn<'_>,
) -> Result<Result<Waiting, InvalidField>, Error> {
    let HandIn { context, answers, before, request_id, .. } = form;
    let at = app.moment();
    let signup_id = at.new_id();
    let report = context.report.map(|report| &report.slug);
    let replaces = before.as_ref().and_then(|before| before.form_for(report));
    let chosen = answers.ticked();
    let by_link = form.drawn_by.must_be_shown_again();
    let sent = Sent { signup_id, email: answers.email.as_str(), report, chosen, by_link };
    let waiting = Waiting::new(sent, before, &app.settings.mail_limit, at.now);
    let waiting = match (form.method, &form.page) {
        (Method::Form, None) => waiting.coming_by(&form.came_from),
        // In a frame it is said otherwise whose page is around it.
        (Method::Form, Some(_)) => waiting.coming_by(&form.came_from.clone().without_page()),
        // On a page of somebody else the form stands as it did.
        _ => waiting,
    };
    if form.is_trapped {
        let dropped = DroppedForm {
            signup_id,
            report: context.report_keys(),
            request: form.request,
            check: form.check,
        };
        return Ok(told(app.intake.hand_in_dropped(dropped).await?, waiting));
    }
    let unticked = form.blank.as_ref().map(|_| answers.unticked(context));
    let signup = SignUp {
        signup_id,
        form: form.blank,
        unticked: unticked.unwrap_or_default(),
        email: answers.email,
        name: answers.name,
        organisation: answers.organisation,
        job_title: answers.job_title,
        report: context.report_keys(),
        policy: context.policy.clone(),
        choices: answers.choices,
        source: form.source,
        method: form.method,
        drawn_by: form.drawn_by,
        page: form.page,
        came_from: form.came_from,
        request: form.request,
        check: form.check,
        replaces,
        request_id: Some(request_id),
    };
    Ok(told(app.intake.hand_in(signup).await?, waiting))
}

fn told(became: HandedIn, waiting: Waiting) -> Result<Waiting, InvalidField> {
    match became {
        HandedIn::Taken | HandedIn::SentBefore => Ok(waiting),
        HandedIn::CheckSpent => Err(spent()),
    }
}

/// What was sent before, if it was to the same mailbox as this.
pub(in crate::web) fn to_same_mailbox(
    app: &App,
    before: Option<Waiting>,
    email: &EmailAddress,
) -> Option<Waiting> {
    let mailbox = |email: &EmailAddress| app.settings.address_secret.limiter_key(email);
    before.filter(|before| {
        EmailAddress::parse(&before.email).is_ok_and(|other| mailbox(&other) == mailbox(email))
    })
}
