//! Heads that another one signed beside this ledger are found wherever they lie and however large this one has grown,
//! and whoever saw a newer head does not forget it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use assent::domain::alarm::LEDGER;
use assent::flows::Error;
use assent::flows::contacts::allow_export::{ExportRefused, allow_by_heads};
use assent::flows::ledger::compare_heads::compare_heads;
use assent::sealing::seal_all;
use assent::worker::own_alarm::OwnAlarm;
use assent::worker::tasks::watch_standing::watch_standing;
use macro_rules_attribute::apply;

use super::going_back::{
    SECOND, contacts, cut_back, head_files, joins, newest_head, not_level, refuses, shown,
};
use super::sealing::append;
use super::{EXPORT, assert_sound, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::stopped::lose_endings;

/// A ledger, and one on a copy of everything that it was, which goes on by itself and knows nothing of the other.
async fn parted(app: TestApp) -> (TestApp, TestApp) {
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    app.advance(SECOND);
    let stopped = app.halt().await;
    let twin = stopped.twin().await;
    let app = Box::pin(stopped.start(&[])).await;
    (app, Box::pin(twin.start(&[])).await)
}

/// Seals so many events, one after the other; the files of heads that came with each.
async fn grow(app: &TestApp, heads: usize) -> Vec<BTreeSet<PathBuf>> {
    let (mut known, mut grown) = (head_files(app.dir.path()), vec![]);
    for _ in 0..heads {
        append(app, 1).await;
        seal(app).await;
        let files = head_files(app.dir.path());
        grown.push(files.difference(&known).cloned().collect());
        known = files;
    }
    grown
}

/// Copies files of what is kept outside to where they lie beside another ledger.
fn carry<'a>(from: &TestApp, files: impl IntoIterator<Item = &'a PathBuf>, to: &TestApp) {
    for file in files {
        let place = to.dir.path().join(file.strip_prefix(from.dir.path()).unwrap());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        assert!(!place.exists(), "another one stands there");
        std::fs::copy(file, place).unwrap();
    }
}

/// Where the database stands, in words; nothing while it may go on.
async fn stands(app: &TestApp) -> Option<String> {
    let standing = compare_heads(&app.core.db, &app.core.flow_settings.ledger_keys).await.unwrap();
    (!standing.is_level()).then(|| standing.to_string())
}

fn is_beside(told: &str, covers: u64) -> bool {
    told.contains("the database is beside its ledger")
        && told.contains(&format!("covers {covers} entries and leads elsewhere"))
}

// The heads right behind an older copy are taken away, and the copy goes on past the newest, which still lies there.
#[apply(both_databases!)]
async fn a_head_that_the_ledger_does_not_hold_is_beside_it_whatever_its_size(database: Database) {
    let (app, twin) = parted(TestApp::start(database).await).await;
    let grown = grow(&app, 3).await;
    let lost = newest_head(&app).await.size();
    grow(&twin, 1).await;
    append(&twin, 7).await;
    seal(&twin).await;
    assert!(shown(&twin).await > lost);
    assert_eq!(stands(&twin).await, None);
    assert_eq!(grown[2].len(), 2, "one in each place");
    carry(&app, &grown[2], &twin);
    let told = stands(&twin).await.unwrap_or_default();
    assert!(is_beside(&told, lost), "{told}");
    // So it is to a process that begins.
    for command in [
        &EXPORT[..],
        &["withdrawals"],
        &["ledger", "verify"],
        &["check"],
        &["ledger", "checkpoint"],
    ] {
        let told = refuses(&twin, command);
        assert!(is_beside(&told, lost), "{command:?}: {told}");
    }
    assert_eq!(stands(&app).await, None, "the other one holds it");
    assert!(does(&twin, &["ledger", "resume"]).contains("/r2"));
    assert_sound(&twin).await;
    assert_eq!(contacts(&twin), ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn one_place_is_enough_to_find_it(database: Database) {
    let (app, twin) = parted(TestApp::start(database).await).await;
    let grown = grow(&app, 3).await;
    let lost = newest_head(&app).await.size();
    append(&twin, 9).await;
    seal(&twin).await;
    for file in &grown[2] {
        carry(&app, [file], &twin);
        let told = stands(&twin).await.unwrap_or_default();
        assert!(is_beside(&told, lost), "{}: {told}", file.display());
        // What was found far lies near as well.
        for place in &grown[2] {
            let place = twin.dir.path().join(place.strip_prefix(app.dir.path()).unwrap());
            if place.exists() {
                std::fs::remove_file(place).unwrap();
            }
        }
        assert_eq!(stands(&twin).await, None);
    }
}

#[apply(both_databases!)]
async fn who_seals_looks_at_all_heads_now_and_then(database: Database) {
    let (app, twin) = parted(TestApp::start(database).await).await;
    let grown = grow(&app, 3).await;
    append(&twin, 9).await;
    seal(&twin).await;
    carry(&app, &grown[2], &twin);
    let (core, mut told) = (&twin.core, None);
    for _ in 0..14 {
        append(&twin, 1).await;
        match seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await {
            Ok(()) => {}
            Err(Error::NotLevel(why)) => {
                told = Some(why);
                break;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    let told = told.expect("so many heads were signed beside another one");
    assert!(is_beside(&told, newest_head(&app).await.size()), "{told}");
}

// The database is cut back under a running program, and all heads since are taken away in both places.
#[apply(both_databases!)]
async fn a_running_program_knows_what_it_signed(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = app.count("SELECT size FROM ledger_head").await;
    let before = head_files(app.dir.path());
    for email in ["bob@b.example", "cyd@b.example"] {
        joins(&app, email).await;
        seal(&app).await;
    }
    let newest = shown(&app).await;
    cut_back(&app, size).await;
    for file in head_files(app.dir.path()).difference(&before) {
        std::fs::remove_file(file).unwrap();
    }
    append(&app, 1).await;
    let told = not_level(&app).await;
    let missing = format!("covers {newest} entries, and this ledger has {size}");
    assert!(told.starts_with("the database is behind") && told.contains(&missing), "{told}");
    // What it knows, others know from then on.
    assert!(refuses(&app, &EXPORT).contains(&missing));
    assert!(refuses(&app, &["check"]).contains(&missing));
}

#[apply(both_databases!)]
async fn heads_that_were_held_against_the_tree_are_not_read_again(database: Database) {
    let (app, twin) = parted(TestApp::start(database).await).await;
    let grown = grow(&app, 20).await;
    assert_eq!(stands(&app).await, None);
    let files = head_files(app.dir.path());
    let held: Vec<&PathBuf> =
        files.iter().filter(|file| file.parent().unwrap().ends_with("held")).collect();
    assert_eq!(held.len(), 2, "one in each place: {held:?}");
    let foreign = &grown[4];
    append(&twin, 60).await;
    seal(&twin).await;
    assert!(shown(&twin).await > newest_head(&app).await.size());
    // That they were is true of that tree alone.
    carry(&app, held.iter().copied().chain(foreign), &twin);
    assert!(stands(&twin).await.unwrap().starts_with("the database is beside its ledger"));
    let other = app.database_seen_from(app.dir.path()).await;
    for file in &grown[1] {
        std::fs::write(file, "nonsense").unwrap();
    }
    let standing = compare_heads(&other, &app.core.flow_settings.ledger_keys).await.unwrap();
    assert!(standing.is_level(), "{standing}");
    // Without that word they are looked at, and named.
    for file in held {
        std::fs::remove_file(file).unwrap();
    }
    let error = compare_heads(&other, &app.core.flow_settings.ledger_keys).await.unwrap_err();
    assert!(error.to_string().contains("is no signed head of this ledger"), "{error}");
}

// Database, file store and one machine's data directory are put back together; another machine serves pages alone.
#[apply(both_databases!)]
async fn a_machine_that_seals_nothing_knows_the_newest_head(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let (app, dump) = app.copied().await;
    let before = head_files(app.dir.path());
    assert_eq!(does(&app, &["erase", "ada@b.example"]), "erased\n");
    seal(&app).await;
    let newest = shown(&app).await;
    let [fetches, looks] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    // Every few seconds, whatever it serves.
    let one = app.database_seen_from(fetches.path()).await;
    one.outside().fetch_heads().await.unwrap();
    one.close().await;
    // Or as it looks whether an export may begin.
    let one = app.database_seen_from(looks.path()).await;
    allow_by_heads(&one, &app.core.flow_settings).await.unwrap();
    one.close().await;
    let mut stopped = app.halt().await;
    stopped.put_back(&dump).await;
    for file in head_files(stopped.dir.path()).difference(&before) {
        std::fs::remove_file(file).unwrap();
    }
    lose_endings(stopped.dir.path());
    let app = stopped.start(&[]).await;
    for machine in [&fetches, &looks] {
        let one = app.database_seen_from(machine.path()).await;
        match allow_by_heads(&one, &app.core.flow_settings).await {
            Err(ExportRefused::NotLevel(told)) => {
                assert!(told.contains(&format!("covers {newest} entries")), "{told}");
            }
            other => panic!("nothing may be exported: {other:?}"),
        }
        one.close().await;
    }
    // Nor does it say that all is in order, or let anything be mailed.
    assert!(
        !app.get("/readyz").await.text().contains("behind"),
        "this machine knows nothing of it"
    );
    let one = app.database_seen_from(fetches.path()).await;
    let mut alarm = OwnAlarm::new(LEDGER);
    watch_standing(&one, &app.core.flow_settings, &app.core.moment(), &mut alarm).await.unwrap();
    one.close().await;
    let told = app.get("/readyz").await.text();
    assert!(told.contains("the database is behind") && told.contains("mail: paused"), "{told}");
}
