//! What a receipt is worth by itself, and beside a bundle or a kept head. The program says the same.

use std::fs;

use assent_ledger::note::SignedNote;

use super::forgeries::thief;
use super::{ADA, SIGNED, Verifier, file, given, history, key, receipts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_by_itself_is_signed_and_no_more() {
    let app = history().await;
    let receipts = receipts(&app).await;
    let receipt = given(&receipts, ADA, "newsletter:weekly");
    let (vkey, dir) = (key(&app), tempfile::tempdir().unwrap());
    let path = dir.path().join("receipt.jws");
    fs::write(&path, &receipt.jws).unwrap();
    let [whole, later] = ["whole", "later"].map(|name| dir.path().join(name));
    app.does(&["ledger", "bundle", whole.to_str().unwrap()]);
    app.does(&["erase", ADA]);
    app.seal().await;
    app.does(&["ledger", "bundle", later.to_str().unwrap()]);
    let program = |bundle: Option<&str>| {
        let mut arguments = vec!["ledger", "audit-receipt", path.to_str().unwrap(), "--key", &vkey];
        arguments.extend(bundle.into_iter().flat_map(|bundle| ["--bundle", bundle]));
        let output = app.command(&arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };

    let page = Verifier::open(&file()).await;
    page.knows(&vkey).await;
    let said = page.says(&[&receipt.jws]).await;
    said.is_sound("receipt", "known");
    assert_eq!((said.title.as_str(), said.confirmed.as_str()), (SIGNED, "nobody"));
    let alone = "under a head that this key signed; nobody else has confirmed it";
    assert!(program(None).contains(alone));

    let head = receipt.payload["ledger"]["checkpoint"].as_str().unwrap();
    page.tells("earlier", head).await;
    assert_eq!(page.says_now().await.confirmed, "others");
    page.tells("earlier", "").await;

    // What the same key signed confirms nothing, however much of it there is.
    for (bundle, words) in [(&whole, "still"), (&later, "emptied since")] {
        page.says_of(bundle).await.is_sound("bundle", "known");
        page.drops(&[("receipt.jws", receipt.jws.as_bytes())]).await;
        let said = page.says_now().await;
        said.is_sound("receipt", "known");
        assert_eq!((said.title.as_str(), said.confirmed.as_str()), (SIGNED, "nobody"));
        page.reader.reads("#step-consistency", words).await;
        page.reader.reads("[data-proof=sure]", words).await;
        let told = program(Some(bundle.to_str().unwrap()));
        assert!(told.contains(words), "{told}");
    }
    page.reader.reads("#verdict", "emptied since").await;
    // A head that was kept confirms it all the same, and the page still says what became of the entry.
    page.tells("earlier", head).await;
    let said = page.says_now().await;
    said.is_sound("receipt", "known");
    assert_eq!(said.confirmed, "others", "{said:?}");
    page.reader.reads("#verdict", "emptied since").await;
    page.tells("earlier", "").await;
    // Of several, each is held against the bundle.
    let other = given(&receipts, "cyd@b.example", "newsletter:weekly");
    page.says_of(&later).await;
    let both = [("other.jws", other.jws.as_bytes()), ("receipt.jws", receipt.jws.as_bytes())];
    page.drops(&both).await;
    page.says_now().await.is_sound("receipt", "known");
    page.reader.reads("#step-consistency", "emptied since").await;
    page.reader.reads("#receipt-2-step-consistency", "has this entry still").await;
    page.says_of(&later).await;
    page.reader.reads("#step-emptied", "Emptied by ").await;
    let told = app.does(&["ledger", "audit", later.to_str().unwrap(), "--key", &vkey]);
    assert!(told.contains("emptied by "), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_head_of_another_key_is_refused() {
    let app = history().await;
    let (vkey, dir) = (key(&app), tempfile::tempdir().unwrap());
    let [whole, kept] = ["whole", "kept"].map(|name| dir.path().join(name));
    app.does(&["ledger", "bundle", whole.to_str().unwrap()]);
    let head = app.does(&["ledger", "checkpoint"]);
    let head = SignedNote::parse(&head).unwrap();
    let origin = &head.checkpoint().origin;
    let foreign = head.checkpoint().sign(&[thief(origin)]);
    fs::write(&kept, &foreign).unwrap();
    let page = Verifier::open(&file()).await;
    page.knows(&vkey).await;
    page.says_of(&whole).await.is_sound("bundle", "known");
    page.tells("earlier", &foreign).await;
    assert_eq!(page.says_now().await.verdict, "unreadable");
    let why = "is not signed by the key that you gave, so it says nothing of this bundle";
    page.reader.reads("#verdict", why).await;
    let arguments = ["ledger", "audit", whole.to_str().unwrap(), "--key", &vkey];
    let asked = [&arguments[..], &["--checkpoint", kept.to_str().unwrap()]].concat();
    let output = app.command(&asked);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains(why));
}
