//! A consent receipt (ISO/IEC TS 27560): what was agreed to, with proof that the ledger holds it. It is made
//! when it is asked for, so that nothing of it is stored twice.

use assent_ledger::evidence::whole;
use assent_ledger::note::SignedNote;
use assent_ledger::receipt::{Controller, Proof, ReceiptFacts, sign};
use assent_ledger::tree::{Hash, inclusion_path};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::signup::link::Links;
use crate::flows::ledger::tree_nodes;
use crate::flows::{Case, Error};
use crate::store::Tx;
use crate::store::consent::events::{self, SealedEvent};
use crate::store::ledger::checkpoints;

/// A receipt, as pages and files show it.
pub struct Receipt {
    /// The event.
    pub event: SealedEvent,
    /// Its evidence.
    pub body: Value,
    /// Where it stands in the ledger, and the receipt as a compact JWS; none while it waits for its place.
    pub sealed: Option<Sealed>,
}

/// Where an event stands in the ledger.
pub struct Sealed {
    /// Its place.
    pub index: u64,
    /// The newest signed head.
    pub head: SignedNote,
    /// The compact JWS.
    pub jws: String,
}

/// The receipt of one event; `None` when there is no such event or its evidence was erased.
///
/// # Errors
/// When the database does not answer, or the tree does not hold together.
pub async fn receipt(
    tx: &mut Tx,
    case: Case<'_>,
    links: &Links,
    event_id: Uuid,
) -> Result<Option<Receipt>, Error> {
    let Some(event) = events::find_sealed(tx, event_id).await? else {
        return Ok(None);
    };
    let (Some(text), Some(salt)) = (&event.body, &event.salt) else { return Ok(None) };
    let committed: Value = serde_json::from_str(text)?;
    let context: Option<Value> = event.context.as_deref().map(serde_json::from_str).transpose()?;
    let body = whole(committed.clone(), context.clone(), event.words.as_deref());
    // Where the tree is damaged there is no proof, and the rest can still be read.
    let proved = match prove(tx, &event).await {
        Err(Error::Tree) => None,
        proved => proved?,
    };
    let Some((index, head, hashes)) = proved else {
        return Ok(Some(Receipt { event, body, sealed: None }));
    };
    let label = body["policy"]["label"].as_str().unwrap_or_default();
    let policy_url = format!("{}/policies/privacy/{label}", links.base_url);
    let controller = &case.settings.controller;
    let facts = ReceiptFacts {
        controller: Controller {
            name: &controller.name,
            address: &controller.address,
            contact: &controller.contact,
        },
        event_type: event.event_type,
        evidence: &body,
        body: &committed,
        context: context.as_ref(),
        leaf: &event.leaf,
        salt: &URL_SAFE_NO_PAD.encode(salt),
        policy_url: &policy_url,
        withdraw_url: &links.preferences(),
        issued_at: &case.at.now.to_string(),
        proof: Proof {
            index,
            size: head.checkpoint().size,
            root: head.checkpoint().root,
            hashes: &hashes,
            checkpoint_note: head.as_str(),
        },
    };
    let jws = sign(&facts, case.settings.ledger_keys.first());
    Ok(Some(Receipt { event, body, sealed: Some(Sealed { index, head, jws }) }))
}

/// The place of an event, the newest head, and the proof between them; `None` while the event waits.
///
/// # Errors
/// When the database does not answer, or the tree does not hold together.
pub async fn prove(
    tx: &mut Tx,
    event: &SealedEvent,
) -> Result<Option<(u64, SignedNote, Vec<Hash>)>, Error> {
    let index = event.leaf_index.and_then(|index| u64::try_from(index).ok());
    let (Some(index), Some(newest)) = (index, checkpoints::find_kept(tx).await?) else {
        return Ok(None);
    };
    let head = SignedNote::parse(&newest.note).map_err(|_| Error::Tree)?;
    let Some(path) = inclusion_path(index, head.checkpoint().size) else { return Ok(None) };
    let hashes = tree_nodes::proof(tx, &path).await?;
    Ok(Some((index, head, hashes)))
}
