//! What receipts and evidence name by an address is found there: policies and words byte for byte as they were
//! hashed, and what a purpose is.

use std::time::Duration;

use assent::domain::contacts::imported_contact::ImportedWords;
use assent::domain::slug::Slug;
use assent::domain::text::Line;
use assent::flows::catalog::add_newsletter::add_newsletter;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use assent::store::Tx;
use assent::store::catalog::newsletters;
use assent::store::catalog::newsletters::NewNewsletter;
use assent::store::catalog::notices::{self, Notice};
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use super::{WEEKLY, unguard};
use crate::support::app::{Answer, Database, POLICY, TestApp};
use crate::support::{both_databases, poll};

const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const CODE: &str = "partner-offers";
const WORDS: &str =
    "Sample Press may give my address to its partners. I can withdraw this any day.";
const NEW_WORDS: &str =
    "Sample Press may send me its partners’ <offers>. I can withdraw this any day.";

/// A text that is the same for good, under its hash.
async fn is_hashed_text(app: &TestApp, path: &str, kind: &str, sha256: &str) -> Answer {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{path}");
    assert_eq!(sha256_hex(&answer.body), sha256, "{path}");
    assert_eq!(answer.header("content-type"), format!("{kind}; charset=utf-8"));
    assert_eq!(answer.header("content-language"), "en-GB");
    assert_eq!(answer.header("etag"), format!("W/\"{sha256}\""));
    assert_eq!(answer.header("cache-control"), FOR_GOOD);
    assert_eq!(answer.header("vary"), "accept-encoding");
    assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
    let look = app.send(app.request("HEAD", path)).await;
    assert_eq!((look.status, look.body.len()), (200, 0), "{path}");
    for name in ["content-type", "content-length", "etag", "cache-control", "content-language"] {
        assert_eq!(look.header(name), answer.header(name), "{name} of {path}");
    }
    let tag = answer.header("etag");
    let same = app.send(app.request("GET", path).header("if-none-match", tag)).await;
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, tag), "{path}");
    assert_eq!(app.post(path, "").await.status, 405, "{path}");
    answer
}

async fn all_notices(app: &TestApp) -> Vec<Notice> {
    notices::list(&mut app.read().await).await.unwrap()
}

#[apply(both_databases!)]
async fn a_policy_is_found_as_the_text_that_was_hashed(database: Database) {
    let app = TestApp::start(database).await;
    let text = format!("# Privacy\n\nVersion {POLICY}: we keep little.");
    let sha256 = sha256_hex(text.as_bytes());
    let path = format!("/policies/privacy/{POLICY}.md");
    let found = is_hashed_text(&app, &path, "text/markdown", &sha256).await;
    assert_eq!(found.text(), text);
    let page = app.get(&format!("/policies/privacy/{POLICY}")).await.text();
    assert!(page.contains(&sha256) && page.contains(&format!("href=\"{path}\"")), "{page}");

    // It stays when it is in force no more; and a label that ends like a file is a label.
    app.advance(Duration::from_hours(1));
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, "2027-01.md").await;
    tx.commit().await.unwrap();
    let page = poll::until("the new policy", || async {
        let page = app.get("/policies/privacy/2027-01.md").await;
        (page.status == 200).then_some(page)
    })
    .await;
    assert!(page.header("content-type").starts_with("text/html"));
    let text = "# Privacy\n\nVersion 2027-01.md: we keep little.";
    let newer = "/policies/privacy/2027-01.md.md";
    is_hashed_text(&app, newer, "text/markdown", &sha256_hex(text.as_bytes())).await;
    is_hashed_text(&app, &path, "text/markdown", &sha256).await;
    for path in [".md", "none.md", "2026-11.MD", "2026-11.md.md", "2026-11.txt", "2026-11.html"] {
        assert_eq!(app.get(&format!("/policies/privacy/{path}")).await.status, 404, "{path}");
    }
}

#[apply(both_databases!)]
async fn words_that_were_agreed_to_are_found_by_their_hash(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let all = all_notices(&app).await;
    assert!(all.len() >= 2);
    for notice in &all {
        let path = format!("/notices/{}.txt", notice.sha256);
        let found = is_hashed_text(&app, &path, "text/plain", &notice.sha256).await;
        assert_eq!(found.text(), notice.words);
    }
    let hash = &all[0].sha256;
    for name in [
        hash.clone(),
        format!("{hash}.md"),
        format!("{}.txt", hash.to_uppercase()),
        format!("{}.txt", &hash[..63]),
        format!("{hash}0.txt"),
        format!("{hash}.txt.txt"),
        format!("{}.txt", sha256_hex(b"words that nobody was shown")),
        ".txt".to_owned(),
        "%00.txt".to_owned(),
        format!("{}.txt", "é".repeat(32)),
    ] {
        let answer = app.get(&format!("/notices/{name}")).await;
        assert_eq!((answer.status, answer.header("cache-control")), (404, "no-store"), "{name}");
    }
    // Words that another hand put there are not what the hash is of.
    unguard(&app).await;
    app.tamper("UPDATE notice SET words = 'Send me everything.'").await.unwrap();
    assert_eq!(app.get(&format!("/notices/{hash}.txt")).await.status, 404);
}

#[apply(both_databases!)]
async fn a_newsletter_is_known_once_it_was_offered(database: Database) {
    let app = TestApp::start(database).await;
    let path = "/purposes/newsletter:planned";
    let slug: Slug = "planned".parse().unwrap();
    let name = Line::parse("The planned one").unwrap().unwrap();
    let new = NewNewsletter { slug: &slug, name: &name, description: None, offered: false };
    let mut tx = app.write().await;
    assert!(add_newsletter(&mut tx, &app.act(), new).await.unwrap().is_some());
    tx.commit().await.unwrap();
    assert_eq!(app.get(path).await.status, 404);

    app.advance(Duration::from_hours(1));
    let mut tx = app.write().await;
    assert!(newsletters::mark_offered(&mut tx, &slug).await.unwrap());
    tx.commit().await.unwrap();
    let offered = app.get(path).await;
    assert!(offered.status == 200 && offered.text().contains("To be sent this newsletter. Nobody"));

    let mut tx = app.write().await;
    assert!(newsletters::mark_withdrawn(&mut tx, &app.core.moment(), &slug).await.unwrap());
    tx.commit().await.unwrap();
    let archived = app.get(path).await;
    assert!(archived.status == 200 && archived.text().contains("which is not offered any more"));
}

async fn add(app: &TestApp, tx: &mut Tx) {
    let new = NewPurpose {
        code: CODE.parse().unwrap(),
        name: Line::parse("Partners’ <offers>").unwrap().unwrap(),
        words: WORDS.parse().unwrap(),
    };
    add_purpose(tx, &app.act(), &new, &["sample".parse().unwrap()]).await.unwrap();
}

/// The page of the purpose of the operator's own, once it holds these words.
async fn page_with(app: &TestApp, words: &str) -> String {
    poll::until(words, || async {
        let page = app.get(&format!("/purposes/{CODE}")).await;
        Some(page.text()).filter(|text| page.status == 200 && text.contains(words))
    })
    .await
}

#[apply(both_databases!)]
async fn a_purpose_says_what_is_agreed_to_by_it(database: Database) {
    let app = TestApp::start(database).await;
    let policy = app.get("/purposes/privacy-policy").await;
    assert_eq!((policy.status, policy.header("cache-control")), (200, "no-cache"));
    let newsletter = app.get("/purposes/newsletter:weekly").await.text();
    for (page, code) in [(&policy.text(), "privacy-policy"), (&newsletter, "newsletter:weekly")] {
        let all = all_notices(&app).await;
        let notice = all.iter().find(|notice| notice.purpose.as_str() == code).unwrap();
        for said in [
            notice.words.as_str(),
            &format!("href=\"/notices/{}.txt\"", notice.sha256),
            &format!("<code>{code}</code>"),
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }
    assert!(newsletter.contains("The weekly") && newsletter.contains("News every Thursday"));
    let encoded = app.get("/purposes/newsletter%3Aweekly").await;
    assert_eq!(encoded.text(), newsletter, "as some programs write it");
    for code in
        ["nothing", "newsletter:none", "Newsletter:weekly", "newsletter", "newsletter:", "%00"]
    {
        assert_eq!(app.get(&format!("/purposes/{code}")).await.status, 404, "{code}");
    }
    let look = app.send(app.request("HEAD", "/purposes/privacy-policy")).await;
    assert_eq!((look.status, look.body.len()), (200, 0));
    assert_eq!(look.header("etag"), policy.header("etag"));
    assert_eq!(app.post("/purposes/privacy-policy", "").await.status, 405);
}

#[apply(both_databases!)]
async fn words_of_before_stay_on_the_page_of_their_purpose(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    add(&app, &mut tx).await;
    tx.commit().await.unwrap();
    let page = page_with(&app, WORDS).await;
    assert!(page.contains("Partners’ &lt;offers&gt;") && !page.contains("<offers>"), "{page}");
    assert!(!page.contains("Words of before"), "{page}");

    let purpose = CODE.parse().unwrap();
    let edit = PurposeEdit { name: None, words: Some(NEW_WORDS.parse().unwrap()) };
    let mut tx = app.write().await;
    edit_purpose(&mut tx, &app.act(), &purpose, &edit).await.unwrap();
    // Of these nobody knows what was agreed to; who wrote them down may name somebody. They never stood on a page.
    let unknown = ImportedWords::unknown(&Line::parse("Told to Ada Hughes").unwrap().unwrap());
    let at = app.core.moment();
    let unknown = notices::insert_or_find(&mut tx, &at, &purpose, unknown.as_str()).await.unwrap();
    // Nor do words that stood elsewhere: an import wrote them down as somebody brought them.
    let elsewhere = "Ada Hughes said yes to this at the fair.";
    let brought = notices::insert_or_find(&mut tx, &at, &purpose, elsewhere).await.unwrap();
    tx.commit().await.unwrap();
    let page = page_with(&app, "partners’ &lt;offers&gt;").await;
    let (today, before) = page.split_once("Words of before").unwrap();
    assert!(today.contains(&sha256_hex(NEW_WORDS.as_bytes())), "{page}");
    assert!(before.contains(WORDS) && before.contains(&sha256_hex(WORDS.as_bytes())), "{page}");
    assert!(!page.contains("Ada Hughes") && !page.contains(&unknown.sha256), "{page}");
    assert!(!page.contains(&brought.sha256), "{page}");
    let path = format!("/notices/{}.txt", unknown.sha256);
    is_hashed_text(&app, &path, "text/plain", &unknown.sha256).await;

    let before = app.count("SELECT count(*) FROM notice").await;
    for _ in 0..3 {
        app.get(&format!("/purposes/{CODE}")).await;
    }
    assert_eq!(app.count("SELECT count(*) FROM notice").await, before);
}
