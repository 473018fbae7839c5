//! `/ledger`: what the ledger is, and how anybody checks it, in plain words.

use std::sync::Arc;

use assent_ledger::epoch::Epoch;
use assent_ledger::note::{VerifyingKey, encode_hash};
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde::Serialize;

use crate::domain::ledger::log_prefix::log_prefix;
use crate::domain::timestamp::Timestamp;
use crate::flows::ledger::own_note::own_note;
use crate::flows::ledger::trusted_keys::find_trusted;
use crate::store::ledger::checkpoints;
use crate::store::ledger::checkpoints::StoredCheckpoint;
use crate::templates::page::Page;
use crate::web::{App, Error};

pub(super) fn router() -> Router<Arc<App>> {
    Router::new().route("/ledger", get(show))
}

async fn show(State(app): State<Arc<App>>) -> Result<Html<String>, Error> {
    let mut tx = app.db.read().await?;
    let newest = checkpoints::find_kept(&mut tx).await?;
    let keys = find_trusted(&mut tx, &app.settings.ledger_keys).await?;
    drop(tx);
    let head = newest.as_ref().map(ShownHead::of).transpose()?;
    let ledger = app.settings.ledger_keys.origin();
    let epoch = head.as_ref().and_then(|head| Epoch::from_name(&head.origin, ledger));
    let page = LedgerPage {
        base_url: &app.links.base_url,
        log_url: log_prefix(epoch.unwrap_or(Epoch::FIRST)),
        head,
        keys: keys.iter().map(ShownKey::from).collect(),
    };
    app.page(&page)
}

/// `public/ledger.html`.
#[derive(Serialize)]
pub(in crate::web) struct LedgerPage<'a> {
    base_url: &'a str,
    /// What the addresses of the checkpoint and of tiles begin with behind it.
    log_url: String,
    /// None before the first.
    head: Option<ShownHead>,
    /// The newest first.
    keys: Vec<ShownKey>,
}

/// The newest signed head.
#[derive(Serialize)]
struct ShownHead {
    origin: String,
    size: u64,
    root: String,
    signed_at: Timestamp,
}

impl ShownHead {
    fn of(stored: &StoredCheckpoint) -> Result<Self, Error> {
        let note = own_note(stored)?;
        let head = note.checkpoint();
        Ok(Self {
            origin: head.origin.clone(),
            size: head.size,
            root: encode_hash(&head.root),
            signed_at: stored.created_at,
        })
    }
}

/// A key, and what two people compare it by.
#[derive(Serialize)]
struct ShownKey {
    vkey: String,
    fingerprint: String,
}

impl From<&VerifyingKey> for ShownKey {
    fn from(key: &VerifyingKey) -> Self {
        Self { vkey: key.to_string(), fingerprint: key.fingerprint() }
    }
}

impl Page for LedgerPage<'_> {
    const TEMPLATE: &'static str = "public/ledger.html";

    fn samples() -> Vec<Self> {
        let key = |id: &str| ShownKey {
            vkey: format!("reports.example.org/ledger+{id}+S0VZ"),
            fingerprint: "5a1f 20d6 8c3e 9b47".to_owned(),
        };
        let head = || ShownHead {
            origin: "reports.example.org/ledger".to_owned(),
            size: 312,
            root: "R09PRCBST09U".to_owned(),
            signed_at: Timestamp::SAMPLE,
        };
        let base_url = "https://reports.example.org";
        let page = |head, keys| Self { base_url, log_url: "/ledger".to_owned(), head, keys };
        vec![
            page(Some(head()), vec![key("1234abcd")]),
            page(Some(head()), vec![key("1234abcd"), key("0a1b2c3d")]),
            page(None, vec![key("1234abcd")]),
        ]
    }
}
