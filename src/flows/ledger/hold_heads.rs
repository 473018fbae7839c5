//! Every head that is known outside is held against the tree here: one that the tree does not hold was signed over
//! another one, such as that of a copy, or over leaves that are lost.

use std::collections::HashSet;

use assent_ledger::note::SignedNote;
use assent_ledger::tree::{Hash, TreeHead, consistency_path, verify_consistency};

use crate::flows::Error;
use crate::flows::ledger::tree_nodes;
use crate::outside::{Head, HeldUpTo, Place};
use crate::store::ledger::checkpoints;
use crate::store::{Db, Tx};

/// How many heads are read at once.
const AT_ONCE: usize = 256;
/// How many are read anew by each look, before it is kept that they were.
const FEW: usize = 16;

/// What the tree here says of some leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// They are its first ones.
    Yes,
    /// Its first ones are others.
    No,
    /// It has a hole, or is not the one that the newest head was signed over.
    Unknown,
}

/// The newest head known outside that the tree under `newest`, which stands behind `before` leaves, does not hold: of
/// a later epoch, larger, or over other leaves. What the file store knows is known in the data directory from then on.
///
/// # Errors
/// When something cannot be read, or what is kept outside not be written.
pub(in crate::flows) async fn find_foreign(
    db: &Db,
    newest: &Head,
    before: u64,
) -> Result<Option<Head>, Error> {
    let (outside, epoch) = (db.outside(), newest.epoch);
    let mut foreign = outside.later_head(epoch).await?;
    let mut held = HashSet::new();
    let from_far = find_held(db, Place::Far, newest).await?;
    let from_near = find_held(db, Place::Near, newest).await?;
    let near = outside.head_places(Place::Near, epoch, from_far.min(from_near)).await?;
    let far = outside.head_places(Place::Far, epoch, from_far).await?;
    for (place, from, places) in
        [(Place::Far, from_far, far), (Place::Near, from_near, near.clone())]
    {
        let places: Vec<u64> = places.into_iter().filter(|after| *after >= from).collect();
        let mut pieces = places.chunks(AT_ONCE).peekable();
        while let Some(piece) = pieces.next() {
            let heads = outside.heads_at(place, epoch, piece).await?;
            for (after, head) in &heads {
                if place == Place::Far && near.binary_search(after).is_err() {
                    outside.keep_near(*after, head).await?;
                }
            }
            let heads = heads.into_iter().map(|(_, head)| head);
            let strange = find_strange(db, newest, heads, &mut held).await?;
            foreign = foreign.into_iter().chain(strange).max_by_key(Head::rank);
            // The newest head is read each time, so that whoever has a new data directory learns it.
            let to =
                pieces.peek().and_then(|next| next.first()).map_or(before, |to| *to).min(before);
            if foreign.is_none() && piece.len() > FEW && to > from {
                keep_held(db, place, newest, to).await?;
            }
        }
    }
    Ok(foreign)
}

/// The newest of these heads that the tree does not hold; those that it holds are looked at once.
async fn find_strange(
    db: &Db,
    newest: &Head,
    heads: impl Iterator<Item = Head>,
    held: &mut HashSet<(u64, Hash)>,
) -> Result<Option<Head>, Error> {
    let mut tx = db.read().await?;
    let mut strange: Option<Head> = None;
    for head in heads {
        let signed = head.note.checkpoint();
        let place = (signed.size, signed.root);
        if held.contains(&place) {
            continue;
        }
        if is_held(&mut tx, &head, newest).await? {
            held.insert(place);
        } else {
            strange = strange.into_iter().chain([head]).max_by_key(Head::rank);
        }
    }
    Ok(strange)
}

/// Whether the tree under `newest` begins with all leaves that this head covers. Where the stored tree does not hold
/// together, a check of the ledger says so, and heads that the database has are its own until then.
pub(in crate::flows) async fn is_held(
    tx: &mut Tx,
    head: &Head,
    newest: &Head,
) -> Result<bool, Error> {
    let signed = head.note.checkpoint();
    Ok(match holds(tx, signed.head(), newest).await? {
        Held::Yes => true,
        Held::No => false,
        Held::Unknown => is_stored(tx, head).await?,
    })
}

async fn holds(tx: &mut Tx, head: TreeHead, newest: &Head) -> Result<Held, Error> {
    let tree = newest.note.checkpoint().head();
    if head.size == tree.size {
        return Ok(if head.root == tree.root { Held::Yes } else { Held::No });
    }
    let Some(path) = consistency_path(head.size, tree.size) else { return Ok(Held::No) };
    let Some(proof) = whole(tree_nodes::proof(tx, &path).await)? else { return Ok(Held::Unknown) };
    let leads_on = |root: Hash| verify_consistency(TreeHead { root, ..head }, tree, &proof);
    if leads_on(head.root) {
        return Ok(Held::Yes);
    }
    let own = whole(tree_nodes::frontier(tx, head.size).await)?;
    Ok(if own.is_some_and(|own| leads_on(own.root())) { Held::No } else { Held::Unknown })
}

/// What was read of the tree; nothing where it has a hole.
fn whole<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(Error::Tree) => Ok(None),
        read => read.map(Some),
    }
}

/// Whether the database has this head.
async fn is_stored(tx: &mut Tx, head: &Head) -> Result<bool, Error> {
    let Ok(size) = i64::try_from(head.size()) else { return Ok(false) };
    let stored = checkpoints::list(tx, size.saturating_sub(1), 1).await?.pop();
    let stored = stored.and_then(|stored| SignedNote::parse(&stored.note).ok());
    Ok(stored.is_some_and(|stored| stored.checkpoint() == head.note.checkpoint()))
}

/// How far the heads of a place were held against this tree before.
async fn find_held(db: &Db, place: Place, newest: &Head) -> Result<u64, Error> {
    for held in db.outside().held(place, newest.epoch).await? {
        let head = TreeHead { size: held.size, root: held.root };
        if holds(&mut db.read().await?, head, newest).await? == Held::Yes {
            return Ok(held.size);
        }
    }
    Ok(0)
}

/// Keeps that the heads of a place were held against this tree, those that stand behind less than `size` leaves.
async fn keep_held(db: &Db, place: Place, newest: &Head, size: u64) -> Result<(), Error> {
    let mut tx = db.read().await?;
    let Some(tree) = whole(tree_nodes::frontier(&mut tx, size).await)? else { return Ok(()) };
    let held = HeldUpTo { epoch: newest.epoch, size, root: tree.root() };
    // Only of the tree that was signed: what stands in the database is anybody's.
    if holds(&mut tx, TreeHead { size, root: held.root }, newest).await? == Held::Yes {
        drop(tx);
        db.outside().keep_held(place, &held).await?;
    }
    Ok(())
}
