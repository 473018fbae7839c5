//! Heads kept outside tell that the database is behind: the newest that is missing counts.

use std::path::PathBuf;

use assent::flows::ledger::compare_heads::compare_heads;
use assent::flows::ledger::keep_known::keep_known;
use macro_rules_attribute::apply;

use super::{
    SECOND, cut_back, head_files, joins, newest_head, not_level, readiness, refuses, shown,
};
use crate::ledger::sealing::append;
use crate::ledger::{EXPORT, assert_sound, check, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::stopped::lose_heads;

#[apply(both_databases!)]
async fn rows_cut_back_to_an_older_head_are_missed(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = app.count("SELECT size FROM ledger_head").await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    let newest = app.count("SELECT size FROM ledger_head").await;
    assert_sound(&app).await;
    cut_back(&app, size).await;
    let found = check(&app).await;
    let missing = format!("covers {newest} entries, and this ledger has {size}");
    assert!(
        found.findings.iter().any(|finding| finding.contains(&missing)),
        "{:?}",
        found.findings
    );
    assert!(not_level(&app).await.starts_with("the database is behind"));
    assert!(refuses(&app, &EXPORT).contains("the database is behind"));
    assert!(refuses(&app, &["withdrawals"]).contains("the database is behind"));
    assert!(refuses(&app, &["ledger", "verify"]).contains("ledger resume"));
    assert!(refuses(&app, &["check"]).contains("ledger: the database is behind"));
}

#[apply(both_databases!)]
async fn the_newest_head_counts_though_the_one_behind_this_one_is_gone(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let (app, dump) = app.copied().await;
    let before = head_files(app.dir.path());
    append(&app, 1).await;
    seal(&app).await;
    let behind = head_files(app.dir.path());
    append(&app, 1).await;
    seal(&app).await;
    let newest = shown(&app).await;
    let mut stopped = app.halt().await;
    stopped.put_back(&dump).await;
    let gone: Vec<&PathBuf> = behind.difference(&before).collect();
    assert!(gone.len() >= 2, "one in each place: {gone:?}");
    for file in gone {
        std::fs::remove_file(file).unwrap();
    }
    let app = stopped.start(&[]).await;
    let told = not_level(&app).await;
    assert!(
        told.starts_with("the database is behind")
            && told.contains(&format!("covers {newest} entries")),
        "{told}"
    );
    assert!(refuses(&app, &EXPORT).contains("the database is behind"));
    assert!(refuses(&app, &["withdrawals"]).contains("the database is behind"));
    assert!(refuses(&app, &["check"]).contains("ledger: the database is behind"));
    assert!(does(&app, &["ledger", "resume"]).contains("/r2"));
}

#[apply(both_databases!)]
async fn of_several_heads_the_newest_that_is_missing_counts(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    app.advance(SECOND);
    let stopped = app.halt().await;
    let elsewhere = stopped.twin().await;
    let dump = stopped.copy().await;
    let app = stopped.start(&[]).await;
    let mut heads = vec![];
    for _ in 0..3 {
        append(&app, 1).await;
        seal(&app).await;
        heads.push(newest_head(&app).await);
    }
    // They come in any order, and the machine knows none of them.
    let mut stopped = app.halt().await;
    lose_heads(stopped.dir.path());
    stopped.put_back(&dump).await;
    let back = stopped.start(&[]).await;
    keep_known(
        &back.core.db,
        &back.core.flow_settings,
        &[heads[1].clone(), heads[2].clone(), heads[0].clone()],
    )
    .await
    .unwrap();
    let newest = format!("covers {} entries", heads[2].size());
    assert!(not_level(&back).await.contains(&newest));
    // Given again, an older one changes nothing.
    keep_known(&back.core.db, &back.core.flow_settings, &heads[..1]).await.unwrap();
    assert!(not_level(&back).await.contains(&newest));

    // One of a copy leads elsewhere, even where it covers less.
    let copy = elsewhere.start(&[]).await;
    for _ in 0..5 {
        append(&copy, 1).await;
        seal(&copy).await;
    }
    keep_known(&copy.core.db, &copy.core.flow_settings, &heads[..1]).await.unwrap();
    let told = not_level(&copy).await;
    let covers = format!("covers {} entries and leads elsewhere", heads[0].size());
    assert!(
        told.starts_with("the database is beside its ledger") && told.contains(&covers),
        "{told}"
    );
}

#[apply(both_databases!)]
async fn whoever_looks_while_others_seal_misses_nothing(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    let sealed = std::cell::Cell::new(false);
    let seals = async {
        for _ in 0..20 {
            append(&app, 1).await;
            seal(&app).await;
        }
        sealed.set(true);
    };
    let looks = async {
        while !sealed.get() {
            let standing =
                compare_heads(&app.core.db, &app.core.flow_settings.ledger_keys).await.unwrap();
            assert!(standing.is_level(), "{standing}");
        }
    };
    tokio::join!(seals, looks);
    assert!(!readiness(&app).await.contains("paused"));
}
