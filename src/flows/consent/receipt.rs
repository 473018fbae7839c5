//! A consent receipt (ISO/IEC TS 27560): what was agreed to, with proof that the ledger holds it. It is made
//! when it is asked for, so that nothing of it is stored twice; and it is signed only where body, context and documents
//! are those that the sealed leaf commits to, for whoever writes the database alone has no signature of ours.

use assent_ledger::evidence::whole;
use assent_ledger::leaf::LeafHead;
use assent_ledger::note::SignedNote;
use assent_ledger::receipt::{Documents, Issue, Proof, ReceiptError, ReceiptFacts, sign};
use assent_ledger::tree::{Hash, inclusion_path};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::sentence::sentence;
use crate::domain::signup::link::Links;
use crate::flows::ledger::cosigned_head::CosignedHead;
use crate::flows::ledger::tree_nodes;
use crate::flows::{Case, Error};
use crate::store::Tx;
use crate::store::consent::blank_forms;
use crate::store::consent::events::{self, SealedEvent};

/// A receipt, as pages and files show it.
pub struct Receipt {
    /// The event.
    pub event: SealedEvent,
    /// Its evidence.
    pub body: Value,
    /// Where it stands in the ledger.
    pub place: Place,
}

impl Receipt {
    /// Where it stands, with the receipt as a compact JWS; none while it waits for its place.
    ///
    /// # Errors
    /// When the ledger is damaged: there is no receipt, and waiting does not help.
    pub fn sealed(self) -> Result<Option<Sealed>, Error> {
        match self.place {
            Place::Sealed(sealed) => Ok(Some(sealed)),
            Place::Waits => Ok(None),
            Place::Damaged => Err(Error::Tree),
        }
    }
}

/// Where an event stands in the ledger.
pub enum Place {
    /// It waits to be entered.
    Waits,
    /// It can't be proved: the stored tree has a hole, or its head can't be read.
    Damaged,
    /// It is entered.
    Sealed(Sealed),
}

/// The place of an event, and the receipt that proves it.
pub struct Sealed {
    /// Its place.
    pub index: u64,
    /// The newest signed head.
    pub head: SignedNote,
    /// The compact JWS.
    pub jws: String,
}

/// All that a receipt is made of, as the database has it.
pub struct Unissued {
    event: SealedEvent,
    committed: Value,
    context: Option<Value>,
    body: Value,
    salt: Vec<u8>,
    form: Option<String>,
    place: Found,
}

/// What the database has of a place.
enum Found {
    Waits,
    Damaged,
    Proved { index: u64, head: CosignedHead, hashes: Vec<Hash> },
}

/// Reads what the receipt of one event is made of; `None` when there is no such event or its evidence was erased.
///
/// # Errors
/// When the database does not answer, the tree does not hold together, or the event is not what was sealed
/// ([`Error::Changed`]).
pub async fn read_receipt(tx: &mut Tx, event_id: Uuid) -> Result<Option<Unissued>, Error> {
    let Some(event) = events::find_sealed(tx, event_id).await? else {
        return Ok(None);
    };
    let (Some(text), Some(salt)) = (&event.body, &event.salt) else { return Ok(None) };
    if !is_committed(&event, text, salt) {
        return Err(Error::Changed("event", event_id));
    }
    let (committed, salt): (Value, _) = (serde_json::from_str(text)?, salt.clone());
    let context: Option<Value> = event.context.as_deref().map(serde_json::from_str).transpose()?;
    let body = whole(committed.clone(), context.clone(), event.words.as_deref());
    let place = match CosignedHead::find(tx).await? {
        // Where the tree is damaged there is no proof, and the rest can still be read.
        Some(head) => match prove(tx, &event, head.head.size).await {
            Ok(Some((index, hashes))) => Found::Proved { index, head, hashes },
            Ok(None) => Found::Waits,
            Err(Error::Tree) => Found::Damaged,
            Err(error) => return Err(error),
        },
        None => Found::Waits,
    };
    let form = match body["form"].as_str() {
        Some(sha256) if matches!(place, Found::Proved { .. }) => {
            blank_forms::find(tx, sha256).await?
        }
        _ => None,
    };
    Ok(Some(Unissued { event, committed, context, body, salt, form, place }))
}

impl Unissued {
    /// Whose event it is.
    #[must_use]
    pub fn subject_id(&self) -> Uuid {
        self.event.subject_id
    }

    /// The receipt, with an id of its own. Call it when no transaction is open: signatures are made here, and checked.
    ///
    /// # Errors
    /// When something that it is made of was changed since the event was sealed ([`Error::Changed`]), or its head was.
    pub fn issue(self, case: Case<'_>, links: &Links) -> Result<Receipt, Error> {
        let Self { event, committed, context, body, salt, form, place } = self;
        let read = match place {
            Found::Proved { index, head, hashes } => {
                let note = head.signed_note(&case.settings.witnesses);
                note.map(|note| (index, note, hashes)).map_err(|_| Place::Damaged)
            }
            Found::Damaged => Err(Place::Damaged),
            Found::Waits => Err(Place::Waits),
        };
        let (index, head, hashes) = match read {
            Ok(read) => read,
            Err(place) => {
                if matches!(place, Place::Damaged) {
                    tracing::error!(event_id = %event.event_id, "the ledger does not lead to an event: it has no receipt");
                }
                return Ok(Receipt { event, body, place });
            }
        };
        let keys = &case.settings.ledger_keys;
        let signed = sign(
            &ReceiptFacts {
                body: &committed,
                context: context.as_ref(),
                documents: documents(&event, form.as_deref(), &body),
                issued: Issue {
                    at: &case.at.now.to_string(),
                    id: &case.at.new_id().to_string(),
                    site: &links.base_url,
                },
                leaf: &event.leaf,
                proof: Proof {
                    index,
                    size: head.checkpoint().size,
                    root: head.checkpoint().root,
                    hashes: &hashes,
                    checkpoint_note: head.as_str(),
                },
                salt: &URL_SAFE_NO_PAD.encode(salt),
            },
            keys.first(),
            &keys.trusted(),
        );
        let jws = signed.map_err(|error| refused(event.event_id, &error))?;
        Ok(Receipt { event, body, place: Place::Sealed(Sealed { index, head, jws }) })
    }
}

/// Whether the leaf is of such an event, and commits to this body.
fn is_committed(event: &SealedEvent, body: &str, salt: &[u8]) -> bool {
    let (head, salt) = (LeafHead::read(&event.leaf), salt.try_into().ok());
    let head = head.filter(|head| head.event_type() == Some(event.event_type));
    head.zip(salt).is_some_and(|(head, salt)| head.leaf(salt, body) == event.leaf)
}

/// Why nothing is signed: something of the event was changed after it was sealed, or the head was.
fn refused(event_id: Uuid, error: &ReceiptError) -> Error {
    tracing::error!(%event_id, error = sentence(error), "a receipt is not signed");
    match error {
        ReceiptError::Checkpoint(_)
        | ReceiptError::CheckpointSignature
        | ReceiptError::OtherLedger(_) => Error::Tree,
        _ => Error::Changed("event", event_id),
    }
}

/// What the event names by its hash: of an erasure nothing, and no form where none was shown.
fn documents<'a>(
    event: &'a SealedEvent,
    form: Option<&'a str>,
    body: &Value,
) -> Documents<&'a str> {
    let named = |hash: &Value| hash.is_string();
    Documents {
        form,
        notice: event.words.as_deref().filter(|_| named(&body["notice"]["sha256"])),
        policy: event.policy.as_deref().filter(|_| named(&body["policy"]["sha256"])),
    }
}

/// The place of an event, and the proof that leads from it to the head over so many leaves; `None` while it has none under
/// that head.
///
/// # Errors
/// When the database does not answer, or the tree does not hold together.
pub async fn prove(
    tx: &mut Tx,
    event: &SealedEvent,
    size: i64,
) -> Result<Option<(u64, Vec<Hash>)>, Error> {
    let size = u64::try_from(size).map_err(|_| Error::Tree)?;
    let index = event.leaf_index.map(u64::try_from).transpose().map_err(|_| Error::Tree)?;
    let placed = index.and_then(|index| Some((index, inclusion_path(index, size)?)));
    let Some((index, path)) = placed else { return Ok(None) };
    Ok(Some((index, tree_nodes::proof(tx, &path).await?)))
}
