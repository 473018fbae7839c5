//! Of a ledger and its copy one goes on.

use assent::sealing::seal_all;
use macro_rules_attribute::apply;

use super::{joins, not_level, readiness, shown};
use crate::ledger::seal;
use crate::ledger::sealing::append;
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

/// A program, and another one on a copy of its database: both have the same file store, as after a restore or a
/// standby's promotion.
async fn with_twin(app: TestApp) -> (TestApp, TestApp) {
    let stopped = app.halt().await;
    let twin = stopped.twin().await;
    let files = format!("file:{}", stopped.dir.path().join("files").display());
    (stopped.start(&[]).await, twin.start(&[("ASSENT_FILES_URL", &files)]).await)
}

#[apply(both_databases!)]
async fn of_a_ledger_and_its_copy_one_goes_on(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = shown(&app).await;
    let (app, twin) = Box::pin(with_twin(app)).await;
    seal(&twin).await;
    joins(&app, "bob@b.example").await;
    seal(&app).await;
    joins(&twin, "eve@b.example").await;
    assert!(not_level(&twin).await.starts_with("the database is behind"));
    // Nobody was shown a head of the copy that is not one of the ledger.
    assert!(shown(&app).await > size);
    assert_eq!(shown(&twin).await, size);
    twin.core.look_outside().await.unwrap();
    assert!(readiness(&twin).await.contains("the database is behind"));
    assert!(readiness(&twin).await.contains("mail: paused"));
    assert!(!readiness(&app).await.contains("behind"));
}

#[apply(both_databases!)]
async fn two_who_sign_at_once_never_both_show_it(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let size = shown(&app).await;
    let (app, twin) = Box::pin(with_twin(app)).await;
    for (other, events) in [(&app, 1), (&twin, 2)] {
        append(other, events).await;
    }
    let seal = |app: &TestApp| {
        let core = app.core.clone();
        async move { seal_all(&core.db, &core.flow_settings, &core.clock, &core.random).await }
    };
    let (one, two) = tokio::join!(seal(&app), seal(&twin));
    assert!(one.is_ok() != two.is_ok(), "{one:?}, {two:?}");
    let heads = [shown(&app).await, shown(&twin).await];
    assert_eq!(heads.iter().filter(|head| **head == size).count(), 1, "{heads:?}");
}

#[apply(both_databases!)]
async fn whoever_signed_beside_is_told_the_newest_head(database: Database) {
    let app = TestApp::start(database).await;
    joins(&app, "ada@b.example").await;
    seal(&app).await;
    let (app, twin) = Box::pin(with_twin(app)).await;
    // The copy signs a head, and before that is kept outside, the ledger itself goes on, twice.
    append(&twin, 9).await;
    let mut tx = twin.write().await;
    let sealed =
        assent::flows::ledger::seal::seal(&mut tx, &twin.core.moment(), &twin.core.flow_settings)
            .await;
    assert_eq!(sealed.unwrap(), assent::flows::ledger::seal::Sealed::Some);
    for _ in 0..2 {
        append(&app, 1).await;
        seal(&app).await;
    }
    tx.commit().await.unwrap();
    let told = not_level(&twin).await;
    let newest = format!("was signed, which covers {} entries", shown(&app).await);
    assert!(
        told.starts_with("the database is beside its ledger") && told.contains(&newest),
        "{told}"
    );
}
