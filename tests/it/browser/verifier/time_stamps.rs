//! Time stamps, before the page as a file: dropped beside a receipt or a bundle, and within a bundle. Of each the program
//! says the same.

use std::fs;
use std::path::Path;

use assent_ledger::bundle::stamp_files;
use assent_ledger::digest::sha256;
use assent_ledger::note::SignedNote;
use assent_ledger::timestamp::request;

use super::bundles::copy;
use super::{ADA, Said, Verifier, file, given, history, key, receipts};
use crate::support::http_client;
use crate::support::time_stamps::TimeStamps;

const STAMP: &str = "head.tsr";
const NO_PROOF: &str = "None of this is proof of a time";

/// What an authority answers that is asked to stamp a text.
async fn stamp(authority: &TimeStamps, text: &str) -> Vec<u8> {
    let question = request(&sha256(text.as_bytes()), 7).unwrap();
    let asked = http_client::client().post(authority.setting()).body(question);
    asked.send().await.unwrap().bytes().await.unwrap().to_vec()
}

/// The same of another time, which the authority did not sign.
fn at(response: &[u8], time: &[u8; 14]) -> Vec<u8> {
    // A GeneralizedTime to the second, of this century (X.690 §11.7).
    let begins = [0x18, 15, b'2', b'0'];
    let at = response.windows(begins.len()).position(|bytes| bytes == begins).unwrap();
    let mut response = response.to_vec();
    response[at + 2..at + 16].copy_from_slice(time);
    response
}

/// Puts a stamp into a bundle, beside the head that it is said to be over.
fn put(response: &[u8], head: &SignedNote, folder: &Path) {
    let (stamp, beside) = stamp_files("2026-11-24");
    fs::create_dir_all(folder.join("timestamps")).unwrap();
    fs::write(folder.join(stamp), response).unwrap();
    fs::write(folder.join(beside), head.as_str()).unwrap();
}

async fn judges(page: &Verifier, said: Said, kind: &str, (what, is_sound): (&str, bool)) {
    if !is_sound {
        return said.is_forged(&["time"], &format!("{kind}: {what}"));
    }
    said.is_sound(kind, "known");
    assert_eq!(said.steps["step-time"], "open", "who signed it is not known: {said:?}");
    page.reader.reads("#step-time", "This is no proof of a time").await;
    page.reader.reads("#step-time", "openssl ts -verify").await;
    page.reader.reads("[data-proof=word]", "until OpenSSL was asked who signed it").await;
    let by_whom = page.reader.text("[data-proof=key]").await.unwrap();
    assert!(!by_whom.contains("tamp"), "{by_whom}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_stamp_is_no_proof_and_a_false_one_is_refused() {
    let app = history().await;
    let receipts = receipts(&app).await;
    let receipt = given(&receipts, ADA, "newsletter:weekly");
    let head =
        SignedNote::parse(receipt.payload["ledger"]["checkpoint"].as_str().unwrap()).unwrap();
    let (vkey, dir) = (key(&app), tempfile::tempdir().unwrap());
    let whole = dir.path().join("whole");
    app.does(&["ledger", "bundle", whole.to_str().unwrap()]);
    let newest = fs::read_to_string(whole.join("checkpoint")).unwrap();
    let newest = SignedNote::parse(&newest).unwrap();

    let authority = TimeStamps::start().await;
    authority.keep_time_of(app.dir.path());
    let mut page = Verifier::open(&file()).await;
    page.knows(&vkey).await;
    let other = stamp(&authority, "something else\n").await;
    // Of the receipt's head, and of the bundle's.
    let [of_receipt, of_bundle] =
        [stamp(&authority, head.text()).await, stamp(&authority, newest.text()).await];
    let variants = |genuine: &[u8]| {
        [
            genuine.to_vec(),
            other.clone(),
            at(genuine, b"20200615120000"),
            genuine[..genuine.len() - 1].to_vec(),
            at(genuine, b"20280230090500"),
            at(genuine, b"20280229240000"),
            at(genuine, b"20280229090560"),
            at(genuine, b"20281231235960"),
        ]
    };
    let whats = [
        ("genuine", true),
        ("of another", false),
        ("set back", false),
        ("cut off", false),
        ("of a day that no month has", false),
        ("of hour 24", false),
        ("of a second 60 within a day", false),
        ("of a leap second", true),
    ];
    let stamps = variants(&of_receipt).into_iter().zip(variants(&of_bundle));
    for (what, (response, beside)) in whats.into_iter().zip(stamps) {
        page.says(&[&receipt.jws]).await;
        page.drops(&[(STAMP, response.as_slice())]).await;
        judges(&page, page.says_now().await, "receipt", what).await;

        let folder = dir.path().join("stamped");
        copy(&whole, &folder);
        put(&response, &head, &folder);
        let audited = app.command(&["ledger", "audit", folder.to_str().unwrap(), "--key", &vkey]);
        let told = String::from_utf8_lossy(&audited.stdout);
        assert_eq!(audited.status.success(), what.1, "{what:?}: {told}");
        assert_eq!(told.contains(NO_PROOF), what.1, "{what:?}: {told}");
        judges(&page, page.says_of(&folder).await, "bundle", what).await;
        fs::remove_dir_all(folder).unwrap();

        page.says_of(&whole).await;
        page.drops(&[(STAMP, beside.as_slice())]).await;
        judges(&page, page.says_now().await, "bundle", what).await;
    }
    // By itself it is of nothing.
    page.has_nothing().await;
    page.drops(&[(STAMP, of_receipt.as_slice())]).await;
    assert_eq!(page.says_now().await.verdict, "unreadable");
    page.says(&[&receipt.jws]).await;
    page.drops(&[(STAMP, of_receipt.as_slice())]).await;
    page.says_now().await.is_sound("receipt", "known");
    page.looks_good("stamped").await;
}
