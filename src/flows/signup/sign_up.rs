//! A reader sends a form. Nothing typed touches a subscriber yet; the only thing that follows is
//! the mail whose link confirms it.

use std::collections::HashSet;
use std::sync::Arc;

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::blank_form::BlankForm;
use crate::domain::consent::given_details::Details;
use crate::domain::contacts::address_key::AddressKey;
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::outbox::MailKind;
use crate::domain::request_id::RequestId;
use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::domain::signup::signup_source::SignupSource;
use crate::domain::signup::submitted_form::{DrawnBy, Method};
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::flows::ledger::contexts::Contexts;
use crate::flows::ledger::evidence::{Form, Order, Words, Workflow};
use crate::flows::signup::take_each::{HandedIn, Once, take_each};
use crate::flows::{Case, Error, FlowSettings};
use crate::random::Moment;
use crate::store::Tx;
use crate::store::catalog::notices::Notice;
use crate::store::consent::blank_forms;
use crate::store::consent::contexts::{self, NewContext};
use crate::store::consent::events::{self, NewConsentEvent};
use crate::store::contacts::subscribers;
use crate::store::mail::limited_mails::{self, LimitedMail, LimitedMails};
use crate::store::policy::versions::PolicyVersion;
use crate::store::signup::signup_sources::{self, NewSignupSource};
use crate::store::signup::signups::{self, BoundSignup, NewSignup};

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
    /// The form as it was shown before anything was typed, where it is known which one that was: its page, one of ours,
    /// said so, or who drew it did.
    pub form: Option<Arc<BlankForm>>,
    /// What was offered on it and left unticked, in the order of evidence; nothing where that form is not known.
    pub unticked: Vec<Purpose>,
    /// The page of the form.
    pub source: String,
    /// How it reached us.
    pub method: Method,
    /// Who drew it.
    pub drawn_by: DrawnBy,
    /// The page elsewhere on which it stood, as its sender says: origin and path.
    pub page: Option<String>,
    /// Where its reader came from, as far as it is known; no evidence tells of it.
    pub came_from: SignupSource,
    /// The request by which its sender may send it again, to be stored once.
    pub request: Option<IdempotentRequest>,
    /// The answer to a bot check that it brings along, which is good for one form.
    pub check: Option<SolvedCheck>,
    /// The form before it of the same browser, for the same address and report: a mail about that one which
    /// waits still becomes one about this.
    pub replaces: Option<Uuid>,
    /// The request that brought it.
    pub request_id: Option<RequestId>,
}

/// A form with all that is stored of it, but for what is known only then.
pub struct PreparedForm {
    row: NewSignup,
    events: Vec<NewConsentEvent>,
    mail: LimitedMail,
    form: Option<Arc<BlankForm>>,
    came_from: SignupSource,
    request: Option<IdempotentRequest>,
    check: Option<SolvedCheck>,
}

/// Prepares and stores forms that are sent now.
///
/// # Errors
/// When the database does not take them; then none is stored.
pub async fn sign_up(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    forms: &[SignUp],
) -> Result<(), Error> {
    let contexts = Contexts::default();
    let prepared = forms.iter().map(|form| prepare(settings.at(at), &contexts, form.clone()));
    let prepared = prepared.collect::<serde_json::Result<Vec<_>>>()?;
    let forms =
        PreparedForms { forms: &prepared.iter().collect::<Vec<_>>(), kept: &Kept::default() };
    store_prepared(tx, at, settings, forms).await.map(drop)
}

/// What many forms share and the database has already, each by its hash: what they were given in, and blank forms.
#[derive(Default)]
pub struct Kept(HashSet<String>);

impl Kept {
    /// These forms are stored, with all that they share.
    pub fn note(&mut self, forms: &[&PreparedForm]) {
        for name in forms.iter().flat_map(|form| form.shared()) {
            if !self.0.contains(name) {
                self.0.insert(name.to_owned());
            }
        }
    }
}

/// Forms that are stored together.
#[derive(Clone, Copy)]
pub struct PreparedForms<'a, 'k> {
    /// Each of them.
    pub forms: &'a [&'a PreparedForm],
    /// What need not be stored again.
    pub kept: &'k Kept,
}

impl PreparedForms<'_, '_> {
    /// What is not kept yet of what these forms share.
    fn new_contexts(&self) -> impl Iterator<Item = &NewContext> {
        let contexts = self.forms.iter().flat_map(|form| form.contexts());
        contexts.filter(|context| !self.kept.0.contains(context.name()))
    }

    fn new_blank_forms(&self) -> Vec<&BlankForm> {
        let blank = self.forms.iter().filter_map(|form| form.form.as_deref());
        blank.filter(|blank| !self.kept.0.contains(&blank.sha256)).collect()
    }
}

impl PreparedForm {
    fn contexts(&self) -> impl Iterator<Item = &NewContext> {
        self.events.iter().filter_map(|event| event.context.as_deref())
    }

    /// The names of all that it shares with others.
    fn shared(&self) -> impl Iterator<Item = &str> {
        let blank = self.form.as_deref().map(|form| form.sha256.as_str());
        self.contexts().map(NewContext::name).chain(blank)
    }
}

/// Stores the forms that arrived together and decides their confirmation mails, in a handful of
/// statements whatever their number. A repeated form is a signup of its own, with a mail of its own, unless its sender gave
/// it the key of one that is stored. Returns what became of each, in their order.
///
/// # Errors
/// When the database does not take them; then none is stored, and none has used up a key or a bot check.
pub async fn store_prepared(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    prepared: PreparedForms<'_, '_>,
) -> Result<Vec<HandedIn>, Error> {
    let once = prepared.forms.iter().map(|form| Once {
        signup_id: form.row.signup_id,
        report_id: form.row.report_id,
        request: form.request,
        check: form.check,
    });
    let handed_in = take_each(tx, at, &once.collect::<Vec<_>>()).await?;
    let taken = list_taken(prepared.forms, &handed_in);
    if !taken.is_empty() {
        store_taken(tx, at, settings, PreparedForms { forms: &taken, ..prepared }).await?;
    }
    Ok(handed_in)
}

/// Those of these forms that were taken.
#[must_use]
pub fn list_taken<'a>(forms: &[&'a PreparedForm], handed_in: &[HandedIn]) -> Vec<&'a PreparedForm> {
    let all = forms.iter().zip(handed_in);
    all.filter(|(_, became)| **became == HandedIn::Taken).map(|(form, _)| *form).collect()
}

async fn store_taken(
    tx: &mut Tx,
    at: &Moment,
    settings: &FlowSettings,
    prepared: PreparedForms<'_, '_>,
) -> Result<(), Error> {
    let forms = prepared.forms;
    let keys: Vec<&AddressKey> = forms.iter().map(|form| &form.row.address_key).collect();
    // Read before the forms are stored: whoever leaves meanwhile left after them.
    let reaches = subscribers::list_reaches(tx, &keys).await?;
    let mut bound = Vec::with_capacity(forms.len());
    for PreparedForm { row: signup, .. } in forms {
        let reach = reaches.get(&signup.address_key).copied().unwrap_or(0);
        let mac = settings.evidence_key.signup(&signup.fields(reach));
        bound.push(BoundSignup { signup, reach, mac });
    }
    blank_forms::insert_all(tx, at.now, &prepared.new_blank_forms()).await?;
    contexts::insert_all(tx, prepared.new_contexts()).await?;
    signups::insert_all(tx, &bound).await?;
    signup_sources::insert_all(tx, &sources(forms)).await?;
    let events: Vec<&NewConsentEvent> = forms.iter().flat_map(|form| &form.events).collect();
    events::append(tx, &events).await?;
    let (kind, limit) = (MailKind::Confirm, &settings.mail_limit);
    let rows = &forms.iter().map(|form| &form.mail).collect::<Vec<_>>();
    limited_mails::insert_all(tx, at.now, LimitedMails { kind, limit, rows }).await?;
    Ok(())
}

/// Where readers came from, of those forms of which it is known.
fn sources<'a>(forms: &[&'a PreparedForm]) -> Vec<NewSignupSource<'a>> {
    let known = forms.iter().filter(|form| !form.came_from.is_empty());
    let source = |form: &&'a PreparedForm| NewSignupSource {
        signup_id: form.row.signup_id,
        source: &form.came_from,
    };
    known.map(source).collect()
}

/// Makes what is stored of a form that is sent now.
///
/// # Errors
/// When its evidence has no canonical form.
pub fn prepare(
    case: Case<'_>,
    contexts: &Contexts,
    form: SignUp,
) -> serde_json::Result<PreparedForm> {
    let Case { at, settings } = case;
    let events = requested(case, &form, contexts)?;
    let address_key = settings.address_secret.key(&form.email);
    let limiter_key = settings.address_secret.limiter_key(&form.email);
    let text = |line: Option<Line>| line.map(|line| line.as_str().to_owned());
    let mail = LimitedMail {
        outbox_id: settings.evidence_key.mail_id(&address_key, at.new_id()),
        signup_id: Some(form.signup_id),
        subscriber_id: None,
        address_key: address_key.clone(),
        limiter_key: limiter_key.clone(),
        replaces: form.replaces,
        idle: None,
        request_id: form.request_id,
    };
    let row = NewSignup {
        signup_id: form.signup_id,
        email: form.email.as_str().to_owned(),
        address_key,
        limiter_key,
        name: text(form.name),
        organisation: text(form.organisation),
        job_title: text(form.job_title),
        report_id: form.report.map(|(id, _)| id),
        policy_version_id: form.policy.policy_version_id,
        source: form.source,
        method: form.method,
        drawn_by: form.drawn_by,
        page: form.page,
        created_at: at.now,
        expires_at: settings.confirm_ttl.ends(at.now, &settings.timezone),
    };
    let came_from = if settings.signup_sources { form.came_from } else { SignupSource::default() };
    let SignUp { form, request, check, .. } = form;
    Ok(PreparedForm { row, events, mail, form, came_from, request, check })
}

fn requested(
    case: Case<'_>,
    form: &SignUp,
    contexts: &Contexts,
) -> serde_json::Result<Vec<NewConsentEvent>> {
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
            drawn_by: Some(form.drawn_by),
            page: form.page.as_deref(),
            form: form.form.as_ref().map(|form| form.sha256.as_str()),
            data: &data,
            unticked: &form.unticked,
            confirmed: None,
        },
    };
    let mut order = Order::new(case, form.signup_id);
    let asked = |notice: &Arc<Notice>| {
        let shown = contexts.shown(case.settings, &shared, &words(notice))?;
        order.event(EventType::Requested, &shared, &shown)
    };
    form.choices.iter().map(asked).collect()
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
