//! `/console/mail`: what waits, what failed for good, what was sent.

use std::str::FromStr;
use std::time::Duration;

use axum::response::Response;
use uuid::Uuid;

use crate::domain::alarm::MAIL_RELAY;
use crate::domain::mail::outbox::{MailKind, OutboxState};
use crate::domain::timestamp::Timestamp;
use crate::store::alarms;
use crate::store::mail::mails::{self, MailCursor, MailFilter};
use crate::web::Error;
use crate::web::address::with_fields;
use crate::web::console::alarms::AlarmNote;
use crate::web::console::mail::labels::{self, MailRow, PATH};
use crate::web::console::mail::list_page::{MOST_COUNTED, MailsPage, ReasonRow, kinds};
use crate::web::console::request_fields::Asked;
use crate::web::console::staff_session::StaffSession;
use crate::web::console::tab::Tab;
use crate::web::http::fields::Fields;

/// How many mails a page holds.
const PAGE: i64 = 50;
/// How many reasons for parking are listed.
const REASONS: i64 = 20;

pub(super) async fn show(session: StaffSession, Asked(asked): Asked) -> Result<Response, Error> {
    let app = &session.app;
    let filter = filter(&asked);
    let after = cursor(asked.one("after"));
    let now = app.clock.now();
    let since = now.minus(Duration::from_hours(24));
    let mut tx = app.db.read().await?;
    let found = mails::list(&mut tx, &filter, after, PAGE + 1).await?;
    let counts = mails::count(&mut tx, since, MOST_COUNTED + 1).await?;
    let reasons = mails::count_reasons(&mut tx, REASONS).await?;
    let relay = alarms::find(&mut tx, MAIL_RELAY).await?;
    drop(tx);
    let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let last = found.get(size - 1).filter(|_| found.len() > size);
    let older = last.map(|mail| {
        let by_due = filter.state == Some(OutboxState::Queued);
        address(&filter, &cursor_word(by_due, mail.next_at, mail.outbox_id))
    });
    let only = |state| MailFilter { state: Some(state), ..MailFilter::default() };
    let states = OutboxState::ALL.map(|state| Tab {
        title: labels::state(state),
        path: address(&only(state), ""),
        current: filter.state == Some(state),
    });
    let all = Tab { title: "All", path: PATH.to_owned(), current: filter.state.is_none() };
    let reasons = reasons.iter().map(|(reason, count)| {
        let filter = MailFilter { reason: Some(reason.clone()), ..only(OutboxState::Parked) };
        ReasonRow {
            reason,
            count: *count,
            path: address(&filter, ""),
            retry: with_fields("/console/mail/retry", &[("reason", reason)]),
        }
    });
    let page = MailsPage {
        word: done(&asked),
        relay: relay.as_ref().map(AlarmNote::from),
        counts: counts.into(),
        sent_since: since,
        states: states.into_iter().chain([all]).collect(),
        state: filter.state.map_or("", OutboxState::as_str),
        kind: filter.kind.map_or("", MailKind::as_str),
        kinds: kinds(),
        reason: filter.reason.as_deref(),
        reasons: reasons.collect(),
        mails: found.iter().take(size).map(|mail| MailRow::new(mail, now)).collect(),
        newest: after.is_some().then(|| address(&filter, "")),
        older,
    };
    session.show(&page)
}

/// What a list is narrowed by; a word that is none of ours narrows nothing.
fn filter(asked: &Fields) -> MailFilter {
    let (state, kind) = (asked.one("state"), asked.one("kind"));
    let reason = Some(asked.one("reason")).filter(|reason| !reason.is_empty());
    MailFilter {
        // Only what is parked was parked for a reason.
        state: match reason {
            Some(_) => Some(OutboxState::Parked),
            None => state.parse().ok(),
        },
        kind: kind.parse().ok(),
        reason: reason.map(str::to_owned),
    }
}

fn address(filter: &MailFilter, after: &str) -> String {
    let state = filter.state.map_or("", OutboxState::as_str);
    let kind = filter.kind.map_or("", MailKind::as_str);
    let reason = filter.reason.as_deref().unwrap_or_default();
    with_fields(PATH, &[("state", state), ("kind", kind), ("reason", reason), ("after", after)])
}

fn cursor_word(by_due: bool, next_at: Timestamp, outbox_id: Uuid) -> String {
    if by_due { format!("{}.{outbox_id}", next_at.micros()) } else { outbox_id.to_string() }
}

/// Reads what `cursor_word` wrote; anything else is the first page.
fn cursor(word: &str) -> Option<MailCursor> {
    let (micros, id) = word.split_once('.').unwrap_or(("0", word));
    Some(MailCursor {
        next_at: Timestamp::from_micros(micros.parse().ok()?),
        outbox_id: Uuid::from_str(id).ok()?,
    })
}

/// What became of sending again.
fn done(asked: &Fields) -> Option<String> {
    if asked.one("word") != "again" {
        return None;
    }
    Some(match asked.one("count").parse::<u64>().ok()? {
        0 => "No mail is parked for that reason any more.".to_owned(),
        1 => "One mail is on its way again.".to_owned(),
        n => format!("{n} mails are on their way again."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_where_the_next_begins() {
        let (at, id) = (Timestamp::from_micros(-5), Uuid::from_u128(7));
        let both = MailCursor { next_at: at, outbox_id: id };
        assert_eq!(cursor(&cursor_word(true, at, id)), Some(both));
        assert_eq!(cursor(&cursor_word(false, at, id)).map(|c| c.outbox_id), Some(id));
        for word in ["", ".", "x", "1.", "1.2", "99999999999999999999.x", "' OR 1=1 --"] {
            assert_eq!(cursor(word), None, "{word}");
        }
    }
}
