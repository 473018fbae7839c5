//! Purposes of the operator's own: a further box, which nobody has to tick.

use assent::domain::catalog::notice::sha256_hex;
use assent::domain::slug::Slug;
use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use assent::flows::catalog::offer_purpose::offer_purpose;
use assent::flows::catalog::purpose_error::PurposeError;
use assent::store::catalog::notices;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;
use tempfile::TempDir;

use crate::support::app::{Database, PATH, POLICY, REPORT, SETTINGS, SLUG, TestApp, form};
use crate::support::program::{Served, run, run_well};
use crate::support::{both_databases, poll, postgres};

const CODE: &str = "partner-offers";
const TICKED: &str = "&purpose=partner-offers";
const NAME: &str = "Partners’ offers";
const WORDS: &str = "Sample Press may give my email address to its partners for offers. I can withdraw this any day.";
const NEW_WORDS: &str =
    "Sample Press may send me its partners’ offers, once a month. I can withdraw this at any time.";

async fn add(
    app: &TestApp,
    code: &str,
    name: &str,
    words: &str,
    reports: &[&str],
) -> Result<(), PurposeError> {
    let new = NewPurpose {
        code: code.parse().unwrap(),
        name: Line::parse(name).unwrap().unwrap(),
        words: words.parse().unwrap(),
    };
    let reports: Vec<Slug> = reports.iter().map(|slug| slug.parse().unwrap()).collect();
    let mut tx = app.write().await;
    add_purpose(&mut tx, &app.core.moment(), "test", new, &reports).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn reword(app: &TestApp, words: &str) {
    let edit = PurposeEdit { name: None, words: Some(words.parse().unwrap()) };
    let mut tx = app.write().await;
    let code = CODE.parse().unwrap();
    edit_purpose(&mut tx, &app.core.moment(), "test", &code, &edit).await.unwrap();
    tx.commit().await.unwrap();
}

/// The page at `path` once it holds `words`.
async fn page_with(app: &TestApp, path: &str, words: &str) -> String {
    poll::until(&format!("{words} at {path}"), || async {
        Some(app.get(path).await.text()).filter(|page| page.contains(words))
    })
    .await
}

/// The sample program with one purpose of its own on the sample report's form.
async fn offering(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    add(&app, CODE, NAME, WORDS, &[SLUG]).await.unwrap();
    page_with(&app, PATH, WORDS).await;
    app
}

/// The box of a purpose on a page, as it is written there.
fn checkbox<'a>(page: &'a str, code: &str) -> Option<&'a str> {
    let boxes = page.split("<input type=\"checkbox\"").skip(1);
    let mut tags = boxes.filter_map(|rest| rest.split('>').next());
    tags.find(|tag| tag.contains(&format!("name=\"purpose\" value=\"{code}\"")))
}

fn is_ticked(page: &str, code: &str) -> bool {
    checkbox(page, code).expect("a box").contains(" checked")
}

/// The hidden field that tells which words stood beside the box.
fn notice(words: &str) -> String {
    format!("&notice={}", sha256_hex(words.as_bytes()))
}

#[apply(both_databases!)]
async fn it_is_offered_where_it_was_meant_to_be(database: Database) {
    let app = offering(database).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, "other", "Another report", &["weekly"]).await;
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
        offer_purpose(&mut tx, &app.core.moment(), "test", &code, &other).await.unwrap();
    }
    tx.commit().await.unwrap();
    let page = page_with(&app, "/reports/other", WORDS).await;
    assert!(!is_ticked(&page, CODE));
    assert_eq!(page.matches("name=\"purpose\"").count(), 1);
}

#[apply(both_databases!)]
async fn whoever_ticks_it_is_exported_under_its_code_alone(database: Database) {
    let app = offering(database).await;
    add(&app, "research", "Research", "Ask me for a survey. I can withdraw.", &[SLUG])
        .await
        .unwrap();
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
async fn new_words_are_a_new_notice(database: Database) {
    let app = offering(database).await;
    app.subscribe("before@b.example", TICKED).await;
    let link = app.ask_and_read("between@b.example", TICKED).await.link("/confirm/");
    reword(&app, NEW_WORDS).await;
    assert!(!page_with(&app, PATH, NEW_WORDS).await.contains(WORDS));
    app.subscribe("after@b.example", TICKED).await;
    // What was read and ticked on the form stands, whatever the form says now.
    let page = app.get(&link).await.text();
    assert!(page.contains(WORDS) && !page.contains(NEW_WORDS));
    assert_eq!(
        app.post(&link, &format!("choices=shown{TICKED}{}", notice(WORDS))).await.status,
        303
    );

    let words: Vec<String> = notices::list(&mut app.read().await)
        .await
        .unwrap()
        .into_iter()
        .filter(|notice| notice.purpose.as_str() == CODE)
        .map(|n| n.words)
        .collect();
    assert_eq!(words, [WORDS, NEW_WORDS], "the old ones are kept");
    let export = app.export(CODE).await;
    for (email, words) in [("before", WORDS), ("between", WORDS), ("after", NEW_WORDS)] {
        let row = export.lines().find(|row| row.contains(&format!("{email}@b.example"))).unwrap();
        assert!(row.contains(&sha256_hex(words.as_bytes())), "{row}");
    }
    reword(&app, WORDS).await;
    page_with(&app, PATH, WORDS).await;
    assert_eq!(app.count("SELECT count(*) FROM notice WHERE purpose = 'partner-offers'").await, 2);
}

#[apply(both_databases!)]
async fn words_that_changed_meanwhile_are_read_before_they_are_agreed_to(database: Database) {
    let app = offering(database).await;
    let link = app.ask_and_read("grace@b.example", "").await.link("/confirm/");
    let open = notice(WORDS);
    assert!(
        app.get(PATH).await.text().contains(&open[8..])
            && app.get(&link).await.text().contains(&open[8..])
    );
    reword(&app, NEW_WORDS).await;
    page_with(&app, PATH, NEW_WORDS).await;

    let answer =
        app.post(PATH, &form("ada@b.example", &format!("&newsletter=weekly{TICKED}{open}"))).await;
    let page = answer.text();
    assert!(
        answer.status == 422
            && page.contains("<title>Error: ")
            && page.contains("href=\"#purpose\"")
    );
    assert!(page.contains(NEW_WORDS) && !is_ticked(&page, CODE), "a fresh tick is needed");
    assert!(page.contains("value=\"weekly\" checked"), "the others stay");
    assert_eq!(app.post(PATH, &form("ada@b.example", &open)).await.status, 303, "or none");

    let pressed = app.post(&link, &format!("choices=shown&newsletter=weekly{TICKED}{open}")).await;
    let page = pressed.text();
    assert!(pressed.status == 422 && page.contains("<title>Error: ") && page.contains(NEW_WORDS));
    assert!(!is_ticked(&page, CODE) && page.contains("value=\"weekly\" checked"));
    assert!(app.exported("privacy-policy").await.is_empty(), "nothing is confirmed yet");
    let again = format!("choices=shown{TICKED}{}", notice(NEW_WORDS));
    assert_eq!(app.post(&link, &again).await.status, 303);
    assert!(app.export(CODE).await.contains(&sha256_hex(NEW_WORDS.as_bytes())));
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
    add(&app, CODE, name, words, &[SLUG]).await.unwrap();
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

#[apply(both_databases!)]
async fn what_was_done_is_written_down(database: Database) {
    let app = offering(database).await;
    reword(&app, NEW_WORDS).await;
    for taken in [CODE, "privacy-policy", "newsletter:weekly", "newsletter:none"] {
        let refused = add(&app, taken, NAME, WORDS, &[]).await.unwrap_err();
        assert!(
            matches!(refused, PurposeError::Taken(_) | PurposeError::NotOwn(_)),
            "{taken}: {refused}"
        );
    }
    let refused = add(&app, "research", NAME, WORDS, &[SLUG, "none"]).await.unwrap_err();
    assert!(matches!(refused, PurposeError::UnknownReport(_)), "{refused}");
    let mut tx = app.write().await;
    for code in ["privacy-policy", "newsletter:weekly", "research"] {
        let (code, report, at) = (code.parse().unwrap(), SLUG.parse().unwrap(), app.core.moment());
        let offered = offer_purpose(&mut tx, &at, "test", &code, &report).await;
        assert!(matches!(offered, Err(PurposeError::Unknown(_))), "{code}");
        let edit = PurposeEdit { name: None, words: Some(NEW_WORDS.parse().unwrap()) };
        let edited = edit_purpose(&mut tx, &at, "test", &code, &edit).await;
        assert!(matches!(edited, Err(PurposeError::Unknown(_))), "{code}");
    }
    drop(tx);
    let mut tx = app.read().await;
    for (action, detail) in [
        ("purpose.add", r#"{"purpose":"partner-offers"}"#),
        ("purpose.offer", r#"{"purpose":"partner-offers","report":"sample"}"#),
        (
            "purpose.edit",
            &format!(
                r#"{{"after":{{"words":"{NEW_WORDS}"}},"before":{{"words":"{WORDS}"}},"changed":["words"],"purpose":"partner-offers"}}"#
            ),
        ),
    ] {
        let entries = audit_entries::list(&mut tx, action).await.unwrap();
        let details: Vec<String> = entries.iter().map(|entry| entry.detail.0.to_string()).collect();
        assert_eq!(details, [detail], "{action}, and nothing of what was refused");
    }
}

#[apply(both_databases!)]
async fn an_operator_runs_it_by_command(database: Database) {
    let desk = Desk::new(database).await;
    assert!(desk.does(&["purpose", "list"]).contains("assent purpose add"));
    desk.does(&["purpose", "add", CODE, "--name", NAME, "--words", WORDS, "--report", "first"]);
    desk.adds_report("second", &["--purpose", CODE, "--publish"]);
    desk.adds_report("third", &["--publish"]);
    assert_eq!(desk.does(&["purpose", "list"]), format!("{CODE}\t{NAME}\tsecond,first\t{WORDS}\n"));
    desk.does(&["purpose", "offer", CODE, "--report", "third"]);
    desk.does(&["purpose", "edit", CODE, "--name", "Offers"]);
    assert_eq!(
        desk.does(&["purpose", "list"]),
        format!("{CODE}\tOffers\tthird,second,first\t{WORDS}\n")
    );

    let served = Served::start(desk.dir.path(), &desk.set(), &["serve"]).await;
    let page = format!("{}/reports/third", served.base);
    assert!(reqwest::get(&page).await.unwrap().text().await.unwrap().contains(WORDS));
    desk.does(&["purpose", "edit", CODE, "--words", NEW_WORDS]);
    poll::until("the new words", || async {
        let shown = reqwest::get(&page).await.ok()?.text().await.ok()?;
        (shown.contains(NEW_WORDS) && !shown.contains(WORDS)).then_some(())
    })
    .await;
    let exported = desk.does(&["export", "--purpose", CODE, "--format", "csv"]);
    assert!(exported.contains("subscriber_id") && exported.lines().count() == 1);
}

#[apply(both_databases!)]
async fn a_command_says_what_to_do_instead(database: Database) {
    let desk = Desk::new(database).await;
    desk.does(&["purpose", "add", CODE, "--name", NAME, "--words", WORDS]);
    let long = "é".repeat(2001);
    let add = |code, words| ["purpose", "add", code, "--name", NAME, "--words", words];
    for (arguments, words) in [
        (&add(CODE, WORDS)[..], "assent purpose edit"),
        (&add("privacy-policy", WORDS), "partner-offers"),
        (&add("newsletter:weekly", WORDS), "partner-offers"),
        (&add("research", " "), "write the words"),
        (&add("research", "two\nlines"), "one line"),
        (&add("research", "a\u{202e}b"), "control characters"),
        (&add("research", &long), "2000"),
        (&["purpose", "add", "research", "--name", " ", "--words", WORDS], "--name"),
        (&["purpose", "add", "research", "--name", "a\tb", "--words", WORDS], "one line"),
        (&[&add("research", WORDS)[..], &["--report", "none"]].concat(), "assent report list"),
        (&["purpose", "edit", "research", "--name", "x"], "assent purpose list"),
        (&["purpose", "edit", CODE, "--name", ""], "empty"),
        (&["purpose", "edit", CODE, "--words", ""], "write the words"),
        (&["purpose", "offer", "research", "--report", "first"], "assent purpose list"),
        (&["purpose", "offer", CODE, "--report", "none"], "assent report list"),
        (
            &[
                "report",
                "add",
                "report.pdf",
                "--slug",
                "second",
                "--title",
                "x",
                "--purpose",
                "none",
            ],
            "assent purpose list",
        ),
        (&["export", "--purpose", "research", "--format", "csv"], "assent purpose list"),
    ] {
        let output = run(desk.dir.path(), &desk.set(), arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(words) && said.trim().lines().count() == 1, "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    for usage in [
        &add("Not A Slug", WORDS)[..],
        &["purpose", "add", "research", "--name", NAME],
        &["purpose", "edit", CODE],
        &["purpose", "offer", CODE],
    ] {
        assert_eq!(run(desk.dir.path(), &desk.set(), usage).status.code(), Some(2), "{usage:?}");
    }
    assert_eq!(desk.does(&["purpose", "list"]), format!("{CODE}\t{NAME}\t\t{WORDS}\n"));
    assert_eq!(desk.does(&["report", "list"]).lines().count(), 1, "no report came of it");
    let files = std::fs::read_dir(desk.dir.path().join("data/files")).unwrap().count();
    assert_eq!(files, 1, "nor a file");
}

/// A publisher's machine with one report on offer.
struct Desk {
    dir: TempDir,
    database_url: Option<String>,
}

impl Desk {
    async fn new(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database_url = match database {
            Database::Sqlite => None,
            Database::Postgres => {
                let unique = u64::from_be_bytes(assent::random::Random::System.bytes());
                let name = format!("purposes_{unique:x}");
                postgres::server().create_database(&name, None).await;
                Some(postgres::server().url(&name))
            }
        };
        let desk = Self { dir, database_url };
        std::fs::write(desk.dir.path().join("policy.md"), "# Privacy\n\nWe keep little.\n")
            .unwrap();
        std::fs::write(desk.dir.path().join("report.pdf"), REPORT).unwrap();
        desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
        desk.adds_report("first", &["--publish"]);
        desk
    }

    fn set(&self) -> Vec<(&str, &str)> {
        let url = self.database_url.as_deref().map(|url| ("ASSENT_DATABASE_URL", url));
        SETTINGS.into_iter().chain(url).collect()
    }

    fn does(&self, arguments: &[&str]) -> String {
        run_well(self.dir.path(), &self.set(), arguments)
    }

    fn adds_report(&self, slug: &str, more: &[&str]) -> String {
        let arguments = ["report", "add", "report.pdf", "--slug", slug, "--title", slug];
        self.does(&[&arguments[..], more].concat())
    }
}
