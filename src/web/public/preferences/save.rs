//! `POST /preferences/{token}`: choices that come back from the page.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::request_id::RequestId;
use crate::domain::signup::link::LinkKind;
use crate::domain::text::Line;
use crate::flows::consent::choose::{Choices, Refusal, choose};
use crate::store::catalog::notices::Notice;
use crate::store::catalog::purposes;
use crate::web::http::fields::Fields;
use crate::web::public::nothing_held::erased;
use crate::web::public::preferences::page::{SOURCE, Said, back, refused};
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

const REPEATED: &str = "Send each answer once: open the page again";
const UNKNOWN: &str = "Choose from what is shown here";
const NAME_FAULTY: &str = "Use letters, numbers and punctuation only, on one line";
const NAME_ALONE: &str = "Your choices are saved, but your name is not.";
const ENDED: &str = "What you took a tick from has ended, and a receipt is on its way.";

/// What came back, as far as it can be understood.
struct Sent {
    ticked: Vec<Purpose>,
    /// What the page says it was filled from.
    seen: Option<i64>,
    /// The boxes that the page says it had ticked itself.
    shown: Vec<Purpose>,
    /// The name, if the page had that field; or what to do about it.
    name: Option<Result<Option<Line>, String>>,
}

impl Sent {
    /// Reads the form; else what to do. A name that is wrong is wrong by itself: no choice is lost for it.
    fn parse(fields: &Fields) -> Result<Self, &'static str> {
        if ["name", "policy"].iter().any(|name| fields.is_repeated(name))
            || fields.is_faulty("purpose")
        {
            return Err(REPEATED);
        }
        let codes = fields.all("purpose").into_iter().map(str::parse);
        let ticked = codes.collect::<Result<_, _>>().map_err(|_| UNKNOWN)?;
        // One that cannot be read is no box of ours.
        let shown = fields.all("shown").into_iter().filter_map(|code| code.parse().ok()).collect();
        let name = match fields.all("name").first() {
            None => None,
            Some(_) if fields.is_faulty("name") => Some(Err(NAME_FAULTY.to_owned())),
            Some(name) => Some(Line::parse(name).map_err(|error| error.to_string())),
        };
        let clear = !fields.is_repeated("seen") && !fields.is_faulty("seen");
        let seen = fields.one("seen").parse().ok().filter(|_| clear);
        Ok(Self { ticked, seen, shown, name })
    }
}

pub(super) async fn save(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
    fields: Fields,
) -> Result<Response, Error> {
    let link = app.links.secrets.open(LinkKind::Manage, &token).ok_or(Error::NotFound)?;
    let catalog = app.catalog.get().await?;
    let policy = catalog.policies.first().ok_or(Error::Unavailable)?;
    let name = fields.all("name").first().copied();
    let sent = match Sent::parse(&fields) {
        Ok(sent) => sent,
        Err(message) => {
            return refused(&app, &token, &Said::wrong("purpose", message).typed(name)).await;
        }
    };
    let policy_shown = fields.one("policy");
    let notices = shown_notices(&catalog, &fields);
    let choices = Choices {
        ticked: &sent.ticked,
        seen: sent.seen,
        shown: &sent.shown,
        notices: &notices,
        policy,
        policy_was_shown: policy_shown.is_empty() || policy_shown == policy.label.as_str(),
        name: sent.name.clone().and_then(Result::ok),
        source: SOURCE,
    };
    let at = app.moment_of(request_id);
    let chosen = app.db.run(|tx| {
        Box::pin(async {
            let known = purposes::list_named(tx).await?;
            let is_known = |purpose: &Purpose| known.iter().any(|(code, _)| code == purpose);
            if !sent.ticked.iter().all(is_known) {
                return Ok(None);
            }
            choose(tx, app.settings.at(&at), link.id, &choices).await.map(Some)
        })
    });
    let Some(chosen) = chosen.await? else {
        return refused(&app, &token, &Said::wrong("purpose", UNKNOWN).typed(name)).await;
    };
    let chosen = chosen.ok_or_else(erased)?;

    let said = match (chosen.refused, &sent.name) {
        (None, None | Some(Ok(_))) => {
            return Ok(back(&token, if chosen.overtaken { "stands" } else { "saved" }, at.now));
        }
        (None, Some(Err(message))) => {
            Said { word: Some(NAME_ALONE), ..Said::wrong("name", message.clone()) }
        }
        (Some(refusal), _) => {
            let (field, message) = what_to_do(refusal, &catalog, &fields);
            let word = chosen.ended.then_some(ENDED);
            Said {
                word,
                kept: kept(refusal, &chosen.wanted, &notices),
                ..Said::wrong(field, message)
            }
        }
    };
    refused(&app, &token, &said.typed(name)).await
}

/// The words that the page showed, of what can be newly agreed to.
fn shown_notices(catalog: &Catalog, fields: &Fields) -> Vec<Arc<Notice>> {
    let offers = catalog.all_offers().filter(|offer| !offer.has_changed_since(fields));
    catalog.consent.iter().chain(offers.map(|offer| &offer.notice)).cloned().collect()
}

/// What to do about new ticks that are refused: the field to look at, and the words.
fn what_to_do(
    refusal: Refusal,
    catalog: &Catalog,
    fields: &Fields,
) -> (&'static str, Cow<'static, str>) {
    match refusal {
        Refusal::OldPage => (
            "purpose",
            "This page was out of date, so nothing new is agreed to. It now shows what stands: tick \
             again what you want, then save"
                .into(),
        ),
        Refusal::NotShown if catalog.all_offers().any(|offer| offer.has_changed_since(fields)) => {
            ("purpose", "Some words on this page have changed: read them, then choose again".into())
        }
        Refusal::NotShown => (
            "purpose",
            "Something you ticked is not offered any more: see what is left, then choose again".into(),
        ),
        Refusal::OldPolicy => {
            let label = catalog.policies.first().map_or("", |policy| policy.label.as_str());
            let words = format!(
                "Our privacy policy has changed: read version {label}, then tick the box again"
            );
            ("policy", words.into())
        }
        Refusal::NeedsPrivacyPolicy => (
            "purpose",
            "Tick Privacy policy as well: your other choices need it".into(),
        ),
    }
}

/// The new ticks that stay on the refused form: those whose words and policy were read as they are now, on a page
/// that was not out of date.
fn kept(refusal: Refusal, wanted: &[Purpose], notices: &[Arc<Notice>]) -> Vec<Purpose> {
    if matches!(refusal, Refusal::OldPage | Refusal::OldPolicy) {
        return vec![];
    }
    let read = |purpose: &&Purpose| notices.iter().any(|notice| notice.purpose == **purpose);
    wanted.iter().filter(read).cloned().collect()
}
