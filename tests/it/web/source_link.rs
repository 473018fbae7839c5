//! Whoever uses the program over a network is shown where its sources are (AGPL-3.0 §13): readers and staff alike.

use assent::domain::staff::member::Role;

use crate::support::app::{Database, TestApp};
use crate::support::program::run;

const LINK: &str =
    "<a href=\"https://code.sample.example/assent?at=1&amp;as=text\">Source code (AGPL)</a>";

fn footer(page: &str) -> &str {
    page.split_once("<footer class=\"foot\">").expect("a footer").1
}

/// Pages with each footer, for whoever is outside and for staff.
async fn pages(app: &TestApp) -> Vec<String> {
    let desk = app.sign_in(Role::Viewer).await;
    let mut pages = vec![desk.page("/console").await];
    for path in ["/", "/nothing", "/console/sign-in"] {
        pages.push(app.get(path).await.text());
    }
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_footer_leads_to_the_sources() {
    let set = [("ASSENT_SOURCE_URL", "https://code.sample.example/assent?at=1&as=text")];
    let app = TestApp::start_with(Database::Sqlite, &set).await;
    for page in pages(&app).await {
        assert!(footer(&page).contains(LINK), "{page}");
    }
    let mail = app.ask_and_read("ada@b.example", "").await;
    for part in [&mail.text, &mail.html] {
        assert!(
            !part.contains("code.sample.example"),
            "whoever reads mail uses no program: {part}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_address_there_is_no_link() {
    let app = TestApp::start_with(Database::Sqlite, &[("ASSENT_SOURCE_URL", "")]).await;
    let unset = TestApp::start(Database::Sqlite).await;
    let known = !env!("CARGO_PKG_REPOSITORY").is_empty();
    for (app, is_shown) in [(app, false), (unset, known)] {
        for page in pages(&app).await {
            assert_eq!(footer(&page).contains("Source code"), is_shown, "{page}");
        }
    }
}

#[test]
fn an_address_that_leads_nowhere_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in [
        "code.sample.example",
        "ssh://git@code.sample.example/assent",
        "https://a:hunter2@b.example/",
    ] {
        let output = run(dir.path(), &[("ASSENT_SOURCE_URL", wrong)], &["check"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("configuration: ASSENT_SOURCE_URL is wrong: write "), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
