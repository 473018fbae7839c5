//! `/policies/privacy`: the policy in force, and any published version, for good: as a page, and as the Markdown that
//! its hash is of.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::form_parts::PolicyLink;
use crate::domain::policy::text_difference::{Fate, Passage, Piece};
use crate::domain::slug::Label;
use crate::domain::timestamp::Timestamp;
use crate::store::policy::versions::PolicyVersion;
use crate::templates::page::Page;
use crate::web::headers::UNLISTED;
use crate::web::http::fields::Fields;
use crate::web::http::hashed_text::HashedText;
use crate::web::http::ready::Ready;
use crate::web::http::validators::public_page;
use crate::web::state::catalog::Catalog;
use crate::web::{App, Error, markdown};

/// Where the version in force stands.
const CURRENT: &str = "/policies/privacy";

/// The text of a version stands under the version's own path with this ending.
const TEXT: &str = ".md";

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(CURRENT, get(current))
        .route("/policies/privacy/{label}", get(version))
        .route("/policies/privacy/{label}/changes", get(changes))
}

async fn current(State(app): State<Arc<App>>, request: HeaderMap) -> Result<Response, Error> {
    app.same_for_all(&request, CURRENT, |app, catalog, _| {
        page(app, catalog, catalog.policies.first().ok_or(Error::NotFound)?)
    })
    .await
}

async fn version(
    State(app): State<Arc<App>>,
    Path(label): Path<String>,
    request: HeaderMap,
) -> Result<Response, Error> {
    app.same_for_all(&request, &format!("{CURRENT}/{label}"), page_or_text).await
}

/// What stands at the path of a version, or of its text.
fn page_or_text(app: &App, catalog: &Arc<Catalog>, path: &str) -> Result<Ready, Error> {
    let below = path.strip_prefix(CURRENT).and_then(|rest| rest.strip_prefix('/'));
    let label = below.ok_or(Error::NotFound)?;
    let find = |label: &str| catalog.policy(&label.parse().ok()?);
    // A label may end like the name of a file: the page of such a version comes first.
    if let Some(policy) = find(label) {
        return page(app, catalog, policy);
    }
    text(label.strip_suffix(TEXT).and_then(find).ok_or(Error::NotFound)?)
}

/// The text of a version, byte for byte as it was hashed.
fn text(policy: &PolicyVersion) -> Result<Ready, Error> {
    let (kind, text) = ("text/markdown; charset=utf-8", policy.body.clone());
    let text = HashedText { kind, sha256: &policy.sha256, lang: &policy.lang, text };
    Ok(text.ready()?.with([UNLISTED]))
}

/// What a version changed: compared with the one before it, or with that which `since` names.
async fn changes(
    State(app): State<Arc<App>>,
    Path(label): Path<String>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Result<Response, Error> {
    let catalog = app.catalog.get().await?;
    let label: Label = label.parse().map_err(|_| Error::NotFound)?;
    let at = catalog.policies.iter().position(|policy| policy.label == label);
    let (newer, older) = catalog.policies.split_at(at.ok_or(Error::NotFound)? + 1);
    let newest = newer.last().ok_or(Error::NotFound)?;
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    if fields.is_faulty("since") || fields.is_repeated("since") {
        return Err(Error::NotFound);
    }
    let back = match fields.one("since") {
        "" => Some(0),
        since => older.iter().position(|policy| policy.label.as_str() == since),
    };
    // Newest first, down to the one that it is compared with.
    let older = back.and_then(|back| older.get(..=back)).ok_or(Error::NotFound)?;
    let oldest = older.last().ok_or(Error::NotFound)?;
    let since = older.iter().rev().skip(1).chain([newest]);
    let passages = app.comparisons.of(oldest, newest).await?;
    let page = PolicyChangesPage {
        policy: PolicyLink::from(&**newest),
        older: PolicyLink::from(&**oldest),
        changes: since.filter_map(|policy| policy.changes.as_deref()).collect(),
        passages: Cow::Borrowed(&passages),
    };
    public_page(&request, app.page(&page)?.0)
}

/// `public/policy_changes.html`.
#[derive(Serialize)]
pub(super) struct PolicyChangesPage<'a> {
    policy: PolicyLink<'a>,
    older: PolicyLink<'a>,
    changes: Vec<&'a str>,
    passages: Cow<'a, [Passage]>,
}

impl Page for PolicyChangesPage<'_> {
    const TEMPLATE: &'static str = "public/policy_changes.html";

    fn samples() -> Vec<Self> {
        let pieces = [
            (Fate::Same, "We keep your address for "),
            (Fate::Removed, "a year"),
            (Fate::Added, "two years"),
        ];
        let passage = pieces.map(|(fate, text)| Piece { fate, text: text.to_owned() });
        let page = |changes, passages| Self {
            policy: PolicyLink::sample(),
            older: PolicyLink::older_sample(),
            changes,
            passages: Cow::Owned(passages),
        };
        vec![
            page(vec!["We keep your details for two years."], vec![passage.to_vec()]),
            page(vec![], vec![]),
        ]
    }
}

fn page(app: &App, catalog: &Arc<Catalog>, policy: &PolicyVersion) -> Result<Ready, Error> {
    let newest = catalog.policies.first().map(|newest| &newest.label);
    let mut since = catalog.policies.iter().skip_while(|one| one.label != policy.label).skip(1);
    let changes =
        |older: &Arc<PolicyVersion>| app.links.policy_changes(&policy.label, &older.label);
    let page = PolicyPage {
        changes_url: since.next().map(changes),
        policy: ShownPolicy {
            label: policy.label.as_str(),
            date: policy.published_at,
            sha256: &policy.sha256,
            text_url: format!("{CURRENT}/{}{TEXT}", policy.label),
            body: markdown::render(&policy.body),
        },
        current: newest == Some(&policy.label),
        current_url: CURRENT,
        versions: catalog.policies.iter().map(|policy| PolicyLink::from(&**policy)).collect(),
    };
    Ok(Ready::page(app.page(&page)?.0))
}

/// `public/policy.html`.
#[derive(Serialize)]
pub(super) struct PolicyPage<'a> {
    /// What it changed, compared with the version before; none of the first.
    changes_url: Option<String>,
    policy: ShownPolicy<'a>,
    current: bool,
    current_url: &'static str,
    versions: Vec<PolicyLink<'a>>,
}

/// A version with its text.
#[derive(Serialize)]
struct ShownPolicy<'a> {
    label: &'a str,
    date: Timestamp,
    sha256: &'a str,
    /// Where the text stands that the hash is of.
    text_url: String,
    /// HTML.
    body: String,
}

impl Page for PolicyPage<'_> {
    const TEMPLATE: &'static str = "public/policy.html";

    fn samples() -> Vec<Self> {
        let page = |changes: Option<&str>, current, versions| Self {
            changes_url: changes.map(ToOwned::to_owned),
            policy: ShownPolicy {
                label: "2026-11",
                date: Timestamp::SAMPLE,
                sha256: "5a1f",
                text_url: "/policies/privacy/2026-11.md".to_owned(),
                body: "<p>Little.</p>".to_owned(),
            },
            current,
            current_url: CURRENT,
            versions,
        };
        let changes = Some("/policies/privacy/2026-11/changes?since=2024-01");
        vec![
            page(changes, true, vec![PolicyLink::sample(), PolicyLink::older_sample()]),
            page(None, false, vec![PolicyLink::sample()]),
        ]
    }
}
