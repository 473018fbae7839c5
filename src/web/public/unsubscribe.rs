//! `/unsubscribe/{token}`: one press, by a person or by their mail program (RFC 8058).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Html;
use axum::routing::get;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::request_id::RequestId;
use crate::flows::By;
use crate::flows::consent::withdraw::{Leave, Leaving, withdraw};
use crate::store::Tx;
use crate::store::consent::consents;
use crate::store::contacts::subscribers;
use crate::templates::page::Page;
use crate::web::http::body::drain;
use crate::web::public::unconfirmed_form::MASKED_SAMPLE;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/unsubscribe/{token}", get(show).post(press))
}

/// The page, as evidence names it.
const SOURCE: &str = "/unsubscribe";

fn open(app: &App, token: &str) -> Result<(Uuid, Leaving), Error> {
    let (id, purpose) = app.links.secrets.open_unsubscribe(token).ok_or(Error::NotFound)?;
    Ok((id, purpose.map_or(Leaving::Writing, Leaving::One)))
}

/// What the link ends, by name, and of it what is in force.
async fn topics(
    tx: &mut Tx,
    id: Uuid,
    leaving: &Leaving,
) -> Result<(Vec<String>, Vec<String>), Error> {
    let standing = consents::list(tx, id).await?;
    let mut all = Vec::new();
    let mut in_force = Vec::new();
    for standing in standing.into_iter().filter(|standing| leaving.ends(&standing.purpose)) {
        let name = standing.purpose.named(standing.name.as_deref());
        if standing.state.in_force() {
            in_force.push(name.clone());
        }
        all.push(name);
    }
    Ok((all, in_force))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
) -> Result<Html<String>, Error> {
    let (id, leaving) = open(&app, &token)?;
    let mut tx = app.db.read().await?;
    let Some(subscriber) = subscribers::find(&mut tx, id).await? else {
        return app.page(&UnsubscribeDeletedPage {});
    };
    let (_, topics) = topics(&mut tx, id, &leaving).await?;
    drop(tx);
    let address = subscriber.email.masked();
    let everything = is_everything(&leaving);
    app.page(&UnsubscribePage { token: &token, address, topics, everything })
}

/// `public/unsubscribe.html`.
#[derive(Serialize)]
pub(super) struct UnsubscribePage<'a> {
    token: &'a str,
    address: String,
    /// What the press ends, by name.
    topics: Vec<String>,
    /// Whether it ends all that was agreed to, and not only what is sent.
    everything: bool,
}

impl Page for UnsubscribePage<'_> {
    const TEMPLATE: &'static str = "public/unsubscribe.html";

    fn samples() -> Vec<Self> {
        let page = |(topics, everything)| Self {
            token: "TOKEN",
            address: MASKED_SAMPLE.to_owned(),
            topics,
            everything,
        };
        sample_topics().map(page).into()
    }
}

/// What a link ends, and whether that is everything.
fn sample_topics() -> [(Vec<String>, bool); 4] {
    let topics = |name: &str| vec![name.to_owned()];
    [
        (topics("The weekly"), false),
        (topics("Privacy policy"), true),
        (vec![], false),
        (vec![], true),
    ]
}

/// Whatever the body is: mail programs send it URL-encoded or as multipart, people press a button. The answer
/// is the same when repeated. For somebody erased since it is 200 too, but no word of theirs: whoever signed up
/// again is somebody new, whom this link does not know.
async fn press(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    request_id: RequestId,
    request: Request,
) -> Result<Html<String>, Error> {
    let (id, leaving) = open(&app, &token)?;
    drain(request).await?;
    let at = app.moment_of(request_id);
    let leave = Leave { subscriber_id: id, leaving: &leaving };
    let (case, by) = (app.settings.at(&at), By::form(SOURCE));
    app.db.run(|tx| Box::pin(withdraw(tx, case, leave, by))).await?;
    let mut tx = app.db.read().await?;
    if subscribers::find_key(&mut tx, id).await?.is_none() {
        return app.page(&UnsubscribeDeletedPage {});
    }
    let (topics, _) = topics(&mut tx, id, &leaving).await?;
    app.page(&UnsubscribedPage { topics, everything: is_everything(&leaving) })
}

/// `public/unsubscribe_deleted.html`: of a link whose owner was erased, or forgotten.
#[derive(Serialize)]
pub(super) struct UnsubscribeDeletedPage {}

impl Page for UnsubscribeDeletedPage {
    const TEMPLATE: &'static str = "public/unsubscribe_deleted.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// Whether the link ends all that somebody agreed to, and not only what they are sent.
fn is_everything(leaving: &Leaving) -> bool {
    leaving.ends(&Purpose::privacy_policy())
}

/// `public/unsubscribed.html`.
#[derive(Serialize)]
pub(super) struct UnsubscribedPage {
    /// What has ended, by name.
    topics: Vec<String>,
    /// Whether that is all that was agreed to.
    everything: bool,
}

impl Page for UnsubscribedPage {
    const TEMPLATE: &'static str = "public/unsubscribed.html";

    fn samples() -> Vec<Self> {
        sample_topics().map(|(topics, everything)| Self { topics, everything }).into()
    }
}
