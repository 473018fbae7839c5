//! The press of the button behind the mailed link: the signup becomes a subscriber, consents and a
//! download grant, in one transaction (double opt-in).

use std::sync::Arc;

use assent_ledger::digest::sha256_hex;
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::LeafHead;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::base_url::host;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::consent::address_confirmation::{AddressConfirmation, ConfirmedBy};
use crate::domain::consent::evidence_key::{EventFields, EvidenceKey};
use crate::domain::consent::given_details::DataKind;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::mail::outbox::{MailKind, message_id};
use crate::domain::signup::link::Link;
use crate::domain::signup::submitted_form::{DrawnBy, Method, SignupStatus};
use crate::domain::staff::webhook::WebhookEvent;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::record_consent::{Giver, give};
use crate::flows::ledger::contexts::Contexts;
use crate::flows::ledger::evidence::{Form, Order, PolicyShown, Subject, Words, Workflow};
use crate::flows::signup::sign_up::words;
use crate::flows::tell_webhooks::{Happened, tell};
use crate::flows::{Case, Error, FlowSettings};
use crate::store::Tx;
use crate::store::catalog::notices::Notice;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::consent::events::{self, Choice};
use crate::store::contacts::subscribers::{self, Upserted};
use crate::store::contacts::suppressions;
use crate::store::mail::outbox::{self, About};
use crate::store::signup::download_grants::{self, NewDownloadGrant};
use crate::store::signup::signups::{self, Signup};

/// Where a box stood that was ticked while a form was confirmed: on the page behind the mailed link, or on the one that a
/// typed code leads to.
const fn confirm_page(by: ConfirmedBy) -> &'static str {
    match by {
        ConfirmedBy::Link => "/confirm",
        ConfirmedBy::Code => "/check-your-inbox/code",
    }
}

/// What a confirmation link leads to at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Its button confirms.
    Open,
    /// The button was pressed before.
    Confirmed,
    /// A newer link was mailed.
    Superseded,
    /// Its time is over.
    Expired,
    /// The owner of the address said it was not them, or who sent it gave another address instead.
    Cancelled,
}

/// Where a link to this signup stands. A used link stays used, whatever was mailed later.
#[must_use]
pub fn link_state(signup: &Signup, link: Link, now: Timestamp) -> LinkState {
    match signup.status {
        SignupStatus::Confirmed => LinkState::Confirmed,
        SignupStatus::Cancelled => LinkState::Cancelled,
        _ if link.generation != signup.generation => LinkState::Superseded,
        SignupStatus::Expired => LinkState::Expired,
        SignupStatus::Pending if signup.expires_at <= now => LinkState::Expired,
        SignupStatus::Pending => LinkState::Open,
    }
}

/// How a press ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Confirmation {
    /// Confirmed by this press.
    Confirmed {
        /// Whose it is.
        subscriber_id: Uuid,
    },
    /// Another press came first, and nothing is written: look again.
    Overtaken,
    /// What would be agreed to was left by its owner after the form was sent, or after the page was opened, or its words
    /// were not shown by this program yet ([`must_see_words`]). Nothing is written: show what there is to be ticked.
    OldPage,
}

/// How an open signup is confirmed.
#[derive(Clone, Copy)]
pub enum Press<'a> {
    /// On a page that shows its choices, to which this led.
    Page(&'a Page, ConfirmedBy),
    /// By its link, without that page: the choices of the form stand, but for what was left since.
    Link,
    /// By its code, on the waiting page of its form: its choices stand as they are named there, or not at all.
    Code,
}

impl<'a> Press<'a> {
    /// The page, where there was one.
    fn page(self) -> Option<&'a Page> {
        match self {
            Press::Page(page, _) => Some(page),
            Press::Link | Press::Code => None,
        }
    }

    /// What of the mail it took.
    fn by(self) -> ConfirmedBy {
        match self {
            Press::Page(_, by) => by,
            Press::Link => ConfirmedBy::Link,
            Press::Code => ConfirmedBy::Code,
        }
    }
}

/// The confirmation page as it came back.
pub struct Page {
    /// The boxes ticked there, besides that of the privacy policy.
    pub ticked: Vec<Arc<Notice>>,
    /// Whether the box of the privacy policy was ticked there; it stands there where the form's own tick does not
    /// count any more ([`must_agree_again`]).
    pub agrees: bool,
    /// The newest of the subscriber's events that it was filled from ([`consents::reach`]); 0 when it does not
    /// say.
    pub seen: i64,
}

/// Whether somebody left this purpose after they sent the form, and after the event that a page was filled from,
/// in the order of their events: then neither the form's tick nor the page's is newer than their leaving, and
/// brings nothing back.
#[must_use]
pub fn has_left(
    consents: &[CurrentConsent],
    signup: &Signup,
    purpose: &Purpose,
    seen: i64,
) -> bool {
    consents.iter().any(|consent| {
        consent.purpose == *purpose
            && consent.state == EventType::Withdrawn
            && consent.seq > seen.max(signup.reach)
    })
}

/// Whether somebody left the privacy policy after they sent the form: then the form's tick of it brings nothing back, and
/// whoever confirms ticks it anew, where they see its words.
#[must_use]
pub fn must_agree_again(consents: &[CurrentConsent], signup: &Signup) -> bool {
    has_left(consents, signup, &Purpose::privacy_policy(), 0)
}

/// Whether the words of a form must be seen on the page behind the mailed link, which its reader opens themselves: somebody
/// else drew it, and only says that it showed them. Whoever has its code may type it anywhere, out of its reader's sight.
#[must_use]
pub fn must_see_words(signup: &Signup) -> bool {
    signup.drawn_by.must_be_shown_again()
}

/// Confirms an open signup. The press itself agrees to the privacy policy, unless its owner left that after the form
/// was sent: then its box must have been ticked on a page that saw it.
///
/// # Errors
/// When the database does not take it, or another hand changed whose the signup is; then nothing is confirmed.
pub async fn confirm(
    tx: &mut Tx,
    case: Case<'_>,
    signup: &Signup,
    press: Press<'_>,
) -> Result<Confirmation, Error> {
    let Case { at, settings } = case;
    settings.demand_own_signup(signup)?;
    let new_id = at.new_id();
    let bound = settings.evidence_key.subscriber(new_id, &signup.address_key);
    let Upserted { subscriber_id, mac } =
        subscribers::upsert(tx, at, signup, (new_id, &bound)).await?;
    if !signups::mark_confirmed(tx, at.now, signup, subscriber_id).await? {
        tx.give_up();
        return Ok(Confirmation::Overtaken);
    }
    let consents = consents::list(tx, subscriber_id).await?;
    let page = press.page();
    let seen = page.map_or(0, |page| page.seen);
    let has_left = |purpose: &Purpose| has_left(&consents, signup, purpose, seen);
    let agrees = page.is_some_and(|page| page.agrees && !has_left(&Purpose::privacy_policy()));
    let boxes = page.map(|page| page.ticked.as_slice());
    let brings_back = boxes.into_iter().flatten().any(|notice| has_left(&notice.purpose));
    let is_unseen = must_see_words(signup) && !matches!(press, Press::Page(_, ConfirmedBy::Link));
    if (must_agree_again(&consents, signup) && !agrees) || brings_back || is_unseen {
        tx.give_up();
        return Ok(Confirmation::OldPage);
    }
    let asked = own_choices(tx, settings, signup).await?;
    if matches!(press, Press::Code) && asked.iter().any(|choice| has_left(&choice.purpose)) {
        tx.give_up();
        return Ok(Confirmation::OldPage);
    }
    let added = boxes.map_or_else(Vec::new, |ticked| added(&asked, ticked));
    let keeps = |choice: &&Choice| match boxes {
        _ if choice.purpose.is_privacy_policy() => true,
        Some(ticked) => ticked.iter().any(|notice| notice.purpose == choice.purpose),
        None => !has_left(&choice.purpose),
    };
    let kept: Vec<Words<'_>> = asked.iter().filter(keeps).map(Words::from).collect();

    let made = Made::of_form(&asked)?;
    let shown_again = if boxes.is_some() { asked.as_slice() } else { &[] };
    let unticked = made.left(shown_again, &[&kept, &added]);
    let confirmed = confirmed(tx, settings, signup, press).await?;
    let workflow = Workflow {
        drawn_by: Some(signup.drawn_by),
        page: signup.page.as_deref(),
        form: made.form.as_deref(),
        data: &made.data,
        unticked: &unticked,
        confirmed: Some(&confirmed),
    };
    let about = json!({"signup_id": signup.signup_id, "report": signup.report_slug});
    let confirmed = Happened::to(subscriber_id, WebhookEvent::SignupConfirmed, about);
    tell(tx, at, &[confirmed]).await?;
    let form = form(signup, workflow);
    let (address_key, report_id) = (&signup.address_key, signup.report_id);
    let giver = Giver { subscriber_id, address_key, mac: mac.as_deref(), report_id, form };
    give(tx, case, giver, &kept).await?;
    if !added.is_empty() {
        // Ticked now, on a page of ours: the form that evidence names shows nothing of it.
        let drawn_by = Some(DrawnBy::Ours);
        let workflow = Workflow { drawn_by, page: None, form: None, unticked: &[], ..workflow };
        let (method, source) = (Method::Form, confirm_page(press.by()));
        let form = Form { workflow, method, source, requested_at: at.now, ..form };
        let seq = i64::try_from(asked.len()).unwrap_or(0) + 1;
        request(tx, case, (&form, seq), &added).await?;
        give(tx, case, Giver { form, ..giver }, &added).await?;
    }
    // Its mail arrived and was read, which a relay's word does not show.
    suppressions::delete(tx, at.now, address_key, SuppressionReason::Bounced).await?;
    if let Some(report_id) = signup.report_id {
        let grant = NewDownloadGrant {
            subscriber_id,
            report_id,
            signup_id: signup.signup_id,
            download_limit: settings.download_limit,
            expires_at: settings.download_ttl.ends(at.now, &settings.timezone),
        };
        download_grants::insert(tx, at, grant).await?;
    }
    outbox::insert(tx, at, MailKind::Receipt, About::Signup(signup.signup_id)).await?;
    Ok(Confirmation::Confirmed { subscriber_id })
}

/// Writes down that a signup asked for these on the page that confirms it; its own choices end before `seq`.
async fn request(
    tx: &mut Tx,
    case: Case<'_>,
    (form, seq): (&Form<'_>, i64),
    added: &[Words<'_>],
) -> Result<(), Error> {
    let Some(signup_id) = form.signup_id else { return Ok(()) };
    let mut order = Order::at(tx, case, Subject::Signup(signup_id), seq).await?;
    let contexts = Contexts::default();
    let asked = added.iter().map(|words| {
        order.event(EventType::Requested, form, &contexts.shown(case.settings, form, words)?)
    });
    let asked = asked.collect::<serde_json::Result<Vec<_>>>()?;
    Ok(events::append_all(tx, &asked).await?)
}

/// What was ticked on the form of a signup, as its own events say.
///
/// # Errors
/// When the database does not answer, or one of them is another hand's, or says it of other words.
pub async fn own_choices(
    tx: &mut Tx,
    settings: &FlowSettings,
    signup: &Signup,
) -> Result<Vec<Choice>, Error> {
    let asked = events::list_choices(tx, signup.signup_id).await?;
    for choice in &asked {
        demand_own_choice(settings, signup, choice)?;
    }
    Ok(asked)
}

/// Demands that this form said so, of these words: its events may have been lent by another, and what stands beside
/// them is not under their MAC.
fn demand_own_choice(
    settings: &FlowSettings,
    signup: &Signup,
    choice: &Choice,
) -> Result<(), Error> {
    let own = settings.evidence_key.event(&EventFields {
        event_id: choice.event_id,
        subject_id: signup.signup_id,
        seq: choice.seq,
        event_type: EventType::Requested,
        purpose: &choice.purpose,
        leaf: &choice.leaf,
    });
    let agrees = EvidenceKey::agrees(choice.mac.as_deref(), &own) && rests_on_its_words(choice);
    if agrees { Ok(()) } else { Err(Error::Changed("event", choice.event_id)) }
}

/// Whether the leaf commits, by body and context, to the words beside it.
fn rests_on_its_words(choice: &Choice) -> bool {
    let salt = choice.salt.as_deref().and_then(|salt| salt.try_into().ok());
    let (Some(head), Some(salt)) = (LeafHead::read(&choice.leaf), salt) else { return false };
    let body = choice.body.as_deref().unwrap_or_default();
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let said = read(body);
    // Since version 2 of the leaf a body names its context by its hash.
    let context = match (said["context"].as_str(), &choice.context) {
        (None, _) => said,
        (Some(named), Some(context)) if sha256_hex(context.as_bytes()) == named => read(context),
        (Some(_), _) => return false,
    };
    head.leaf(salt, body) == choice.leaf
        && context["notice"]["sha256"].as_str() == Some(&choice.sha256)
        && sha256_hex(choice.words.as_bytes()) == choice.sha256
}

/// What was ticked on the confirmation page and not on the form.
fn added<'a>(asked: &[Choice], ticked: &'a [Arc<Notice>]) -> Vec<Words<'a>> {
    ticked
        .iter()
        .filter(|notice| !asked.iter().any(|choice| choice.purpose == notice.purpose))
        .map(|notice| words(notice))
        .collect()
}

/// The form of a signup, and how its choices were made.
fn form<'a>(signup: &'a Signup, workflow: Workflow<'a>) -> Form<'a> {
    Form {
        signup_id: Some(signup.signup_id),
        email: signup.email.as_str(),
        method: signup.method,
        policy: PolicyShown {
            policy_version_id: signup.policy_version_id,
            label: &signup.policy_label,
            lang: &signup.policy_lang,
            sha256: &signup.policy_sha256,
        },
        report: signup.report_slug.as_ref(),
        requested_at: signup.created_at,
        source: &signup.source,
        evidence: None,
        workflow,
    }
}

/// How the choices of a form were made, as the event of its privacy-policy box says: its leaf commits to that.
#[derive(Default)]
pub(super) struct Made {
    /// The hash of the blank form, where it is known which one was shown.
    pub form: Option<String>,
    data: Vec<DataKind>,
    /// What was offered on it and left unticked, by code.
    pub unticked: Vec<String>,
}

impl Made {
    /// Of these choices, which are the form's own; nothing of a form of an earlier version.
    ///
    /// # Errors
    /// When the event is no JSON, as all are that this program wrote.
    pub(super) fn of_form(asked: &[Choice]) -> serde_json::Result<Self> {
        let Some(choice) = asked.iter().find(|choice| choice.purpose.is_privacy_policy()) else {
            return Ok(Self::default());
        };
        let read = |text: Option<&str>| text.map_or(Ok(Value::Null), serde_json::from_str);
        let (body, context) = (read(choice.body.as_deref())?, read(choice.context.as_deref())?);
        let data: Option<Vec<DataKind>> = serde_json::from_value(body["data"].clone())?;
        let unticked: Option<Vec<String>> = serde_json::from_value(body["unticked"].clone())?;
        Ok(Self {
            form: context["form"].as_str().map(ToOwned::to_owned),
            data: data.unwrap_or_default(),
            unticked: unticked.unwrap_or_default(),
        })
    }

    /// What was offered on the form and is not agreed to: it was left unticked there, or on the page that confirms, which
    /// showed these of its choices again. Of a form that nobody knows nothing can be said.
    fn left(&self, shown_again: &[Choice], chosen: &[&[Words<'_>]]) -> Vec<Purpose> {
        if self.form.is_none() {
            return vec![];
        }
        let unticked = self.unticked.iter().filter_map(|code| code.parse().ok());
        let offered = unticked.chain(shown_again.iter().map(|choice| choice.purpose.clone()));
        let is_left =
            |purpose: &Purpose| chosen.iter().copied().flatten().all(|w| w.purpose != purpose);
        let mut left: Vec<Purpose> = offered.filter(is_left).collect();
        left.sort_unstable();
        left.dedup();
        left
    }
}

/// By what the address is confirmed: the newest mail of this form that was handed over had the link and the code. A row
/// of the outbox has no MAC, so the mail is one whose key this program made for that address, or none.
async fn confirmed(
    tx: &mut Tx,
    settings: &FlowSettings,
    signup: &Signup,
    press: Press<'_>,
) -> sqlx::Result<AddressConfirmation> {
    let sent = outbox::list_sent(tx, MailKind::Confirm, signup.signup_id).await?;
    let (key, address_key) = (&settings.evidence_key, &signup.address_key);
    let mail = sent.into_iter().find(|mail_id| key.is_mail_id(address_key, *mail_id));
    Ok(AddressConfirmation {
        by: press.by(),
        message_id: mail.map(|outbox_id| message_id(outbox_id, host(&settings.base_url))),
    })
}

impl<'a> From<&'a Choice> for Words<'a> {
    fn from(choice: &'a Choice) -> Self {
        Self {
            purpose: &choice.purpose,
            notice_id: choice.notice_id,
            lang: &choice.lang,
            text: &choice.words,
            sha256: &choice.sha256,
        }
    }
}
