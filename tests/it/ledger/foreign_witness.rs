//! A witness of another make, which checks what it signs by its own reading of the specifications.

use assent::worker::tasks::ask_witnesses::{Asked, Failing, ask_witnesses};
use assent_ledger::cosignature::{Cosigned, WitnessKey};
use assent_ledger::note::SignedNote;

use super::{WEEKLY, does, seal};
use crate::support::app::{Database, TestApp};
use crate::support::foreign_witness::ForeignWitness;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn a_witness_of_another_make_signs_what_it_can_check() {
    let mut witness = ForeignWitness::new("witness.example/w1");
    let set = witness.setting();
    let app = TestApp::start_with(Database::Sqlite, &[("ASSENT_LEDGER_WITNESSES", &set)]).await;
    let keys = app.core.flow_settings.ledger_keys.clone();
    witness.serve(keys.origin(), &keys.first().vkey().to_string()).await;
    let (core, failing) = (&app.core, &mut Failing::default());
    let signed = Asked { signed: 1, ..Asked::default() };
    let key = WitnessKey::parse(&witness.vkey).unwrap();
    let mut sizes = vec![];
    for email in ["ada@b.example", "bob@b.example", "eve@b.example"] {
        app.subscribe(email, WEEKLY).await;
        seal(&app).await;
        let asked = ask_witnesses(&core.db, &core.witnesses, &core.moment(), failing).await;
        assert_eq!(asked.unwrap(), signed, "after {sizes:?}");
        let note = SignedNote::parse(&app.get("/ledger/checkpoint").await.text()).unwrap();
        assert!(matches!(key.cosigned(&note), Cosigned::At(_)), "{}", note.as_str());
        sizes.push(note.checkpoint().size);
    }
    assert!(sizes.is_sorted_by(|one, next| one < next), "each from the last");
    let bundle = app.dir.path().join("bundle");
    let bundle = bundle.to_str().unwrap();
    does(&app, &["ledger", "bundle", bundle]);
    does(&app, &["ledger", "audit", bundle, "--witness", &witness.vkey]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn a_witness_of_another_make_refuses_who_it_does_not_know() {
    let mut witness = ForeignWitness::new("witness.example/w2");
    let set = witness.setting();
    let app = TestApp::start_with(Database::Sqlite, &[("ASSENT_LEDGER_WITNESSES", &set)]).await;
    let key = app.core.flow_settings.ledger_keys.first().vkey().to_string();
    let of_another = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    witness.serve("PeterNeumann", of_another).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    let core = &app.core;
    let mut failing = Failing::default();
    let asked = ask_witnesses(&core.db, &core.witnesses, &core.moment(), &mut failing).await;
    assert_eq!(asked.unwrap(), Asked { raised: 1, ..Asked::default() });
    assert!(!app.get("/ledger/checkpoint").await.text().contains("witness.example"), "{key}");
}
