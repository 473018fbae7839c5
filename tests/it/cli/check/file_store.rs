//! Machines that share a database and keep files each on a disk of its own.

use macro_rules_attribute::apply;

use super::Told;
use crate::support::app::Database;
use crate::support::operator::Desk;
use crate::support::program::Served;
use crate::support::{both_databases, http_client, poll};

const NAMED: &str = "the file store is not the one that this database is used with";

async fn readyz(served: &Served) -> String {
    let answer = http_client::get(&format!("{}/readyz", served.base)).await.unwrap();
    answer.text().await.unwrap()
}

#[apply(both_databases!)]
async fn one_of_ones_own_is_told_until_it_is_the_others(database: Database) {
    let desk = Desk::stocked(database).await;
    let own = [("ASSENT_FILES_URL", "file:own-files")];
    let told = Told::by(&desk, &own, &[]);
    assert!(!told.wrong().contains(&"file store"), "nobody used it yet: {:?}", told.lines);
    desk.serve().await.kill();

    let told = Told::by(&desk, &own, &[]);
    assert!(told.of("file store").contains("give each the same files_url"), "{:?}", told.lines);
    assert!(!Told::by(&desk, &[], &[]).wrong().contains(&"file store"));
    assert!(!desk.path("own-files").exists(), "to look makes nothing");

    let log = desk.path("log");
    let served = Served::logging(desk.dir.path(), &desk.set(&own), &log).await;
    assert!(std::fs::read_to_string(&log).unwrap().contains(NAMED));
    let is_told = || async { readyz(&served).await.contains(NAMED).then_some(()) };
    poll::until("the alarm", is_told).await;
    // It goes on with what it has, and is right once it is the store of all.
    // It may have kept nothing there so far.
    std::fs::create_dir_all(desk.path("own-files/outside")).unwrap();
    std::fs::copy(desk.path("data/files/outside/store"), desk.path("own-files/outside/store"))
        .unwrap();
    let is_over = || async { (!readyz(&served).await.contains(NAMED)).then_some(()) };
    poll::until("its end", is_over).await;
    assert!(!Told::by(&desk, &own, &[]).wrong().contains(&"file store"));
    served.kill();
}

#[apply(both_databases!)]
async fn what_is_put_back_takes_the_store_that_it_finds(database: Database) {
    let desk = Desk::stocked(database).await;
    desk.serve().await.kill();
    desk.does(&["backup", "kept", "--with-keys"]);
    let machine = Desk::new(database).await;
    let kept = desk.path("kept");
    machine.does(&["restore", kept.to_str().unwrap(), "--without-newer", "--with-keys"]);
    machine.serve().await.kill();
    let told = Told::by(&machine, &[], &[]);
    assert!(!told.wrong().contains(&"file store"), "{:?}", told.lines);
    let name = |desk: &Desk| std::fs::read(desk.path("data/files/outside/store")).unwrap();
    assert_ne!(name(&desk), name(&machine));
}
