//! `assent check` on witnesses and the time-stamping authority.

use macro_rules_attribute::apply;

use super::Told;
use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::operator::Desk;
use crate::support::time_stamps::{self, TimeStamps};
use crate::support::witness::{self, TestWitness};

const WITNESS: &str = "witness witness.example";
const STAMPS: &str = "time stamps";

#[apply(both_databases!)]
async fn witnesses_are_asked_and_sign_nothing_new(database: Database) {
    let (signs, stamps) = (TestWitness::start("witness.example").await, TimeStamps::start().await);
    let desk = Desk::stocked(database).await;
    stamps.keep_time_of(desk.dir.path());
    let (witnesses, address) = (signs.setting(), stamps.setting());
    let set = [
        ("ASSENT_LEDGER_WITNESSES", witnesses.as_str()),
        ("ASSENT_LEDGER_TIMESTAMP_URL", address.as_str()),
    ];
    desk.does(&["ledger", "checkpoint"]);
    for _ in 0..2 {
        let told = Told::by(&desk, &set, &[]);
        assert_eq!(told.of(WITNESS), "ok; it knows this ledger, and signed nothing yet");
        let stamped = told.of(STAMPS);
        assert!(stamped.starts_with("ok; it stamped the newest checkpoint at 20"), "{stamped}");
    }
    stamps.turn(time_stamps::Fault::Ahead);
    let said = Told::by(&desk, &set, &[]).of(STAMPS).to_owned();
    assert!(said.contains("the time stamp that came states 20"), "{said}");
    signs.turn(witness::Fault::Says(404));
    stamps.turn(time_stamps::Fault::Ill);
    let told = Told::by(&desk, &set, &[]);
    assert!(
        told.of(WITNESS).contains("its operator must add the ledger's key"),
        "{:?}",
        told.lines
    );
    assert!(told.of(STAMPS).contains("it answered with status 500"), "{:?}", told.lines);
    assert!([WITNESS, STAMPS].iter().all(|part| told.wrong().contains(part)), "{}", told.said);
    assert_eq!(told.code, Some(1));
}

#[apply(both_databases!)]
async fn what_is_set_wrong_is_told_with_what_to_write(database: Database) {
    let desk = Desk::new(database).await;
    let right = witness::setting("witness.example", 9);
    let key = right.split('@').next().unwrap();
    for (value, words) in [
        (key.to_owned(), "write each witness as KEY@ADDRESS"),
        (format!("{key}@witness.example"), "write an address such as https://"),
        (format!("{key}@http://witness.example"), "write https://"),
        (format!("{key}@https://ada:hunter2@witness.example"), "without a name and a password"),
        (format!("{key}@https://witness.example/?a"), "without a ? or a #"),
        (right.replace("witness.example+", "witnes.example+"), "the witness `witnes.example`"),
        (format!("{right},{right}"), "`witness.example` is set twice"),
    ] {
        let told = Told::by(&desk, &[("ASSENT_LEDGER_WITNESSES", &value)], &[]);
        let said = told.of("configuration");
        assert!(said.starts_with("ASSENT_LEDGER_WITNESSES is wrong: "), "{said}");
        assert!(said.contains(words) && !said.contains("hunter2"), "{value}: {said}");
    }
    for (value, words) in [
        ("stamps.example", "write an address such as https://"),
        ("https://ada:hunter2@stamps.example", "without a name and a password"),
    ] {
        let told = Told::by(&desk, &[("ASSENT_LEDGER_TIMESTAMP_URL", value)], &[]);
        assert!(told.of("configuration").contains(words), "{:?}", told.lines);
    }
    // Nothing is sealed yet, so there is nothing to ask with.
    let set = [("ASSENT_LEDGER_WITNESSES", right.as_str())];
    assert!(Told::by(&desk, &set, &[]).of(WITNESS).starts_with("not asked: "));
}
