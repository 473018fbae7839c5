//! Forms that are sent again are taken once, and each answer to a bot check is used up once: both in the transaction that
//! stores the forms, so that a form that is not stored leaves its key and its answer good.

use uuid::Uuid;

use crate::domain::signup::bot_check::SolvedCheck;
use crate::domain::signup::idempotent_request::IdempotentRequest;
use crate::flows::signup::do_once;
use crate::random::Moment;
use crate::store::Tx;
use crate::store::signup::idempotent_requests::{self, NewRequest};
use crate::store::signup::solved_checks;

/// What became of a form that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum HandedIn {
    /// It was taken.
    Taken,
    /// It was left out: its sender sent it before, and that one was taken.
    SentBefore,
    /// It was left out: another form had used up the answer to its bot check.
    CheckSpent,
}

/// What a form brings along that is good once.
pub struct Once {
    /// The form.
    pub signup_id: Uuid,
    /// Whose form it is.
    pub report_id: Option<Uuid>,
    /// The request by which it may be sent again.
    pub request: Option<IdempotentRequest>,
    /// The answer to a bot check.
    pub check: Option<SolvedCheck>,
}

/// What is to become of each form, in their order. First it is asked whether it was sent before, for what is stored has
/// used up its check itself.
pub(super) async fn take_each(
    tx: &mut Tx,
    at: &Moment,
    forms: &[Once],
) -> sqlx::Result<Vec<HandedIn>> {
    let first = are_first(tx, at, forms).await?;
    let checks = forms.iter().zip(&first).map(|(form, first)| form.check.filter(|_| *first));
    let spent = spend_checks(tx, &checks.collect::<Vec<_>>()).await?;
    let (mut handed_in, mut free_again) = (Vec::with_capacity(forms.len()), Vec::new());
    for ((form, is_first), is_good) in forms.iter().zip(first).zip(spent) {
        handed_in.push(match (is_first, is_good) {
            (false, _) => HandedIn::SentBefore,
            (true, false) => HandedIn::CheckSpent,
            (true, true) => HandedIn::Taken,
        });
        free_again.extend(form.request.filter(|_| is_first && !is_good));
    }
    if !free_again.is_empty() {
        // What is refused may be sent again with the same key, and another answer to its check.
        idempotent_requests::delete_all(tx, &free_again).await?;
    }
    Ok(handed_in)
}

/// Whether each is stored for the first time, of forms that may be sent again; all others are.
async fn are_first(tx: &mut Tx, at: &Moment, forms: &[Once]) -> sqlx::Result<Vec<bool>> {
    let request = |form: &Once| {
        let Once { signup_id, report_id, .. } = *form;
        Some(NewRequest { request: form.request?, signup_id, report_id })
    };
    let requests: Vec<NewRequest> = forms.iter().filter_map(request).collect();
    if requests.is_empty() {
        return Ok(vec![true; forms.len()]);
    }
    let kept_since = at.now.minus(do_once::KEPT_FOR);
    let first = idempotent_requests::insert_all(tx, at.now, kept_since, &requests).await?;
    let is_first = |form: &Once| form.request.is_none() || first.contains(&form.signup_id);
    Ok(forms.iter().map(is_first).collect())
}

/// Uses up what each form brings along, in their order; `false` for each whose was used up before, also by one of these.
async fn spend_checks(tx: &mut Tx, checks: &[Option<SolvedCheck>]) -> sqlx::Result<Vec<bool>> {
    let mut solved: Vec<SolvedCheck> = checks.iter().flatten().copied().collect();
    if solved.is_empty() {
        return Ok(vec![true; checks.len()]);
    }
    // In one order, so that two who store forms at once never wait for each other in a circle.
    solved.sort_unstable_by_key(|solved| solved.nonce);
    solved.dedup_by_key(|solved| solved.nonce);
    let mut new = solved_checks::insert_all(tx, &solved).await?;
    let is_good =
        |check: &Option<SolvedCheck>| check.is_none_or(|solved| new.remove(&solved.nonce[..]));
    Ok(checks.iter().map(is_good).collect())
}
