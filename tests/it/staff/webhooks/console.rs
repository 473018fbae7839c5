//! Webhooks at the console.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{add, start};
use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::desk::{audit, escaped, hidden};

const PATH: &str = "/console/webhooks";
const ADDED: &str = "SELECT count(*) FROM webhook_endpoint";

#[apply(both_databases!)]
async fn one_is_added_once_and_its_secret_shown_once(database: Database) {
    let app = start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let page = admin.page(PATH).await;
    assert!(page.contains("No webhooks yet"), "{page}");
    let form_id = hidden(&page, "form_id");
    let good = "url=https%3A%2F%2Fhooks.example.org%2Fa";
    let (what, of) = ("description=Tool", "types=consent.given");
    for (fields, words) in [
        (String::new(), "Say what program it is"),
        (format!("{what}&{of}"), "write an address"),
        (format!("{what}&{of}&url=hooks"), "write an address"),
        (format!("{what}&{of}&url=http%3A%2F%2Fhooks.example.org"), "webhooks.allowed_hosts"),
        (format!("{what}&{of}&url=https%3A%2F%2F10.0.0.1"), "everybody can reach"),
        (format!("{what}&{of}&url=https%3A%2F%2Flocalhost"), "everybody can reach"),
        (
            format!("{what}&{of}&url=https%3A%2F%2Fa%3Ab%40hooks.example.org"),
            "without a name and a password",
        ),
        (
            format!("{what}&{of}&url=https%3A%2F%2Fhooks.example.org%2F{}", "x".repeat(3000)),
            "at most 2000",
        ),
        (format!("{what}&{of}&{good}&{good}"), "Fill in this field once"),
        (format!("{what}&{good}"), "Choose what it is told of"),
        (format!("{what}&{good}&{of}&types=everything"), "Choose what it is told of"),
        (format!("{what}&{good}&types=webhook.test"), "Choose what it is told of"),
        (format!("description=To%00ol&{of}&{good}"), "Use letters"),
    ] {
        let answer = admin.post(PATH, &format!("{fields}&form_id={form_id}")).await;
        let text = answer.text().to_lowercase();
        assert_eq!(answer.status, 422, "{fields}");
        assert!(text.contains(&words.to_lowercase()), "{fields}: {text}");
    }
    let fields = format!("description={}&{of}&{good}", escaped("<b>Tool</b>"));
    assert_eq!(admin.post(PATH, &fields).await.status, 422, "of no form");
    assert_eq!(app.count(ADDED).await, 0);

    let fields = format!("{fields}&form_id={form_id}");
    let (one, other) = tokio::join!(admin.post(PATH, &fields), admin.post(PATH, &fields));
    let shown = [one.text(), other.text()];
    assert_eq!(shown.iter().filter(|page| page.contains("whsec_")).count(), 1);
    assert_eq!(shown.iter().filter(|page| page.contains("was done already")).count(), 1);
    assert_eq!(app.count(ADDED).await, 1);
    let list = admin.page(PATH).await;
    assert!(list.contains("&lt;b&gt;Tool") && list.contains("hooks.example.org"), "{list}");
    assert!(!list.contains("whsec_") && !list.contains("<b>Tool"), "{list}");
    let told = audit(&app, "webhook.add").await;
    assert_eq!(told.len(), 1);
    assert!(
        !told[0].to_string().contains("hooks.example"),
        "where it leads is nobody's business: {told:?}"
    );
}

#[apply(both_databases!)]
async fn admins_alone_manage_them(database: Database) {
    let app = start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let (path, _) = add(&admin, "https://hooks.example.org/a", &["consent.given"]).await;
    for role in [Role::Viewer, Role::Marketing] {
        let desk = app.sign_in(role).await;
        for page in [PATH, path.as_str()] {
            assert_eq!(desk.get(page).await.status, 403, "{role:?} {page}");
        }
        for act in ["test", "replay", "replay-all", "rotate", "off", "on", "delete"] {
            let answer = desk.post(&format!("{path}/{act}"), "sure=yes").await;
            assert_eq!(answer.status, 403, "{role:?} {act}");
        }
        assert_eq!(desk.post(PATH, "").await.status, 403);
        assert!(!desk.page("/console").await.contains("Webhooks"));
    }
    assert_eq!(app.count(ADDED).await, 1);
}

#[apply(both_databases!)]
async fn it_is_switched_off_on_and_deleted(database: Database) {
    let app = start(database).await;
    let admin = app.sign_in(Role::Admin).await;
    let (path, _) = add(&admin, "https://hooks.example.org/a", &["consent.given"]).await;
    let does = |act: &'static str, word: &'static str| {
        let (admin, path) = (&admin, &path);
        async move {
            let answer = admin.post(&format!("{path}/{act}"), "").await;
            assert_eq!(answer.location(), format!("{path}?word={word}"), "{act}");
            admin.page(answer.location()).await
        }
    };
    assert!(
        admin.page(&path).await.contains("consent.given, subscriber.erased"),
        "who writes to somebody hears that they are erased"
    );
    assert!(does("off", "off").await.contains("Switched off by staff"));
    does("off", "settled").await;
    does("test", "is-off").await;
    assert!(!does("on", "on").await.contains("Switched off by staff"));
    does("on", "settled").await;
    let delete = format!("{path}/delete");
    for unsure in ["", "sure=no", "sure=yes&sure=yes"] {
        let answer = admin.post(&delete, unsure).await;
        assert!(answer.status == 422 && answer.text().contains("Tick the box"), "{unsure}");
    }
    let (one, other) =
        tokio::join!(admin.post(&delete, "sure=yes"), admin.post(&delete, "sure=yes"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
    assert!(admin.page(&format!("{PATH}?word=deleted")).await.contains("No webhooks yet"));
    assert_eq!(admin.get(&path).await.status, 404);
    for act in ["test", "replay-all", "rotate", "delete"] {
        assert_eq!(admin.post(&format!("{path}/{act}"), "sure=yes").await.status, 404, "{act}");
    }
    for (action, times) in [("off", 1), ("on", 1), ("delete", 1), ("test", 0)] {
        assert_eq!(audit(&app, &format!("webhook.{action}")).await.len(), times, "{action}");
    }
}
