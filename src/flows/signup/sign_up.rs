//! A reader sends a form. Nothing typed touches a subscriber yet; the only thing that follows is
//! the mail whose link confirms it.

use std::sync::Arc;

use assent_ledger::event_type::EventType;
use data_encoding::HEXLOWER;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::blank_form::BlankForm;
use crate::domain::consent::evidence_key::SignupFields;
use crate::domain::consent::given_details::Details;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::outbox::MailKind;
use crate::domain::request_id::RequestId;
use crate::domain::signup::submitted_form::Method;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::ledger::evidence::{Form, Order, Words, Workflow};
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::catalog::notices::Notice;
use crate::store::consent::blank_forms;
use crate::store::consent::events::{self, NewConsentEvent};
use crate::store::contacts::subscribers;
use crate::store::mail::limited_mails::{self, LimitedMail, LimitedMails};
use crate::store::policy::versions::PolicyVersion;
use crate::store::signup::signups::{self, NewSignup};

/// One form, parsed at the door.
#[derive(Clone)]
pub struct SignUp {
    /// The key it will have.
    pub signup_id: Uuid,
    /// The address typed.
    pub email: EmailAddress,
    /// The name typed, if any.
    pub name: Option<Line>,
    /// The organisation typed, if any.
    pub organisation: Option<Line>,
    /// The job title typed, if any.
    pub job_title: Option<Line>,
    /// The report asked for.
    pub report: Option<(Uuid, Slug)>,
    /// The policy shown.
    pub policy: Arc<PolicyVersion>,
    /// The boxes ticked, each with the words shown; the privacy policy first.
    pub choices: Vec<Arc<Notice>>,
    /// The form as it was shown before anything was typed, where its page, one of ours, said which one that was.
    pub form: Option<Arc<BlankForm>>,
    /// What was offered on it and left unticked, in the order of evidence; nothing where that form is not known.
    pub unticked: Vec<Purpose>,
    /// The page of the form.
    pub source: String,
    /// How it reached us.
    pub method: Method,
    /// The form before it of the same browser, for the same address and report: a mail about that one which
    /// waits still becomes one about this.
    pub replaces: Option<Uuid>,
    /// The request that brought it.
    pub request_id: Option<RequestId>,
}

/// Stores the forms that arrived together and decides their confirmation mails, in a handful of
/// statements whatever their number. A repeated form is a signup of its own, with a mail of its own.
///
/// # Errors
/// When the database does not take them; then none is stored.
pub async fn sign_up(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    forms: &[SignUp],
) -> Result<(), Error> {
    let case = settings.at(at);
    let keys: Vec<AddressKey> =
        forms.iter().map(|form| settings.address_secret.key(&form.email)).collect();
    // Read before the forms are stored: whoever leaves meanwhile left after them.
    let reaches = subscribers::list_reaches(tx, &keys.iter().collect::<Vec<_>>()).await?;
    let mut rows = Vec::with_capacity(forms.len());
    let mut events = Vec::with_capacity(forms.len() * 2);
    let mut mails = Vec::with_capacity(forms.len());
    for (form, address_key) in forms.iter().zip(keys) {
        let reach = reaches.get(&address_key).copied().unwrap_or(0);
        let row = row(case, form, address_key, reach);
        events.append(&mut requested(case, form)?);
        mails.push(LimitedMail {
            outbox_id: settings.evidence_key.mail_id(&row.address_key, at.new_id()),
            signup_id: Some(row.signup_id),
            subscriber_id: None,
            address_key: row.address_key.clone(),
            limiter_key: row.limiter_key.clone(),
            replaces: form.replaces,
            idle: None,
            request_id: form.request_id.clone(),
        });
        rows.push(row);
    }
    let blank: Vec<&BlankForm> = forms.iter().filter_map(|form| form.form.as_deref()).collect();
    blank_forms::insert_all(tx, at.now, &blank).await?;
    signups::insert_all(tx, at.now, at.now.plus(settings.confirm_ttl), &rows).await?;
    events::append_all(tx, at.now, &events).await?;
    let (kind, limit) = (MailKind::Confirm, &settings.mail_limit);
    limited_mails::insert_all(tx, at.now, LimitedMails { kind, limit, rows: &mails }).await?;
    Ok(())
}

fn row(case: Case<'_>, form: &SignUp, address_key: AddressKey, reach: i64) -> NewSignup {
    let Case { at, settings } = case;
    let text = |line: &Option<Line>| line.as_ref().map(|line| line.as_str().to_owned());
    let report_id = form.report.as_ref().map(|(id, _)| *id);
    let mac = settings.evidence_key.signup(&SignupFields {
        signup_id: form.signup_id,
        email: form.email.as_str(),
        address_key: &address_key,
        report_id,
        policy_version_id: form.policy.policy_version_id,
        source: &form.source,
        method: form.method,
        created_at: at.now,
        reach,
    });
    NewSignup {
        signup_id: form.signup_id,
        email: form.email.as_str().to_owned(),
        address_key,
        limiter_key: settings.address_secret.limiter_key(&form.email),
        name: text(&form.name),
        organisation: text(&form.organisation),
        job_title: text(&form.job_title),
        report_id,
        policy_version_id: form.policy.policy_version_id,
        source: form.source.clone(),
        method: form.method,
        reach,
        mac: HEXLOWER.encode(&mac),
    }
}

fn requested(case: Case<'_>, form: &SignUp) -> serde_json::Result<Vec<NewConsentEvent>> {
    let (name, organisation) = (form.name.as_ref(), form.organisation.as_ref());
    let data = Details { name, organisation, job_title: form.job_title.as_ref() }.kinds();
    let shared = Form {
        signup_id: Some(form.signup_id),
        email: form.email.as_str(),
        method: form.method,
        policy: form.policy.as_ref().into(),
        report: form.report.as_ref().map(|(_, slug)| slug),
        requested_at: case.at.now,
        source: &form.source,
        evidence: None,
        workflow: Workflow {
            form: form.form.as_ref().map(|form| form.sha256.as_str()),
            data: &data,
            unticked: &form.unticked,
            confirmed: None,
        },
    };
    let mut order = Order::new(case, form.signup_id);
    let asked = form.choices.iter();
    asked.map(|notice| order.event(EventType::Requested, &shared, &words(notice))).collect()
}

/// A notice as evidence.
#[must_use]
pub fn words(notice: &Notice) -> Words<'_> {
    Words {
        purpose: &notice.purpose,
        notice_id: notice.notice_id,
        lang: &notice.lang,
        text: &notice.words,
        sha256: &notice.sha256,
    }
}
