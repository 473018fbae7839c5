//! Staff write to whoever complained or asked, wait for proof of who they are, and close what they asked for.

use serde_json::json;
use uuid::Uuid;

use crate::domain::contacts::privacy_request::{LetterTemplate, LetterWay, RequestOutcome};
use crate::domain::contacts::request_text::RequestText;
use crate::domain::contacts::request_times::{Answering, days_between};
use crate::domain::staff::action::Action;
use crate::domain::text::Line;
use crate::flows::{Act, Error, FlowSettings};
use crate::store::Tx;
use crate::store::contacts::privacy_requests::{self, PrivacyRequest};
use crate::store::contacts::request_letters::{self, NewRequestLetter};
use crate::store::mail::outbox;

/// A letter that staff wrote.
pub struct WrittenLetter<'a> {
    /// What it is for.
    pub template: LetterTemplate,
    /// How it leaves.
    pub way: LetterWay,
    /// What it says.
    pub words: &'a RequestText,
    /// Why the answer takes longer, where it says that.
    pub reason: Option<&'a Line>,
    /// The form that it was written on: sent again, it is the same letter.
    pub form_id: Uuid,
}

/// What became of something that was done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answered {
    /// It was done, now or by the same form before.
    Done,
    /// There is no such request.
    Gone,
    /// It was closed meanwhile.
    Closed,
    /// This is not written about a request of its kind.
    NoSuchLetter,
    /// There is no address that it could be mailed to.
    NoAddress,
    /// The time for the answer is over or was extended before: by then they had to be told (UK GDPR Art. 12(3)).
    TooLate,
    /// It does not wait for proof of identity, or does already.
    Otherwise,
    /// Nobody told them what came of it.
    NotTold,
}

/// Writes to whoever asked, and draws what follows: their proof of identity is waited for, or the answer takes two months
/// more.
///
/// # Errors
/// When the database does not take it.
pub async fn write_letter(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    (id, letter): (Uuid, &WrittenLetter<'_>),
) -> Result<Answered, Error> {
    let Some(request) = privacy_requests::lock(tx, id).await? else { return Ok(Answered::Gone) };
    let words = match letter.reason.filter(|_| letter.template == LetterTemplate::Extended) {
        Some(reason) => letter.words.clone().with(&format!("Why we need more time: {reason}")),
        None => letter.words.clone(),
    };
    let outbox_id = (letter.way == LetterWay::Mail).then(|| act.at.new_id());
    let new = NewRequestLetter {
        request_letter_id: act.at.new_id(),
        privacy_request_id: id,
        template: letter.template,
        way: letter.way,
        words: Some(words.as_str()),
        outbox_id,
        form_id: letter.form_id,
        written_by: &act.actor,
    };
    if let Some(refusal) = refusal(&request, act, letter) {
        // Sent again, the form that did this is told that it did.
        let is_ours = request_letters::is_of_form(tx, id, letter.form_id).await?;
        return Ok(if is_ours { Answered::Done } else { refusal });
    }
    if !request_letters::insert(tx, act.at.now, &new).await? {
        return Ok(Answered::Done);
    }
    if let Some(outbox_id) = outbox_id {
        outbox::insert_letter(tx, &act.at, outbox_id).await?;
    }
    match letter.template {
        LetterTemplate::Identity => {
            privacy_requests::mark_paused(tx, act.at.now, id).await?;
        }
        LetterTemplate::Extended => {
            let reason = letter.reason.map_or("", Line::as_str);
            let later = Answering { is_extended: true, ..request.answering() };
            let due_at = later.due_at(&settings.timezone);
            privacy_requests::mark_extended(tx, act.at.now, id, (reason, due_at)).await?;
        }
        _ => {}
    }
    let detail = json!({"reference": request.reference, "letter": letter.template.as_str(),
                        "way": letter.way.as_str()});
    act.audit(tx, Action::RequestLetter, &detail).await?;
    Ok(Answered::Done)
}

/// Why a letter cannot be written, if it cannot.
fn refusal(request: &PrivacyRequest, act: &Act, letter: &WrittenLetter<'_>) -> Option<Answered> {
    if request.closed_at.is_some() {
        return Some(Answered::Closed);
    }
    if !request.kind.letters().contains(&letter.template) {
        return Some(Answered::NoSuchLetter);
    }
    if letter.way == LetterWay::Mail && request.email.is_none() {
        return Some(Answered::NoAddress);
    }
    match letter.template {
        LetterTemplate::Identity if request.paused_at.is_some() => Some(Answered::Otherwise),
        LetterTemplate::Extended => {
            let is_over = request.paused_at.is_none() && request.due_at <= act.at.now;
            (is_over || request.extended_at.is_some() || letter.reason.is_none())
                .then_some(Answered::TooLate)
        }
        _ => None,
    }
}

/// The proof of who they are has come: the time for the answer goes on, longer by the days on which it was waited for.
///
/// # Errors
/// When the database does not take it.
pub async fn resume_request(
    tx: &mut Tx,
    act: &Act,
    settings: &FlowSettings,
    id: Uuid,
) -> Result<Answered, Error> {
    let Some(request) = privacy_requests::lock(tx, id).await? else { return Ok(Answered::Gone) };
    if request.closed_at.is_some() {
        return Ok(Answered::Closed);
    }
    let Some(paused_at) = request.paused_at else { return Ok(Answered::Otherwise) };
    let waited = days_between(paused_at, act.at.now, &settings.timezone);
    let paused_days = request.paused_days.saturating_add(waited);
    let due_at = Answering { paused_days, ..request.answering() }.due_at(&settings.timezone);
    privacy_requests::mark_resumed(tx, id, (paused_days, due_at)).await?;
    let detail = json!({"reference": request.reference, "days": waited});
    act.audit(tx, Action::RequestResume, &detail).await?;
    Ok(Answered::Done)
}

/// Closes a request with what came of it, which whoever asked must have been told unless they took it back.
///
/// # Errors
/// When the database does not take it.
pub async fn close_request(
    tx: &mut Tx,
    act: &Act,
    id: Uuid,
    (outcome, note): (RequestOutcome, &RequestText),
) -> Result<Answered, Error> {
    let Some(request) = privacy_requests::lock(tx, id).await? else { return Ok(Answered::Gone) };
    if request.closed_at.is_some() {
        return Ok(Answered::Closed);
    }
    if !request.kind.outcomes().contains(&outcome) {
        return Ok(Answered::Otherwise);
    }
    if outcome != RequestOutcome::TakenBack && !is_told(tx, id).await? {
        return Ok(Answered::NotTold);
    }
    privacy_requests::mark_closed(tx, act.at.now, id, (outcome, note.as_str())).await?;
    if request.erased_at.is_some() {
        request_letters::reduce(tx).await?;
    }
    let detail = json!({"reference": request.reference, "outcome": outcome.as_str()});
    act.audit(tx, Action::RequestClose, &detail).await?;
    Ok(Answered::Done)
}

/// Whether a letter about the outcome is on its way, or arrived as far as is known.
async fn is_told(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let letters = request_letters::list(tx, id).await?;
    Ok(letters.iter().any(|letter| letter.template == LetterTemplate::Outcome && letter.arrives()))
}
