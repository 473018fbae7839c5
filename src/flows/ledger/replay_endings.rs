//! What people ended, and the database does not know any more, ends again: after a back-up was restored or a
//! standby took over that had not seen it. An ending ends only what is older than itself: who came back after
//! it stays.
//!
//! Nothing of that can be taken back, and whoever writes into the database may make anybody look like somebody who left.
//! So only what this program wrote ends: the MACs decide, and what has no right one stays for the check of the ledger.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::consent::evidence_key::EvidenceKey;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::signup::submitted_form::Method;
use crate::domain::timestamp::Timestamp;
use crate::flows::consent::record_consent::{End, end};
use crate::flows::contacts::erase::{Erasure, erase_again};
use crate::flows::contacts::purge::are_whole;
use crate::flows::ledger::check_events::EventChecker;
use crate::flows::{By, Case, Error, FlowSettings};
use crate::outside::{Began, EndingReason, Endings, SETTLED, Scope};
use crate::random::Moment;
use crate::store::consent::consents::{self, CurrentConsent};
use crate::store::contacts::subscribers;
use crate::store::contacts::subscribers::Subscriber;
use crate::store::contacts::suppressions::{self, Suppressed};
use crate::store::ledger::endings::{self, Known, Unerased, Unwithdrawn};
use crate::store::signup::signups;
use crate::store::{Db, LEFT_AGAIN, Tx};

/// How many endings one transaction looks at: few enough that nobody waits long for it.
const AT_ONCE: usize = 1000;

/// Where these endings come from, as their events say.
const BY: By<'static> = By { method: Method::Program, source: "kept outside the database" };

/// What had to be ended again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Consents that ended, those that ran out among them.
    pub withdrawn: usize,
    /// People who are erased.
    pub erased: usize,
    /// Addresses that are suppressed for other reasons.
    pub suppressed: usize,
}

impl Replayed {
    /// Whether the database knew all of it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Replayed {
    fn add_assign(&mut self, more: Self) {
        self.withdrawn += more.withdrawn;
        self.erased += more.erased;
        self.suppressed += more.suppressed;
    }
}

/// Goes through what is known outside, again and again: what other replicas noted comes there while the program runs,
/// and so does what was noted and then not committed.
#[derive(Debug, Default)]
pub struct Replay {
    /// How much of it was compared with the database.
    number: u64,
    /// What may still be under way.
    under_way: Vec<Scope>,
    /// What was left to the check of the ledger: it is looked at again, for a ledger may be adopted later.
    left: HashSet<Scope>,
}

impl Replay {
    /// Ends again what the database lacks of all endings that came since the last time: before anything is exported
    /// or mailed. Safe to run by several replicas at once.
    ///
    /// # Errors
    /// When the file or the database does not answer; what was done before stays done, and the next time begins where
    /// this one did.
    pub async fn all(
        &mut self,
        db: &Db,
        settings: &FlowSettings,
        at: &Moment,
    ) -> Result<Replayed, Error> {
        self.go_on(db, settings.at(at), |_| true).await
    }

    /// Ends again what the database lacks, unlike [`Replay::all`] while others work: what may be under way at this
    /// moment waits.
    ///
    /// # Errors
    /// As [`Replay::all`].
    pub async fn settled(
        &mut self,
        db: &Db,
        settings: &FlowSettings,
        at: &Moment,
    ) -> Result<Replayed, Error> {
        let since = at.now.minus(SETTLED);
        self.go_on(db, settings.at(at), |ended| ended < since).await
    }

    async fn go_on(
        &mut self,
        db: &Db,
        case: Case<'_>,
        is_due: impl Fn(Timestamp) -> bool,
    ) -> Result<Replayed, Error> {
        let endings = db.outside().endings().await?;
        let mut known = endings.newer(self.number);
        // What these are about may have been lifted since, or have ended anew.
        known.extend(endings.only(self.under_way.iter().chain(&self.left).cloned()));
        // What ended by a link stands by each purpose as well.
        known.retain(|scope, _| !scope.reason.is_left());
        let (due, under_way): (HashMap<_, _>, HashMap<_, _>) =
            known.into_iter().partition(|(_, began)| is_due(began.at));
        let due: Vec<(Scope, Began)> = due.into_iter().collect();
        let mut done = Done::default();
        let pass = Pass { case, endings: &endings, told: &self.left };
        for some in due.chunks(AT_ONCE) {
            match pass.some(db, some).await {
                Ok(more) => done += more,
                // One of them keeps no other from ending.
                Err(error) if is_refused(&error) => {
                    for one in some {
                        match pass.some(db, std::slice::from_ref(one)).await {
                            Ok(more) => done += more,
                            Err(error) if is_refused(&error) => {
                                pass.tell_refused(&one.0);
                                done.left.insert(one.0.clone());
                            }
                            Err(error) => return Err(error),
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let under_way = under_way.into_keys().collect();
        *self = Self { number: endings.number(), under_way, left: done.left };
        Ok(done.replayed)
    }
}

/// Of how many people an ending is known outside that the database seems to lack, whether the next start ends it again
/// or leaves it to the check of the ledger. Nothing is changed; what may be under way at this moment does not count.
///
/// # Errors
/// When what is outside or the database does not answer, or something outside was changed by another hand.
pub async fn count_unknown(db: &Db, now: Timestamp) -> Result<usize, Error> {
    let since = now.minus(SETTLED);
    let known = db.outside().known_endings().await?.newer(0);
    let due = known.iter().filter(|(scope, began)| !scope.reason.is_left() && began.at < since);
    let due: Vec<Known> = due.map(|(scope, began)| Known::new(scope, *began)).collect();
    let mut people = HashSet::new();
    for some in due.chunks(AT_ONCE) {
        let mut tx = db.read().await?;
        let withdrawn = endings::list_unwithdrawn(&mut tx, some).await?;
        let erased = endings::list_unerased(&mut tx, some).await?;
        let suppressed = endings::list_unsuppressed(&mut tx, some).await?;
        people.extend(withdrawn.into_iter().map(|row| row.address_key));
        people.extend(erased.into_iter().map(|row| row.address_key));
        people.extend(suppressed.into_iter().map(|row| row.address_key));
    }
    Ok(people.len())
}

/// Whether the database answered, and holds something that keeps this from being done: rows that hang together as this
/// program never writes them, or that cannot be read.
fn is_refused(error: &Error) -> bool {
    use sqlx::error::ErrorKind;
    match error {
        Error::Store(sqlx::Error::Database(error)) => !matches!(error.kind(), ErrorKind::Other),
        Error::Store(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => true,
        _ => false,
    }
}

/// What one transaction came to.
#[derive(Debug, Default)]
struct Done {
    replayed: Replayed,
    /// What was left to the check of the ledger.
    left: HashSet<Scope>,
}

impl AddAssign for Done {
    fn add_assign(&mut self, more: Self) {
        self.replayed += more.replayed;
        self.left.extend(more.left);
    }
}

/// One comparison.
#[derive(Clone, Copy)]
struct Pass<'a> {
    case: Case<'a>,
    endings: &'a Endings,
    /// What was left before, and told of.
    told: &'a HashSet<Scope>,
}

impl Pass<'_> {
    async fn some(self, db: &Db, some: &[(Scope, Began)]) -> Result<Done, Error> {
        let some: Vec<Known> =
            some.iter().map(|(scope, began)| Known::new(scope, *began)).collect();
        let mut tx = db.read().await?;
        let lacks = !(endings::list_unwithdrawn(&mut tx, &some).await?.is_empty()
            && endings::list_unerased(&mut tx, &some).await?.is_empty()
            && endings::list_unsuppressed(&mut tx, &some).await?.is_empty());
        drop(tx);
        if !lacks {
            return Ok(Done::default());
        }
        db.run(|tx| Box::pin(self.end_again(tx, &some))).await
    }

    /// Ends what of this the database does not know.
    async fn end_again(self, tx: &mut Tx, some: &[Known]) -> Result<Done, Error> {
        let mut done = Done::default();
        tx.replay();
        let checker = EventChecker::load(tx, self.case.settings).await?;
        for row in endings::list_unerased(tx, some).await? {
            done += self.erase(tx, &checker, &row).await?;
        }
        for row in endings::list_unwithdrawn(tx, some).await? {
            done += self.withdraw(tx, &checker, &row).await?;
        }
        for row in endings::list_unsuppressed(tx, some).await? {
            let (key, reason) = (&row.address_key, row.reason);
            let new = suppressions::insert(
                tx,
                row.began,
                &Suppressed::new(key, reason, row.purpose.as_ref()),
            )
            .await?;
            done.replayed.suppressed += usize::from(new);
        }
        Ok(done)
    }

    /// Erases whoever has this address by what this program wrote, and is older than the erasure, with the forms that
    /// are.
    async fn erase(
        self,
        tx: &mut Tx,
        checker: &EventChecker,
        row: &Unerased,
    ) -> Result<Done, Error> {
        let mut done = Done::default();
        let scope = Scope {
            address_key: row.address_key.clone(),
            reason: EndingReason::Suppressed(SuppressionReason::Erased),
            purpose: None,
        };
        let mut whose = None;
        for subscriber in subscribers::lock_of(tx, &row.address_key).await? {
            let id = subscriber.subscriber_id;
            if !self.is_own(&subscriber) || !are_whole(tx, checker, id).await? {
                done.left.insert(self.leave(scope.clone(), "subscriber", id));
            } else if id >= row.later || (row.set_back && !self.was_erased(id, row.began)) {
                // They came back.
                return Ok(done);
            } else {
                whose = Some(subscriber);
            }
        }
        let subscriber_id = whose.as_ref().map(|subscriber| subscriber.subscriber_id);
        let mut forms = vec![];
        for signup in signups::list_of(tx, &row.address_key).await? {
            let is_theirs = signup.subscriber_id.is_none() || signup.subscriber_id == subscriber_id;
            if signup.created_at >= row.began || !is_theirs {
                continue;
            }
            let id = signup.signup_id;
            if self.case.settings.demand_own_signup(&signup).is_ok()
                && are_whole(tx, checker, id).await?
            {
                forms.push(id);
            } else {
                done.left.insert(self.leave(scope.clone(), "signup", id));
            }
        }
        // Of the forms alone nobody knows then which of them came since.
        let is_nobodys = whose.is_none() && (row.set_back || forms.is_empty());
        if !is_nobodys {
            let (address_key, forms) = (&row.address_key, Some(forms.as_slice()));
            erase_again(tx, self.case, Erasure { address_key, subscriber_id, forms }, BY).await?;
            done.replayed.erased += 1;
        }
        Ok(done)
    }

    /// Whether it was this subscriber who was erased at this moment, as was noted by their own key.
    fn was_erased(self, subscriber_id: Uuid, at: Timestamp) -> bool {
        let key = self.case.settings.address_secret.subscriber_key(subscriber_id);
        let left = self.endings.began(Scope::left(key, None));
        left.is_some_and(|left| (at.minus(LEFT_AGAIN)..=at).contains(&left.at))
    }

    /// Ends a consent that this program wrote and that is older than its end. Where they came back since, another hand
    /// may have put an older one, of this program too, in the place of the newer: then all that happened to them must be
    /// what it was, and this consent what came of it.
    async fn withdraw(
        self,
        tx: &mut Tx,
        checker: &EventChecker,
        row: &Unwithdrawn,
    ) -> Result<Done, Error> {
        let mut done = Done::default();
        let Some(subscriber) = subscribers::lock(tx, row.subscriber_id).await? else {
            return Ok(done);
        };
        let consents = consents::list(tx, row.subscriber_id).await?;
        // They may have come back, or left, before they were locked.
        let is_older = |s: &&CurrentConsent| {
            s.purpose == row.purpose && s.state.in_force() && s.confirmed_at < row.began
        };
        let Some(consent) = consents.iter().find(is_older) else { return Ok(done) };
        let own = self.case.settings.evidence_key.consent(&consent.fields(&subscriber));
        let is_own = self.is_own(&subscriber)
            && EvidenceKey::agrees(row.mac.as_deref(), &own)
            && (!row.lifted || are_whole(tx, checker, row.subscriber_id).await?);
        if !is_own {
            let reason = if row.ran_out {
                EndingReason::Expired
            } else {
                EndingReason::Suppressed(SuppressionReason::Unsubscribed)
            };
            let (address_key, purpose) = (row.address_key.clone(), Some(row.purpose.clone()));
            let scope = Scope { address_key, reason, purpose };
            done.left.insert(self.leave(scope, "subscriber", row.subscriber_id));
            return Ok(done);
        }
        let event_type = if row.ran_out { EventType::Expired } else { EventType::Withdrawn };
        let what = End { consents: vec![consent], event_type, by: BY };
        done.replayed.withdrawn += end(tx, self.case, &subscriber, what).await?.len();
        Ok(done)
    }

    /// Whether a subscriber's key has the address that it always had.
    fn is_own(self, subscriber: &Subscriber<String>) -> bool {
        let address = (subscriber.email.as_str(), &subscriber.address_key);
        let mac = subscriber.mac.as_deref();
        self.case.settings.demand_own_address(subscriber.subscriber_id, address, mac).is_ok()
    }

    /// What was changed by another hand stays, for whoever looks into it; each is told of once.
    fn leave(self, scope: Scope, what: &str, id: Uuid) -> Scope {
        if !self.told.contains(&scope) {
            tracing::error!(
                %id,
                "a {what} seems to be of somebody who ended something, and is not what this program wrote: nothing of \
                 it is ended, run `assent ledger verify`"
            );
        }
        scope
    }

    fn tell_refused(self, scope: &Scope) {
        if !self.told.contains(scope) {
            tracing::error!(
                reason = scope.reason.as_str(),
                "what somebody ended cannot end again, for the database was changed by another hand: run `assent \
                 ledger verify`"
            );
        }
    }
}
