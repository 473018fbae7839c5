//! `/console/policies/new`: the next version is written, looked at, published. Nothing is kept in between:
//! each step's form carries all of it.

use std::time::Duration;

use assent_ledger::digest::sha256_hex;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::catalog::notice::LANG;
use crate::domain::policy::text_difference::difference;
use crate::domain::policy::version::{
    Change, ChangeClass, Deadline, DeadlineOver, PolicyText, WhatChanges, WhatChangesError,
};
use crate::domain::slug::Label;
use crate::domain::time_zone::TimeZone;
use crate::domain::timestamp::Timestamp;
use crate::flows::policy::publish_policy::{Published, publish_next_policy};
use crate::store::policy::announcements;
use crate::store::policy::versions::{self, NewPolicyVersion, PolicyVersion};
use crate::web::console::form::{Faults, fault, is_sure, once};
use crate::web::console::policy::policies::steps::{PolicyEditPage, PolicyPreviewPage, Typed};
use crate::web::console::request_fields::Form;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error, markdown};

/// How long two texts are compared.
const COMPARING: Duration = Duration::from_secs(1);

/// A version that could be published.
struct Draft {
    label: Label,
    text: PolicyText,
    change: Change,
}

pub(super) async fn ask(session: StaffSession) -> Result<Response, Error> {
    let newest = versions::find_newest(&mut session.app.db.read().await?, LANG).await?;
    let text = newest.as_ref().map_or("", |newest| newest.body.as_str());
    let typed = Typed { label: "", text, change: "editorial", changes: "", until: "" };
    editor(&session, typed, newest.as_ref(), vec![])
}

fn editor(
    session: &StaffSession,
    typed: Typed<'_>,
    newest: Option<&PolicyVersion>,
    errors: Faults,
) -> Result<Response, Error> {
    let newest = newest.map(|newest| newest.label.as_str());
    let page = PolicyEditPage { typed, newest, errors };
    Ok(kept(session.show_with(&page, &page.errors)?))
}

/// Lets the browser keep a step, so that its Back shows the text again rather than an error: these pages hold
/// no subscriber's details.
fn kept(mut page: Response) -> Response {
    let keep = HeaderValue::from_static("private, no-cache");
    page.headers_mut().insert(header::CACHE_CONTROL, keep);
    page
}

/// One step on: `edit` shows the editor again, `preview` what would change, `publish` publishes.
pub(super) async fn go_on(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let typed = Typed::from_fields(&fields);
    let mut tx = app.db.read().await?;
    let versions = versions::list(&mut tx, LANG).await?;
    drop(tx);
    let newest = versions.first();
    let step = fields.one("step");
    if step == "edit" {
        return editor(&session, typed, newest, vec![]);
    }
    let draft = match parse(app, &fields, &typed, &versions) {
        Ok(draft) => draft,
        Err(errors) => return editor(&session, typed, newest, errors),
    };
    if step != "publish" {
        return preview(&session, typed, &draft, vec![]).await;
    }
    if !is_sure(&fields) {
        let words = "Tick the box if this version is to be published";
        let unsure = fault("sure", words);
        return preview(&session, typed, &draft, vec![unsure]).await;
    }
    publish(&session, &fields, typed, &draft).await
}

fn parse(
    app: &App,
    fields: &Fields,
    typed: &Typed<'_>,
    versions: &[PolicyVersion],
) -> Result<Draft, Faults> {
    let mut errors = Faults::new();
    once(fields, &["label", "text", "change", "changes", "until"], &mut errors);
    let label = typed.label.parse::<Label>().ok();
    match &label {
        None => {
            let message = "Enter a label such as 2026-11: letters, digits, dots and hyphens";
            errors.push(fault("label", message));
        }
        Some(label) if versions.iter().any(|version| version.label == *label) => {
            errors.push(fault("label", taken(label)));
        }
        Some(_) => {}
    }
    let text = typed.text.parse::<PolicyText>();
    let text = text.map_err(|error| errors.push(fault("text", error))).ok();
    let changes = if fields.is_faulty("changes") {
        Err(WhatChangesError::Forbidden)
    } else {
        typed.changes.parse()
    };
    let now = (app.clock.now(), &app.site.timezone);
    let change = parse_change(typed, changes, now, &mut errors);
    match (label, text, change) {
        (Some(label), Some(text), Some(change)) if errors.is_empty() => {
            Ok(Draft { label, text, change })
        }
        _ => Err(errors),
    }
}

/// What is asked of people, if all that it needs was typed, and nothing that it does not need.
fn parse_change(
    typed: &Typed<'_>,
    changes: Result<WhatChanges, WhatChangesError>,
    (now, timezone): (Timestamp, &TimeZone),
    errors: &mut Faults,
) -> Option<Change> {
    let Ok(class) = typed.change.parse::<ChangeClass>() else {
        errors.push(fault("change", "Choose what the new version asks of people"));
        return None;
    };
    match (class, &changes) {
        (ChangeClass::Editorial, Err(WhatChangesError::Empty)) => {}
        (ChangeClass::Editorial, _) => {
            let message = "Leave this empty, or choose to tell people or to ask them again";
            errors.push(fault("changes", message));
        }
        (ChangeClass::Notify | ChangeClass::Reconsent, Err(error)) => {
            errors.push(fault("changes", error));
        }
        _ => {}
    }
    let day = typed.until.parse().ok();
    let until = day.map(|day| Deadline::new(timezone.ends(day), now));
    let asks = class == ChangeClass::Reconsent;
    let message = match (typed.until, until) {
        ("", _) if asks => Some("Enter the last day on which people can agree again"),
        ("", _) => None,
        (_, None) => Some("Enter a date such as 2026-12-31"),
        (_, Some(Err(DeadlineOver))) if asks => {
            Some("Enter a date that is still to come, and leave people time to answer")
        }
        _ if asks => None,
        _ => Some("Leave the date empty, or choose to ask people again"),
    };
    errors.extend(message.map(|message| fault("until", message)));
    match class {
        ChangeClass::Editorial => Some(Change::Editorial),
        ChangeClass::Notify => changes.ok().map(Change::Notify),
        ChangeClass::Reconsent => {
            let (changes, until) = changes.ok().zip(until?.ok())?;
            Some(Change::Reconsent { changes, until })
        }
    }
}

fn taken(label: &Label) -> String {
    format!("Version {label} is published already and never changes: choose another label")
}

/// What a version changes and whom it reaches, before it is published.
async fn preview(
    session: &StaffSession,
    typed: Typed<'_>,
    draft: &Draft,
    errors: Faults,
) -> Result<Response, Error> {
    let mut tx = session.app.db.read().await?;
    let newest = versions::find_newest(&mut tx, LANG).await?;
    let people = announcements::count_addressed(&mut tx).await?;
    drop(tx);
    let text = draft.text.as_str();
    let passages = match &newest {
        Some(newest) => {
            let (older, newer) = (newest.body.clone(), text.to_owned());
            let compare = move || difference(&older, &newer, COMPARING);
            tokio::task::spawn_blocking(compare).await.map_err(|_| Error::Internal)?
        }
        None => vec![],
    };
    let page = PolicyPreviewPage {
        typed,
        label: draft.label.as_str(),
        change: draft.change.class().name(),
        changes: draft.change.changes().map(WhatChanges::as_str),
        until: draft.change.until(),
        newest: newest.as_ref().map(|newest| newest.label.as_str()),
        people,
        passages,
        body: markdown::render(text),
        sha256: sha256_hex(text.as_bytes()),
        errors,
    };
    Ok(kept(session.show_with(&page, &page.errors)?))
}

async fn publish(
    session: &StaffSession,
    fields: &Fields,
    typed: Typed<'_>,
    draft: &Draft,
) -> Result<Response, Error> {
    let app = &session.app;
    let after = fields.one("after").parse::<Label>().ok();
    let new = NewPolicyVersion {
        label: &draft.label,
        lang: LANG,
        text: &draft.text,
        change: &draft.change,
    };
    let (act, after) = (session.act(), after.as_ref());
    match app.db.run(|tx| Box::pin(publish_next_policy(tx, &act, after, new))).await? {
        Published::Done => Ok(Redirect::to("/console/policies?word=published").into_response()),
        Published::Taken => {
            let newest = versions::find_newest(&mut app.db.read().await?, LANG).await?;
            let refused = fault("label", taken(&draft.label));
            editor(session, typed, newest.as_ref(), vec![refused])
        }
        Published::Overtaken => {
            let words = "Another version was published meanwhile: look again at what yours changes";
            let overtaken = fault("form", words);
            preview(session, typed, draft, vec![overtaken]).await
        }
    }
}
