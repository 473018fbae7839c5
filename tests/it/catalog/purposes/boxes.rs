//! A purpose as a box on forms: offered where it was meant to be, ticked or not, and exported alone.

use assent::flows::catalog::offer_purpose::offer_purpose;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use super::{CODE, NAME, TICKED, WORDS, add, notice, offering, own, page_with, reword};
use crate::support::app::{Database, PATH, REPORT, SLUG, TestApp, form};
use crate::support::both_databases;
use crate::support::page_form::is_ticked;

#[apply(both_databases!)]
async fn it_is_offered_where_it_was_meant_to_be(database: Database) {
    let app = offering(database).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, ("other", "Another report"), &["weekly"]).await;
    tx.commit().await.unwrap();
    page_with(&app, "/reports/other", "Another report").await;

    let page = app.get(PATH).await.text();
    assert!(!is_ticked(&page, CODE) && page.contains(NAME));
    let newsletter = page.find("name=\"newsletter\"").unwrap();
    assert!(newsletter < page.find("name=\"purpose\"").unwrap(), "newsletters first");
    for path in ["/reports/other", "/newsletters", "/"] {
        assert!(!app.get(path).await.text().contains("name=\"purpose\""), "{path}");
    }
    let answer = app.post("/reports/other", &form("ada@b.example", TICKED)).await;
    assert_eq!(answer.status, 422, "what is not shown cannot be ticked");
    let more = format!("&newsletter=weekly{TICKED}");
    assert_eq!(app.post("/newsletters", &form("ada@b.example", &more)).await.status, 422);
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 0);

    let mut tx = app.write().await;
    let (code, other) = (CODE.parse().unwrap(), "other".parse().unwrap());
    for _ in 0..2 {
        offer_purpose(&mut tx, &app.act(), &code, &other).await.unwrap();
    }
    tx.commit().await.unwrap();
    let page = page_with(&app, "/reports/other", WORDS).await;
    assert!(!is_ticked(&page, CODE));
    assert_eq!(page.matches("name=\"purpose\"").count(), 1);
}

#[apply(both_databases!)]
async fn whoever_ticks_it_is_exported_under_its_code_alone(database: Database) {
    let app = offering(database).await;
    let research = own("research", "Research", "Ask me for a survey. I can withdraw.");
    add(&app, &research, &[SLUG]).await.unwrap();
    page_with(&app, PATH, "Ask me for a survey").await;
    app.subscribe("ticks@b.example", TICKED).await;
    app.subscribe("both@b.example", &format!("&newsletter=weekly{TICKED}&purpose=research")).await;
    let download = app.subscribe("leaves@b.example", "&newsletter=weekly").await;

    assert_eq!(app.exported(CODE).await, ["ticks@b.example", "both@b.example"]);
    assert_eq!(app.exported("research").await, ["both@b.example"]);
    assert_eq!(app.exported("newsletter:weekly").await, ["both@b.example", "leaves@b.example"]);
    assert_eq!(app.exported("privacy-policy").await.len(), 3);
    assert!(app.export(CODE).await.contains(&sha256_hex(WORDS.as_bytes())));
    let file = app.get(&format!("{download}/file")).await;
    assert_eq!((file.status, file.body.as_slice()), (200, REPORT), "never a condition");

    let receipt = app.mail_to("ticks@b.example").pop().unwrap();
    let said = receipt.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(WORDS) && said.contains(NAME), "{said}");
}

#[apply(both_databases!)]
async fn nothing_counts_before_the_button(database: Database) {
    let app = offering(database).await;
    app.ask_and_read("ada@b.example", TICKED).await;
    assert!(app.exported(CODE).await.is_empty());
    let requested = "SELECT count(*) FROM consent_event WHERE purpose = 'partner-offers' AND type = 'requested'";
    assert_eq!(app.count(requested).await, 1);
}

#[apply(both_databases!)]
async fn its_box_can_be_changed_while_confirming(database: Database) {
    let app = offering(database).await;
    for (email, asked, pressed, gets) in [
        ("keeps@b.example", TICKED, "", true),
        ("stays@b.example", TICKED, "choices=shown&purpose=partner-offers", true),
        ("drops@b.example", TICKED, "choices=shown&newsletter=weekly", false),
        ("adds@b.example", "", "choices=shown&purpose=partner-offers", true),
        ("leaves@b.example", "", "purpose=partner-offers", false),
    ] {
        let link = app.ask_and_read(email, asked).await.link("/confirm/");
        let page = app.get(&link).await.text();
        assert!(page.contains(WORDS) && is_ticked(&page, CODE) != asked.is_empty(), "{email}");
        assert_eq!(app.post(&link, pressed).await.status, 303, "{email}");
        assert_eq!(app.exported(CODE).await.contains(&email.to_owned()), gets, "{email}");
    }
    assert_eq!(app.exported("newsletter:weekly").await, ["drops@b.example"]);
    let link = app.ask_and_read("odd@b.example", "").await.link("/confirm/");
    for odd in
        ["purpose=none", "purpose=privacy-policy", "purpose=weekly", "newsletter=partner-offers"]
    {
        assert_eq!(app.post(&link, &format!("choices=shown&{odd}")).await.status, 400, "{odd}");
    }
}

#[apply(both_databases!)]
async fn a_code_that_is_not_offered_is_refused(database: Database) {
    let app = offering(database).await;
    for odd in [
        "&purpose=none",
        "&purpose=",
        "&purpose=privacy-policy",
        "&purpose=newsletter:weekly",
        "&purpose=weekly",
        "&purpose=partner-offers&purpose=none",
        "&newsletter=partner-offers",
        "&purpose=Partner-offers",
    ] {
        let answer = app.post(PATH, &form("ada@b.example", odd)).await;
        assert!(answer.status == 422 && answer.text().contains("<title>Error: "), "{odd}");
    }
    for (odd, ticked) in [("&purpose=%00", false), ("&purpose=partner-offers%0a", true)] {
        let answer = app.post(PATH, &form("ada@b.example", odd)).await;
        assert_eq!(answer.status, 422, "{odd}");
        assert_eq!(is_ticked(&answer.text(), CODE), ticked, "{odd}");
    }
    assert_eq!(app.count("SELECT count(*) FROM signup").await, 0);
    app.subscribe("ada@b.example", &format!("{TICKED}{TICKED}")).await;
    assert_eq!(app.exported(CODE).await, ["ada@b.example"], "ticked twice is ticked");
    // What was refused keeps its tick.
    let answer = app.post(PATH, &form("no address", TICKED)).await;
    assert!(answer.status == 422 && is_ticked(&answer.text(), CODE));
}

#[apply(both_databases!)]
async fn hostile_names_and_words_are_only_text(database: Database) {
    let app = TestApp::start(database).await;
    let (name, words) =
        ("<b onclick=x>\"Offers\"", "<script>alert('{{ 7*7 }}')</script> & \"more\" --> =1+1");
    add(&app, &own(CODE, name, words), &[SLUG]).await.unwrap();
    let link = {
        page_with(&app, PATH, "{{ 7*7 }}").await;
        app.ask_and_read("ada@b.example", TICKED).await.link("/confirm/")
    };
    reword(&app, &format!("{words} again")).await;
    page_with(&app, PATH, "=1+1 again").await;
    let refused =
        app.post(PATH, &form("ada@b.example", &format!("{TICKED}{}", notice(words)))).await;
    for page in [app.get(PATH).await.text(), refused.text(), app.get(&link).await.text()] {
        assert!(!page.contains("<script") && !page.contains("<b onclick"), "{page}");
        assert!(
            page.contains("{{ 7*7 }}")
                && page.contains("&lt;script&gt;")
                && page.contains("&lt;b onclick=x&gt;"),
            "{page}"
        );
    }
    assert_eq!(app.post(&link, "").await.status, 303);
    assert_eq!(app.exported(CODE).await, ["ada@b.example"]);
    assert!(app.next_mail("ada@b.example", 1).await.text.contains("alert"), "mailed as it is");
}
