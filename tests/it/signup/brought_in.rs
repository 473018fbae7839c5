//! People who were brought in from elsewhere read what is on record of them, and nothing that they did not do.

use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::policy::version::ChangeClass;
use assent::domain::signup::link::LinkKind;
use assent::domain::staff::member::Role;
use assent::store::contacts::subscribers;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;

use crate::support::app::{Database, POLICY, SETTINGS, TestApp, form};
use crate::support::inbox::Mail;
use crate::support::page_form::PageForm;
use crate::support::program::run_well;
use crate::support::{both_databases, poll};

const IVY: &str = "ivy@b.example";
const ADA: &str = "ada@b.example";
const PRIVACY: &str = "privacy-policy";
const WEEKLY: &str = "newsletter:weekly";
const NEW: &str = "2027-01";
const DAY: Duration = Duration::from_hours(24);
const ON_RECORD: &str =
    "“Consent given elsewhere and brought in with this evidence: Old list, 2024”";

/// Ivy has the weekly since 29 February 2024, as a file says, in these words if somebody kept them; the path of her
/// choices.
async fn brought_in(app: &TestApp, words: Option<&str>) -> String {
    let url = app.core.settings.database_url.expose_secret().to_owned();
    let data_dir = app.dir.path().display().to_string();
    let own = [
        ("ASSENT_DATA_DIR", data_dir.as_str()),
        ("ASSENT_BASE_URL", app.base.as_str()),
        ("ASSENT_DATABASE_URL", url.as_str()),
    ];
    let file = format!("email,consented_at,method\n{IVY},2024-02-29,paper form\n");
    std::fs::write(app.dir.path().join("old.csv"), file).unwrap();
    let mut import = vec!["import", "old.csv", "--purpose", WEEKLY, "--policy", POLICY];
    import.extend(["--source", "Old list, 2024"]);
    if let Some(words) = words {
        std::fs::write(app.dir.path().join("words.txt"), words).unwrap();
        import.extend(["--words", "words.txt"]);
    }
    run_well(app.dir.path(), &[&SETTINGS[..], &own].concat(), &import);
    let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(IVY).unwrap());
    let id = subscribers::find_id(&mut app.read().await, &key).await.unwrap().unwrap();
    app.core.links.manage(id).replace(&app.base, "")
}

/// What a mail says, its text in one line.
fn said(mail: &Mail) -> [String; 2] {
    [&mail.text, &mail.html].map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[apply(both_databases!)]
async fn their_choices_are_told_as_they_are_on_record(database: Database) {
    let app = TestApp::start(database).await;
    let path = brought_in(&app, None).await;
    let page = app.get(&path).await.text();
    let now = PageForm::find(&page, &path);
    assert_eq!((now.is_ticked(PRIVACY), now.is_ticked(WEEKLY)), (Some(false), Some(true)));
    assert!(
        page.contains("Agreed</span> since 29 February 2024")
            && !page.contains("since 23 November 2026"),
        "{page}"
    );
    assert!(
        page.contains(&format!("On record: {ON_RECORD}"))
            && !page.contains("</strong> Consent given"),
        "{page}"
    );
    assert!(
        page.contains("brought in from earlier records without this")
            && !page.contains("Without it we send you nothing"),
        "{page}"
    );
    let (_, id) = page.split_once(&format!("{path}/receipts/")).unwrap();
    let receipt =
        app.get(&format!("{path}/receipts/{}", id.split('"').next().unwrap())).await.text();
    assert!(receipt.contains("<dt>Agreed, as stated</dt><dd>29 February 2024</dd>"), "{receipt}");
    assert!(
        receipt.contains("<dt>Recorded</dt>")
            && receipt.contains("UTC on 23 November 2026</dd>")
            && !receipt.contains("<dt>When</dt>"),
        "{receipt}"
    );
    assert!(
        receipt.contains("<dt>On record</dt>") && !receipt.contains("<dt>The words</dt>"),
        "{receipt}"
    );
    let desk = app.sign_in(Role::Viewer).await;
    let token = path.rsplit('/').next().unwrap();
    let id = app.core.links.secrets.open(LinkKind::Manage, token).unwrap().id;
    let person = desk.page(&format!("/console/subscribers/{id}")).await;
    assert!(person.contains("They agreed on 29 February 2024 under policy"), "{person}");

    // It goes on without the privacy policy, as the page says; with it the page says the other.
    let named = now.clone().fill("name", "Ivy");
    assert_eq!(app.post(&path, &named.body()).await.status, 303);
    assert_eq!(
        (app.exported(WEEKLY).await, app.exported(PRIVACY).await.len()),
        (vec![IVY.to_owned()], 0)
    );
    assert_eq!(app.post(&path, &now.tick(PRIVACY).body()).await.status, 303);
    let page = app.get(&path).await.text();
    assert!(
        page.contains("If it ends, they end too") && !page.contains("earlier records"),
        "{page}"
    );
    assert!(
        page.contains("since 29 February 2024") && page.contains("since 23 November 2026"),
        "each since its own day"
    );
    let without = PageForm::find(&page, &path).untick(PRIVACY);
    assert_eq!(app.post(&path, &without.body()).await.status, 303);
    let page = app.get(&path).await.text();
    assert!(
        app.exported(WEEKLY).await.is_empty()
            && page.contains("Withdrawn</span> since 23 November 2026"),
        "{page}"
    );
    assert!(
        !page.contains(ON_RECORD) && page.contains("Subscribe me to The weekly"),
        "what could be agreed to now"
    );
}

#[apply(both_databases!)]
async fn words_that_were_kept_are_words_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let path = brought_in(&app, Some("Yes, send me <your> letter.")).await;
    let page = app.get(&path).await.text();
    assert!(
        page.contains("</strong> Yes, send me &lt;your&gt; letter.") && !page.contains("On record"),
        "{page}"
    );
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    let asked = app.get(&app.next_mail(IVY, 0).await.link("/renew/")).await.text();
    assert!(
        asked.contains("On 29 February 2024 you agreed to: “Yes, send me &lt;your&gt; letter.”"),
        "{asked}"
    );
}

// The mail said "your agreement to the privacy policy stays" to people who never agreed to it.
#[apply(both_databases!)]
async fn a_mail_about_a_policy_says_what_stays_only_where_it_stands(database: Database) {
    let app = TestApp::start(database).await;
    brought_in(&app, None).await;
    app.subscribe(ADA, "&newsletter=weekly").await;
    app.publish_change(NEW, ChangeClass::Notify, None).await;
    app.work_policies().await;
    let (told, notice) = (app.next_mail(IVY, 0).await, app.next_mail(ADA, 2).await);
    for part in said(&told) {
        assert!(
            part.contains("That ends what we send you (The weekly)")
                && !part.contains("your agreement to the privacy policy"),
            "{part}"
        );
    }
    assert!(
        said(&notice)
            .iter()
            .all(|part| part.contains("your agreement to the privacy policy stays"))
    );

    app.publish_change("2027-02", ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    let (asked, other) = (app.next_mail(IVY, 1).await, app.next_mail(ADA, 3).await);
    for part in said(&asked) {
        assert!(
            part.contains("That ends what we send you (The weekly)")
                && !part.contains("your agreement to the privacy policy"),
            "{part}"
        );
    }
    assert!(
        said(&other)
            .iter()
            .all(|part| part.contains("your agreement to the privacy policy stays as it is"))
    );

    // The page that asks shows what is on record as that, and a tick there is hers.
    let link = asked.link("/renew/");
    let page = app.get(&link).await.text();
    assert!(
        page.contains("On record is that you agreed on 29 February 2024")
            && page.contains(ON_RECORD),
        "{page}"
    );
    assert!(!page.contains("you agreed to: “Consent given"), "{page}");
    assert_eq!(app.agree_again(&link, &[WEEKLY]).await.status, 200);
    let path = asked.link("/preferences/").replace(&app.base, "");
    let page = app.get(&path).await.text();
    assert!(page.contains("Subscribe me to The weekly") && !page.contains(ON_RECORD), "{page}");
    assert_eq!(
        app.post(&told.link("/unsubscribe/"), "List-Unsubscribe=One-Click").await.status,
        200
    );
    assert_eq!(app.exported(WEEKLY).await, [ADA], "who has not answered yet");
}

#[apply(both_databases!)]
async fn thanks_name_no_words_that_nobody_kept(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    brought_in(&app, None).await;
    poll::until("the daily", || async {
        app.get("/newsletters").await.text().contains("The daily").then_some(())
    })
    .await;
    assert_eq!(app.post("/newsletters", &form(IVY, "&newsletter=daily")).await.status, 303);
    let link = app.next_mail(IVY, 0).await.link("/confirm/");
    let confirmed = app.post(&link, "").await;
    let thanks = app.request("GET", confirmed.location()).header("cookie", confirmed.cookie());
    let page = app.send(thanks).await.text();
    assert!(
        page.contains("Subscribe me to The daily") && !page.contains("Consent given elsewhere"),
        "{page}"
    );
    assert_eq!(app.exported(WEEKLY).await, [IVY], "which stands all the same");
}
