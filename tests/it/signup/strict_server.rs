//! A server whose transactions are serializable unless one says otherwise.

use futures_util::future::join_all;

use crate::support::app::{Database, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_confirm_at_once_are_not_refused_by_it() {
    let app = TestApp::start(Database::Postgres).await;
    let set = "DO $$ BEGIN
                   EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable',
                                  current_database());
               END $$";
    app.tamper(set).await.unwrap();
    // Connections begin with what is set by then.
    let app = app.halt().await.start(&[("ASSENT_LIMIT_SIGNUPS_PER_IP", "off")]).await;
    let is_set = "SELECT count(*) FROM pg_settings
                  WHERE name = 'default_transaction_isolation' AND setting = 'serializable'";
    assert_eq!(app.count(is_set).await, 1);
    let emails: Vec<String> = (0..40).map(|n| format!("r{n}@b.example")).collect();
    let mails = join_all(emails.iter().map(|email| app.ask_and_read(email, ""))).await;
    let links: Vec<String> = mails.iter().map(|mail| mail.link("/confirm/")).collect();
    for answer in join_all(links.iter().map(|link| app.post(link, ""))).await {
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    let confirmed = "SELECT count(*) FROM signup WHERE status = 'confirmed' AND email LIKE 'r%'";
    assert_eq!(app.count(confirmed).await, 40);
}
