//! `/console/requests/{id}`: one complaint or request.

use axum::extract::Path;
use axum::response::Response;
use uuid::Uuid;

use super::labels::{begin, channel, letter, outcome, state, title};
use super::naming::path_of;
use super::one_page::{
    LetterLink, LetterRow, OtherRequest, Proof, RequestPage, Shown, StoppedRow, Typed,
};
use crate::domain::contacts::privacy_request::{LetterTemplate, LetterWay, RequestOutcome};
use crate::domain::contacts::request_times::kept_words;
use crate::domain::staff::member::actor;
use crate::store::Tx;
use crate::store::contacts::privacy_requests::{self, PrivacyRequest};
use crate::store::contacts::request_letters::{self, RequestLetter};
use crate::store::contacts::{subscribers, suppression_list};
use crate::store::staff::members;
use crate::web::address::key;
use crate::web::choice::SelectOption;
use crate::web::console::form::Faults;
use crate::web::console::request_fields::Asked;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(super) async fn show(
    session: StaffSession,
    Path(id): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let none = Fields::default();
    let page = page(&session.app, key(&id)?, (&none, vec![])).await?;
    let word = match asked.one("word") {
        "entered" => Some("The request is entered."),
        "sent" => Some("The letter is on its way."),
        "noted" => Some("The letter is noted."),
        "resumed" => Some("The time for the answer goes on."),
        "closed" => Some("The request is closed."),
        "settled" => Some("That was settled meanwhile: this is how it stands."),
        _ => None,
    };
    session.show(&RequestPage { word, ..page })
}

/// The page, with what was sent and what is wrong with it.
pub(super) async fn page<'a>(
    app: &App,
    id: Uuid,
    (sent, errors): (&'a Fields, Faults),
) -> Result<RequestPage<'a>, Error> {
    let mut tx = app.db.read().await?;
    let request = privacy_requests::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let letters = request_letters::list(&mut tx, id).await?;
    let proof = proof(&mut tx, &request).await?;
    let staff = members::list(&mut tx).await?;
    drop(tx);
    let who = |by: &str| {
        let known = staff.iter().find(|member| actor(member.staff_id) == by);
        known.map(|member| member.email.to_string())
    };
    let is_open = request.closed_at.is_none();
    let rows = letters.iter().map(|one| row(one, who(&one.written_by))).collect();
    let links =
        request.kind.letters().iter().filter(|template| is_open && fits(&request, **template));
    let link = |template: &LetterTemplate| LetterLink {
        title: begin(*template),
        path: format!("{}/letters/{}", path_of(id), template.as_str()),
        // What is mostly done next.
        is_first: *template == first(&request),
    };
    let option = |one: &RequestOutcome| SelectOption::new(one.as_str(), outcome(*one));
    Ok(RequestPage {
        word: None,
        letters: rows,
        write: links.map(link).collect(),
        resume: (is_open && request.paused_at.is_some()).then(|| format!("{}/resume", path_of(id))),
        close: is_open.then(|| format!("{}/close", path_of(id))),
        outcomes: request.kind.outcomes().iter().map(option).collect(),
        typed: Typed { outcome: sent.one("outcome"), note: sent.text("note") },
        kept: kept_words(app.settings.requests_retention),
        proof,
        request: shown(request, who, app),
        errors,
    })
}

/// Whether there is reason for a letter.
fn fits(request: &PrivacyRequest, template: LetterTemplate) -> bool {
    match template {
        LetterTemplate::Acknowledge => request.acknowledged_at.is_none(),
        LetterTemplate::Identity => request.paused_at.is_none(),
        LetterTemplate::Extended => request.extended_at.is_none(),
        LetterTemplate::Received | LetterTemplate::Outcome => true,
    }
}

fn first(request: &PrivacyRequest) -> LetterTemplate {
    if request.acknowledged_at.is_none() {
        LetterTemplate::Acknowledge
    } else {
        LetterTemplate::Outcome
    }
}

fn shown(request: PrivacyRequest, who: impl Fn(&str) -> Option<String>, app: &App) -> Shown {
    Shown {
        state: state(&request, app.clock.now()),
        kind: title(request.kind),
        channel: channel(request.channel),
        entered_by: who(&request.created_by),
        outcome: request.outcome.map(outcome),
        reference: request.reference,
        name: request.name,
        email: request.email,
        words: request.words,
        received_at: request.received_at,
        acknowledge_by: request.acknowledge_by,
        acknowledged_at: request.acknowledged_at,
        due_at: request.due_at,
        extended_at: request.extended_at,
        extension_reason: request.extension_reason,
        paused_at: request.paused_at,
        paused_days: request.paused_days,
        closed_at: request.closed_at,
        outcome_note: request.outcome_note,
    }
}

fn row(one: &RequestLetter, by: Option<String>) -> LetterRow {
    let state = match (one.way, one.state) {
        (LetterWay::Post, _) => "post",
        (LetterWay::Mail, _) if one.came_back => "bounced",
        (LetterWay::Mail, state) => state.map_or("dropped", |state| state.as_str()),
    };
    LetterRow {
        title: letter(one.template),
        by,
        words: one.words.clone(),
        written_at: one.written_at,
        state,
        reason: one.reason.clone(),
        mail: one.outbox_id.map(|id| format!("/console/mail/{id}")),
    }
}

/// What is on record of the address, for what was asked for is proved by it.
async fn proof(tx: &mut Tx, request: &PrivacyRequest) -> Result<Proof, Error> {
    let erased_at = request.erased_at;
    let Some(address_key) = &request.address_key else {
        return Ok(Proof {
            is_known: false,
            person: None,
            erased_at,
            stopped: vec![],
            others: vec![],
        });
    };
    let person = subscribers::find_id(tx, address_key).await?;
    let stopped = suppression_list::list_of(tx, address_key).await?;
    let others = privacy_requests::list_of(tx, address_key).await?;
    let is_other = |other: &PrivacyRequest| other.privacy_request_id != request.privacy_request_id;
    Ok(Proof {
        is_known: true,
        person: person.map(|id| format!("/console/subscribers/{id}")),
        erased_at,
        stopped: stopped
            .into_iter()
            .map(|listed| StoppedRow { reason: listed.reason.as_str(), since: listed.since })
            .collect(),
        others: others
            .into_iter()
            .filter(is_other)
            .map(|other| OtherRequest {
                path: path_of(other.privacy_request_id),
                kind: title(other.kind),
                reference: other.reference,
            })
            .collect(),
    })
}
