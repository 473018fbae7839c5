//! `/purposes/{code}`: what somebody can agree to, for whoever meets its code in a receipt or an export.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::notices as notice_texts;
use crate::domain::catalog::purpose::Purpose;
use crate::store::Tx;
use crate::store::catalog::notices::Notice;
use crate::store::catalog::{newsletters, notices, purposes};
use crate::templates::page::Page;
use crate::web::http::validators::public_page;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error};

/// How many words of before are shown.
const WORDS: i64 = 50;

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/purposes/{code}", get(show))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let code: Purpose = code.parse().map_err(|_| Error::NotFound)?;
    // First, for it writes down words that are about to be shown for the first time.
    let catalog = app.catalog.get().await?;
    let mut tx = app.db.read().await?;
    let (kind, name, description) = describe(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let all = notices::list_shown_of(&mut tx, &code, WORDS).await?;
    drop(tx);
    let today = offered(&catalog, &code);
    let is_of_before = |notice: &&Notice| today.is_none_or(|today| today.sha256 != notice.sha256);
    let page = PurposePage {
        code: code.as_str(),
        kind,
        name,
        description,
        words: today.map(ShownWords::from),
        other_words: all.iter().filter(is_of_before).map(ShownWords::from).collect(),
    };
    public_page(&request, app.page(&page)?.0)
}

/// Which kind a purpose is of, its name, and what to expect; `None` where nobody can have agreed to it.
async fn describe(tx: &mut Tx, code: &Purpose) -> Result<Option<(Kind, String, String)>, Error> {
    if code.is_privacy_policy() {
        return Ok(Some((Kind::PrivacyPolicy, code.named(None), String::new())));
    }
    if code.is_own() {
        let own = purposes::find(tx, code).await?;
        return Ok(own.map(|own| (Kind::Own, own.name, String::new())));
    }
    let Some(slug) = code.newsletter_slug() else { return Ok(None) };
    let found = newsletters::find_known(tx, &slug).await?;
    Ok(found.map(|found| {
        let kind = if found.is_offered() { Kind::Newsletter } else { Kind::FormerNewsletter };
        (kind, found.name, found.description)
    }))
}

/// The words beside its box today; `None` where no form has one.
fn offered<'a>(catalog: &'a Catalog, code: &Purpose) -> Option<&'a Notice> {
    let policy = catalog.consent.as_deref().filter(|notice| notice.purpose == *code);
    let offer = || catalog.all_offers().find(|offer| offer.purpose == *code);
    policy.or_else(|| offer().map(|offer| &*offer.notice))
}

/// What somebody agrees to by it.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    PrivacyPolicy,
    Newsletter,
    FormerNewsletter,
    Own,
}

/// `public/purpose.html`.
#[derive(Serialize)]
pub(super) struct PurposePage<'a> {
    code: &'a str,
    kind: Kind,
    name: String,
    /// What to expect; may be empty.
    description: String,
    /// Beside its box today.
    words: Option<ShownWords<'a>>,
    /// Of before; the newest first.
    other_words: Vec<ShownWords<'a>>,
}

/// Words, and where they stand by themselves.
#[derive(Clone, Serialize)]
struct ShownWords<'a> {
    text: &'a str,
    url: String,
    sha256: &'a str,
}

impl<'a> From<&'a Notice> for ShownWords<'a> {
    fn from(notice: &'a Notice) -> Self {
        Self {
            text: &notice.words,
            url: notice_texts::path(&notice.sha256),
            sha256: &notice.sha256,
        }
    }
}

impl Page for PurposePage<'_> {
    const TEMPLATE: &'static str = "public/purpose.html";

    fn samples() -> Vec<Self> {
        let words = |text| ShownWords { text, url: "/notices/5a1f.txt".to_owned(), sha256: "5a1f" };
        let newsletter = |kind, description: &str, words, other_words| Self {
            code: "newsletter:digital-councils",
            kind,
            name: "Digital councils".to_owned(),
            description: description.to_owned(),
            words,
            other_words,
        };
        let [today, before] = ["Send me the newsletter.", "Send it to me."].map(words);
        let policy = Self {
            code: "privacy-policy",
            kind: Kind::PrivacyPolicy,
            name: "Privacy policy".to_owned(),
            ..newsletter(Kind::PrivacyPolicy, "", Some(today.clone()), vec![])
        };
        let own = Self {
            code: "partner-offers",
            name: "Offers of our partners".to_owned(),
            ..newsletter(Kind::Own, "", Some(today.clone()), vec![before.clone()])
        };
        vec![
            newsletter(Kind::Newsletter, "News every Thursday", Some(today), vec![before.clone()]),
            newsletter(Kind::FormerNewsletter, "", None, vec![before]),
            newsletter(Kind::Newsletter, "", None, vec![]),
            policy,
            own,
        ]
    }
}
