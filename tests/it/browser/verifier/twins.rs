//! Two receipts that one key signed and that cannot both be true, before the page as a file; and what confirms a receipt
//! that nothing contradicts.

use assent_ledger::note::{KeyName, SigningKey};
use assent_ledger::receipt::verify;
use fantoccini::Locator;
use serde_json::json;

use super::lengths::{receipt_of, receipt_with_policy};
use super::{SIGNED, Verifier, file};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_records_of_one_event_accuse_whoever_signed_both() {
    let key = SigningKey::new(KeyName::parse("b.example/ledger").unwrap(), [1; 32]);
    let [one, other] = [10, 20].map(|length| receipt_with_policy(length, &key));
    let mut page = Verifier::open(&file()).await;
    for known in ["", &key.vkey().to_string()] {
        page.knows(known).await;
        for receipt in [&one, &other] {
            // Each is sound by itself.
            assert!(verify(receipt, &[key.vkey()]).is_ok());
            let said = page.says(&[receipt]).await;
            assert_eq!((said.verdict.as_str(), said.confirmed.as_str()), ("sound", "nobody"));
        }
        for pair in [[&one, &other], [&other, &one]] {
            let said = page.says(&pair.map(String::as_str)).await;
            said.is_forged(&["consistency"], "two records of one event");
            assert!(said.title.contains("signed two different records"), "{said:?}");
            assert_eq!(said.steps["step-consistency"], "failed", "{said:?}");
            assert_eq!(said.steps["receipt-2-step-consistency"], "failed", "{said:?}");
            page.reader.reads("#verdict", "At least one is false").await;
        }
    }
    page.looks_good("twins").await;
    // The same one twice is one receipt, and confirms nothing.
    let said = page.says(&[&one, &one]).await;
    said.is_sound("receipt", "known");
    assert_eq!((said.title.as_str(), said.confirmed.as_str()), (SIGNED, "nobody"));
}

/// Also where both cannot be true: here each is the only entry of its list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_receipts_of_one_address_say_stands_side_by_side() {
    let key = SigningKey::new(KeyName::parse("b.example/ledger").unwrap(), [1; 32]);
    let left = receipt_of("x", &key, |_, body| body["unticked"] = json!(["newsletter:weekly"]));
    let taken = receipt_of("x", &key, |context, body| {
        context["purpose"] = json!("newsletter:weekly");
        body["at"] = json!("2026-11-23T09:07:00.000000Z");
        body["event_id"] = json!("01936f00-0000-7000-8000-000000000003");
        body["subscriber_id"] = json!("01936f00-0000-7000-8000-000000000004");
    });
    let mut page = Verifier::open(&file()).await;
    page.knows(&key.vkey().to_string()).await;
    let [left, taken] = [("left.jws", left.as_bytes()), ("taken.jws", taken.as_bytes())];
    let mut told = vec![];
    for pair in [[left, taken], [taken, left]] {
        page.has_nothing().await;
        page.drops(&pair).await;
        page.says_now().await.is_forged(&["consistency"], "two lists of one length");
        told.push(page.reader.text("#answer").await.unwrap());
    }
    assert_eq!(told[0], told[1], "each has its verdict in whichever order they were given");
    for words in [
        "the same address agreed to it 2 minutes later",
        "contradict each other: at least one is false",
        "different numbers of a person",
        "Not ticked: the newsletter “weekly”",
    ] {
        page.reader.reads("#answer", words).await;
    }
    page.looks_good("side-by-side").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_was_kept_confirms_and_the_receipt_itself_does_not() {
    let key = SigningKey::new(KeyName::parse("b.example/ledger").unwrap(), [1; 32]);
    let [one, other] = [10, 20].map(|length| receipt_with_policy(length, &key));
    let kept = verify(&one, &[key.vkey()]).unwrap().head.as_str().to_owned();
    let mut page = Verifier::open(&file()).await;
    page.knows(&key.vkey().to_string()).await;
    page.tells("earlier", &one).await;
    let said = page.says(&[&one]).await;
    said.is_sound("receipt", "known");
    assert_eq!((said.title.as_str(), said.confirmed.as_str()), (SIGNED, "nobody"));
    page.tells("earlier", &kept).await;
    let said = page.says(&[&one]).await;
    said.is_sound("receipt", "known");
    assert_eq!(said.confirmed, "others", "{said:?}");
    page.looks_good("confirmed").await;
    let said = page.says(&[&other]).await;
    said.is_forged(&["consistency"], "another list of the same length");
    assert!(said.title.contains("signed two different records"), "{said:?}");
}

/// What is pressed right after the key was typed does what it says: the page is not written anew under the pointer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_press_after_the_key_was_typed_counts() {
    let key = SigningKey::new(KeyName::parse("b.example/ledger").unwrap(), [1; 32]);
    let page = Verifier::open(&file()).await;
    page.says(&[&receipt_with_policy(10, &key)]).await.is_sound("receipt", "came-along");
    let field = page.reader.find(Locator::Id("key")).await;
    field.send_keys(&key.vkey().to_string()).await.unwrap();
    page.reader.click(Locator::Css("[data-unfold=policy] > summary")).await;
    page.reader.reads("[data-unfold=policy]", "xxxxxxxxxx").await;
    page.says_now().await.is_sound("receipt", "known");
    page.reader.reads("[data-unfold=policy]", "xxxxxxxxxx").await;
}
