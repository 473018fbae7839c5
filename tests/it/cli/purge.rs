//! `assent purge`: what would go, and what goes.

use macro_rules_attribute::apply;

use crate::cli::post;
use crate::support::app::{Database, form};
use crate::support::operator::Desk;
use crate::support::program::Served;
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn purge_says_first_what_would_go(database: Database) {
    let desk = Desk::stocked(database).await;
    let served = desk.serve().await;
    assert_eq!(
        post(&format!("{}/reports/first", served.base), form("ada@b.example", "")).await.status,
        303
    );
    desk.mail(0).await;
    // A short time to confirm counts for signups made under it alone.
    assert!(desk.does(&["purge", "--dry-run"]).starts_with("signups that would be deleted: 0"));
    served.kill();

    let short = [("ASSENT_CONFIRM_TTL", "1s"), ("ASSENT_PENDING_RETENTION", "1s")];
    let served =
        Served::start(desk.dir.path(), &desk.set(&short), &["serve", "--role", "web"]).await;
    assert_eq!(
        post(&format!("{}/reports/first", served.base), form("bob@b.example", "")).await.status,
        303
    );
    served.kill();
    let say =
        |arguments: &[&str]| String::from_utf8(desk.run_with(&short, arguments).stdout).unwrap();
    poll::until("a signup whose time is over", || async {
        say(&["purge", "--dry-run"]).starts_with("signups that would be deleted: 1").then_some(())
    })
    .await;
    assert_eq!(desk.count("SELECT count(*) FROM signup").await, 2, "nothing went yet");
    assert!(say(&["purge"]).starts_with("signups deleted: 1"));
    assert_eq!(desk.count("SELECT count(*) FROM signup").await, 1);
    assert!(say(&["purge"]).starts_with("signups deleted: 0"));
}
