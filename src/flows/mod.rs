//! Use cases, one to a file: (transaction, moment or act, input) → outcome. They decide mail by writing it to the
//! outbox; they never send. Whoever calls one has `Db::run` run it, which commits. Those that take the database instead
//! of a transaction span several, and have each run.

pub mod catalog;
pub mod consent;
pub mod contacts;
pub mod ledger;
pub mod mail;
pub mod policy;
pub mod raise_alarm;
pub mod record_task;
pub mod signup;
pub mod staff;
pub mod tell_webhooks;

use std::sync::Arc;
use std::time::Duration;

use assent_ledger::cosignature::WitnessKey;
use assent_ledger::keys::LedgerKeys;
use url::Url;
use uuid::Uuid;

use crate::domain::alarm::OnCollapse;
use crate::domain::base_url::origin;
use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::consent::processing::Processing;
use crate::domain::contacts::address_key::{AddressKey, AddressSecret};
use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::mail::limit::MailLimit;
use crate::domain::signup::link_lifetime::LinkLifetime;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::action::Action;
use crate::domain::staff::webhook::WebhookSecret;
use crate::domain::time_zone::TimeZone;
use crate::export::Authority;
use crate::outside::OutsideError;
use crate::random::Moment;
use crate::site::Controller;
use crate::store::Tx;
use crate::store::signup::signups::Signup;
use crate::store::staff::audit_entries;

/// Who does something that the audit tells of, and when.
#[derive(Clone)]
pub struct Act {
    /// When, and the chance that is drawn on.
    pub at: Moment,
    /// Who, as the audit names them.
    pub actor: String,
}

impl Act {
    /// Somebody acts at this moment.
    #[must_use]
    pub fn new(at: Moment, actor: impl Into<String>) -> Self {
        Self { at, actor: actor.into() }
    }

    /// Has the audit tell what was done.
    pub(in crate::flows) async fn audit(
        &self,
        tx: &mut Tx,
        action: Action,
        detail: &serde_json::Value,
    ) -> sqlx::Result<()> {
        audit_entries::append(tx, &self.at, &self.actor, action.with(detail)).await
    }
}

/// How something that evidence tells of reached us.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// The way it came.
    pub method: Method,
    /// The page, the command or the list that it came by, as evidence names it.
    pub source: &'a str,
}

impl<'a> By<'a> {
    /// By a page of ours.
    #[must_use]
    pub fn form(source: &'a str) -> Self {
        Self { method: Method::Form, source }
    }
}

/// What a use case goes by: when it happens, and what the operator set.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// When, and the chance that is drawn on.
    pub at: &'a Moment,
    /// What the operator set.
    pub settings: &'a FlowSettings,
}

/// What the operator set that use cases go by.
#[derive(Clone)]
pub struct FlowSettings {
    /// The secret addresses are hashed under.
    pub address_secret: AddressSecret,
    /// What authenticates rows of evidence.
    pub evidence_key: EvidenceKey,
    /// Who is answerable for the data, as evidence names them.
    pub controller: Arc<Controller>,
    /// What happens to the data, as evidence says it.
    pub processing: Arc<Processing>,
    /// Where this installation's pages are.
    pub base_url: Arc<Url>,
    /// How long a confirmation link works.
    pub confirm_ttl: LinkLifetime,
    /// How long a download link works.
    pub download_ttl: LinkLifetime,
    /// How many downloads a link is good for.
    pub download_limit: i64,
    /// How many confirmation mails one mailbox may be sent.
    pub mail_limit: MailLimit,
    /// What happens when hardly anybody who was mailed through a form confirms.
    pub on_collapse: OnCollapse,
    /// Whether it is kept where readers came from.
    pub signup_sources: bool,
    /// What signs the ledger.
    pub ledger_keys: Arc<LedgerKeys>,
    /// Whose signatures under checkpoints count (C2SP tlog-witness), in the order in which they were set.
    pub witnesses: Arc<[WitnessKey]>,
    /// How long an unconfirmed signup is kept.
    pub pending_retention: Duration,
    /// How long evidence is kept after all consents of a person ended.
    pub evidence_retention: Duration,
    /// How long a complaint or a request is kept after it was closed.
    pub requests_retention: Duration,
    /// How many contacts go straight to a browser; more are a job.
    pub streamed_most: i64,
    /// The zone of the days that people name.
    pub timezone: TimeZone,
}

impl FlowSettings {
    /// A use case that happens at this moment.
    #[must_use]
    pub fn at<'a>(&'a self, at: &'a Moment) -> Case<'a> {
        Case { at, settings: self }
    }

    /// The origin of all links, without a slash at its end.
    #[must_use]
    pub fn site(&self) -> &str {
        origin(&self.base_url)
    }

    /// What tells our rows from others'.
    #[must_use]
    pub fn authority(&self) -> Authority<'_> {
        Authority { addresses: &self.address_secret, key: &self.evidence_key }
    }

    /// What an endpoint of webhooks knows us by.
    #[must_use]
    pub fn webhook_secret(&self, webhook_endpoint_id: Uuid, salt: &[u8]) -> WebhookSecret {
        WebhookSecret::from_derived(self.address_secret.webhook_secret(webhook_endpoint_id, salt))
    }

    /// Demands that a signup is whose it was when its form was sent, and rests on what it rested on: its link may
    /// have been mailed to somebody else.
    ///
    /// # Errors
    /// When the row was changed since, or this program did not write it.
    pub fn demand_own_signup<Email: AsRef<str>>(
        &self,
        signup: &Signup<Email>,
    ) -> Result<(), Error> {
        let own = self.evidence_key.signup(&signup.fields());
        let agrees = EvidenceKey::agrees(signup.mac.as_deref(), &own);
        if agrees { Ok(()) } else { Err(Error::Changed("signup", signup.signup_id)) }
    }

    /// Demands that a request came from this address: what answers it goes there.
    ///
    /// # Errors
    /// When the row was changed since, or this program did not write it.
    pub fn demand_own_request(
        &self,
        id: Uuid,
        email: &str,
        mac: Option<&[u8]>,
    ) -> Result<(), Error> {
        let own = self.evidence_key.privacy_request(id, email);
        if EvidenceKey::agrees(mac, &own) { Ok(()) } else { Err(Error::Changed("request", id)) }
    }

    /// Demands that a subscriber's key has the address that it always had, and that this is its text.
    ///
    /// # Errors
    /// When the row was changed since, or this program did not write it.
    pub fn demand_own_address(
        &self,
        subscriber_id: Uuid,
        (email, address_key): (&str, &AddressKey),
        mac: Option<&[u8]>,
    ) -> Result<(), Error> {
        let own = self.evidence_key.subscriber(subscriber_id, address_key);
        let is_text = |email: EmailAddress| self.address_secret.key(&email) == *address_key;
        let agrees =
            EvidenceKey::agrees(mac, &own) && EmailAddress::parse(email).is_ok_and(is_text);
        if agrees { Ok(()) } else { Err(Error::Changed("subscriber", subscriber_id)) }
    }
}

/// Why a use case could not be carried out; nothing of it is stored then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database did not take it.
    #[error("the database did not answer")]
    Store(#[from] sqlx::Error),
    /// The evidence has no canonical form, or is not as this program writes it.
    #[error("the evidence could not be written down or read")]
    Evidence(#[from] serde_json::Error),
    /// A thread of the program ended before its work was done.
    #[error("the program stopped in the middle of its work")]
    Stopped(#[from] tokio::task::JoinError),
    /// What is kept outside the database could not be read or written.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The database does not stand where the newest head that is known outside stands.
    #[error("{0}")]
    NotLevel(String),
    /// A newer version brought the tables further.
    #[error(transparent)]
    NewerSchema(#[from] crate::store::schema::NewerSchema),
    /// A row that mails or receipts rest on was changed by another hand.
    #[error(
        "{0} {1} is not what this program wrote: nothing is given or mailed by it; run `assent ledger verify`"
    )]
    Changed(&'static str, Uuid),
    /// An earlier version did not seal all that it recorded, and nothing else says that it did record it.
    #[error(
        "{0} events of an earlier version wait for their place: have that version seal them (`assent ledger \
         checkpoint`), then start this one"
    )]
    Unsealed(i64),
    /// The stored tree has a hole, or is not what its head says.
    #[error("the ledger's tree does not hold together: run `assent ledger verify`")]
    Tree,
}
