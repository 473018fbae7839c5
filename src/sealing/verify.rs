//! Checks the whole ledger: MACs and bodies against leaves, leaves against every signed head, bare leaves against
//! those that name them, and what is exported against the events it rests on. The verdict is kept, and exports go
//! by it.

use std::collections::VecDeque;
use std::sync::Arc;

use assent_ledger::naming::{Naming, Part};
use assent_ledger::record::Chain;
use assent_ledger::tree::{Hash, TILE_WIDTH};
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::check_claims::check_claims;
use super::check_cosignatures::check_cosignatures;
use super::check_epochs::{Begun, check_epochs};
use super::check_texts::check_texts;
use super::check_time_stamps::check_time_stamps;
use super::seal_all;
use super::stored_tree::{Heads, Tree};
pub use super::verification::Verification;
use crate::domain::sentence::sentence;
use crate::files::FilesError;
use crate::flows::ledger::check_events::{Checked, CheckedLeaf, EventChecker, Finding};
use crate::flows::ledger::compare_heads::demand_level;
use crate::flows::ledger::keep_verdict::{find_seen, keep_verdict};
use crate::flows::ledger::own_schema::demand_own_schema;
use crate::flows::{Error, FlowSettings};
use crate::outside::OutsideError;
use crate::random::Moments;
use crate::store::ledger::records::StoredRecord;
use crate::store::ledger::verdicts::Verdict;
use crate::store::ledger::verifications::EventRow;
use crate::store::ledger::{checkpoints, foreign, records, unaccounted, verifications};
use crate::store::signup::signups;
use crate::store::{Db, Tx};

/// How many leaves are read at once: whole tiles of them.
const CHUNK: i64 = 2 * TILE_WIDTH as i64;
/// How many such pieces are under way at once.
const AT_ONCE: usize = 12;

/// Seals what waits, holds all heads known outside and everything else against the ledger, and keeps the verdict.
/// `progress` is told how many leaves are done.
///
/// # Errors
/// When the database does not answer, or a newer version brought it further; then the last verdict stands.
pub async fn verify(
    db: &Db,
    settings: &FlowSettings,
    moments: Moments<'_>,
    progress: impl Fn(i64),
) -> Result<Verification, Error> {
    let Moments { clock, random } = moments;
    demand_own_schema(db).await?;
    let sealed = match seal_all(db, settings, clock, random).await {
        Ok(()) => demand_level(db, settings).await,
        refused => refused,
    };
    let seen = find_seen(&mut db.read().await?).await?;
    let mut told = Verification::begin(clock.now());
    let stuck = match sealed {
        Ok(()) => None,
        Err(Error::Tree) => Some(
            "nothing can be sealed: the stored tree is not that of the newest checkpoint, or what the ledger \
             recorded last was changed"
                .into(),
        ),
        Err(Error::NotLevel(why)) => Some(why),
        Err(error) if is_unreadable(&error) || is_taken(&error) => {
            Some(format!("nothing can be sealed: {}", sentence(&error)))
        }
        Err(Error::Outside(error)) if is_anothers(&error) => Some(sentence(&error)),
        Err(error) => return Err(error),
    };
    match check(db, settings, &mut told, progress).await {
        // Whoever wrote it would otherwise keep the check from ever saying anything.
        Err(error) if is_unreadable(&error) => told.add(sentence(&error)),
        checked => checked?,
    }
    let outside = check_outside(db, &mut told).await;
    // Said last, for the row that is to blame comes first.
    if let Some(why) = stuck {
        told.add(why);
    }
    // What was found in the database holds, though the file store is away.
    if told.is_sound() {
        outside?;
    }
    told.checked_at = clock.now();
    let verdict = Verdict {
        checked_at: told.checked_at,
        size: told.size,
        finding: told.findings.first().cloned(),
        warning: told.warnings.first().cloned(),
    };
    if !keep_verdict(db, settings.at(&moments.now()), &verdict, seen).await? {
        told.overtaken = true;
        told.add("another check that ended meanwhile found something: run this one again".into());
    }
    Ok(told)
}

/// Whether something in the database is not as this program writes it.
fn is_unreadable(error: &Error) -> bool {
    matches!(
        error,
        Error::Evidence(_)
            | Error::Store(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
    )
}

/// Whether a place that is given next is taken already.
fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Store(sqlx::Error::Database(error)) if error.is_unique_violation())
}

/// Whether another hand put what is kept outside, or changed it.
fn is_anothers(error: &OutsideError) -> bool {
    use OutsideError::{Files, Head, Line, Object};
    matches!(error, Head(_) | Line(..) | Object(_) | Files(FilesError::Link(_)))
}

/// What people ended, as the file store has it: by it, machines know what others noted.
async fn check_outside(db: &Db, told: &mut Verification) -> Result<(), Error> {
    match db.outside().look_through().await {
        // Where others write all the time, the next check sees the rest.
        Ok(()) | Err(OutsideError::Unsettled) => Ok(()),
        Err(error) if is_anothers(&error) => {
            told.add(sentence(&error));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// What all leaves come to.
#[derive(Default)]
struct Tally {
    naming: Naming,
    recorded: VecDeque<(i64, Chain)>,
    begun: Vec<Begun>,
    grounds: u64,
    newest: u64,
    forms: u64,
}

impl Tally {
    fn take(&mut self, row: i64, leaf: &CheckedLeaf) {
        let index = u64::try_from(row).unwrap_or(u64::MAX);
        if leaf.bare {
            self.naming.bare(index, leaf.hash);
        }
        if leaf.version == 1 {
            self.naming.first_version(index);
        }
        if let Some(said) = &leaf.told {
            self.naming.told(index, said);
            self.recorded.extend(said.claims.clone().map(|claims| (row, claims)));
        }
    }

    fn count(&mut self, events: &Checked) {
        self.grounds += events.grounds;
        self.newest += events.newest;
        self.forms += events.forms;
    }
}

async fn check(
    db: &Db,
    settings: &FlowSettings,
    told: &mut Verification,
    progress: impl Fn(i64),
) -> Result<(), Error> {
    let mut tx = db.read().await?;
    let size = checkpoints::find_size(&mut tx).await?;
    let checker = Arc::new(EventChecker::load(&mut tx, settings).await?);
    drop(tx);
    told.size = size;
    let mut tree = Tree::new();
    let trusted = settings.ledger_keys.trusted();
    let mut heads = Heads::new(db, &settings.evidence_key, &trusted);
    let mut tally = Tally::default();
    let starts = (0..).map(|n| n * CHUNK).take_while(|from| *from < size);
    let mut pieces = stream::iter(
        starts.map(|from| tokio::spawn(piece(db.clone(), checker.clone(), from, size))),
    )
    .buffered(AT_ONCE);
    while let Some(piece) = pieces.next().await {
        let Piece { from, missing, events, leaves, begun, stored } = piece??;
        tally.count(&events);
        tally.begun.extend(begun);
        told.erased += leaves.iter().filter(|leaf| leaf.bare).count() as u64;
        // What stands behind a hole is not where it was.
        let placed = missing.map_or(i64::MAX, |missing| missing - from);
        for (row, leaf) in (from..from.saturating_add(placed)).zip(&leaves) {
            // An edited leaf differs from the one that was sealed.
            let at = usize::try_from(row - from).unwrap_or(usize::MAX);
            if stored.get(at) != Some(&leaf.hash) {
                told.find(row, format!("row {row}: its leaf is not the one that was sealed"));
            }
            tally.take(row, leaf);
            heads.see(row, leaf.recorded_at, told);
            tree.push(db, leaf.hash, told).await?;
            heads.pass(&tree.frontier, tally.naming.adopted_of(u64::MAX), told).await?;
        }
        for Finding { index, what } in events.findings {
            let row = index.unwrap_or(from);
            told.find(row, format!("row {row}, {what}"));
        }
        for Finding { what, .. } in events.warnings {
            told.warn(what);
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
    let whole = tree.frontier.size() == u64::try_from(size).unwrap_or(0);
    heads.finish(size, tally.naming.adopted_of(u64::MAX), told).await?;
    check_cosignatures(db, told).await?;
    check_time_stamps(db, &settings.evidence_key, told).await?;
    finish(db, settings, (&mut tally, whole), told).await
}

/// What can be said only of all leaves together, and of what waits for its place.
async fn finish(
    db: &Db,
    settings: &FlowSettings,
    (tally, whole): (&mut Tally, bool),
    told: &mut Verification,
) -> Result<(), Error> {
    let mut tx = db.read().await?;
    // Others may have sealed since the check began; then the head has moved with them.
    let (sealed, head) =
        (verifications::count_sealed(&mut tx).await?, checkpoints::find_size(&mut tx).await?);
    if sealed > head {
        told.add(format!("{} leaves stand beyond the newest head", sealed - head));
    }
    for what in foreign::list_foreign(&mut tx).await? {
        told.add(format!(
            "{what}: what people decide may be kept from being written, or from being read"
        ));
    }
    check_texts(&mut tx, told).await?;
    // They may rest on words that were published since the check began.
    let checker = EventChecker::load(&mut tx, settings).await?;
    let rows = verifications::list_waiting(&mut tx, CHUNK).await?;
    let (waiting, unreadable) = rows.read();
    if !unreadable.is_empty() {
        told.add("an event that waits for its place is not as this program writes it".into());
    }
    let waiting = checker.check(&waiting);
    tally.count(&waiting);
    for Finding { what, .. } in waiting.findings {
        told.add(what);
    }
    if whole {
        // Somebody may have been erased since the check began.
        let rows = verifications::list_erased_since(&mut tx, told.size).await?;
        let (since, _) = rows.read();
        let mut said: Vec<CheckedLeaf> = checker.check(&since).leaves;
        for record in records::list_since(&mut tx, told.size).await? {
            let (leaf, wrong) = checker.record(&record);
            match wrong {
                Some(what) => told.add(what),
                None => tally.begun.extend(Begun::from_record(&record)),
            }
            said.push(leaf);
        }
        for said in said.iter().filter_map(|leaf| leaf.told.as_ref()) {
            tally.naming.told_since(said);
        }
        check_names(&mut tx, &mut tally.naming, told).await?;
        let mut bare = waiting.leaves.iter().filter(|leaf| leaf.bare);
        if bare.any(|leaf| !tally.naming.waiting().contains(&leaf.hash)) {
            told.add("an event that waits for its place lost its body, and nobody says why".into());
        }
        check_claims(db, std::mem::take(&mut tally.recorded), told).await?;
        check_epochs(&mut tx, settings, &tally.begun, told).await?;
    }
    check_pending(&mut tx, settings, told).await?;
    for subscriber_id in unaccounted::list_divided(&mut tx).await? {
        told.add(format!(
            "subscriber {subscriber_id}: a text of theirs is not as this program writes it"
        ));
    }
    told.adopted = tally.naming.adopted_of(u64::try_from(told.size).unwrap_or(0));
    check_counts(&mut tx, tally, told).await
}

/// Forms that wait for their confirmation, whose link is mailed to the address that they name, and those of a press beside
/// another report, of which no event tells: what they say is authenticated by their row alone.
async fn check_pending(
    tx: &mut Tx,
    settings: &FlowSettings,
    told: &mut Verification,
) -> Result<(), Error> {
    let mut after = Uuid::nil();
    loop {
        let pending = signups::list_unconfirmed_choices(tx, after, CHUNK).await?;
        let Some(last) = pending.last() else { return Ok(()) };
        after = last.signup_id;
        for signup in pending.iter().filter(|signup| settings.demand_own_signup(signup).is_err()) {
            told.add(format!(
                "signup {}: this program did not write it, or it was another address's",
                signup.signup_id
            ));
        }
    }
}

/// Bare leaves against those that name them.
async fn check_names(
    tx: &mut Tx,
    naming: &mut Naming,
    told: &mut Verification,
) -> Result<(), Error> {
    let size = u64::try_from(told.size).unwrap_or(0);
    for (index, problem) in naming.problems(Part::Whole(size)) {
        told.add(format!("row {index}: {problem}"));
    }
    if naming.waiting().is_empty() {
        return Ok(());
    }
    // What was emptied while it waited is named by its hash: it is looked for among all leaves.
    let width = i64::from(TILE_WIDTH);
    for tile in 0..(told.size + width - 1) / width {
        let hashes = checkpoints::find_tile(tx, 0, tile).await?.unwrap_or_default();
        for (index, hash) in (tile * width..).zip(hashes.as_chunks::<32>().0) {
            if naming.waiting().contains(hash) && verifications::has_body(tx, index).await? {
                told.add(format!("row {index}: it is named as emptied, and has a body"));
            }
        }
    }
    Ok(())
}

/// Consents, people and forms against the events that tell of them. A closer look only if the numbers differ:
/// people may also have come or gone since the check began.
async fn check_counts(tx: &mut Tx, tally: &Tally, told: &mut Verification) -> Result<(), Error> {
    let differs = |count: i64, counted: u64| u64::try_from(count) != Ok(counted);
    if differs(unaccounted::count_consents(tx).await?, tally.grounds) {
        for (subscriber_id, purpose) in unaccounted::list_groundless(tx).await? {
            told.add(format!(
                "the consent of subscriber {subscriber_id} to {purpose} rests on no event of theirs"
            ));
        }
    }
    if differs(unaccounted::count_subscribers(tx).await?, tally.newest) {
        for subscriber_id in unaccounted::list_cut_off(tx).await? {
            told.add(format!("the newest event of subscriber {subscriber_id} is missing"));
        }
    }
    if differs(unaccounted::count_signups(tx).await?, tally.forms) {
        for signup_id in unaccounted::list_untold(tx).await? {
            told.add(format!("of signup {signup_id} no event tells what was ticked"));
        }
    }
    Ok(())
}

struct Piece {
    from: i64,
    missing: Option<i64>,
    events: Checked,
    /// Events and records, in the order of their places.
    leaves: Vec<CheckedLeaf>,
    /// The epochs that begin there.
    begun: Vec<Begun>,
    /// The hashes that are stored of them.
    stored: Vec<Hash>,
}

/// Reads some leaves and checks each by itself.
async fn piece(db: Db, checker: Arc<EventChecker>, from: i64, size: i64) -> Result<Piece, Error> {
    let width = i64::from(TILE_WIDTH);
    let to = size.min(from + CHUNK);
    let mut tx = db.read().await?;
    let rows = verifications::list_sealed(&mut tx, from, to).await?;
    let records = records::list_sealed(&mut tx, from, to).await?;
    let (first, last) = (from / width, (to + width - 1) / width);
    let tiles = verifications::list_tiles(&mut tx, 0, first, last).await?;
    drop(tx);
    let stored = tiles.iter().flat_map(|(_, hashes)| hashes.as_chunks::<32>().0).copied().collect();
    let check = tokio::task::spawn_blocking(move || {
        let (rows, unreadable) = rows.read();
        let (mut events, leaves, begun) = check_piece(&checker, &rows, &records);
        let places = leaves.iter().map(Some).chain(std::iter::repeat(None));
        let missing = (from..to).zip(places).find_map(|(place, leaf)| {
            leaf.is_none_or(|leaf| leaf.index != Some(place)).then_some(place)
        });
        // What is left of such a row has no place; then the one before it has said so.
        let mut places: Vec<i64> = unreadable.iter().flatten().copied().collect();
        if places.is_empty() && !unreadable.is_empty() {
            places.push(missing.unwrap_or(from));
        }
        for place in places {
            let what = "which is not as this program writes it".to_owned();
            events.findings.push(Finding { index: Some(place), what });
        }
        Ok(Piece { from, missing, events, leaves, begun, stored })
    });
    check.await?
}

fn check_piece(
    checker: &EventChecker,
    rows: &[EventRow<'_>],
    records: &[StoredRecord],
) -> (Checked, Vec<CheckedLeaf>, Vec<Begun>) {
    let mut events = checker.check(rows);
    let mut leaves = std::mem::take(&mut events.leaves);
    let mut begun = vec![];
    for record in records {
        let (leaf, wrong) = checker.record(record);
        leaves.push(leaf);
        begun.extend(Begun::from_record(record).filter(|_| wrong.is_none()));
        events.findings.extend(wrong.map(|what| Finding { index: record.leaf_index, what }));
    }
    leaves.sort_by_key(|leaf| leaf.index);
    (events, leaves, begun)
}
