//! `/console/mail/{id}`: one mail, every try to hand it over, and how it came back.

use std::cmp::Reverse;

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use super::labels::{MailEvent, MailRow};
use crate::domain::mail::bounce::BounceKind;
use crate::domain::mail::outbox::{DeliveryOutcome, OutboxState};
use crate::domain::timestamp::Timestamp;
use crate::store::contacts::suppressions;
use crate::store::mail::mails::{self, CameBack, Try};
use crate::templates::page::Page;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff_session::StaffSession;

/// How many tries are shown, the newest first.
const TRIES: i64 = 100;

pub(super) async fn show(
    session: StaffSession,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let app = &session.app;
    let id = key(&id)?;
    let mut tx = app.db.read().await?;
    let mail = mails::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let tries = mails::list_tries(&mut tx, id, TRIES).await?;
    let bounces = mails::list_bounces(&mut tx, id).await?;
    let suppressed = match &mail.address_key {
        Some(key) => suppressions::forbids(&mut tx, key, mail.kind, mail.created_at).await?,
        None => false,
    };
    drop(tx);
    let tries = tries.into_iter().map(MailEvent::from);
    let mut events: Vec<_> = tries.chain(bounces.into_iter().map(MailEvent::from)).collect();
    events.sort_by_key(|event| Reverse(event.at));
    let word = match asked.one("word") {
        "again" => Some("The mail is on its way again."),
        "settled" => Some("The mail was not parked any more, so nothing was changed."),
        _ => None,
    };
    let page = MailPage {
        word,
        mail: MailRow::new(&mail, app.clock.now()),
        may_retry: mail.state == OutboxState::Parked,
        suppressed,
        events,
    };
    session.show(&page)
}

/// `console/mail_one.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct MailPage<'a> {
    word: Option<&'static str>,
    mail: MailRow<'a>,
    may_retry: bool,
    suppressed: bool,
    events: Vec<MailEvent>,
}

impl Page for MailPage<'_> {
    const TEMPLATE: &'static str = "console/mail_one.html";

    fn samples() -> Vec<Self> {
        let came_back = CameBack {
            kind: BounceKind::Hard,
            status: Some("5.1.1".to_owned()),
            received_at: Timestamp::SAMPLE,
        };
        let tried = Try {
            outcome: DeliveryOutcome::Sent,
            detail: String::new(),
            finished_at: Timestamp::SAMPLE,
        };
        let parked = MailPage {
            word: None,
            mail: MailRow::sample(),
            may_retry: true,
            suppressed: true,
            events: vec![came_back.into(), tried.into()],
        };
        let page = |mail| MailPage {
            word: Some("The mail is on its way again."),
            mail,
            may_retry: false,
            events: vec![],
            ..parked.clone()
        };
        vec![
            page(MailRow::sample_waiting()),
            page(MailRow::sample_under_way()),
            page(MailRow::sample_to_others()),
            parked,
        ]
    }
}
