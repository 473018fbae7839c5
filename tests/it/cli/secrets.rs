//! Keys in files of their own, which nobody else reads.

use std::os::unix::fs::PermissionsExt;

use macro_rules_attribute::apply;

use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::operator::Desk;

#[apply(both_databases!)]
async fn another_address_key_is_refused(database: Database) {
    let desk = Desk::stocked(database).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let data = elsewhere.path().to_str().unwrap();
    let quiet = ("RUST_LOG", "error");
    let own =
        [("ASSENT_DATA_DIR", data), ("ASSENT_DATABASE_URL", desk.database_url.as_str()), quiet];
    for arguments in [&["serve"][..], &["report", "list"], &["migrate"], &["purge"]] {
        desk.is_refused(&own, arguments, &["address.key", "ASSENT_ADDRESS_KEY_FILE"]);
    }
    let key = desk.path("data/address.key");
    let key = [own[0], own[1], ("ASSENT_ADDRESS_KEY_FILE", key.to_str().unwrap())];
    desk.is_refused(&key, &["report", "list"], &["ledger.key", "ASSENT_LEDGER_KEY_FILE"]);
    let ledger = desk.path("data/ledger.key");
    let keys = [key[0], key[1], key[2], ("ASSENT_LEDGER_KEY_FILE", ledger.to_str().unwrap())];
    assert_eq!(
        desk.run_with(&keys, &["report", "list"]).status.code(),
        Some(0),
        "its own keys open it"
    );
}

#[apply(both_databases!)]
async fn secrets_are_for_the_owner_alone(database: Database) {
    let desk = Desk::new(database).await;
    desk.does(&["migrate"]);
    let mode =
        |name: &str| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    for name in ["data/secret.key", "data/address.key", "data/ledger.key"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    let before = std::fs::read(desk.path("data/secret.key")).unwrap();
    desk.does(&["migrate"]);
    assert_eq!(
        std::fs::read(desk.path("data/secret.key")).unwrap(),
        before,
        "migrating twice changes nothing"
    );
    assert_eq!(desk.count("SELECT count(*) FROM signup").await, 0);
}
