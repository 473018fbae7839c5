//! Accounts of staff by command, and the link to the first one.

use std::os::unix::fs::PermissionsExt;

use macro_rules_attribute::apply;

use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::http_client;
use crate::support::operator::{Desk, assert_refused};
use crate::support::program::Served;

#[apply(both_databases!)]
async fn accounts_have_one_address_and_a_long_password(database: Database) {
    let desk = Desk::new(database).await;
    let add = |email: &str, role: &str, password: &str| {
        desk.run_on(&["staff", "add", email, "--role", role], password)
    };
    let refused = |email: &str, password: &str, word: &str| {
        assert_refused(&add(email, "admin", password), &[email, password], &[word]);
    };
    refused("ada@b.example", "short", "12 characters");
    refused("ada@b.example", "", "12 characters");
    refused("ada@b.example", &"x".repeat(257), "256 characters");
    refused("ada", "four unrelated long words", "name@example");
    assert_eq!(desk.count("SELECT count(*) FROM staff").await, 0);
    let added = add("Ada@B.example", "admin", "four unrelated long words\n");
    assert_eq!(
        (added.status.code(), String::from_utf8_lossy(&added.stdout).trim()),
        (Some(0), "added Ada@b.example")
    );
    refused("Ada@b.example", "other unrelated long words", "has an account");
    refused("ada@b.example", "other unrelated long words", "has an account");
    assert_eq!(add("bob@b.example", "viewer", "four unrelated long words").status.code(), Some(0));
    assert_eq!(add("eve@b.example", "owner", "four unrelated long words").status.code(), Some(2));
    assert_eq!(
        desk.count(
            "SELECT count(*) FROM staff WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'"
        )
        .await,
        2
    );
    // By the same words that --role takes.
    assert_eq!(
        desk.does(&["staff", "list"]),
        "ada@b.example\tadmin\tactive\nbob@b.example\tviewer\tactive\n"
    );
}

#[apply(both_databases!)]
async fn accounts_are_disabled_and_given_other_passwords(database: Database) {
    let desk = Desk::new(database).await;
    let with = |arguments: &[&str], password: &str| desk.run_on(arguments, password);
    for (email, role) in [("ada@b.example", "admin"), ("bob@b.example", "viewer")] {
        let added = with(&["staff", "add", email, "--role", role], "four unrelated long words\n");
        assert_eq!(added.status.code(), Some(0));
    }
    desk.is_refused(&[], &["staff", "disable", "eve@b.example"], &["has no account"]);
    desk.is_refused(&[], &["staff", "disable", "ada@b.example"], &["the last admin"]);
    assert_eq!(desk.does(&["staff", "disable", "Bob@b.example"]), "disabled Bob@b.example\n");
    desk.is_refused(&[], &["staff", "disable", "bob@b.example"], &["disabled already"]);
    let refused = with(&["staff", "reset", "bob@b.example"], "other unrelated long words\n");
    assert_eq!(refused.status.code(), Some(1), "not while it is disabled");
    let sql = "SELECT count(DISTINCT password_hash) FROM staff";
    let before = desk.count(sql).await;
    let refused = with(&["staff", "reset", "ada@b.example"], "short\n");
    assert_eq!(refused.status.code(), Some(1));
    let reset = with(
        &["staff", "reset", "ada@b.example", "--two-factor-off"],
        "other unrelated long words\n",
    );
    assert_eq!(String::from_utf8_lossy(&reset.stdout), "changed the password of ada@b.example\n");
    assert_eq!((before, desk.count(sql).await), (2, 2));
    let audited =
        "SELECT count(*) FROM audit_entry WHERE action IN ('staff.disable', 'staff.password')";
    assert_eq!(desk.count(audited).await, 2);
    assert_eq!(
        desk.does(&["staff", "list"]),
        "ada@b.example\tadmin\tactive\nbob@b.example\tviewer\tdisabled\n"
    );
}

// A log is read by many, and the link makes an admin of whoever follows it.
#[apply(both_databases!)]
async fn the_link_to_the_first_account_is_for_its_owner_alone(database: Database) {
    let desk = Desk::stocked(database).await;
    let (file, log) = (desk.path("data/first-account"), desk.path("log"));
    let served = Served::logging(desk.dir.path(), &desk.set(&[]), &log).await;
    let link = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let page = http_client::get(link.trim()).await.unwrap();
    assert!(page.status() == 200 && page.text().await.unwrap().contains("password"));
    let said = std::fs::read_to_string(&log).unwrap();
    let token = link.trim().rsplit('/').next().unwrap();
    assert!(said.contains("first-account") && !said.contains(token), "{said}");
    served.kill();
    // With the next start it leads nowhere; once there is an account, there is none.
    let served = Served::start(desk.dir.path(), &desk.set(&[]), &["serve"]).await;
    let next = std::fs::read_to_string(&file).unwrap();
    assert_ne!(next, link);
    served.kill();
    let added = desk.run_on(
        &["staff", "add", "ada@b.example", "--role", "admin"],
        "four unrelated long words\n",
    );
    assert_eq!(added.status.code(), Some(0));
    let served = Served::start(desk.dir.path(), &desk.set(&[]), &["serve"]).await;
    assert!(!file.exists());
    served.kill();
}
