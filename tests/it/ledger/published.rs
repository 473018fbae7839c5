//! What anybody is given of the ledger: heads, tiles, keys, a page and a verifier; and nothing that is not sealed, or
//! of anybody.

use std::time::Duration;

use assent::flows::ledger::seal::{Sealed, seal as give_places};
use assent_ledger::note::{SignedNote, VerifyingKey};
use assent_ledger::tree::{Frontier, Hash, fold, leaf_hash, subtree_root};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::sealing::append;
use super::{WEEKLY, does, seal, sealed_leaves};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::stopped::lose_heads;

const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const SIZE: &str = "SELECT size FROM ledger_head";
/// Everything that a look could leave behind in the ledger.
const LEFT: &str = "SELECT (SELECT count(*) FROM checkpoint) + (SELECT count(*) FROM consent_event)
    + (SELECT count(*) FROM ledger_record) + (SELECT count(*) FROM ledger_tile)
    + (SELECT count(*) FROM notice) + (SELECT count(*) FROM audit_entry)
    + (SELECT count(*) FROM claim) + (SELECT count(*) FROM download) + (SELECT size FROM ledger_head)";

/// The newest head, as anybody has it.
async fn head(app: &TestApp) -> SignedNote {
    let note = SignedNote::parse(&app.get("/ledger/checkpoint").await.text()).unwrap();
    assert!(note.verified_by(&app.core.flow_settings.ledger_keys.trusted()).is_some());
    note
}

async fn tile(app: &TestApp, name: &str) -> Answer {
    app.get(&format!("/ledger/tile/{name}")).await
}

async fn is_refused(app: &TestApp, name: &str) {
    let answer = tile(app, name).await;
    assert_eq!(answer.status, 404, "{name}");
    assert!(answer.text().contains("Page not found"), "{name}");
    assert_eq!(answer.header("cache-control"), "no-store", "it may be there tomorrow: {name}");
}

/// All hashes of a level that a tree of this size has, in tiles that are as wide as the standard says.
async fn level(app: &TestApp, level: u32, size: u64) -> Vec<Hash> {
    let all = size >> (8 * level);
    let mut hashes = vec![];
    for index in 0..all.div_ceil(256) {
        let width = (all - index * 256).min(256);
        let part = if width < 256 { format!(".p/{width}") } else { String::new() };
        let tile = tile(app, &format!("{level}/{index:03}{part}")).await;
        assert_eq!((tile.status, tile.body.len() as u64), (200, width * 32), "{level} {index}");
        assert_eq!(tile.header("content-type"), "application/octet-stream");
        assert_eq!(tile.header("cache-control"), FOR_GOOD);
        hashes.extend_from_slice(tile.body.as_chunks::<32>().0);
    }
    hashes
}

/// Appends what is missing to so many leaves, and seals it.
async fn grow(app: &TestApp, size: usize) {
    let begun = usize::try_from(app.count(SIZE).await).unwrap();
    append(app, size - begun).await;
    seal(app).await;
}

/// With notices written down, and a first head.
async fn begun(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.get("/reports/sample").await;
    seal(&app).await;
    app
}

#[apply(both_databases!)]
async fn anybody_rebuilds_the_signed_root_out_of_tiles_alone(database: Database) {
    let app = begun(database).await;
    for size in [100, 255, 256, 257, 511, 700] {
        grow(&app, size).await;
        let head = head(&app).await;
        let (size, root) = (head.checkpoint().size, head.checkpoint().root);
        let leaves = level(&app, 0, size).await;
        let mut tree = Frontier::new();
        for leaf in &leaves {
            tree.push(*leaf);
        }
        assert_eq!((tree.size(), tree.root()), (size, root));
        // Whoever has the level above needs no full tile below it.
        let roots = level(&app, 1, size).await;
        let (full, rest) = leaves.as_chunks::<256>();
        assert!(roots.iter().copied().eq(full.iter().map(|tile| subtree_root(tile))));
        let above = subtree_roots(&roots).into_iter().chain(subtree_roots(rest));
        assert_eq!(fold(&above.collect::<Vec<_>>()), root);
    }
    let entered = sealed_leaves(&app.core.db).await;
    let entered = entered.iter().map(|(_, leaf)| leaf_hash(leaf.as_bytes()));
    assert!(level(&app, 0, 700).await.into_iter().eq(entered), "each in its place");
}

/// The roots of the complete subtrees over hashes of one height, largest first.
fn subtree_roots(hashes: &[Hash]) -> Vec<Hash> {
    let mut tree = Frontier::new();
    for hash in hashes {
        tree.push(*hash);
    }
    tree.hashes().to_vec()
}

#[apply(both_databases!)]
async fn nothing_beyond_the_newest_head_is_given_out(database: Database) {
    let app = begun(database).await;
    is_refused(&app, "1/000.p/1").await;
    grow(&app, 300).await;
    let full = tile(&app, "0/000").await;
    for (name, width) in [("0/000.p/255", 255), ("0/000.p/1", 1), ("0/001.p/44", 44)] {
        let part = tile(&app, name).await;
        assert_eq!((part.status, part.body.len()), (200, width * 32), "{name}");
        let begins = name.starts_with("0/001") || full.body.starts_with(&part.body);
        assert!(begins, "a tile grows and does not change: {name}");
    }
    let beyond =
        ["0/001", "0/001.p/45", "0/002.p/1", "1/000", "1/000.p/2", "1/001.p/1", "2/000.p/1"];
    for name in beyond {
        is_refused(&app, name).await;
    }
    // What has its place under a head that nobody can see yet is nobody's to see, either.
    append(&app, 300).await;
    let core = &app.core;
    let mut tx = app.write().await;
    let sealed = give_places(&mut tx, &core.moment(), &core.flow_settings).await.unwrap();
    assert_eq!(sealed, Sealed::Some);
    tx.commit().await.unwrap();
    assert_eq!((app.count(SIZE).await, head(&app).await.checkpoint().size), (600, 300));
    for name in beyond {
        is_refused(&app, name).await;
    }
    assert_eq!(level(&app, 0, 300).await.len(), 300);
    seal(&app).await;
    assert_eq!(head(&app).await.checkpoint().size, 600);
    assert_eq!(level(&app, 0, 600).await.len(), 600);
}

#[apply(both_databases!)]
async fn a_ledger_that_just_began_has_one_entry(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    app.seal().await;
    let head = head(&app).await;
    assert_eq!(head.checkpoint().size, 1, "that it began");
    for name in ["0/000", "0/000.p/2", "1/000.p/1"] {
        is_refused(&app, name).await;
    }
    assert_eq!(tile(&app, "0/000.p/1").await.body, head.checkpoint().root);
    assert_eq!(app.get("/ledger").await.status, 200);
}

#[apply(both_databases!)]
async fn a_tile_has_one_spelling_and_entries_have_none(database: Database) {
    let app = begun(database).await;
    grow(&app, 300).await;
    for name in [
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/000",
        "0/x000/001",
        "0/+00",
        "0/-01",
        "00/000",
        "01/000",
        "+0/000",
        "-1/000",
        "64/000",
        "999/000",
        "0/%30%30%30",
        "%30/000",
        "0%2F000",
        "0/000.p/0",
        "0/000.p/01",
        "0/000.p/256",
        "0/000.p/257",
        "0/000.p",
        "0/000.p%2F1",
        "0/000.P/1",
        "0/000.p/1.p/1",
        "0/000.p/1/1",
        "0/000.",
        "0/000%00",
        "0/000%ff",
        "0/x001",
        "0/x001/000",
        "0/X001/000",
        "0/x999/x999/x999/x999/x999/999",
        "0/x018/x446/x744/x073/x709/x551/615",
        "0/x018/x446/x744/x073/x709/x551/616",
        "7/000.p/1",
        "8/000.p/1",
        "63/000.p/1",
        "63/x018/x446/x744/x073/x709/x551/615",
        "entries/000",
        "entries/000.p/1",
        "data/000",
        "names/000",
        "000",
        "0",
    ] {
        is_refused(&app, name).await;
    }
    for path in ["/ledger/tile", "/ledger/tile/", "/ledger/nothing", "/ledger/key.txt"] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    let slash = tile(&app, "0/000/").await;
    assert_eq!((slash.status, slash.location()), (308, "/ledger/tile/0/000"), "as of every page");
    assert_eq!(app.post("/ledger/tile/0/000", "").await.status, 405);
}

#[apply(both_databases!)]
async fn looking_is_the_same_without_a_body_and_changes_nothing(database: Database) {
    let app = begun(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    grow(&app, 300).await;
    let before = app.count(LEFT).await;
    for path in [
        "/ledger",
        "/ledger/checkpoint",
        "/ledger/tile/0/000",
        "/ledger/tile/0/001.p/44",
        "/ledger/tile/0/001",
        "/ledger/key",
        "/ledger/key.json",
        "/ledger/verify",
    ] {
        let get = app.get(path).await;
        let look = app.send(app.request("HEAD", path)).await;
        assert_eq!((look.status, look.body.len()), (get.status, 0), "{path}");
        assert!(!get.body.is_empty(), "{path}");
        for name in [
            "content-type",
            "content-length",
            "etag",
            "cache-control",
            "vary",
            "content-security-policy",
            "x-robots-tag",
        ] {
            assert_eq!(look.header(name), get.header(name), "{name} of {path}");
        }
        assert_eq!(get.body, app.get(path).await.body, "{path}");
        let tag = get.header("etag");
        if !tag.is_empty() {
            for (name, value, expected) in [
                ("if-none-match", tag, 304),
                ("if-none-match", "\"other\"", 200),
                ("if-match", "\"other\"", 412),
            ] {
                let asked = app.send(app.request("GET", path).header(name, value)).await;
                assert_eq!(asked.status, expected, "{name} of {path}");
                if expected == 304 {
                    assert_eq!(asked.header("cache-control"), get.header("cache-control"));
                }
            }
        }
        assert_eq!(app.post(path, "").await.status, 405, "{path}");
    }
    assert_eq!(app.count(LEFT).await, before);
}

#[apply(both_databases!)]
async fn each_epoch_has_tiles_of_its_own(database: Database) {
    let app = begun(database).await;
    grow(&app, 300).await;
    let before = tile(&app, "0/001.p/44").await;
    assert!(app.get("/ledger").await.text().contains("/ledger/tile/"));
    let stopped = app.halt().await;
    lose_heads(stopped.dir.path());
    let app = stopped.start(&[]).await;
    assert!(does(&app, &["ledger", "resume"]).contains("/r2"));
    let from = usize::try_from(app.count("SELECT from_size FROM ledger_epoch").await).unwrap();
    assert!(from >= 300);
    append(&app, 600 - from).await;
    seal(&app).await;
    let head = head(&app).await;
    assert!(head.checkpoint().origin.ends_with("/r2"));
    let of_epoch = async |name: &str| app.get(&format!("/ledger/r2/tile/{name}")).await;
    let size = head.checkpoint().size;
    let last = format!("0/002.p/{}", size - 512);
    for name in ["0/000", "0/001", &last, "1/000.p/2"] {
        let answer = of_epoch(name).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, FOR_GOOD), "{name}");
    }
    let mut tree = Frontier::new();
    for name in ["0/000", "0/001", &last] {
        for leaf in of_epoch(name).await.body.as_chunks::<32>().0 {
            tree.push(*leaf);
        }
    }
    assert_eq!((tree.size(), tree.root()), (size, head.checkpoint().root));
    // Under the ledger's first name is what was not lost, and nothing that took the place of what was.
    let kept = tile(&app, "0/001.p/44").await;
    assert_eq!((kept.status, kept.body), (200, before.body));
    for name in ["0/001", "1/000.p/2", &last] {
        is_refused(&app, name).await;
    }
    for path in [
        "/ledger/r1/tile/0/000",
        "/ledger/r3/tile/0/000",
        "/ledger/r02/tile/0/000",
        "/ledger/R2/tile/0/000",
        "/ledger/r2/tile/0/0",
        "/ledger/r2/tile/0/003.p/1",
        "/ledger/r1/checkpoint",
        "/ledger/r3/checkpoint",
        "/ledger/key/checkpoint",
    ] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
    let newest = app.get("/ledger/checkpoint").await.text();
    assert_eq!(app.get("/ledger/r2/checkpoint").await.text(), newest);
    let page = app.get("/ledger").await.text();
    assert!(page.contains("/ledger/r2/tile/") && page.contains("/ledger/r2/checkpoint"), "{page}");
    let keys = app.get("/ledger/key").await.text();
    let names: Vec<&str> = keys.lines().map(|key| key.split('+').next().unwrap()).collect();
    assert_eq!(names.len(), 2, "{keys}");
    assert_eq!(names[0], format!("{}/r2", names[1]), "the newest name first");
}

#[apply(both_databases!)]
async fn the_key_is_given_as_lines_and_as_a_set_for_programs(database: Database) {
    let app = begun(database).await;
    let own = app.core.flow_settings.ledger_keys.trusted();
    let asked = async |accept: &str| {
        app.send(app.request("GET", "/ledger/key").header("accept", accept)).await
    };
    for accept in ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "text/plain", "image/png"] {
        let answer = asked(accept).await;
        assert_eq!((answer.status, answer.header("vary")), (200, "accept, accept-encoding"));
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{accept}");
        let keys = answer.text();
        let keys: Vec<_> = keys.lines().map(|key| VerifyingKey::parse(key).unwrap()).collect();
        assert_eq!(keys, own);
        assert!(head(&app).await.verified_by(&keys).is_some());
    }
    let set = app.get("/ledger/key.json").await;
    assert_eq!((set.status, set.header("content-type")), (200, "application/jwk-set+json"));
    for kind in ["application/json", "application/jwk-set+json"] {
        let answer = asked(kind).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, kind));
        assert_eq!(answer.header("vary"), "accept, accept-encoding");
        assert_eq!(answer.body, set.body);
        assert_eq!(answer.header("cache-control"), "no-cache", "a key may be replaced");
    }
    let set: Value = serde_json::from_slice(&set.body).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), own.len());
    for (jwk, key) in keys.iter().zip(&own) {
        let said = ["kty", "crv", "alg", "use"].map(|name| jwk[name].as_str().unwrap());
        assert_eq!(said, ["OKP", "Ed25519", "Ed25519", "sig"]);
        let text = key.to_string();
        assert_eq!((jwk["kid"].as_str(), jwk["vkey"].as_str()), (Some(&*text), Some(&*text)));
        let bytes = URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
        assert_eq!(bytes.len(), 32);
    }
}

#[apply(both_databases!)]
async fn the_page_says_how_far_the_ledger_has_come_and_by_which_key(database: Database) {
    let app = begun(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.advance(Duration::from_hours(1));
    seal(&app).await;
    let head = head(&app).await;
    let page = app.get("/ledger").await;
    let text = page.text();
    let key = app.core.flow_settings.ledger_keys.first().vkey();
    let signed = head.checkpoint();
    for said in [
        format!("<dd>{} entries</dd>", signed.size),
        format!("<dd>{}</dd>", signed.origin),
        assent_ledger::note::encode_hash(&signed.root),
        key.to_string(),
        key.fingerprint(),
        "so the size is public".to_owned(),
        "href=\"/ledger/verify\"".to_owned(),
        "href=\"/ledger/checkpoint\"".to_owned(),
        format!("{}/ledger/tile/", app.base),
    ] {
        assert!(text.contains(&said), "{said}: {text}");
    }
    assert!(!text.contains("ada@b.example"));
    assert!(app.get("/policies/privacy").await.text().contains("href=\"/ledger\""));
}

#[apply(both_databases!)]
async fn the_verifier_is_the_page_of_a_release_and_may_ask_nobody(database: Database) {
    let app = TestApp::start(database).await;
    let answer = app.get("/ledger/verify").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(answer.text(), include_str!("../../../ledger/verify/verify.html"));
    let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 1);
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    // A page cannot say itself who may frame it; all else it says as a file, too.
    let page = answer.text();
    let (_, own) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"").unwrap();
    let (own, _) = own.split_once('"').unwrap();
    assert_eq!(policy, format!("{own}; frame-ancestors 'none'"));
    for directive in ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(directive), "{directive}: {policy}");
    }
    for lax in ["'self'", "unsafe", "http:", "https:", "*", "connect-src"] {
        assert!(!policy.contains(lax), "{lax}: {policy}");
    }
    assert_eq!(answer.header("cache-control"), "no-cache", "the newest one is used");
}
