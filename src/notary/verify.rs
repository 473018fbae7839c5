//! Checks the whole ledger: bodies against leaves, leaves against every signed head, and what is exported
//! against the events it rests on. The verdict is kept, and exports go by it.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::seal_all;
use crate::clock::Clock;
use crate::domain::notice::{LANG, sha256_hex};
use crate::domain::timestamp::Timestamp;
use crate::flows::check_events::{Checked, EventChecker, Finding};
use crate::flows::keep_verdict::keep_verdict;
use crate::flows::{Error, Terms};
use crate::ledger::note::{SignedNote, VerifyingKey, encode_hash};
use crate::ledger::tree::{Frontier, Hash, TILE_HEIGHT, TILE_WIDTH};
use crate::random::Random;
use crate::store::checkpoints::StoredCheckpoint;
use crate::store::ledger_verdicts::Verdict;
use crate::store::{Db, checkpoints, ledger_verdicts, notices, policy_versions, verifications};

/// How many events are read at once: whole tiles of them.
const CHUNK: i64 = 2 * TILE_WIDTH as i64;
/// How many such pieces are under way at once.
const AT_ONCE: usize = 4;
/// How many findings are told.
const TOLD: usize = 20;

/// What a check came to.
#[derive(Debug)]
pub struct Verification {
    /// When it was over; the verdict that was kept bears the same moment.
    pub checked_at: Timestamp,
    /// How many events have their place in the tree.
    pub size: i64,
    /// How many of them were erased.
    pub erased: u64,
    /// How many signed heads were held against the tree.
    pub checkpoints: u64,
    /// The first things that are wrong, in the order of the tree.
    pub findings: Vec<String>,
    /// How many more there are.
    pub more: u64,
    /// What was found of the piece under way, each with its row.
    found: Vec<(i64, String)>,
}

impl Verification {
    fn begin(now: Timestamp) -> Self {
        Self {
            checked_at: now,
            size: 0,
            erased: 0,
            checkpoints: 0,
            findings: vec![],
            more: 0,
            found: vec![],
        }
    }

    /// Whether nothing at all is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, row: i64, what: String) {
        self.found.push((row, what));
    }

    /// Tells what was found of a piece, in the order of its rows.
    fn tell_found(&mut self) {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by_key(|(row, _)| *row);
        for (_, what) in found {
            self.add(what);
        }
    }

    fn add(&mut self, what: String) {
        if self.findings.len() < TOLD {
            self.findings.push(what);
        } else {
            self.more += 1;
        }
    }
}

/// Seals what waits, checks everything, and keeps the verdict. `progress` is told how many events are done.
///
/// # Errors
/// When the database does not answer; then the last verdict stands.
pub async fn verify(
    db: &Db,
    terms: &Terms,
    clock: &Clock,
    random: &Random,
    progress: impl Fn(i64),
) -> Result<Verification, Error> {
    let sealed = seal_all(db, terms, clock, random).await;
    let seen = ledger_verdicts::number(&mut db.read().await?).await?;
    let mut told = Verification::begin(clock.now());
    let stuck = match sealed {
        Ok(()) => None,
        Err(Error::Tree) => Some(
            "nothing can be sealed: the stored tree is not that of the newest checkpoint".into(),
        ),
        Err(Error::NotLevel(why)) => Some(why),
        Err(error) => return Err(error),
    };
    check(db, terms, &mut told, progress).await?;
    // Said last, for the row that is to blame comes first.
    if let Some(why) = stuck {
        told.add(why);
    }
    told.checked_at = clock.now();
    let verdict = Verdict {
        checked_at: told.checked_at,
        size: told.size,
        finding: told.findings.first().cloned(),
    };
    let mut tx = db.write().await?;
    if !keep_verdict(&mut tx, &verdict, seen).await? {
        told.add("another check that ended meanwhile found something: run this one again".into());
    }
    tx.commit().await?;
    Ok(told)
}

async fn check(
    db: &Db,
    terms: &Terms,
    told: &mut Verification,
    progress: impl Fn(i64),
) -> Result<(), Error> {
    let mut tx = db.read().await?;
    let size = checkpoints::find_size(&mut tx).await?;
    let checker = EventChecker::new(
        notices::list(&mut tx).await?,
        policy_versions::list(&mut tx, LANG).await?,
        terms.address_secret.clone(),
    );
    let checker = Arc::new(checker);
    drop(tx);
    told.size = size;
    let mut tree = Tree { frontier: Frontier::new(), tiles: HashMap::new() };
    let trusted = terms.ledger_keys.trusted();
    let mut heads = Heads { db, trusted: &trusted, waiting: vec![], after: 0, since: 0 };
    let mut grounds = 0;
    let starts = (0..).map(|n| n * CHUNK).take_while(|from| *from < size);
    let mut pieces = stream::iter(
        starts.map(|from| tokio::spawn(piece(db.clone(), checker.clone(), from, size))),
    )
    .buffered(AT_ONCE);
    while let Some(piece) = pieces.next().await {
        let Piece { from, missing, events, leaves } = piece??;
        told.erased += events.erased;
        grounds += events.grounds;
        // What stands behind a hole is not where it was.
        let placed = missing.map_or(i64::MAX, |missing| missing - from);
        for (at, hash) in (from..from.saturating_add(placed)).zip(&events.hashes) {
            // An edited leaf differs from the one that was sealed.
            if leaves.get(usize::try_from(at - from).unwrap_or(usize::MAX)) != Some(hash) {
                told.find(at, format!("row {at}: its leaf is not the one that was sealed"));
            }
            tree.push(db, *hash, told).await?;
            heads.pass(&tree.frontier, told).await?;
        }
        for Finding { index, what } in events.findings {
            let row = index.unwrap_or(from);
            told.find(row, format!("row {row}, {what}"));
        }
        progress(i64::try_from(tree.frontier.size()).unwrap_or(size));
        if let Some(missing) = missing {
            let what =
                format!("row {missing}: it is missing; what comes after it cannot be placed");
            told.find(missing, what);
            told.tell_found();
            break;
        }
        told.tell_found();
    }
    drop(pieces);
    heads.finish(size, told).await?;
    let mut tx = db.read().await?;
    // Others may have sealed since the check began; then the head has moved with them.
    let (sealed, head) =
        (verifications::count_sealed(&mut tx).await?, checkpoints::find_size(&mut tx).await?);
    if sealed > head {
        told.add(format!("{} leaves stand beyond the newest head", sealed - head));
    }
    let (waiting, unreadable) = verifications::list_waiting(&mut tx, CHUNK).await?.read();
    // They may rest on words that were published since the check began.
    let (notices, policies) =
        (notices::list(&mut tx).await?, policy_versions::list(&mut tx, LANG).await?);
    let changed = |sha256: &str, text: &str| sha256_hex(text.as_bytes()) != sha256;
    for notice in notices.iter().filter(|notice| changed(&notice.sha256, &notice.words)) {
        told.add(format!("notice {}: its words are not those of its hash", notice.notice_id));
    }
    for policy in policies.iter().filter(|policy| changed(&policy.sha256, &policy.body)) {
        told.add(format!("policy {}: its text is not that of its hash", policy.label));
    }
    let checker = EventChecker::new(notices, policies, terms.address_secret.clone());
    if !unreadable.is_empty() {
        told.add("an event that waits for its place is not as this program writes it".into());
    }
    let waiting = checker.check(&waiting);
    for Finding { what, .. } in waiting.findings {
        told.add(what);
    }
    // A closer look only if the numbers differ: people may also have come or gone since the check began.
    let consents = verifications::count_consents(&mut tx).await?;
    if u64::try_from(consents) == Ok(grounds + waiting.grounds) {
        return Ok(());
    }
    for (subscriber_id, purpose) in verifications::list_groundless(&mut tx).await? {
        told.add(format!(
            "the consent of subscriber {subscriber_id} to {purpose} rests on an event of somebody else"
        ));
    }
    Ok(())
}

struct Piece {
    from: i64,
    missing: Option<i64>,
    events: Checked,
    leaves: Vec<Hash>,
}

/// Reads some events and checks each by itself.
async fn piece(db: Db, checker: Arc<EventChecker>, from: i64, size: i64) -> Result<Piece, Error> {
    let width = i64::from(TILE_WIDTH);
    let to = size.min(from + CHUNK);
    let mut tx = db.read().await?;
    let rows = verifications::list_sealed(&mut tx, from, to).await?;
    let (first, last) = (from / width, (to + width - 1) / width);
    let tiles = verifications::list_tiles(&mut tx, 0, first, last).await?;
    drop(tx);
    let leaves = tiles.iter().flat_map(|(_, hashes)| hashes.as_chunks::<32>().0).copied().collect();
    let check = tokio::task::spawn_blocking(move || {
        let (rows, unreadable) = rows.read();
        let places = rows.iter().map(Some).chain(std::iter::repeat(None));
        let missing = (from..to).zip(places).find_map(|(place, row)| {
            row.is_none_or(|row| row.leaf_index != Some(place)).then_some(place)
        });
        let mut events = checker.check(&rows);
        // What is left of such a row has no place; then the one before it has said so.
        let mut places: Vec<i64> = unreadable.iter().flatten().copied().collect();
        if places.is_empty() && !unreadable.is_empty() {
            places.push(missing.unwrap_or(from));
        }
        for place in places {
            let what = "which is not as this program writes it".to_owned();
            events.findings.push(Finding { index: Some(place), what });
        }
        Ok(Piece { from, missing, events, leaves })
    });
    check.await?
}

/// The tree as it grows, beside the tiles of it that are stored above the leaves.
struct Tree {
    frontier: Frontier,
    tiles: HashMap<u8, (u64, Vec<u8>)>,
}

impl Tree {
    async fn push(&mut self, db: &Db, hash: Hash, told: &mut Verification) -> Result<(), Error> {
        let mut entries = vec![];
        self.frontier.push_reporting(hash, |node, hash| {
            if node.level > 0 && node.level % TILE_HEIGHT == 0 {
                entries.push((node, hash));
            }
        });
        for (node, hash) in entries {
            let width = u64::from(TILE_WIDTH);
            let (level, tile) = (node.level / TILE_HEIGHT, node.index / width);
            if self.tiles.get(&level).is_none_or(|(stored, _)| *stored != tile) {
                let index = i64::try_from(tile).map_err(|_| Error::Tree)?;
                let hashes =
                    checkpoints::find_tile(&mut db.read().await?, level.into(), index).await?;
                self.tiles.insert(level, (tile, hashes.unwrap_or_default()));
            }
            let place = usize::try_from(node.index % width).unwrap_or(usize::MAX);
            let stored = self.tiles.get(&level).and_then(|(_, tile)| tile.as_chunks().0.get(place));
            if stored != Some(&hash) {
                let row = i64::try_from(self.frontier.size()).unwrap_or(i64::MAX) - 1;
                let (level, index) = (node.level, node.index);
                told.find(row, format!("the stored tree is wrong at level {level}, {index}"));
            }
        }
        Ok(())
    }
}

/// The signed heads, each held against the tree as it was.
struct Heads<'a> {
    db: &'a Db,
    trusted: &'a [VerifyingKey],
    waiting: Vec<StoredCheckpoint>,
    after: i64,
    since: i64,
}

impl Heads<'_> {
    /// Holds the head of this size, if there is one, against the tree.
    async fn pass(&mut self, tree: &Frontier, told: &mut Verification) -> Result<(), Error> {
        if self.waiting.is_empty() && self.after != i64::MAX {
            self.waiting = checkpoints::list(&mut self.db.read().await?, self.after, 1000).await?;
            self.waiting.reverse();
            self.after = self.waiting.first().map_or(i64::MAX, |last| last.size);
        }
        let size = i64::try_from(tree.size()).map_err(|_| Error::Tree)?;
        while let Some(head) = self.waiting.pop_if(|head| head.size <= size) {
            self.judge(&head, tree, told);
            self.since = head.size;
        }
        Ok(())
    }

    fn judge(&self, head: &StoredCheckpoint, tree: &Frontier, told: &mut Verification) {
        told.checkpoints += 1;
        let row = head.size - 1;
        let name = format!("the checkpoint of {} events", head.size);
        let note = match SignedNote::parse(&head.note) {
            Ok(note) => note,
            Err(error) => return told.find(row, format!("{name} cannot be read: {error}")),
        };
        if note.verified_by(self.trusted).is_none() {
            return told.find(row, format!("{name} is not signed by a key of this ledger"));
        }
        let signed = note.checkpoint();
        if u64::try_from(head.size) != Ok(signed.size) || head.root != signed.root {
            told.find(
                row,
                format!("{name} is kept with another size or root than it was signed with"),
            );
        }
        if signed.size != tree.size() || signed.root != tree.root() {
            told.find(row, format!(
                "{name} was signed over another tree ({} then, {} now): what differs is among rows {} to {}",
                encode_hash(&signed.root),
                encode_hash(&tree.root()),
                self.since,
                head.size - 1
            ));
        }
    }

    /// Every head lies within the tree, and the newest at its end.
    async fn finish(&mut self, size: i64, told: &mut Verification) -> Result<(), Error> {
        let newest = checkpoints::find_newest(&mut self.db.read().await?).await?;
        let newest = newest.map_or(0, |newest| newest.size);
        // Read after it, for others may have sealed meanwhile.
        if newest > checkpoints::find_size(&mut self.db.read().await?).await? {
            told.add(format!("the checkpoint of {newest} events covers more than are sealed"));
        }
        if newest < size {
            told.add(format!(
                "{size} leaves have their place, and only {newest} are under a checkpoint"
            ));
        }
        Ok(())
    }
}
